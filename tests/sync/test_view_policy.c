#include "tests/sync/told.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SIBLINGS_MAX = 5 };

static uint8_t memory[1 << 20];

static const struct schema_rank RANKS[] = { { "a", 0 }, { "b", 1 }, { "c", 2 }, { "d", 2 } };

static struct schema_field register_of(enum policy policy, enum value_type type)
{
	struct schema_field f = { .number = 1, .name = "f", .type = type, .policy = policy };

	if (policy == POLICY_FLOW) {
		f.ranks = RANKS;
		f.ranks_count = 4;
	}
	return f;
}

/* "shown|first second ...", "!" in front when in conflict. */
static void describe(const struct field_view *v, struct bytes_writer *w)
{
	uint32_t i;

	bytes_put(w, "!", v->conflict);
	if (v->shown < v->count) {
		bytes_put(w, v->items[v->shown]->value.p, v->items[v->shown]->value.len);
	}
	bytes_put_u8(w, '|');
	for (i = 0; i < v->count; i++) {
		struct bytes value = v->items[i]->cleared ? bytes_of("-") : v->items[i]->value;

		bytes_put(w, " ", i > 0);
		bytes_put(w, value.p, value.len);
	}
}

struct row {
	const char *why;
	enum policy policy;
	struct told told[SIBLINGS_MAX]; /* by dot; ends with value NULL */
	const char *view;
	uint32_t asked; /* stamps that it takes to know */
};

static void run_rows(const struct row *rows, size_t count, enum value_type type)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct schema_field f = register_of(rows[i].policy, type);
		struct item items[SIBLINGS_MAX];
		struct part_field field = { .number = 1, .items = items };
		struct told_source told = { .told = rows[i].told };
		struct view_source src = { .ctx = &told, .stamp = told_stamp };
		struct record r = told_record(&field, 1);
		struct field_view v;
		struct values values;
		char text[64] = "";
		struct bytes_writer w = bytes_writer_init(text, sizeof(text) - 1);

		while (told.count < SIBLINGS_MAX && rows[i].told[told.count].value != NULL) {
			const struct told *t = &rows[i].told[told.count++];

			told_add(&field, t->office, t->seq, t->value);
		}
		cr_assert_eq(view_field(&r, &f, &src, &a, &v), RC_OK, "%s", rows[i].why);
		describe(&v, &w);
		cr_expect_str_eq(text, rows[i].view, "%s: %s", rows[i].why, text);
		cr_expect_eq(told.asked, rows[i].asked, "%s: asked %u", rows[i].why, told.asked);
		cr_assert_eq(view_values(&r, &f, &src, &a, &values), RC_OK);
		cr_expect_eq(values.count, v.shown < v.count, "%s", rows[i].why);
		cr_expect(values.count == 0 ||
				  bytes_equal(values.items[0], v.items[v.shown]->value),
			  "%s", rows[i].why);
	}
}

#define RUN(rows, type) run_rows(rows, sizeof(rows) / sizeof((rows)[0]), type)

