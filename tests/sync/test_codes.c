/* Codes that were closed: what they count as, in look-ups, dimensions and
 * expressions. */
#include <criterion/criterion.h>
#include <string.h>

#include "sync/date.h"
#include "sync/expr.h"

enum { VALUES_MAX = 8, MEMORY_BYTES = 1 << 16 };

static uint8_t memory[MEMORY_BYTES];

/* OLD went into MID, which went into NEW; GONE has no successor. */
static const struct schema_code LIST[] = {
	{ "OLD", "", 0, "MID", NULL, NULL },       { "MID", "", 0, "NEW", NULL, NULL },
	{ "NEW", "", 0, NULL, NULL, NULL },        { "GONE", "", 100, NULL, NULL, NULL },
	{ "LATE", "", 100000, "NEW", NULL, NULL }, { "OTHER", "", 0, NULL, NULL, NULL },
};
static const struct schema_codes CODES = { "DISTRICT", LIST, 6 };
static const struct schema_code CIRCLE[] = { { "A", "", 0, "B", NULL, NULL },
					     { "B", "", 0, "A", NULL, NULL } };
static const struct schema_codes ROUND = { "ROUND", CIRCLE, 2 };

static const struct schema_field FIELDS[] = {
	{ .number = 1, .name = "district", .type = VALUE_CODE, .codes = &CODES },
	{ .number = 2, .name = "former", .type = VALUE_CODE, .codes = &CODES, .merge = MERGE_SET },
};
static const struct schema_kind KIND = {
	.number = 16, .name = "person", .fields = FIELDS, .fields_count = 2
};
static const struct schema SCHEMA = { .name = "test", .kinds = &KIND, .kinds_count = 1 };

/* A record: "OLD", of a set "OLD|MID". */
struct person {
	const char *texts[2];
	struct bytes values[VALUES_MAX];
};

static struct values show_field(void *ctx, const struct schema_field *field)
{
	struct person *p = ctx;
	struct values v = { .items = p->values, .count = 0 };
	const char *text = p->texts[field - FIELDS];

	while (text != NULL) {
		size_t len = strcspn(text, "|");

		p->values[v.count++] = bytes_at(text, len);
		text = text[len] == '|' ? text + len + 1 : NULL;
	}
	return v;
}

static struct bytes show_office(void *ctx)
{
	(void)ctx;
	return bytes_of("Mary");
}

static const char *count_as(const struct schema_codes *list, const char *code)
{
	static char text[16];
	struct bytes b = schema_code_current(list, bytes_of(code));

	memcpy(text, b.p, b.len);
	text[b.len] = '\0';
	return text;
}

Test(codes, a_code_counts_as_the_last_of_its_successors)
{
	cr_expect_str_eq(count_as(&CODES, "OLD"), "NEW");
	cr_expect_str_eq(count_as(&CODES, "MID"), "NEW");
	cr_expect_str_eq(count_as(&CODES, "NEW"), "NEW");
	cr_expect_str_eq(count_as(&CODES, "GONE"), "GONE");
	/* The schema decides, not the day. */
	cr_expect_str_eq(count_as(&CODES, "LATE"), "NEW");
	cr_expect_str_eq(count_as(&CODES, "UNKNOWN"), "UNKNOWN");
	/* No checked schema has a circle; nobody hangs in one. */
	cr_expect(count_as(&ROUND, "A")[0] != '\0');
	cr_expect(schema_codes_follow(&CODES));
}

Test(codes, a_code_is_closed_for_writers_by_its_date)
{
	int32_t day = date_pack(2026, 11, 1);
	const struct schema_code dated = { "A", "", day, NULL, NULL, NULL },
				 replaced = { "B", "", 0, "A", NULL, NULL };
	const struct schema_code both = { "C", "", day, "A", NULL, NULL },
				 open = { "D", "", 0, NULL, NULL, NULL };

	cr_expect(!schema_code_is_closed(&dated, day), "its last day");
	cr_expect(schema_code_is_closed(&dated, date_pack(2026, 11, 2)));
	cr_expect(schema_code_is_closed(&replaced, 1));
	cr_expect(!schema_code_is_closed(&both, day));
	cr_expect(!schema_code_is_closed(&open, date_pack(9999, 12, 31)));
}

