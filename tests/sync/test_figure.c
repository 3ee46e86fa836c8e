#include "tests/sync/permits.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sync/date.h"
#include "tests/sync/told.h"

static uint8_t memory[1 << 20];

/* What was reported, as text: "DIM,DIM +1; ...", a day in front as "@day ". */
struct report {
	char text[4096];
	struct bytes_writer w;
	uint32_t cells;
	enum rc rc; /* what the sink returns */
};

static void start_report(struct report *r)
{
	memset(r, 0, sizeof(*r));
	r->w = bytes_writer_init(r->text, sizeof(r->text) - 1);
}

static enum rc take_cell(void *ctx, const struct counter *c, struct bytes key, int64_t amount)
{
	struct report *r = ctx;
	uint8_t tags[LIMIT_DIMENSIONS_MAX];
	struct bytes values[LIMIT_DIMENSIONS_MAX];
	char number[32];
	int32_t day = 0;
	uint32_t i;

	r->cells++;
	cr_assert_eq(figure_split(c, key, tags, values, &day), RC_OK);
	if (c->dated) {
		bytes_put(&r->w, "@", 1);
		date_format(date_from_days(day), &r->w);
		bytes_put(&r->w, " ", 1);
	}
	for (i = 0; i < c->dims_count; i++) {
		bytes_put(&r->w, ",", i > 0);
		if (tags[i] == FIGURE_TAG_VALUE) {
			dim_format(&c->dims[i], values[i], &r->w);
		} else {
			bytes_put(&r->w, tags[i] == FIGURE_TAG_ALL ? "*" : "?", 1);
		}
	}
	(void)snprintf(number, sizeof(number), " %+lld; ", (long long)amount);
	bytes_put(&r->w, number, strlen(number));
	return r->rc;
}

static struct bytes name_office(void *ctx, uint16_t office)
{
	cr_assert_eq(office, 3);
	return bytes_of(ctx);
}

static char OFFICE[] = "Lebap";

static enum rc add_record(const struct counter *c, const struct permits_draft *d, int64_t sign,
			  const struct view_source *src, struct arena *a, struct report *out)
{
	struct figure_sink sink = { .ctx = out, .add = take_cell };

	return figure_add(c, &d->record, src, name_office, OFFICE, sign, a, &sink);
}

Test(figure, a_record_counts_in_its_cells)
{
	static const struct {
		const char *why;
		uint16_t figure, part;
		const char *record, *cells;
	} rows[] = {
		{ "by year and region", 1, 0, "granted_on=2016-12-09 region=A", "2016,A +1; " },
		{ "a year is known of a partial date", 1, 0, "granted_on=2016 region=A",
		  "2016,A +1; " },
		{ "an unset field is unknown", 1, 0, "granted_on=2016-12-09", "2016,? +1; " },
		{ "nothing known at all", 1, 0, "", "?,? +1; " },
		{ "where lets pass", 1, 0, "region=A state=A", "?,A +1; " },
		{ "where keeps out", 1, 0, "region=A state=REVOKED", "" },
		{ "a set counts in each cell, and once in all", 2, 0, "region=A tags=x|y",
		  "x,A +1; y,A +1; *,A +1; " },
		{ "an empty set is unknown, and in all", 2, 0, "region=A", "?,A +1; *,A +1; " },
		{ "two sets count in each pair", 6, 0, "tags=x more=y",
		  "x,y +1; x,* +1; *,y +1; *,* +1; " },
		{ "a sum of a counter", 3, 0, "holders=2|5", " +7; " },
		{ "a counter that nobody counted", 3, 0, "", "" },
		{ "a sum of a register, by the home's name", 4, 0, "fee=-12", "Lebap -12; " },
		{ "a sum of 0 moves nothing", 4, 0, "fee=0", "" },
		{ "a stock begins, and ends on the day after", 5, 0,
		  "region=A valid_from=2016-01-30 valid_to=2016-02-29",
		  "@2016-01-30 A +1; @2016-03-01 A -1; " },
		{ "a stock of one day", 5, 0, "valid_from=2016-01-30 valid_to=2016-01-30",
		  "@2016-01-30 ? +1; @2016-01-31 ? -1; " },
		{ "without an end it stays", 5, 0, "valid_from=2016-01-30", "@2016-01-30 ? +1; " },
		{ "without a beginning it never was", 5, 0, "valid_to=2016-01-30", "" },
		{ "an end before the beginning: never", 5, 0,
		  "valid_from=2016-01-30 valid_to=2016-01-29", "" },
		{ "a year runs from its first to its last day", 5, 0,
		  "valid_from=2016 valid_to=2016", "@2016-01-01 ? +1; @2017-01-01 ? -1; " },
		{ "a month too", 5, 0, "valid_from=2016-02 valid_to=2016-02",
		  "@2016-02-01 ? +1; @2016-03-01 ? -1; " },
		{ "and a December", 5, 0, "valid_from=2016-12 valid_to=2016-12",
		  "@2016-12-01 ? +1; @2017-01-01 ? -1; " },
		{ "before 1970", 5, 0, "valid_from=1960-01-01", "@1960-01-01 ? +1; " },
		{ "a stock can sum", 10, 0, "fee=5 valid_from=2016-01-30", "@2016-01-30  +5; " },
		{ "a stock without dates", 12, 0, "", " +1; " },
		{ "a control counts what is recorded", 8, 0, "state=B decree=71", "71 +1; " },
		{ "each part with its own where", 8, 1, "state=B decree=71", "" },
	};
	struct arena a = arena_init(memory, sizeof(memory));
	static struct permits_draft d;
	struct counters all;
	size_t i;

	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct counter *c = permits_counter(&all, rows[i].figure, rows[i].part);
		struct report out;

		start_report(&out);
		permits_draft(&d, &permits_schema.kinds[0], rows[i].record, &a);
		cr_assert_eq(add_record(c, &d, 1, NULL, &a, &out), RC_OK, "%s", rows[i].why);
		cr_expect_str_eq(out.text, rows[i].cells, "%s: %s", rows[i].why, out.text);
	}
}

