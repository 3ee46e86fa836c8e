#include "proto/entry_codec.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"

enum { ARENA_BYTES = 1 << 20, BUFFER_BYTES = 65536 };

static uint8_t memory[ARENA_BYTES], buffer[BUFFER_BYTES], inner[BUFFER_BYTES];
static struct arena arena;

/* Arenas are not cleared memory: decoding has to set everything. */
static void start(void)
{
	memset(memory, 0xa5, sizeof(memory));
	arena = arena_init(memory, sizeof(memory));
}

TestSuite(entry_codec, .init = start);

static const struct cut cuts[] = { { .feed = 1, .seq = 2, .hash = { 3 } },
				   { .feed = UINT64_MAX, .seq = UINT64_MAX, .hash = { 4 } } };
static const struct commit_part parts[] = { { 0, 1 }, { 65535, UINT64_MAX } };
static const struct uuid id = { { 1, 2, 3, 4, 5, 6, 0x70, 7, 0x80, 8, 9, 10, 11, 12, 13, 14 } };

static struct header full_header(void)
{
	struct header h;

	memset(&h, 0, sizeof(h));
	h.feed = UINT64_C(0x0001007000001b59);
	h.seq = 9;
	h.seen_centre = 300;
	h.seen_own = 8;
	h.epoch_incarnation = 77;
	h.epoch_seq = 5;
	h.time_ms = INT64_C(1789999999000);
	h.commit = 4;
	h.touches = 0;
	h.author = bytes_of("Ogulgerek");
	h.reason = bytes_of("sanawda ýok");
	h.has_base = true;
	h.base_id = id;
	h.parts = parts;
	h.parts_count = 2;
	h.cuts = cuts;
	h.cuts_count = 2;
	h.is_carried = true;
	h.carried_office = 65535;
	h.carried_ms = 5;
	h.has_replaces = true;
	h.replaces = cuts[1];
	return h;
}

static struct bytes encode_header(const struct header *h)
{
	struct bytes_writer w = bytes_writer_init(inner, sizeof(inner));

	entry_encode_header(h, &w);
	cr_assert_eq(w.rc, RC_OK);
	return bytes_written(&w);
}

Test(entry_codec, a_floor_comes_back_as_it_was)
{
	struct header h = full_header(), back;
	size_t i;
	const struct {
		uint64_t seq, bytes;
		enum rc rc;
		const char *why;
	} rows[] = {
		{ 8, UINT64_MAX, RC_OK, "the last one before it" },
		{ 1, 1, RC_OK, "the first" },
		{ 0, 1, RC_CORRUPT, "none" },
		{ 9, 1, RC_CORRUPT, "itself" },
		{ 8, 0, RC_CORRUPT, "a base has rows" },
	};

	h.has_floor = true;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start();
		h.floor.seq = rows[i].seq;
		h.floor.bytes = rows[i].bytes;
		memset(h.floor.root, 0xa5, HASH_LEN);
		cr_assert_eq(entry_decode_header(encode_header(&h), &arena, &back), rows[i].rc,
			     "%s", rows[i].why);
		if (rows[i].rc == RC_OK) {
			cr_assert(back.has_floor);
			cr_assert_eq(back.floor.seq, rows[i].seq);
			cr_assert_eq(back.floor.bytes, rows[i].bytes);
			cr_assert_arr_eq(back.floor.root, h.floor.root, HASH_LEN);
		}
	}
}

