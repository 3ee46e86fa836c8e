#include "sync/part.h"

#include <criterion/criterion.h>
#include <string.h>

#include "sync/feed.h"
#include "sync/limits.h"

enum { FEEDS = 4 };

static uint8_t memory[1 << 20];

/* What an author has seen: for each feed the last seq. */
struct sight {
	uint64_t seq[FEEDS];
};

static uint64_t feed_of(uint32_t i)
{
	return feed_pack((uint16_t)i, 7, 1);
}

static bool covers(void *ctx, struct dot d)
{
	const struct sight *s = ctx;

	return d.seq <= s->seq[feed_office(d.feed)];
}

#define FEED_1 "\0\1\0\7\0\0\0\1"
#define FEED_2 "\0\2\0\7\0\0\0\1"

Test(part, decode_refuses_what_has_another_written_form)
{
	static const struct {
		const char *why, *bytes;
		size_t len;
		enum rc rc;
	} rows[] = {
#define ROW(why, text, rc) { why, text, sizeof(text) - 1, rc }
		ROW("no bytes are not a state", "", RC_CORRUPT),
		ROW("a state without anything", "\0\0", RC_OK),
		ROW("one feed, one head",
		    "\1" FEED_1 "\5"
		    "\1\0",
		    RC_OK),
		ROW("a head that no feed of the vector wrote",
		    "\1" FEED_1 "\5"
		    "\1\4",
		    RC_CORRUPT),
		ROW("a feed with seq 0",
		    "\1" FEED_1 "\0"
		    "\0",
		    RC_CORRUPT),
		ROW("feeds out of order",
		    "\2" FEED_2 "\1" FEED_1 "\1"
		    "\0",
		    RC_CORRUPT),
		ROW("a feed twice",
		    "\2" FEED_1 "\1" FEED_1 "\2"
		    "\0",
		    RC_CORRUPT),
		ROW("a head twice",
		    "\1" FEED_1 "\5"
		    "\2\0\0",
		    RC_CORRUPT),
		ROW("an older head, then the newest",
		    "\1" FEED_1 "\5"
		    "\2\1\3\0",
		    RC_OK),
		ROW("heads out of order",
		    "\1" FEED_1 "\5"
		    "\2\0\1\3",
		    RC_CORRUPT),
		ROW("a dot beyond the vector",
		    "\1" FEED_1 "\5"
		    "\1\1\6",
		    RC_CORRUPT),
		ROW("the vector's own seq spelled out",
		    "\1" FEED_1 "\5"
		    "\1\1\5",
		    RC_CORRUPT),
		ROW("a dot with seq 0",
		    "\1" FEED_1 "\5"
		    "\1\1\0",
		    RC_CORRUPT),
		ROW("more feeds than bytes", "\xff\xff\xff\xff\x0f", RC_CORRUPT),
		ROW("a register",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\4\1\0\1a",
		    RC_OK),
		ROW("a field without items",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\4\0",
		    RC_CORRUPT),
		ROW("a field twice",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\4\1\0\1a"
		    "\4\1\0\1a",
		    RC_CORRUPT),
		ROW("one number, two classes",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\4\1\0\1a"
		    "\5\1\0\1a",
		    RC_OK),
		ROW("fields out of order",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\5\1\0\1a"
		    "\4\1\0\1a",
		    RC_CORRUPT),
		ROW("a sibling twice",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\4\2\0\1a\0\1a",
		    RC_CORRUPT),
		ROW("two values in one change",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\4\2\0\1a\0\1b",
		    RC_OK),
		ROW("a cleared register",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\4\1\2",
		    RC_OK),
		ROW("a cleared member of a set",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\5\1\2",
		    RC_CORRUPT),
		ROW("members by value",
		    "\2" FEED_1 "\1" FEED_2 "\1"
		    "\0"
		    "\5\2\4\1a\0\1b",
		    RC_OK),
		ROW("members by dot",
		    "\2" FEED_1 "\1" FEED_2 "\1"
		    "\0"
		    "\5\2\0\1b\4\1a",
		    RC_CORRUPT),
		ROW("a counter",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\6\1\0\x02",
		    RC_OK),
		ROW("a counter with a seq",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\6\1\1\3\x02",
		    RC_CORRUPT),
		ROW("a value cut short",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\4\1\0\2a",
		    RC_CORRUPT),
		ROW("a field number too large",
		    "\1" FEED_1 "\5"
		    "\0"
		    "\x80\x80\x10\1\0\1a",
		    RC_CORRUPT),
#undef ROW
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct part p;

		cr_expect_eq(part_decode(bytes_at(rows[i].bytes, rows[i].len), &a, &p), rows[i].rc,
			     "%s", rows[i].why);
	}
}