Test(figure, what_is_announced_counts_too)
{
	struct arena a = arena_init(memory, sizeof(memory));
	static struct permits_draft d;
	struct counters all;
	struct report out;

	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	start_report(&out);
	permits_draft(&d, &permits_schema.kinds[1], "number=71 announced=1381", &a);
	cr_assert_eq(add_record(permits_counter(&all, 8, FIGURE_PART_ANNOUNCED), &d, -1, NULL, &a,
				&out),
		     RC_OK);
	cr_assert_str_eq(out.text, "71 -1381; ");
}

Test(figure, taking_back_reports_the_same_cells_with_the_other_sign)
{
	struct arena a = arena_init(memory, sizeof(memory));
	static struct permits_draft d;
	struct counters all;
	struct report out;

	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	start_report(&out);
	permits_draft(&d, &permits_schema.kinds[0],
		      "region=A valid_from=2016-01-30 valid_to=2016-02-29", &a);
	cr_assert_eq(add_record(permits_counter(&all, 5, 0), &d, -1, NULL, &a, &out), RC_OK);
	cr_assert_str_eq(out.text, "@2016-01-30 A -1; @2016-03-01 A +1; ");
}

Test(figure, a_negative_measure_takes_away)
{
	static const struct {
		uint16_t figure;
		const char *record, *cells;
	} rows[] = {
		{ 1, "granted_on=2016-12-09 region=A", "2016,A -1; " },
		{ 3, "holders=2|5", " -7; " },
		{ 5, "valid_from=2016-01-30 valid_to=2016-01-30",
		  "@2016-01-30 ? -1; @2016-01-31 ? +1; " },
	};
	struct arena a = arena_init(memory, sizeof(memory));
	static struct schema_figure figures[16];
	static struct permits_draft d;
	struct schema s = permits_schema;
	struct counters all;
	size_t i;

	cr_assert_leq(s.figures_count, 16);
	for (i = 0; i < s.figures_count; i++) {
		figures[i] = s.figures[i];
		figures[i].measure.negative = true;
	}
	s.figures = figures;
	cr_assert_eq(figure_compile(&s, &a, &all), RC_OK);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report out;

		start_report(&out);
		permits_draft(&d, &permits_schema.kinds[0], rows[i].record, &a);
		cr_assert_eq(add_record(permits_counter(&all, rows[i].figure, 0), &d, 1, NULL, &a,
					&out),
			     RC_OK);
		cr_expect_str_eq(out.text, rows[i].cells, "%s", out.text);
	}
}

Test(figure, deleted_records_do_not_count)
{
	static const struct {
		const char *why;
		uint32_t heads;
		bool first_deleted, second_deleted;
		uint32_t cells;
	} rows[] = {
		{ "alive", 1, false, false, 1 },       { "deleted", 1, true, false, 0 },
		{ "deleted twice", 2, true, true, 0 }, { "deleted but edited", 2, true, false, 1 },
		{ "not here", 0, false, false, 0 },
	};
	struct arena a = arena_init(memory, sizeof(memory));
	static struct permits_draft d;
	struct counters all;
	size_t i;

	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report out;

		start_report(&out);
		permits_draft(&d, &permits_schema.kinds[0], "region=A", &a);
		d.record.parts[0].part.heads_count = rows[i].heads;
		d.heads[0].deleted = rows[i].first_deleted;
		d.heads[1].deleted = rows[i].second_deleted;
		cr_assert_eq(add_record(permits_counter(&all, 12, 0), &d, 1, NULL, &a, &out),
			     RC_OK);
		cr_expect_eq(out.cells, rows[i].cells, "%s", rows[i].why);
	}
}