Test(entry_codec, a_header_comes_back_as_it_was)
{
	struct header h = full_header(), back;

	memset(&back, 0xa5, sizeof(back));
	cr_assert_eq(entry_decode_header(encode_header(&h), &arena, &back), RC_OK);
	cr_assert_eq(back.feed, h.feed);
	cr_assert_eq(back.seq, h.seq);
	cr_assert_eq(back.seen_centre, h.seen_centre);
	cr_assert_eq(back.seen_own, h.seen_own);
	cr_assert_eq(back.epoch_incarnation, h.epoch_incarnation);
	cr_assert(back.has_replaces);
	cr_assert_eq(back.replaces.feed, UINT64_MAX);
	cr_assert_eq(back.replaces.seq, UINT64_MAX);
	cr_assert_arr_eq(back.replaces.hash, cuts[1].hash, HASH_LEN);
	cr_assert_eq(back.epoch_seq, h.epoch_seq);
	cr_assert_eq(back.time_ms, h.time_ms);
	cr_assert_eq(back.commit, h.commit);
	cr_assert_eq(back.changes_count, 0u);
	cr_assert(bytes_equal(back.author, h.author));
	cr_assert(bytes_equal(back.reason, h.reason));
	cr_assert(back.has_base && uuid_equal(back.base_id, id));
	cr_assert_eq(back.parts_count, 2u);
	cr_assert_eq(back.parts[1].scope, 65535);
	cr_assert_eq(back.parts[1].last_seq, UINT64_MAX);
	cr_assert_eq(back.cuts_count, 2u);
	cr_assert_eq(back.cuts[1].seq, UINT64_MAX);
	cr_assert_arr_eq(back.cuts[0].hash, cuts[0].hash, HASH_LEN);
	cr_assert(back.is_carried);
	cr_assert_eq(back.carried_office, 65535);
	cr_assert_eq(back.carried_ms, 5);
	h.carried_office = 0; /* the centre's own words: the message is empty */
	h.carried_ms = 0;
	start();
	cr_assert_eq(entry_decode_header(encode_header(&h), &arena, &back), RC_OK);
	cr_assert(back.is_carried);
	cr_assert_eq(back.carried_office, 0);
	h.is_carried = false;
	start();
	cr_assert_eq(entry_decode_header(encode_header(&h), &arena, &back), RC_OK);
	cr_assert(!back.is_carried);
}

Test(entry_codec, a_header_that_cannot_be_is_refused)
{
	static char long_text[LIMIT_REASON_BYTES_MAX + 1];
	static struct commit_part many_parts[LIMIT_PARTS_PER_COMMIT_MAX + 1];
	static struct cut many_cuts[LIMIT_CUTS_PER_ENTRY_MAX + 1];
	static const struct commit_part no_end[] = { { 3, 0 } };
	static const struct cut no_seq[] = { { .feed = 1, .seq = 0 } };
	struct header rows[10], back;
	const enum rc refused[10] = { RC_CORRUPT, RC_CORRUPT, RC_CORRUPT, RC_CORRUPT, RC_LIMIT,
				      RC_LIMIT,   RC_LIMIT,   RC_LIMIT,   RC_CORRUPT, RC_CORRUPT };
	uint32_t i;

	memset(long_text, 'x', sizeof(long_text));
	for (i = 0; i < LIMIT_PARTS_PER_COMMIT_MAX + 1; i++) {
		many_parts[i] = (struct commit_part){ (uint16_t)i, 1 };
	}
	for (i = 0; i < LIMIT_CUTS_PER_ENTRY_MAX + 1; i++) {
		many_cuts[i] = (struct cut){ .feed = i, .seq = 1 };
	}
	for (i = 0; i < 10; i++) {
		rows[i] = full_header();
	}
	rows[0].seq = rows[0].seen_own = 0;
	rows[1].seen_own = rows[1].seq; /* nobody has seen what he writes */
	rows[2].seen_own = UINT64_MAX;
	rows[3].time_ms = -1;
	rows[4].author = bytes_at(long_text, LIMIT_AUTHOR_BYTES_MAX + 1);
	rows[5].reason = bytes_at(long_text, LIMIT_REASON_BYTES_MAX + 1);
	rows[6].parts = many_parts;
	rows[6].parts_count = LIMIT_PARTS_PER_COMMIT_MAX + 1;
	rows[7].cuts = many_cuts;
	rows[7].cuts_count = LIMIT_CUTS_PER_ENTRY_MAX + 1;
	rows[8].parts = no_end;
	rows[8].parts_count = 1;
	rows[9].carried_ms = -1;
	for (i = 0; i < 10; i++) {
		start();
		cr_expect_eq(entry_decode_header(encode_header(&rows[i]), &arena, &back),
			     refused[i], "row %u", i);
	}
	rows[0] = full_header();
	rows[0].cuts = no_seq;
	rows[0].cuts_count = 1;
	cr_assert_eq(entry_decode_header(encode_header(&rows[0]), &arena, &back), RC_CORRUPT);
	rows[0] = full_header();
	rows[0].parts_count = LIMIT_PARTS_PER_COMMIT_MAX;
	rows[0].parts = many_parts;
	cr_assert_eq(entry_decode_header(encode_header(&rows[0]), &arena, &back), RC_OK);
	rows[0].base_id.b[6] = 0x40;
	cr_assert_eq(entry_decode_header(encode_header(&rows[0]), &arena, &back), RC_CORRUPT,
		     "ids would step from no UUIDv7");
}