Test(view_policy, ask_shows_the_latest_and_marks_it)
{
	static const struct row rows[] = {
		{ "nothing was written", POLICY_ASK, { { 0 } }, "|", 0 },
		{ "one value needs nobody", POLICY_ASK, { { 1, 1, "x", 5, 1 } }, "x|x", 0 },
		{ "one clear is unset", POLICY_ASK, { { 1, 1, "-", 5, 1 } }, "|-", 0 },
		{ "equal values count as one",
		  POLICY_ASK,
		  { { 1, 1, "x", 5, 1 }, { 2, 1, "x", 9, 2 } },
		  "x|x",
		  0 },
		{ "the later time is shown",
		  POLICY_ASK,
		  { { 1, 1, "x", 5, 9 }, { 2, 1, "y", 4, 8 } },
		  "!x|x y",
		  2 },
		{ "the order of cuts does not matter",
		  POLICY_ASK,
		  { { 1, 1, "x", 4, 9 }, { 2, 1, "y", 5, 8 } },
		  "!y|y x",
		  2 },
		{ "what no cut covers is the latest",
		  POLICY_ASK,
		  { { 1, 1, "x", 1, 0 }, { 2, 1, "y", 9, 8 } },
		  "!x|x y",
		  2 },
		{ "of two such, the later time",
		  POLICY_ASK,
		  { { 1, 1, "x", 1, 0 }, { 2, 1, "y", 9, 0 } },
		  "!y|y x",
		  2 },
		{ "equal times: the higher office",
		  POLICY_ASK,
		  { { 1, 1, "x", 5, 1 }, { 2, 1, "y", 5, 1 } },
		  "!y|y x",
		  2 },
		{ "equal times and office: the higher seq",
		  POLICY_ASK,
		  { { 1, 1, "x", 5, 1 }, { 1, 2, "y", 5, 1 } },
		  "!y|y x",
		  2 },
		{ "a clear can be the latest: unset, but in conflict",
		  POLICY_ASK,
		  { { 1, 1, "x", 4, 1 }, { 2, 1, "-", 5, 1 } },
		  "!|- x",
		  2 },
		{ "a clear that is older stays listed",
		  POLICY_ASK,
		  { { 1, 1, "x", 5, 1 }, { 2, 1, "-", 4, 1 } },
		  "!x|x -",
		  2 },
		{ "an equal value is listed where its latest stands",
		  POLICY_ASK,
		  { { 1, 1, "x", 5, 1 }, { 2, 1, "y", 6, 1 }, { 3, 1, "x", 7, 1 } },
		  "!x|x y",
		  3 },
	};

	RUN(rows, VALUE_TEXT);
}

Test(view_policy, latest_is_never_in_conflict)
{
	static const struct row rows[] = {
		{ "two values",
		  POLICY_LATEST,
		  { { 1, 1, "x", 5, 1 }, { 2, 1, "y", 4, 2 } },
		  "x|x y",
		  2 },
		{ "three values, latest first",
		  POLICY_LATEST,
		  { { 1, 1, "x", 5, 1 }, { 2, 1, "y", 4, 2 }, { 3, 1, "z", 6, 1 } },
		  "z|z x y",
		  3 },
	};

	RUN(rows, VALUE_TEXT);
}

Test(view_policy, fixed_shows_the_first_in_the_order_of_cuts)
{
	static const struct row rows[] = {
		{ "the first cut wins, whatever the clock says",
		  POLICY_FIXED,
		  { { 1, 1, "x", 1, 9 }, { 2, 1, "y", 5, 8 } },
		  "!y|x y",
		  2 },
		{ "one cut covers both: the lower office",
		  POLICY_FIXED,
		  { { 1, 1, "x", 9, 8 }, { 2, 1, "y", 5, 8 } },
		  "!x|x y",
		  2 },
		{ "one cut covers both of an office: the lower seq",
		  POLICY_FIXED,
		  { { 1, 1, "x", 9, 8 }, { 1, 2, "y", 5, 8 } },
		  "!x|x y",
		  2 },
		{ "what no cut covers comes after all",
		  POLICY_FIXED,
		  { { 1, 1, "x", 1, 0 }, { 2, 1, "y", 5, 8 } },
		  "!y|x y",
		  2 },
		{ "equal values count as one",
		  POLICY_FIXED,
		  { { 1, 1, "x", 1, 0 }, { 2, 1, "x", 5, 8 } },
		  "x|x",
		  0 },
		{ "shown is a value, whichever sibling said it",
		  POLICY_FIXED,
		  { { 1, 1, "x", 1, 9 }, { 2, 1, "y", 5, 8 }, { 3, 1, "x", 5, 7 } },
		  "!x|x y",
		  3 },
		{ "a clear is a sibling like any other",
		  POLICY_FIXED,
		  { { 1, 1, "x", 1, 9 }, { 2, 1, "-", 5, 8 } },
		  "!|x -",
		  2 },
	};

	RUN(rows, VALUE_TEXT);
}