/* The cells of a dimension, joined by spaces. */
static const char *cells(const char *dim, const char *district, const char *former)
{
	static char joined[128];
	struct arena a = arena_init(memory, sizeof(memory));
	struct person p = { .texts = { district, former } };
	struct expr_source src = { .ctx = &p, .field = show_field, .office = show_office };
	struct bytes_writer w = bytes_writer_init(joined, sizeof(joined) - 1);
	struct bytes out[VALUES_MAX];
	struct expr_error e;
	struct dim d;
	uint32_t i, count = 0;

	cr_assert_eq(dim_parse(&KIND, dim, &d, &e), RC_OK, "%s", e.text);
	count = dim_cells(&d, &src, &a, out, VALUES_MAX);
	for (i = 0; i < count; i++) {
		bytes_put(&w, " ", i > 0);
		bytes_put(&w, out[i].len > 0 ? out[i].p : (const uint8_t *)"?",
			  out[i].len > 0 ? out[i].len : 1);
	}
	joined[w.len] = '\0';
	return joined;
}

Test(codes, a_dimension_gives_what_the_code_counts_as)
{
	static const struct {
		const char *dim, *district, *former, *cells, *why;
	} rows[] = {
		{ "district", "OLD", NULL, "NEW", "through two successors" },
		{ "district", "GONE", NULL, "GONE", "closed without a successor" },
		{ "district", "OTHER", NULL, "OTHER", "never closed" },
		{ "district", "UNKNOWN", NULL, "UNKNOWN", "not of the list" },
		{ "district", NULL, NULL, "?", "unset" },
		{ "former", NULL, "OLD|OTHER|NEW", "NEW OTHER", "two that are one count once" },
		{ "former", NULL, "OLD|MID|LATE", "NEW", "all of them are one" },
		{ "former", NULL, NULL, "?", "an empty set" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_str_eq(cells(rows[i].dim, rows[i].district, rows[i].former),
				 rows[i].cells, "%s: %s", rows[i].why,
				 cells(rows[i].dim, rows[i].district, rows[i].former));
	}
}

static bool eval(const char *text, const char *district, const char *former)
{
	struct arena a = arena_init(memory, sizeof(memory));
	struct person p = { .texts = { district, former } };
	struct expr_source src = { .ctx = &p, .field = show_field, .office = show_office };
	const struct expr *x = NULL;
	struct expr_error e = { .text = "" };

	cr_assert_eq(expr_parse(&SCHEMA, &KIND, bytes_of(text), &a, &x, &e), RC_OK, "%s", e.text);
	return expr_eval(x, &src);
}

Test(codes, a_comparison_sees_the_stored_code_and_what_it_counts_as)
{
	static const struct {
		const char *text, *district, *former;
		bool holds;
	} rows[] = {
		{ "district = NEW", "OLD", NULL, true },
		{ "district = NEW", "MID", NULL, true },
		{ "district = NEW", "NEW", NULL, true },
		{ "district = NEW", "GONE", NULL, false },
		{ "district = OLD", "OLD", NULL, true },
		{ "district = OLD", "NEW", NULL, false },
		{ "district = MID", "MID", NULL, true },
		{ "district = MID", "OLD", NULL, false }, /* counts as NEW */
		{ "district != NEW", "OLD", NULL, false },
		{ "district != NEW", "OTHER", NULL, true },
		{ "district != NEW", NULL, NULL, true },
		{ "district in (OTHER, NEW)", "LATE", NULL, true },
		{ "district in (OTHER, GONE)", "LATE", NULL, false },
		{ "district not in (OTHER, NEW)", "OLD", NULL, false },
		{ "former = NEW", NULL, "OTHER|OLD", true },
		{ "former = NEW", NULL, "OTHER|GONE", false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(eval(rows[i].text, rows[i].district, rows[i].former), rows[i].holds,
			     "%s of %s", rows[i].text,
			     rows[i].district == NULL ? rows[i].former : rows[i].district);
	}
}

Test(codes, closing_codes_does_not_make_an_expression_too_large)
{
	char text[2048] = "district in (NEW";
	struct arena a = arena_init(memory, sizeof(memory));
	const struct expr *x = NULL;
	struct expr_error e = { .text = "" };
	uint32_t i;

	for (i = 0; i < LIMIT_EXPR_NODES_MAX - 2; i++) {
		strcat(text, ",NEW");
	}
	strcat(text, ")");
	cr_expect_eq(expr_parse(&SCHEMA, &KIND, bytes_of(text), &a, &x, &e), RC_OK, "%s", e.text);
}