/* A header with one field of bytes more, of a length that it must not have. */
Test(entry_codec, hashes_and_ids_have_one_length)
{
	static const uint8_t bytes[64] = { 1 };
	static const size_t lens[] = { 1, 15, 17, 31, 33, 64 };
	struct header h = full_header(), back;
	size_t i;

	h.has_base = false;
	h.cuts_count = 0;
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct bytes_writer w = bytes_writer_init(inner, sizeof(inner));
		uint8_t cut[128];
		struct bytes_writer c = bytes_writer_init(cut, sizeof(cut));

		entry_encode_header(&h, &w);
		wire_put_bytes(&w, 11, bytes_at(bytes, lens[i]));
		cr_expect_eq(entry_decode_header(bytes_written(&w), &arena, &back), RC_CORRUPT,
			     "base of %zu", lens[i]);
		w = bytes_writer_init(inner, sizeof(inner));
		entry_encode_header(&h, &w);
		wire_put_fixed64(&c, 1, 5);
		wire_put_uint(&c, 2, 1);
		wire_put_bytes(&c, 3, bytes_at(bytes, lens[i]));
		wire_put_element(&w, 13, bytes_written(&c));
		cr_expect_eq(entry_decode_header(bytes_written(&w), &arena, &back), RC_CORRUPT,
			     "hash of %zu", lens[i]);
	}
}

/* --- changes ----------------------------------------------------------------- */

static const struct dot form[] = { { 3, 1 }, { 9, UINT64_MAX } };
static const struct op ops[] = { { 0, OP_PUT, { (const uint8_t *)"home", 4 } },
				 { 65535, OP_CLEAR, { NULL, 0 } },
				 { 7, OP_SET_ADD, { (const uint8_t *)"q", 1 } },
				 { 7, OP_SET_REMOVE, { (const uint8_t *)"r", 1 } },
				 { 8, OP_COUNT, { (const uint8_t *)"\x02", 1 } },
				 { 9, OP_LOG, { (const uint8_t *)"line", 4 } } };

static struct change full_change(void)
{
	struct change c = { .kind = 65535,
			    .id = id,
			    .life = LIFE_DELETED,
			    .ops = ops,
			    .ops_count = 6,
			    .has_form = true };

	c.form = (struct vv){ (struct dot *)(uintptr_t)form, 2, 2 };
	return c;
}

static struct bytes encode_change(const struct change *c, int64_t step)
{
	struct bytes_writer w = bytes_writer_init(inner, sizeof(inner));

	entry_encode_change(c, step, &w);
	cr_assert_eq(w.rc, RC_OK);
	return bytes_written(&w);
}

/* Decodes a change as the only one of an entry. */
static enum rc decode(struct bytes change, bool has_base, struct change *out)
{
	struct entry e = { .changes = &change, .changes_count = 1 };

	e.header.has_base = has_base;
	e.header.base_id = id;
	memset(out, 0xa5, sizeof(*out));
	return entry_decode_change(&e, 0, &arena, out);
}

Test(entry_codec, a_change_comes_back_as_it_was)
{
	struct change c = full_change(), back;
	uint32_t i;

	cr_assert_eq(decode(encode_change(&c, -1), false, &back), RC_OK);
	cr_assert_eq(back.kind, c.kind);
	cr_assert(uuid_equal(back.id, id));
	cr_assert_eq(back.life, LIFE_DELETED);
	cr_assert_eq(back.ops_count, 6u);
	for (i = 0; i < 6; i++) {
		cr_assert_eq(back.ops[i].field, ops[i].field);
		cr_assert_eq(back.ops[i].code, ops[i].code);
		cr_assert(bytes_equal(back.ops[i].value, ops[i].value));
	}
	cr_assert(back.has_form);
	cr_assert_eq(back.form.count, 2u);
	cr_assert(dot_equal(back.form.dots[1], form[1]));
}