Test(part, a_change_that_adds_many_takes_linear_memory)
{
	static struct op ops[LIMIT_OPS_PER_CHANGE_MAX];
	static uint8_t texts[LIMIT_OPS_PER_CHANGE_MAX][2];
	struct change c = { .ops = ops, .ops_count = LIMIT_OPS_PER_CHANGE_MAX };
	struct sight nothing = { { 0 } };
	struct seen seen = { .ctx = &nothing, .covers = covers };
	struct arena a = arena_init(memory, 512 * 1024);
	struct dot e = { feed_of(1), 1 };
	struct part p = part_init();
	uint32_t i;

	for (i = 0; i < LIMIT_OPS_PER_CHANGE_MAX; i++) {
		texts[i][0] = (uint8_t)(i * 37);
		texts[i][1] = (uint8_t)(i >> 8);
		ops[i] = (struct op){ 1, OP_SET_ADD, bytes_at(texts[i], 2) };
	}
	cr_assert_eq(part_apply(&p, &c, e, &seen, &a), RC_OK);
	cr_assert_eq(part_find(&p, 1, CLASS_SET)->items_count, LIMIT_OPS_PER_CHANGE_MAX);
}

/* One change by office 1 (seq 1), one by office 2 that has seen it or not. */
struct pair {
	const char *why;
	struct op first, second;
	bool saw;
	const char *items; /* "office:value" joined by blanks; "-" when cleared */
};

static void describe(const struct part *p, uint16_t number, enum field_class class,
		     struct bytes_writer *w)
{
	const struct part_field *f = part_find(p, number, class);
	uint32_t i;

	for (i = 0; f != NULL && i < f->items_count; i++) {
		const struct item *item = &f->items[i];

		bytes_put(w, " ", i > 0);
		bytes_put_u8(w, (uint8_t)('0' + feed_office(item->dot.feed)));
		bytes_put_u8(w, ':');
		if (class == CLASS_COUNTER) {
			bytes_put_u8(w, (uint8_t)('0' + item->sum));
		} else if (item->cleared) {
			bytes_put_u8(w, '-');
		} else {
			bytes_put(w, item->value.p, item->value.len);
		}
	}
}

#define OP(code, text)                                                                             \
	{                                                                                          \
		1, code,                                                                           \
		{                                                                                  \
			(const uint8_t *)(text), sizeof(text) - 1                                  \
		}                                                                                  \
	}