Test(figure, a_record_in_conflict_counts_with_what_is_shown)
{
	struct told told[] = { { 1, 1, "", 9, 1 }, { 2, 1, "", 5, 2 } };
	struct told_source source = { .told = told, .count = 2 };
	struct view_source src = { .ctx = &source, .stamp = told_stamp };
	struct arena a = arena_init(memory, sizeof(memory));
	static struct permits_draft d;
	struct counters all;
	struct report out;

	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	start_report(&out);
	permits_draft(&d, &permits_schema.kinds[0], "granted_on=2016-12-09|2017-01-01 region=A|B",
		      &a);
	cr_assert_eq(add_record(permits_counter(&all, 1, 0), &d, 1, &src, &a, &out), RC_OK);
	cr_assert_str_eq(out.text, "2016,A +1; ");
	source.rc = RC_CORRUPT;
	start_report(&out);
	cr_assert_eq(add_record(permits_counter(&all, 1, 0), &d, 1, &src, &a, &out), RC_CORRUPT,
		     "of a dimension");
	permits_draft(&d, &permits_schema.kinds[0], "state=A|REVOKED", &a);
	cr_assert_eq(add_record(permits_counter(&all, 1, 0), &d, 1, &src, &a, &out), RC_CORRUPT,
		     "of where");
	permits_draft(&d, &permits_schema.kinds[0], "fee=3|4", &a);
	cr_assert_eq(add_record(permits_counter(&all, 4, 0), &d, 1, &src, &a, &out), RC_CORRUPT,
		     "of a sum");
	permits_draft(&d, &permits_schema.kinds[0], "valid_from=2016|2017", &a);
	cr_assert_eq(add_record(permits_counter(&all, 5, 0), &d, 1, &src, &a, &out), RC_CORRUPT,
		     "of a day");
	cr_assert_eq(out.cells, 0);
}

Test(figure, too_many_cells_are_refused_before_any_is_reported)
{
	static char text[8 * 64 * 2] = "";
	struct arena a = arena_init(memory, sizeof(memory));
	static struct permits_draft d;
	struct counters all;
	struct report out;
	size_t at;
	int i;

	at = (size_t)snprintf(text, sizeof(text), "tags=t00");
	for (i = 1; i < 64; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "|t%02d", i);
	}
	at += (size_t)snprintf(text + at, sizeof(text) - at, " more=m00");
	for (i = 1; i < 63; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "|m%02d", i);
	}
	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	permits_draft(&d, &permits_schema.kinds[0], text, &a);
	start_report(&out);
	cr_assert_eq(add_record(permits_counter(&all, 6, 0), &d, 1, NULL, &a, &out), RC_LIMIT);
	cr_assert_eq(out.cells, 0, "65 * 64 cells are 64 too many");
	d.fields[1].items_count--;
	cr_assert_eq(add_record(permits_counter(&all, 6, 0), &d, 1, NULL, &a, &out), RC_OK);
	cr_assert_eq(out.cells, LIMIT_CELLS_PER_RECORD_MAX);
}

Test(figure, a_long_key_is_whole)
{
	static char text[2000];
	struct arena a = arena_init(memory, sizeof(memory));
	static struct permits_draft d;
	struct counters all;
	struct report out;

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "region=A decree=", 16);
	/* Fields come by number: the long one last. */
	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	permits_draft(&d, &permits_schema.kinds[0], text, &a);
	start_report(&out);
	cr_assert_eq(add_record(permits_counter(&all, 11, 0), &d, 1, NULL, &a, &out), RC_OK);
	cr_assert_eq(strlen(out.text), sizeof(text) - 1 - 16 + strlen(",A +1; "));
}

Test(figure, sink_and_arena_can_fail)
{
	struct arena a = arena_init(memory, sizeof(memory)), none = arena_init(NULL, 0);
	static struct permits_draft d;
	struct counters all;
	struct report out;

	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	permits_draft(&d, &permits_schema.kinds[0], "granted_on=2016 region=A tags=x|y", &a);
	start_report(&out);
	cr_assert_eq(add_record(permits_counter(&all, 2, 0), &d, 1, NULL, &none, &out), RC_NOMEM);
	out.rc = RC_FULL;
	cr_assert_eq(add_record(permits_counter(&all, 2, 0), &d, 1, NULL, &a, &out), RC_FULL);
	cr_assert_eq(out.cells, 1, "the first failure ends it");
}

Test(figure, what_is_no_number_moves_nothing)
{
	static const char lowest[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
	struct arena a = arena_init(memory, sizeof(memory));
	static struct permits_draft d;
	struct counters all;
	struct report out;

	cr_assert_eq(figure_compile(&permits_schema, &a, &all), RC_OK);
	permits_draft(&d, &permits_schema.kinds[0], "fee=1", &a);
	d.items[1].value = bytes_of(lowest);
	start_report(&out);
	cr_assert_eq(add_record(permits_counter(&all, 4, 0), &d, -1, NULL, &a, &out), RC_OK);
	cr_assert_str_eq(out.text, "", "out of range: it is no number");
	permits_draft(&d, &permits_schema.kinds[0], "valid_from=2016 valid_to=2017", &a);
	d.items[1].value = bytes_of(lowest);
	start_report(&out);
	cr_assert_eq(add_record(permits_counter(&all, 5, 0), &d, 1, NULL, &a, &out), RC_OK);
	cr_assert_str_eq(out.text, "", "no such day: it has no beginning");
}