Test(entry_codec, an_empty_form_is_not_no_form)
{
	struct change c = full_change(), back;

	c.form.count = 0;
	cr_assert_eq(decode(encode_change(&c, -1), false, &back), RC_OK);
	cr_assert(back.has_form);
	cr_assert_eq(back.form.count, 0u);
	c.has_form = false;
	cr_assert_eq(decode(encode_change(&c, -1), false, &back), RC_OK);
	cr_assert_not(back.has_form);
}

Test(entry_codec, new_records_are_steps_from_the_base)
{
	struct change c = full_change(), back;

	cr_assert_eq(decode(encode_change(&c, 0), true, &back), RC_OK);
	cr_assert(uuid_equal(back.id, id));
	cr_assert_eq(decode(encode_change(&c, 70000), true, &back), RC_OK);
	cr_assert(uuid_equal(back.id, uuid_step(id, 70000)));
	cr_assert_eq(decode(encode_change(&c, 0), false, &back), RC_CORRUPT, "there is no base");
	cr_assert_eq(decode(encode_change(&c, 5), false, &back), RC_CORRUPT, "there is no base");
}

/* Writes a change by hand. */
struct wild {
	const char *why;
	uint64_t kind, step, life;
	size_t id_len;
	uint8_t id_version;
	uint64_t op;
	uint32_t ops, values;
	size_t value_len;
	uint64_t form_feed[2], form_seq[2];
	uint32_t form_count;
	bool has_form;
	enum rc rc;
};

static struct bytes write_wild(const struct wild *r)
{
	struct bytes_writer w = bytes_writer_init(inner, sizeof(inner));
	uint8_t wild_id[32];
	uint32_t i;

	memset(wild_id, 0x80, sizeof(wild_id));
	wild_id[6] = (uint8_t)(r->id_version << 4);
	wire_put_uint(&w, 1, r->kind);
	wire_put_uint(&w, 2, r->step);
	wire_put_bytes(&w, 3, bytes_at(wild_id, r->id_len));
	wire_put_uint(&w, 4, r->life);
	if (r->ops > 0) {
		wire_put_open(&w, 5, r->ops * wire_varint_len(r->op));
	}
	for (i = 0; i < r->ops; i++) {
		bytes_put_varint(&w, r->op);
	}
	for (i = 0; i < r->values; i++) {
		wire_put_element(&w, 6, bytes_at(wild_id, r->value_len));
	}
	for (i = 0; i < r->form_count; i++) {
		uint8_t dot[32];
		struct bytes_writer d = bytes_writer_init(dot, sizeof(dot));

		wire_put_fixed64(&d, 1, r->form_feed[i & 1]);
		wire_put_uint(&d, 2, r->form_seq[i & 1]);
		wire_put_element(&w, 7, bytes_written(&d));
	}
	wire_put_uint(&w, 8, r->has_form);
	cr_assert_eq(w.rc, RC_OK);
	return bytes_written(&w);
}