/* The centre's entry 1 says again what office 4 said. */
static enum rc carried_stamp(void *ctx, struct dot d, struct stamp *out)
{
	enum rc rc = told_stamp(ctx, d, out);

	if (d.feed == told_feed(0) && d.seq == 1) {
		out->office = 4;
	}
	return rc;
}

Test(view_policy, what_the_centre_carries_is_whose_it_was)
{
	static const struct told told[] = { { 0, 1, "x", 5, 1 },
					    { 0, 2, "y", 5, 2 },
					    { 2, 1, "z", 5, 3 } };
	struct arena a = arena_init(memory, sizeof(memory));
	struct item items[3];
	struct part_field field = { .number = 1, .items = items };
	struct told_source source = { .told = told, .count = 3 };
	struct view_source src = { .ctx = &source, .stamp = carried_stamp };
	struct schema_field f = register_of(POLICY_CENTRE, VALUE_TEXT);
	struct record r = told_record(&field, 1);
	struct field_view v;

	told_add(&field, 0, 1, "x");
	told_add(&field, 2, 1, "z");
	cr_assert_eq(view_field(&r, &f, &src, &a, &v), RC_OK);
	cr_assert(bytes_equal(v.items[v.shown]->value, bytes_of("x")),
		  "two offices: the greater number of equal times");
	cr_assert(!v.conflict, "the centre said nothing itself");
	field.items_count = 1;
	told_add(&field, 0, 2, "y");
	cr_assert_eq(view_field(&r, &f, &src, &a, &v), RC_OK);
	cr_assert(bytes_equal(v.items[v.shown]->value, bytes_of("y")));
	cr_assert(v.conflict, "an office's differs from the centre's");
	f = register_of(POLICY_LATEST, VALUE_TEXT);
	cr_assert_eq(view_field(&r, &f, &src, &a, &v), RC_OK);
	cr_assert(bytes_equal(v.items[v.shown]->value, bytes_of("x")));
}

Test(view_policy, a_closed_field_is_in_no_conflict_and_keeps_its_values)
{
	static const struct told told[] = { { 1, 1, "x", 1, 1 }, { 2, 1, "y", 5, 8 } };
	struct arena a = arena_init(memory, sizeof(memory));
	struct item items[2];
	struct part_field field = { .number = 1, .items = items };
	struct told_source source = { .told = told, .count = 2 };
	struct view_source src = { .ctx = &source, .stamp = told_stamp };
	struct schema_field f = register_of(POLICY_ASK, VALUE_TEXT);
	struct record r = told_record(&field, 1);
	struct field_view v;

	told_add(&field, 1, 1, "x");
	told_add(&field, 2, 1, "y");
	cr_assert_eq(view_field(&r, &f, &src, &a, &v), RC_OK);
	cr_assert(v.conflict);
	f.closed = true;
	cr_assert_eq(view_field(&r, &f, &src, &a, &v), RC_OK);
	cr_assert(!v.conflict, "nobody could settle it");
	cr_assert_eq(v.count, 2);
	cr_assert(bytes_equal(v.items[v.shown]->value, bytes_of("y")));
}

Test(view_policy, centre_shows_what_the_centre_says)
{
	static const struct row rows[] = {
		{ "the centre's, though it is older",
		  POLICY_CENTRE,
		  { { 0, 1, "x", 1, 1 }, { 2, 1, "y", 5, 8 } },
		  "!x|x y",
		  2 },
		{ "an office that says the same is no conflict",
		  POLICY_CENTRE,
		  { { 0, 1, "x", 1, 1 }, { 2, 1, "x", 5, 8 } },
		  "x|x",
		  0 },
		{ "one office the same, one not",
		  POLICY_CENTRE,
		  { { 0, 1, "x", 1, 1 }, { 2, 1, "x", 5, 8 }, { 3, 1, "y", 5, 8 } },
		  "!x|x y",
		  3 },
		{ "without the centre: the latest, no conflict",
		  POLICY_CENTRE,
		  { { 1, 1, "x", 5, 1 }, { 2, 1, "y", 4, 2 } },
		  "x|x y",
		  2 },
		{ "two of the centre: its latest, and no office differs",
		  POLICY_CENTRE,
		  { { 0, 1, "x", 5, 1 }, { 0, 2, "y", 6, 2 } },
		  "y|x y",
		  2 },
		{ "an office that agrees with the centre's older one differs",
		  POLICY_CENTRE,
		  { { 0, 1, "x", 5, 1 }, { 0, 2, "y", 6, 2 }, { 1, 1, "x", 9, 9 } },
		  "!y|x y",
		  3 },
		{ "the centre's clear is unset",
		  POLICY_CENTRE,
		  { { 0, 1, "-", 5, 1 }, { 1, 1, "x", 9, 9 } },
		  "!|- x",
		  2 },
		{ "an office's clear differs from the centre's value",
		  POLICY_CENTRE,
		  { { 0, 1, "x", 5, 1 }, { 1, 1, "-", 9, 9 } },
		  "!x|x -",
		  2 },
	};

	RUN(rows, VALUE_TEXT);
}

