#include "sync/vv.h"

#include <criterion/criterion.h>
#include <string.h>

/* Reads "1:2 3:4" (feed:seq, one digit each) into dots. */
static struct vv make(const char *text, struct dot *dots, uint32_t max)
{
	struct vv v = { .dots = dots, .count = 0, .max = max };

	for (; text[0] != '\0'; text += text[3] == ' ' ? 4 : 3) {
		v.dots[v.count].feed = (uint64_t)(text[0] - '0');
		v.dots[v.count++].seq = (uint64_t)(text[2] - '0');
	}
	return v;
}

static bool is_same(const struct vv *v, const char *text)
{
	struct dot dots[16];
	struct vv wanted = make(text, dots, 16);

	return v->count == wanted.count && vv_compare(v, &wanted) == VV_EQUAL;
}

Test(vv, compare_tells_what_came_first)
{
	static const struct {
		const char *why, *a, *b;
		enum vv_order order;
	} rows[] = {
		{ "nothing is nothing", "", "", VV_EQUAL },
		{ "the same dots", "1:2 3:4", "1:2 3:4", VV_EQUAL },
		{ "nothing comes before something", "", "1:1", VV_BEFORE },
		{ "a lower seq is before", "1:2 3:4", "1:2 3:5", VV_BEFORE },
		{ "a feed less is before", "3:4", "1:2 3:4", VV_BEFORE },
		{ "the last feed less is before", "1:2", "1:2 3:4", VV_BEFORE },
		{ "a feed more is after", "1:2 3:4", "1:2", VV_AFTER },
		{ "a higher seq is after", "1:9", "1:1", VV_AFTER },
		{ "each has a feed of its own", "1:1", "2:1", VV_CONCURRENT },
		{ "each is ahead once", "1:2 3:4", "1:3 3:3", VV_CONCURRENT },
		{ "ahead in one, behind by a feed", "1:3", "1:2 2:1", VV_CONCURRENT },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dot x[8], y[8];
		struct vv a = make(rows[i].a, x, 8), b = make(rows[i].b, y, 8);

		cr_expect_eq(vv_compare(&a, &b), rows[i].order, "%s", rows[i].why);
	}
}