Test(entry_codec, a_change_that_cannot_be_is_refused)
{
	enum { PUT = 1 << 3, CLEAR = 1 << 3 | 1 };
	static const struct wild sound = { "sound", 16, 0,     1,     16, 7,     PUT,  1,
					   1,       1,  { 0 }, { 0 }, 0,  false, RC_OK };
	struct wild rows[24];
	struct change back;
	uint32_t i, n = 0;

#define ROW(text, code, set)                                                                       \
	do {                                                                                       \
		struct wild r = sound;                                                             \
		r.why = (text);                                                                    \
		r.rc = (code);                                                                     \
		set;                                                                               \
		rows[n++] = r;                                                                     \
	} while (0)
	ROW("sound", RC_OK, (void)0);
	ROW("kind 0", RC_CORRUPT, r.kind = 0);
	ROW("a kind of 17 bits", RC_CORRUPT, r.kind = 65536);
	ROW("life 3", RC_CORRUPT, r.life = 3);
	ROW("an id of 15 bytes", RC_CORRUPT, r.id_len = 15);
	ROW("an id of 17 bytes", RC_CORRUPT, r.id_len = 17);
	ROW("an id that is no UUIDv7", RC_CORRUPT, r.id_version = 4);
	ROW("an id and a step", RC_CORRUPT, r.step = 1);
	ROW("no id, no base", RC_CORRUPT, r.id_len = 0);
	ROW("an op without value", RC_CORRUPT, r.values = 0);
	ROW("a value without op", RC_CORRUPT, r.values = 2);
	ROW("values without ops", RC_CORRUPT, r.ops = 0);
	ROW("code 6", RC_CORRUPT, r.op = PUT | 6);
	ROW("code 7", RC_CORRUPT, r.op = PUT | 7);
	ROW("a field of 17 bits", RC_CORRUPT, r.op = 65536 << 3);
	ROW("a clear with a value", RC_CORRUPT, r.op = CLEAR);
	ROW("a put of nothing", RC_CORRUPT, r.value_len = 0);
	ROW("too many ops", RC_LIMIT,
	    (r.ops = r.values = LIMIT_OPS_PER_CHANGE_MAX + 1, r.op = CLEAR, r.value_len = 0));
	ROW("as many ops as may be", RC_OK,
	    (r.ops = r.values = LIMIT_OPS_PER_CHANGE_MAX, r.op = CLEAR, r.value_len = 0));
	ROW("a form of seq 0", RC_CORRUPT, (r.has_form = true, r.form_count = 1));
	ROW("a form out of order", RC_CORRUPT,
	    (r.has_form = true, r.form_count = 2, r.form_feed[0] = 2, r.form_feed[1] = 1,
	     r.form_seq[0] = r.form_seq[1] = 1));
	ROW("a form with a feed twice", RC_CORRUPT,
	    (r.has_form = true, r.form_count = 2, r.form_seq[0] = r.form_seq[1] = 1));
	ROW("a form that is none", RC_CORRUPT, (r.form_count = 1, r.form_seq[0] = 1));
	ROW("too long a form", RC_LIMIT,
	    (r.has_form = true, r.form_count = LIMIT_VECTOR_FEEDS_MAX + 1, r.form_seq[0] = 1));
#undef ROW
	cr_assert_eq(n, 24u);
	for (i = 0; i < n; i++) {
		start();
		cr_expect_eq(decode(write_wild(&rows[i]), false, &back), rows[i].rc, "%s",
			     rows[i].why);
	}
}

/* --- entries ------------------------------------------------------------------ */

static struct bytes encode_entry(struct bytes header, size_t salt_len, uint32_t changes_count,
				 size_t change_len)
{
	static const uint8_t salt[64] = { 1 };
	static struct bytes changes[LIMIT_CHANGES_PER_ENTRY_MAX + 1];
	static uint8_t change[40000];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	uint32_t i;

	for (i = 0; i < changes_count; i++) {
		changes[i] = bytes_at(change, change_len);
	}
	entry_encode(header, bytes_at(salt, salt_len), changes, changes_count, &w);
	cr_assert_eq(w.rc, RC_OK);
	return bytes_written(&w);
}

Test(entry_codec, an_entry_has_a_salt_when_it_has_changes)
{
	static const struct {
		size_t salt_len;
		uint32_t changes, touches;
		size_t change_len;
		enum rc rc;
	} rows[] = { { 0, 0, 0, 0, RC_OK },        { 16, 1, 1, 9, RC_OK },
		     { 0, 1, 1, 9, RC_CORRUPT },   { 16, 0, 0, 0, RC_CORRUPT },
		     { 15, 1, 1, 9, RC_CORRUPT },  { 17, 1, 1, 9, RC_CORRUPT },
		     { 16, 1, 2, 9, RC_CORRUPT },  { 16, 4096, 0, 0, RC_OK },
		     { 16, 4097, 0, 0, RC_LIMIT }, { 16, 1, 0, 33000, RC_LIMIT } };
	struct entry e;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct header h = full_header();

		start();
		h.touches = rows[i].touches;
		cr_expect_eq(entry_decode(encode_entry(encode_header(&h), rows[i].salt_len,
						       rows[i].changes, rows[i].change_len),
					  &arena, &e),
			     rows[i].rc, "row %zu", i);
	}
}

