#include "tests/sync/permits.h"

#include <criterion/criterion.h>

static uint8_t memory[1 << 20];

static const char *const BY_REGION[] = { "region" };

Test(figure_compile, compile_gives_a_counter_for_each_measure_by_kind)
{
	static const struct {
		uint16_t kind, figure, part;
	} wanted[] = {
		{ 20, 8, FIGURE_PART_ANNOUNCED },
		{ 21, 1, 0 },
		{ 21, 2, 0 },
		{ 21, 3, 0 },
		{ 21, 4, 0 },
		{ 21, 5, 0 },
		{ 21, 6, 0 },
		{ 21, 8, 0 },
		{ 21, 8, 1 },
		{ 21, 10, 0 },
		{ 21, 11, 0 },
		{ 21, 12, 0 },
	};
	struct arena a = arena_init(memory, sizeof(memory));
	struct counters all;
	size_t i;

	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	cr_assert_eq(all.count, sizeof(wanted) / sizeof(wanted[0]),
		     "runs and closed figures count nothing");
	for (i = 0; i < all.count; i++) {
		cr_expect_eq(all.items[i].kind->number, wanted[i].kind);
		cr_expect_eq(all.items[i].figure, wanted[i].figure);
		cr_expect_eq(all.items[i].part, wanted[i].part);
	}
	cr_assert(permits_counter(&all, 5, 0)->dated);
	cr_assert(!permits_counter(&all, 12, 0)->dated, "a stock without dates is as of now");
}

Test(figure_compile, compile_without_memory_says_so)
{
	struct counters all;
	size_t max, full;
	struct arena a = arena_init(memory, sizeof(memory));

	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	full = a.used;
	for (max = 0; max < full; max += 256) {
		a = arena_init(memory, max);
		cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_NOMEM, "%zu bytes", max);
	}
}

Test(figure_compile, compile_refuses_what_no_check_would_pass)
{
	static const struct {
		const char *why;
		struct schema_figure figure;
	} rows[] = {
		{ "an unknown kind", { .measure = { .of = "nothing" } } },
		{ "no kind", { .measure = { .of = NULL } } },
		{ "an unknown field to sum",
		  { .measure = { .type = MEASURE_SUM, .field = "nothing", .of = "permit" } } },
		{ "a where that cannot be read",
		  { .measure = { .of = "permit", .where = "state = " } } },
		{ "an unknown dimension",
		  { .measure = { .of = "decree", .by = BY_REGION, .by_count = 1 } } },
		{ "a stock that begins nowhere",
		  { .type = FIGURE_STOCK, .measure = { .of = "permit" }, .to = "valid_to" } },
		{ "a stock that ends with an unknown field",
		  { .type = FIGURE_STOCK,
		    .measure = { .of = "permit" },
		    .from = "valid_from",
		    .to = "x" } },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct schema s = permits_schema;
		struct counters all;

		s.figures = &rows[i].figure;
		s.figures_count = 1;
		cr_expect_eq(figure_compile(&s, &a, &all), RC_INVALID, "%s", rows[i].why);
	}
}

Test(figure_compile, split_refuses_keys_that_are_none)
{
	static const struct {
		const char *why;
		uint16_t figure;
		const char *key;
		size_t len;
		enum rc rc;
	} rows[] = {
		{ "a set and a code", 2, "\1\1x\0", 4, RC_OK },
		{ "all of the set", 2, "\2\0", 2, RC_OK },
		{ "all of what is no set", 2, "\0\2", 2, RC_CORRUPT },
		{ "an unknown tag", 2, "\3\0", 2, RC_CORRUPT },
		{ "a value without bytes", 2, "\1\0\0", 3, RC_CORRUPT },
		{ "cut short", 2, "\1\1x", 3, RC_CORRUPT },
		{ "cut in a value", 2, "\1\2x", 3, RC_CORRUPT },
		{ "something behind", 2, "\2\0\0", 3, RC_CORRUPT },
		{ "nothing", 2, "", 0, RC_CORRUPT },
		{ "a day and a code", 5, "\x80\0\0\0\0", 5, RC_OK },
		{ "half a day", 5, "\x80\0", 2, RC_CORRUPT },
	};
	struct arena a = arena_init(memory, sizeof(memory));
	struct counters all;
	size_t i;

	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t tags[LIMIT_DIMENSIONS_MAX];
		struct bytes values[LIMIT_DIMENSIONS_MAX];
		int32_t day = -1;

		cr_expect_eq(figure_split(permits_counter(&all, rows[i].figure, 0),
					  bytes_at(rows[i].key, rows[i].len), tags, values, &day),
			     rows[i].rc, "%s", rows[i].why);
		cr_expect(rows[i].figure == 2 || rows[i].rc != RC_OK || day == 0, "%s",
			  rows[i].why);
	}
}