Test(vv, merge_keeps_the_higher_of_each_feed)
{
	static const struct {
		const char *why, *a, *b, *merged;
	} rows[] = {
		{ "nothing adds nothing", "1:2", "", "1:2" },
		{ "into nothing", "", "1:2 3:4", "1:2 3:4" },
		{ "itself", "1:2 3:4", "1:2 3:4", "1:2 3:4" },
		{ "keeps both when concurrent", "1:2 3:4", "1:3 3:3", "1:3 3:4" },
		{ "a feed before all others", "3:4", "1:2", "1:2 3:4" },
		{ "a feed behind all others", "1:2", "3:4", "1:2 3:4" },
		{ "feeds between others", "1:1 4:4 7:7", "2:2 4:5 5:5", "1:1 2:2 4:5 5:5 7:7" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dot x[8], y[8];
		struct vv a = make(rows[i].a, x, 8), b = make(rows[i].b, y, 8);

		cr_assert_eq(vv_merge(&a, &b), RC_OK);
		cr_expect(is_same(&a, rows[i].merged), "%s", rows[i].why);
		a = make(rows[i].a, x, 8);
		cr_assert_eq(vv_merge(&b, &a), RC_OK);
		cr_expect(is_same(&b, rows[i].merged), "%s, the other way", rows[i].why);
	}
}

Test(vv, merge_without_room_changes_nothing)
{
	struct dot x[2], y[2];
	struct vv a = make("2:1 4:1", x, 2), b = make("2:9 3:9", y, 2);

	cr_assert_eq(vv_merge(&a, &b), RC_LIMIT);
	cr_assert(is_same(&a, "2:1 4:1"));
	b = make("2:9 4:9", y, 2);
	cr_assert_eq(vv_merge(&a, &b), RC_OK);
	cr_assert(is_same(&a, "2:9 4:9"));
}

Test(vv, raise_never_lowers)
{
	struct dot x[3];
	struct vv v = make("2:5", x, 3);

	cr_assert_eq(vv_raise(&v, (struct dot){ 2, 3 }), RC_OK);
	cr_assert_eq(vv_raise(&v, (struct dot){ 9, 0 }), RC_OK);
	cr_assert(is_same(&v, "2:5"), "an older dot and no dot change nothing");
	cr_assert_eq(vv_raise(&v, (struct dot){ 3, 1 }), RC_OK);
	cr_assert_eq(vv_raise(&v, (struct dot){ 1, 1 }), RC_OK);
	cr_assert(is_same(&v, "1:1 2:5 3:1"));
	cr_assert_eq(vv_raise(&v, (struct dot){ 4, 1 }), RC_LIMIT);
	cr_assert_eq(vv_raise(&v, (struct dot){ 2, 6 }), RC_OK);
	cr_assert(is_same(&v, "1:1 2:6 3:1"));
}

Test(vv, covers_all_up_to_the_last_seq)
{
	struct dot x[2];
	struct vv v = make("1:3 5:1", x, 2);

	cr_assert(vv_covers(&v, (struct dot){ 1, 1 }));
	cr_assert(vv_covers(&v, (struct dot){ 1, 3 }));
	cr_assert(!vv_covers(&v, (struct dot){ 1, 4 }));
	cr_assert(!vv_covers(&v, (struct dot){ 3, 1 }));
	cr_assert_eq(vv_get(&v, 5), 1);
	cr_assert_eq(vv_get(&v, 4), 0);
}

Test(vv, text_and_vector_are_one_to_one)
{
	static const struct {
		const char *why, *text;
		enum rc rc;
	} rows[] = {
		{ "the empty vector", "-", RC_OK },
		{ "one feed", "00010007000000ff:12", RC_OK },
		{ "two feeds", "00010007000000ff:12,0002000700000001:1", RC_OK },
		{ "the highest numbers", "ffffffffffffffff:18446744073709551615", RC_OK },
		{ "a seq too large", "ffffffffffffffff:18446744073709551616", RC_INVALID },
		{ "no text", "", RC_INVALID },
		{ "seq 0 is no dot", "00010007000000ff:0", RC_INVALID },
		{ "a leading zero", "00010007000000ff:01", RC_INVALID },
		{ "no seq", "00010007000000ff:", RC_INVALID },
		{ "a sign", "00010007000000ff:+1", RC_INVALID },
		{ "upper case", "00010007000000FF:1", RC_INVALID },
		{ "a short feed", "0010007000000ff:12", RC_INVALID },
		{ "a feed twice", "00010007000000ff:1,00010007000000ff:2", RC_INVALID },
		{ "out of order", "0002000700000001:1,00010007000000ff:12", RC_INVALID },
		{ "a comma at the end", "00010007000000ff:12,", RC_INVALID },
		{ "another separator", "00010007000000ff:12;0002000700000001:1", RC_INVALID },
		{ "something behind", "00010007000000ff:12 ", RC_INVALID },
		{ "a dash and more", "-00010007000000ff:12", RC_INVALID },
		{ "more feeds than there is room for",
		  "0000000000000001:1,0000000000000002:1,0000000000000003:1", RC_LIMIT },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char again[100] = "";
		struct bytes_writer w = bytes_writer_init(again, sizeof(again) - 1);
		struct dot dots[2];
		struct vv v = { .dots = dots, .count = 0, .max = 2 };
		enum rc rc = vv_parse(bytes_of(rows[i].text), &v);

		cr_expect_eq(rc, rows[i].rc, "%s", rows[i].why);
		if (rc == RC_OK) {
			vv_format(&v, &w);
			cr_expect_str_eq(again, rows[i].text, "%s", rows[i].why);
		}
	}
}

Test(vv, a_text_cut_short_anywhere_is_refused_or_shorter)
{
	static const char text[] = "00010007000000ff:12,0002000700000001:345";
	size_t len;

	for (len = 0; len < sizeof(text) - 1; len++) {
		struct dot dots[2];
		struct vv v = { .dots = dots, .count = 0, .max = 2 };
		bool whole = len == 18 || len == 19 || len == 38 || len == 39;
		char cut[sizeof(text)];

		memcpy(cut, text, len);
		cr_expect_eq(vv_parse(bytes_at(cut, len), &v), whole ? RC_OK : RC_INVALID,
			     "%zu bytes", len);
	}
}