Test(part, two_changes_merge_by_their_operations)
{
	static const struct pair rows[] = {
		{ "who has seen a value replaces it", OP(OP_PUT, "a"), OP(OP_PUT, "b"), true,
		  "2:b" },
		{ "who has not stands beside it", OP(OP_PUT, "a"), OP(OP_PUT, "b"), false,
		  "1:a 2:b" },
		{ "equal values are two siblings in the state", OP(OP_PUT, "a"), OP(OP_PUT, "a"),
		  false, "1:a 2:a" },
		{ "a clear replaces what was seen", OP(OP_PUT, "a"), OP(OP_CLEAR, ""), true,
		  "2:-" },
		{ "a clear does not drop what was not seen", OP(OP_PUT, "a"), OP(OP_CLEAR, ""),
		  false, "1:a 2:-" },
		{ "a set keeps both additions", OP(OP_SET_ADD, "b"), OP(OP_SET_ADD, "a"), true,
		  "2:a 1:b" },
		{ "adding again renews the dot", OP(OP_SET_ADD, "a"), OP(OP_SET_ADD, "a"), true,
		  "2:a" },
		{ "a removal drops what was seen", OP(OP_SET_ADD, "a"), OP(OP_SET_REMOVE, "a"),
		  true, "" },
		{ "an unseen addition survives a removal", OP(OP_SET_ADD, "a"),
		  OP(OP_SET_REMOVE, "a"), false, "1:a" },
		{ "a removal is of one value", OP(OP_SET_ADD, "a"), OP(OP_SET_REMOVE, "b"), true,
		  "1:a" },
		{ "counts add up by feed, seen or not", OP(OP_COUNT, "\x02"), OP(OP_COUNT, "\x04"),
		  true, "1:1 2:2" },
		{ "lines of a log stay", OP(OP_LOG, "a"), OP(OP_LOG, "a"), true, "1:a 2:a" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct part p = part_init();
		struct sight sight = { { 0 } };
		struct seen seen = { .ctx = &sight, .covers = covers };
		struct change c = { .ops = &rows[i].first, .ops_count = 1 };
		char text[100] = "";
		struct bytes_writer w = bytes_writer_init(text, sizeof(text) - 1);

		cr_assert_eq(part_apply(&p, &c, (struct dot){ feed_of(1), 1 }, &seen, &a), RC_OK);
		sight.seq[1] = rows[i].saw;
		c.ops = &rows[i].second;
		cr_assert_eq(part_apply(&p, &c, (struct dot){ feed_of(2), 1 }, &seen, &a), RC_OK);
		describe(&p, 1, part_class_of(rows[i].first.code), &w);
		cr_expect_str_eq(text, rows[i].items, "%s: %s", rows[i].why, text);
		cr_expect(p.fields_count == (rows[i].items[0] != '\0'),
			  "%s: an emptied field leaves no trace", rows[i].why);
	}
}

Test(part, deleting_and_editing_side_by_side_leaves_two_heads)
{
	struct arena a = arena_init(memory, sizeof(memory));
	struct part p = part_init();
	struct sight sight = { { 0 } };
	struct seen seen = { .ctx = &sight, .covers = covers };
	struct change edit = { .life = LIFE_ALIVE }, del = { .life = LIFE_DELETED };

	cr_assert_eq(part_apply(&p, &edit, (struct dot){ feed_of(1), 1 }, &seen, &a), RC_OK);
	cr_assert_eq(part_apply(&p, &del, (struct dot){ feed_of(2), 1 }, &seen, &a), RC_OK);
	cr_assert_eq(p.heads_count, 2);
	cr_assert(!p.heads[0].deleted && p.heads[1].deleted);
	sight.seq[1] = sight.seq[2] = 1;
	cr_assert_eq(part_apply(&p, &edit, (struct dot){ feed_of(3), 1 }, &seen, &a), RC_OK);
	cr_assert_eq(p.heads_count, 1);
	cr_assert(!p.heads[0].deleted);
}

Test(part, what_was_copied_before_a_change_keeps_its_items)
{
	struct arena a = arena_init(memory, sizeof(memory));
	struct part p = part_init(), before;
	struct sight sight = { { 0, 9, 9, 9 } };
	struct seen seen = { .ctx = &sight, .covers = covers };
	struct op put = { 1, OP_PUT, bytes_of("a") };
	struct change c = { .ops = &put, .ops_count = 1 };

	cr_assert_eq(part_apply(&p, &c, (struct dot){ feed_of(1), 1 }, &seen, &a), RC_OK);
	before = p;
	put.value = bytes_of("b");
	cr_assert_eq(part_apply(&p, &c, (struct dot){ feed_of(1), 2 }, &seen, &a), RC_OK);
	cr_assert(
		bytes_equal(part_find(&before, 1, CLASS_REGISTER)->items[0].value, bytes_of("a")));
	cr_assert(bytes_equal(part_find(&p, 1, CLASS_REGISTER)->items[0].value, bytes_of("b")));
}