/* Cut anywhere, altered anywhere: refused or read, never beyond its end. */
Test(entry_codec, no_bytes_upset_it)
{
	struct header h = full_header();
	struct bytes header = encode_header(&h), whole;
	struct change c = full_change();
	struct entry e;
	struct change back;
	uint8_t *exact = NULL;
	size_t i, taken = 0;
	static uint8_t kept[4096];

	h.touches = 1;
	header = encode_header(&h);
	memcpy(kept, header.p, header.len);
	header.p = kept;
	{
		struct bytes change = encode_change(&c, -1);
		struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

		entry_encode(header, bytes_at(form, FEED_SALT_LEN), &change, 1, &w);
		whole = bytes_written(&w);
	}
	for (i = 0; i <= 9 * whole.len; i++) {
		size_t len = i < whole.len ? i : whole.len;

		start();
		exact = malloc(len + 1);
		memcpy(exact, whole.p, len);
		if (i >= whole.len && len > 0) {
			exact[(i - whole.len) / 8 % len] ^= (uint8_t)(1 << i % 8);
		}
		if (entry_decode(bytes_at(exact, len), &arena, &e) == RC_OK) {
			taken++;
			if (e.changes_count > 0) {
				(void)entry_decode_change(&e, 0, &arena, &back);
			}
			cr_assert_lt(e.header.seen_own, e.header.seq);
		}
		free(exact);
	}
	cr_assert_gt(taken, 0u);
	cr_assert_lt(taken, 9 * whole.len);
}

Test(entry_codec, a_small_arena_is_told_not_overrun)
{
	struct header h = full_header();
	struct bytes whole = encode_entry(encode_header(&h), 16, 20, 9);
	struct entry e;
	size_t max, fits = 0;

	for (max = 0; max < 6000; max += 8) {
		struct arena small = arena_init(memory, max);
		enum rc rc = entry_decode(whole, &small, &e);

		cr_assert(rc == RC_OK || rc == RC_NOMEM || rc == RC_LIMIT, "%d at %zu", (int)rc,
			  max);
		cr_assert(rc == RC_OK || fits == 0, "more room, less success at %zu", max);
		fits += rc == RC_OK;
	}
	cr_assert_gt(fits, 0u);
}

Test(entry_codec, a_genesis_comes_back_and_nothing_like_it)
{
	struct genesis g = {
		.system = { 1 }, .feed = 7, .key = { 2 }, .follows = cuts, .follows_count = 2
	};
	struct genesis back;
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	size_t i;

	entry_encode_genesis(&g, &w);
	cr_assert_eq(entry_decode_genesis(bytes_written(&w), &arena, &back), RC_OK);
	cr_assert_eq(back.feed, 7u);
	cr_assert_arr_eq(back.system, g.system, SYSTEM_LEN);
	cr_assert_arr_eq(back.key, g.key, KEY_LEN);
	cr_assert_eq(back.follows_count, 2u);
	cr_assert_eq(back.follows[1].feed, UINT64_MAX);
	for (i = 0; i < 60; i++) { /* system, feed and key take 61 bytes */
		cr_expect_neq(entry_decode_genesis(bytes_at(buffer, i), &arena, &back), RC_OK);
	}
}

Test(entry_codec, rulings_come_back_and_are_bounded)
{
	static struct ruling list[LIMIT_RULINGS_PER_ENTRY_MAX + 1];
	struct header h = full_header(), back;

	list[0] = (struct ruling){ { 7, 3 }, LIMIT_CHANGES_PER_ENTRY_MAX - 1, true };
	list[1] = (struct ruling){ { UINT64_MAX, UINT64_MAX }, 0, false };
	h.rulings = list;
	h.rulings_count = 2;
	cr_assert_eq(entry_decode_header(encode_header(&h), &arena, &back), RC_OK);
	cr_assert_eq(back.rulings_count, 2u);
	cr_assert(dot_equal(back.rulings[0].dot, list[0].dot) && back.rulings[0].accept);
	cr_assert_eq(back.rulings[0].place, list[0].place);
	cr_assert(dot_equal(back.rulings[1].dot, list[1].dot) && !back.rulings[1].accept);
	list[1].place = LIMIT_CHANGES_PER_ENTRY_MAX;
	cr_assert_eq(entry_decode_header(encode_header(&h), &arena, &back), RC_CORRUPT);
	list[1] = (struct ruling){ { 7, 0 }, 0, false };
	cr_assert_eq(entry_decode_header(encode_header(&h), &arena, &back), RC_CORRUPT);
	list[1] = list[0];
	h.rulings_count = LIMIT_RULINGS_PER_ENTRY_MAX + 1;
	for (size_t i = 0; i < h.rulings_count; i++) {
		list[i] = list[0];
	}
	cr_assert_eq(entry_decode_header(encode_header(&h), &arena, &back), RC_LIMIT);
}