Test(view_policy, min_and_max_show_by_number_not_by_bytes)
{
	/* zigzag: \2 is 1, \3 is -2, \4 is 2 */
	static const struct row rows[] = {
		{ "the smallest",
		  POLICY_MIN,
		  { { 1, 1, "\4", 1, 1 }, { 2, 1, "\2", 2, 2 } },
		  "\2|\4 \2",
		  0 },
		{ "the largest",
		  POLICY_MAX,
		  { { 1, 1, "\4", 1, 1 }, { 2, 1, "\2", 2, 2 } },
		  "\4|\4 \2",
		  0 },
		{ "-2 is smaller than 1",
		  POLICY_MIN,
		  { { 1, 1, "\2", 1, 1 }, { 2, 1, "\3", 2, 2 } },
		  "\3|\2 \3",
		  0 },
		{ "and 1 larger than -2",
		  POLICY_MAX,
		  { { 1, 1, "\2", 1, 1 }, { 2, 1, "\3", 2, 2 } },
		  "\2|\2 \3",
		  0 },
		{ "min looks past a clear",
		  POLICY_MIN,
		  { { 1, 1, "-", 9, 9 }, { 2, 1, "\4", 2, 2 } },
		  "\4|- \4",
		  0 },
		{ "max looks past a clear",
		  POLICY_MAX,
		  { { 1, 1, "\4", 9, 9 }, { 2, 1, "-", 2, 2 } },
		  "\4|\4 -",
		  0 },
		{ "nothing but clears is unset",
		  POLICY_MAX,
		  { { 1, 1, "-", 9, 9 }, { 2, 1, "-", 2, 2 } },
		  "|-",
		  0 },
		{ "a later smaller max does not win by being late",
		  POLICY_MAX,
		  { { 1, 1, "\4", 1, 1 }, { 2, 1, "\2", 9, 0 } },
		  "\4|\4 \2",
		  0 },
	};

	RUN(rows, VALUE_INT);
}

Test(view_policy, flow_shows_the_furthest)
{
	static const struct row rows[] = {
		{ "further wins, whatever the clock says",
		  POLICY_FLOW,
		  { { 1, 1, "c", 1, 1 }, { 2, 1, "a", 9, 9 } },
		  "c|c a",
		  0 },
		{ "two ways to the same rank are a conflict, the latest is shown",
		  POLICY_FLOW,
		  { { 1, 1, "c", 1, 1 }, { 2, 1, "d", 9, 9 } },
		  "!d|c d",
		  2 },
		{ "below the highest rank nothing matters",
		  POLICY_FLOW,
		  { { 1, 1, "a", 1, 1 }, { 2, 1, "b", 9, 9 }, { 3, 1, "d", 1, 1 } },
		  "d|a b d",
		  0 },
		{ "the same end reached twice is none",
		  POLICY_FLOW,
		  { { 1, 1, "c", 1, 1 }, { 2, 1, "c", 9, 9 }, { 3, 1, "a", 1, 1 } },
		  "c|c a",
		  0 },
		{ "a clear goes back: it is passed over",
		  POLICY_FLOW,
		  { { 1, 1, "a", 1, 1 }, { 2, 1, "-", 9, 9 } },
		  "a|a -",
		  0 },
		{ "a code outside the flow is behind all that are in it",
		  POLICY_FLOW,
		  { { 1, 1, "z", 9, 9 }, { 2, 1, "a", 1, 1 } },
		  "a|z a",
		  0 },
		{ "two such codes differ",
		  POLICY_FLOW,
		  { { 1, 1, "z", 9, 9 }, { 2, 1, "y", 1, 1 } },
		  "!z|z y",
		  2 },
		{ "a code outside the flow still stands before a clear",
		  POLICY_FLOW,
		  { { 1, 1, "z", 1, 1 }, { 2, 1, "-", 9, 9 } },
		  "z|z -",
		  0 },
	};

	RUN(rows, VALUE_CODE);
}

Test(view_policy, one_sibling_takes_no_memory_and_no_source)
{
	struct arena none = arena_init(memory, 0);
	struct item items[1];
	struct part_field field = { .number = 1, .items = items };
	struct schema_field f = register_of(POLICY_ASK, VALUE_TEXT);
	struct record r = told_record(&field, 1);
	struct values v;

	told_add(&field, 1, 1, "x");
	cr_assert_eq(view_values(&r, &f, NULL, &none, &v), RC_OK);
	cr_assert_eq(v.count, 1);
	cr_assert(bytes_equal(v.items[0], bytes_of("x")));
}

Test(view_policy, what_the_source_cannot_tell_is_an_error)
{
	struct arena a = arena_init(memory, sizeof(memory)), none = arena_init(memory, 8);
	struct told told[] = { { 1, 1, "x", 5, 1 }, { 2, 1, "y", 4, 2 } };
	struct told_source source = { .told = told, .count = 2, .rc = RC_CORRUPT };
	struct view_source src = { .ctx = &source, .stamp = told_stamp };
	struct item items[2];
	struct part_field field = { .number = 1, .items = items };
	struct schema_field f = register_of(POLICY_ASK, VALUE_TEXT);
	struct record r = told_record(&field, 1);
	struct field_view v;
	struct values values;

	told_add(&field, 1, 1, "x");
	told_add(&field, 2, 1, "y");
	cr_expect_eq(view_field(&r, &f, &src, &a, &v), RC_CORRUPT);
	cr_expect_eq(view_values(&r, &f, &src, &a, &values), RC_CORRUPT);
	cr_expect_eq(view_values(&r, &f, &src, &none, &values), RC_NOMEM);
}

Test(view_policy, many_siblings_are_sorted_and_listed_once)
{
	enum { MANY = 2000, VALUES = 300 };
	static struct item items[MANY];
	static struct told told[MANY];
	static char texts[MANY][5];
	struct arena a = arena_init(memory, sizeof(memory));
	struct told_source source = { .told = told };
	struct view_source src = { .ctx = &source, .stamp = told_stamp };
	struct part_field field = { .number = 1, .items = items };
	struct schema_field f = register_of(POLICY_LATEST, VALUE_TEXT);
	struct record r = told_record(&field, 1);
	struct field_view v;
	uint32_t i;

	for (i = 0; i < MANY; i++) {
		texts[i][0] = 'v';
		texts[i][1] = (char)('a' + i % VALUES / 20);
		texts[i][2] = (char)('a' + i % VALUES % 20);
		told[i] = (struct told){ 1, i + 1, texts[i], (i * 7919) % MANY, 1 };
		told_add(&field, 1, i + 1, texts[i]);
	}
	source.count = MANY;
	cr_assert_eq(view_field(&r, &f, &src, &a, &v), RC_OK);
	cr_assert_eq(v.count, VALUES);
	cr_assert_eq(v.shown, 0);
	for (i = 1; i < v.count; i++) {
		cr_assert(told[v.items[i - 1]->dot.seq - 1].time_ms >
			  told[v.items[i]->dot.seq - 1].time_ms);
	}
}
