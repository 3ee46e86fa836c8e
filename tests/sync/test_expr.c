#include <criterion/criterion.h>
#include <string.h>

#include "sync/date.h"
#include "sync/expr.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define PERSON      "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

enum { VALUES_MAX = 4 };

static const struct schema_code LEGAL_CODES[] = {
	{ .code = "REF", .label = "refugee" },
	{ .code = "ASY", .label = "asylum seeker" },
	{ .code = "CIT", .label = "citizen" },
};
static const struct schema_code SEX_CODES[] = {
	{ .code = "1", .label = "male" },
	{ .code = "2", .label = "female" },
};
static const struct schema_codes LEGAL = { .name = "LEGAL",
					   .codes = LEGAL_CODES,
					   .codes_count = 3 };
static const struct schema_codes SEX = { .name = "SEX", .codes = SEX_CODES, .codes_count = 2 };

static const struct schema_field FIELDS[] = {
	{ .number = 1, .name = "state", .type = VALUE_CODE, .codes = &LEGAL },
	{ .number = 2, .name = "sex", .type = VALUE_CODE, .codes = &SEX },
	{ .number = 3, .name = "first", .type = VALUE_BOOL },
	{ .number = 4, .name = "note", .type = VALUE_TEXT },
	{ .number = 5, .name = "age_now", .type = VALUE_INT },
	{ .number = 6, .name = "fee", .type = VALUE_DECIMAL, .scale = 2 },
	{ .number = 7, .name = "granted_on", .type = VALUE_DATE },
	{ .number = 8, .name = "birth", .type = VALUE_PDATE },
	{ .number = 9, .name = "seen_at", .type = VALUE_TIME },
	{ .number = 10, .name = "person", .type = VALUE_LINK, .to = "person" },
	{ .number = 11,
	  .name = "nations",
	  .type = VALUE_CODE,
	  .codes = &LEGAL,
	  .merge = MERGE_SET },
	{ .number = 12, .name = "calls", .type = VALUE_INT, .merge = MERGE_COUNTER },
	{ .number = 13, .name = "remarks", .type = VALUE_TEXT, .merge = MERGE_LOG },
	{ .number = 14, .name = "days", .type = VALUE_DATE, .merge = MERGE_SET },
	{ .number = 15, .name = "raw", .type = VALUE_BYTES },
};
static const struct schema_field HIDING[] = {
	{ .number = 1, .name = "office", .type = VALUE_TEXT }
};

static const struct schema_kind PERMIT = { .name = "permit",
					   .fields = FIELDS,
					   .fields_count = COUNT(FIELDS) };
static const struct schema_kind STAMP = { .name = "stamp", .fields = HIDING, .fields_count = 1 };
static const struct schema SCHEMA = { .name = "test" };

static _Alignas(16) uint8_t memory[65536];

/* A record: what each field shows, as texts joined by |; NULL is not set. */
struct person {
	const char *texts[COUNT(FIELDS)];
	const char *office;
	uint8_t buffer[512];
	struct bytes values[VALUES_MAX];
};

static struct values show_field(void *ctx, const struct schema_field *field)
{
	struct person *p = ctx;
	struct values v = { .items = p->values, .count = 0 };
	const char *text = p->texts[field - FIELDS];
	struct bytes_writer w = bytes_writer_init(p->buffer, sizeof(p->buffer));

	while (text != NULL) {
		size_t start = w.len, len = strcspn(text, "|");

		cr_assert_lt(v.count, VALUES_MAX);
		cr_assert_eq(value_parse(field->type, field->scale, bytes_at(text, len), &w), RC_OK,
			     "the test's own value %s", text);
		p->values[v.count++] = bytes_at(w.p + start, w.len - start);
		text = text[len] == '|' ? text + len + 1 : NULL;
	}
	return v;
}

static struct bytes show_office(void *ctx)
{
	struct person *p = ctx;

	return bytes_of(p->office);
}

static const struct person MERYEM = {
	.texts = { "REF", "2", "true", "Da\xc5\x9foguz", "36", "12.50", "2016-12-09", "1980-06",
		   "2016-12-09T10:00:00Z", PERSON, "REF|CIT", "5", NULL, NULL, NULL },
	.office = "Lebap",
};
static const struct person NOBODY = { .office = "Lebap" };

static enum rc parse(const char *text, const struct expr **out, struct expr_error *e)
{
	struct arena a = arena_init(memory, sizeof(memory));

	return expr_parse(&SCHEMA, &PERMIT, bytes_of(text), &a, out, e);
}

static bool eval(const char *text, const struct person *who)
{
	struct person p = *who;
	struct expr_source src = { .ctx = &p, .field = show_field, .office = show_office };
	const struct expr *x = NULL;
	struct expr_error e = { .text = "" };

	cr_assert_eq(parse(text, &x, &e), RC_OK, "%s: %s", text, e.text);
	return expr_eval(x, &src);
}

Test(expr, compares_fields_of_every_type)
{
	static const struct {
		const char *text;
		bool set, unset; /* for a record with values and one without */
	} rows[] = {
		{ "state = REF", true, false },
		{ "state = ASY", false, false },
		{ "state != REF", false, true },
		{ "state != ASY", true, true },
		{ "state=REF", true, false },
		{ "state = \"REF\"", true, false },
		{ "state in (ASY, REF)", true, false },
		{ "state in (ASY,CIT)", false, false },
		{ "state not in (ASY, REF)", false, true },
		{ "state not in (ASY)", true, true },
		{ "state is set", true, false },
		{ "state is not set", false, true },
		{ "first", true, false },
		{ "not first", false, true },
		{ "first = true", true, false },
		{ "first = false", false, false },
		{ "first != false", true, true },
		{ "note = \"Da\xc5\x9foguz\"", true, false },
		{ "note = 'Da\xc5\x9foguz'", true, false },
		{ "note = 'a (b) = \"c\"'", false, false },
		{ "note < \"E\"", true, false },
		{ "age_now = 36", true, false },
		{ "age_now < 36", false, false },
		{ "age_now <= 36", true, false },
		{ "age_now > 35", true, false },
		{ "age_now >= 37", false, false },
		{ "age_now > -1", true, false },
		{ "age_now in (1, 36)", true, false },
		{ "fee = 12.5", true, false },
		{ "fee < 12.51", true, false },
		{ "granted_on >= 2016-01-01", true, false },
		{ "granted_on < 2016-01-01", false, false },
		{ "granted_on >= 2016-01-01 and granted_on < 2017-01-01", true, false },
		{ "birth = 1980-06", true, false },
		{ "birth = 1980", false, false },
		{ "birth > 1980", true, false },
		{ "birth < 1980-06-01", true, false },
		{ "seen_at < 2016-12-09T15:00:01+05:00", true, false },
		{ "seen_at = 2016-12-09T15:00:00+05:00", true, false },
		{ "person = " PERSON, true, false },
		{ "calls > 4", true, false },
		{ "remarks is set", false, false },
		{ "remarks is not set", true, true },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_expect_eq(eval(rows[i].text, &MERYEM), rows[i].set, "%s", rows[i].text);
		cr_expect_eq(eval(rows[i].text, &NOBODY), rows[i].unset, "unset: %s", rows[i].text);
	}
}

Test(expr, a_set_has_each_of_its_values)
{
	cr_expect(eval("nations = REF", &MERYEM));
	cr_expect(eval("nations = CIT", &MERYEM));
	cr_expect_not(eval("nations = ASY", &MERYEM));
	cr_expect_not(eval("nations != CIT", &MERYEM), "the negation of =");
	cr_expect(eval("nations != ASY", &MERYEM));
	cr_expect(eval("nations in (ASY, CIT)", &MERYEM));
	cr_expect_not(eval("nations not in (ASY, CIT)", &MERYEM));
	cr_expect(eval("nations is set", &MERYEM));
	cr_expect(eval("nations != REF", &NOBODY), "an empty set");
	cr_expect_not(eval("nations = REF", &NOBODY));
	cr_expect(eval("nations is not set", &NOBODY));
}

/* T and F stand for tests that are true and false. */
Test(expr, and_binds_closer_than_or_and_not_closest)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {
		{ "T or F and F", true },
		{ "F and F or T", true },
		{ "(T or F) and F", false },
		{ "F or F or T", true },
		{ "T and T and F", false },
		{ "not F and F", false },
		{ "not (F and F)", true },
		{ "not (T or F)", false },
		{ "not not T", true },
		{ "not not not T", false },
		{ "not T or T", true },
		{ "T and not F", true },
		{ "((T))", true },
		{ "not (not (F or T) or F)", true },
		{ "F or (T and (F or T))", true },
		{ "(F or T)and(T or F)", true },
	};
	size_t i, j;

	for (i = 0; i < COUNT(rows); i++) {
		char text[512] = "";
		size_t len = 0;

		for (j = 0; rows[i].text[j] != '\0'; j++) {
			const char *part = rows[i].text[j] == 'T' ? "age_now = 36" :
					   rows[i].text[j] == 'F' ? "age_now = 37" :
								    NULL;
			size_t part_len = part == NULL ? 1 : strlen(part);

			memcpy(text + len, part == NULL ? &rows[i].text[j] : part, part_len);
			len += part_len;
		}
		text[len] = '\0';
		cr_expect_eq(eval(text, &MERYEM), rows[i].want, "%s", rows[i].text);
	}
}

Test(expr, knows_which_fields_it_looks_at)
{
	const struct expr *x = NULL;
	struct expr_error e;

	cr_assert_eq(parse("first and (sex = 1 or not note is set)", &x, &e), RC_OK);
	cr_expect(expr_uses(x, &FIELDS[2]), "the first test");
	cr_expect(expr_uses(x, &FIELDS[1]), "inside of parentheses");
	cr_expect(expr_uses(x, &FIELDS[3]), "behind not");
	cr_expect_not(expr_uses(x, &FIELDS[0]));
	cr_expect_not(expr_uses(NULL, &FIELDS[0]));
}

Test(expr, no_expression_is_true)
{
	cr_expect(expr_eval(NULL, NULL));
}

Test(expr, space_of_any_kind_separates)
{
	cr_expect(eval("\n state\t=\r\nREF  and\nfirst \n", &MERYEM));
}

Test(expr, a_refusal_names_thing_reason_and_nearest_name)
{
	static const struct {
		const char *text;
		uint32_t column;
		const char *want;
	} rows[] = {
		{ "stat = REF", 1, "kind permit has no field stat; did you mean state?" },
		{ "first and STATE = REF", 11,
		  "kind permit has no field STATE; did you mean state?" },
		{ "garnted_on is set", 1,
		  "kind permit has no field garnted_on; did you mean granted_on?" },
		{ "colour = red", 1, "kind permit has no field colour" },
		{ "state = REFF", 9, "field state: REFF is no code of LEGAL; did you mean REF?" },
		{ "state = ref", 9, "field state: ref is no code of LEGAL; did you mean REF?" },
		{ "sex in (1, female)", 12,
		  "field sex: female is no code of SEX; did you mean 2?" },
		{ "state = XYZW", 9, "field state: XYZW is no code of LEGAL" },
		{ "age_now = old", 11, "field age_now takes a whole number, not old" },
		{ "age_now = 9007199254740992", 11,
		  "field age_now: 9007199254740992 is too long or out of range" },
		{ "granted_on = 2015-02-29", 14,
		  "field granted_on takes a date like 2016-12-09, not 2015-02-29" },
		{ "granted_on = 2015", 14,
		  "field granted_on takes a date like 2016-12-09, not 2015" },
		{ "birth = 2015-13", 9,
		  "field birth takes a date like 2016-12-09, 2016-12 or 2016, not 2015-13" },
		{ "fee = 12.505", 7,
		  "field fee takes a number with at most 2 digits after the point, not 12.505" },
		{ "first = yes", 9, "field first takes true or false, not yes" },
		{ "person = 12", 10, "field person takes a record id, not 12" },
		{ "note = Mary", 8, "field note takes a text, which stands in quotes: \"Mary\"" },
		{ "note = \"\"", 8,
		  "field note is never empty; to ask for no value, write note is not set" },
		{ "note = \"Mary", 8, "the text that begins here has no closing quote" },
		{ "'first", 1, "the text that begins here has no closing quote" },
		{ "state < REF", 7, "field state is a code, which has no order: use = != or in" },
		{ "first >= true", 7, "field first is a bool, which has no order: use = != or in" },
		{ "days > 2016-01-01", 6,
		  "field days is a set, which has no order: use = != or in" },
		{ "remarks = \"x\"", 1,
		  "field remarks is a log; of it only is set or is not set can be asked" },
		{ "state", 1,
		  "field state cannot stand alone, as it is no bool: compare it, or write state is "
		  "set" },
		{ "state REF", 7, "between field state and REF stands = != < <= > >= or in" },
		{ "state = ", 9,
		  "the expression ends here, but field state is compared with a code" },
		{ "state == REF", 8, "field state is compared with a code, not =" },
		{ "state = and first", 9, "field state is compared with a code, not and" },
		{ "state in REF", 10, "a ( was expected after in, as in: state in (A, B)" },
		{ "state in ()", 11, "field state is compared with a code, not )" },
		{ "state in (REF,)", 15, "field state is compared with a code, not )" },
		{ "state in (REF ASY)", 15, "a , or ) was expected in the list of values" },
		{ "state in (REF", 14, "a , or ) was expected in the list of values" },
		{ "state not REF", 11, "in was expected: state not in (A, B)" },
		{ "state is REF", 10, "after is stands set or not set; to compare, write =" },
		{ "", 1, "the expression is empty, but a field was expected" },
		{ "  ", 3, "the expression ends here, but a field was expected" },
		{ "first and", 10, "the expression ends here, but a field was expected" },
		{ "and first", 1, "a field was expected, not and" },
		{ "= REF", 1, "a field was expected, not =" },
		{ "\"first\"", 1, "a field was expected, not first" },
		{ "(first", 1, "the ( that stands here has no )" },
		{ "first)", 6, "this ) closes nothing" },
		{ "(first first)", 8, "between field first and first stands = != < <= > >= or in" },
		{ "(state = REF first)", 14, "and, or or ) was expected, not first" },
		{ "state = REF AND first", 13,
		  "and or or was expected, not AND; did you mean and?" },
		{ "state = REF , first", 13, "and or or was expected, not ," },
		{ "first ! state", 7, "and or or was expected, not !" },
		{ "\xff = 1", 1, "the expression is not valid UTF-8" },
		{ "state = \x1b[2J", 9, "field state is compared with a code, not ?" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		const struct expr *x = NULL;
		struct expr_error e = { .text = "", .column = 0 };
		enum rc rc = parse(rows[i].text, &x, &e);

		cr_expect(rc == RC_INVALID || rc == RC_LIMIT, "%s", rows[i].text);
		cr_expect_str_eq(e.text, rows[i].want, "%s: %s", rows[i].text, e.text);
		cr_expect_eq(e.column, rows[i].column, "%s: column %u", rows[i].text, e.column);
		cr_expect_null(x);
	}
}

/* A text of `count` times `part`, then `end`. */
static const char *repeat(const char *part, size_t count, const char *end)
{
	static char text[16384];
	size_t len = strlen(part), i;

	cr_assert_lt(len * count + strlen(end), sizeof(text));
	for (i = 0; i < count; i++) {
		memcpy(text + i * len, part, len);
	}
	memcpy(text + len * count, end, strlen(end) + 1);
	return text;
}

Test(expr, size_and_depth_have_bounds)
{
	const struct expr *x = NULL;
	struct expr_error e;

	cr_expect_eq(parse(repeat("not ", LIMIT_EXPR_DEPTH_MAX, "first"), &x, &e), RC_OK);
	cr_expect_eq(parse(repeat("not ", LIMIT_EXPR_DEPTH_MAX + 1, "first"), &x, &e), RC_LIMIT);
	cr_expect_str_eq(e.text, "the expression is nested too deeply: at most 32 times ( and not");
	cr_expect_eq(parse(repeat("(", 10000, "first"), &x, &e), RC_LIMIT);
	/* The chain is one node, and each test one. */
	cr_expect_eq(parse(repeat("first or ", LIMIT_EXPR_NODES_MAX - 2, "first"), &x, &e), RC_OK);
	cr_expect_eq(parse(repeat("first or ", LIMIT_EXPR_NODES_MAX - 1, "first"), &x, &e),
		     RC_LIMIT);
	cr_expect_str_eq(e.text,
			 "the expression is too large: at most 256 tests, values and groups");
	/* The test is one node, and each value one. */
	cr_expect_eq(parse(repeat("sex in (1, 2) and ", 84, "sex = 1"), &x, &e), RC_OK);
	cr_expect_eq(parse(repeat("sex in (1, 2) and ", 85, "sex = 1"), &x, &e), RC_LIMIT);
}

Test(expr, many_groups_beside_each_other_are_not_deep)
{
	cr_expect(eval(repeat("(first) and ", 50, "(first)"), &MERYEM));
}

Test(expr, running_out_of_memory_is_told_at_every_place)
{
	const char *text = "first and (state in (REF, ASY) or not note = \"x\") and age_now > 1";
	size_t max;
	enum rc rc = RC_NOMEM;

	for (max = 0; rc == RC_NOMEM; max += 8) {
		struct arena a = arena_init(memory, max);
		const struct expr *x = NULL;
		struct expr_error e = { .text = "" };

		cr_assert_lt(max, sizeof(memory));
		rc = expr_parse(&SCHEMA, &PERMIT, bytes_of(text), &a, &x, &e);
		if (rc == RC_NOMEM) {
			cr_assert_str_eq(e.text, "there is no memory left for the expression");
			cr_assert_null(x);
		}
	}
	cr_expect_eq(rc, RC_OK);
	cr_expect_gt(max, 8);
}

Test(expr, a_long_name_is_cut_between_characters)
{
	const struct expr *x = NULL;
	struct expr_error e;

	/* Of characters of three bytes, one stands across the cut. */
	cr_expect_eq(parse(repeat("\xe2\x82\xac", 200, " = 1"), &x, &e), RC_INVALID);
	cr_expect(value_is_text(bytes_of(e.text)), "%s", e.text);
	cr_expect_lt(strlen(e.text), sizeof(e.text));
	cr_expect_not_null(strstr(e.text, "\xac..."));
}

/* --- dimensions ---------------------------------------------------------- */

/* The cells of a dimension as text, joined by spaces; "?" is unknown. */
static const char *cells(const char *text, const struct person *who)
{
	static char joined[256];
	struct arena a = arena_init(memory, sizeof(memory));
	struct bytes_writer w = bytes_writer_init(joined, sizeof(joined) - 1);
	struct person p = *who;
	struct expr_source src = { .ctx = &p, .field = show_field, .office = show_office };
	struct bytes out[VALUES_MAX];
	struct expr_error e = { .text = "" };
	struct dim d;
	uint32_t count, i;

	cr_assert_eq(dim_parse(&PERMIT, text, &d, &e), RC_OK, "%s: %s", text, e.text);
	cr_expect_eq((void *)d.text, (void *)text);
	count = dim_cells(&d, &src, &a, out, VALUES_MAX);
	for (i = 0; i < count; i++) {
		if (i > 0) {
			bytes_put(&w, " ", 1);
		}
		if (out[i].len == 0) {
			bytes_put(&w, "?", 1);
			continue;
		}
		cr_expect(out[i].p >= memory && out[i].p < memory + sizeof(memory), "in the arena");
		dim_format(&d, out[i], &w);
	}
	joined[w.len] = '\0';
	return joined;
}

Test(dim, cells_of_a_record)
{
	static const struct {
		const char *dim, *set, *unset;
	} rows[] = {
		{ "state", "REF", "?" },
		{ "first", "true", "?" },
		{ "fee", "12.50", "?" },
		{ "note", "Da\xc5\x9foguz", "?" },
		{ "birth", "1980-06", "?" },
		{ "person", PERSON, "?" },
		{ "nations", "REF CIT", "?" },
		{ "office", "Lebap", "Lebap" },
		{ "year(granted_on)", "2016", "?" },
		{ "quarter(granted_on)", "2016-Q4", "?" },
		{ "month(granted_on)", "2016-12", "?" },
		{ "year(birth)", "1980", "?" },
		{ "quarter(birth)", "1980-Q2", "?" },
		{ "month(birth)", "1980-06", "?" },
		{ "age(birth, granted_on, 5)", "?", "?" },
		{ " month ( birth ) ", "1980-06", "?" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_expect_str_eq(cells(rows[i].dim, &MERYEM), rows[i].set, "%s", rows[i].dim);
		cr_expect_str_eq(cells(rows[i].dim, &NOBODY), rows[i].unset, "%s", rows[i].dim);
	}
}

Test(dim, parts_of_dates_that_are_not_known_are_unknown)
{
	static const struct {
		const char *birth, *year, *quarter, *month;
	} rows[] = {
		{ "1980", "1980", "?", "?" },
		{ "1980-03", "1980", "1980-Q1", "1980-03" },
		{ "1980-04-30", "1980", "1980-Q2", "1980-04" },
		{ "0001-01-01", "0001", "0001-Q1", "0001-01" },
		{ "9999-12-31", "9999", "9999-Q4", "9999-12" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct person p = NOBODY;

		p.texts[7] = rows[i].birth;
		cr_expect_str_eq(cells("year(birth)", &p), rows[i].year);
		cr_expect_str_eq(cells("quarter(birth)", &p), rows[i].quarter);
		cr_expect_str_eq(cells("month(birth)", &p), rows[i].month);
	}
}

Test(dim, ages_fall_into_classes)
{
	static const struct {
		const char *birth, *on, *dim, *want, *why;
	} rows[] = {
		{ "1980-12-10", "2016-12-09", "age(birth, granted_on, 5)", "35-39", "35" },
		{ "1976-12-10", "2016-12-09", "age(birth, granted_on, 5)", "35-39", "39" },
		{ "1976-12-09", "2016-12-09", "age(birth,granted_on,5)", "40-44", "40 today" },
		{ "2016-12-09", "2016-12-09", "age(birth, granted_on, 5)", "0-4", "born today" },
		{ "2016-12-10", "2016-12-09", "age(birth, granted_on, 5)", "?", "not born yet" },
		{ "1980-12-10", "2016-12-09", "age(birth, granted_on, 1)", "35",
		  "one year a class" },
		{ "1980-12-10", "2016-12-09", "age(birth, granted_on, 18)", "18-35",
		  "of 18 years" },
		{ "1980-12", "2016-12-09", "age(birth, granted_on, 5)", "?", "no day of birth" },
		{ "1980", "2016-12-09", "age(birth, granted_on, 5)", "?", "no month of birth" },
		{ "1980-12-10", NULL, "age(birth, granted_on, 5)", "?", "no day to count to" },
		{ NULL, "2016-12-09", "age(birth, granted_on, 5)", "?", "no birth" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct person p = NOBODY;

		p.texts[7] = rows[i].birth;
		p.texts[6] = rows[i].on;
		cr_expect_str_eq(cells(rows[i].dim, &p), rows[i].want, "%s", rows[i].why);
	}
}

static struct dim parse_dim(const struct schema_kind *kind, const char *text)
{
	struct dim d = { .type = DIM_FIELD };
	struct expr_error e = { .text = "" };

	cr_assert_eq(dim_parse(kind, text, &d, &e), RC_OK, "%s", e.text);
	return d;
}

Test(dim, cells_are_the_numbers_of_the_header)
{
	static const struct {
		const char *dim;
		int64_t want;
	} rows[] = {
		{ "year(granted_on)", 2016 },
		{ "quarter(granted_on)", 2016 * 4 + 3 },
		{ "month(granted_on)", 2016 * 12 + 11 },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct person p = MERYEM;
		struct expr_source src = { .ctx = &p, .field = show_field };
		struct dim d = parse_dim(&PERMIT, rows[i].dim);
		struct bytes cell;

		cr_expect_eq(dim_cells(&d, &src, &a, &cell, 1), 1);
		cr_expect_eq(value_check(VALUE_INT, cell), RC_OK);
		cr_expect_eq(value_number(VALUE_INT, cell), rows[i].want, "%s", rows[i].dim);
	}
}

Test(dim, a_field_called_office_hides_the_home)
{
	cr_expect_eq(parse_dim(&STAMP, "office").type, DIM_FIELD);
	cr_expect_eq(parse_dim(&PERMIT, "office").type, DIM_OFFICE);
}

Test(dim, only_sets_give_several_cells)
{
	static const char *const single[] = { "state", "office", "year(birth)" };
	struct dim d = parse_dim(&PERMIT, "nations");
	struct arena a = arena_init(memory, sizeof(memory));
	struct person p = MERYEM;
	struct expr_source src = { .ctx = &p, .field = show_field };
	struct bytes out[2];
	size_t i;

	cr_expect(dim_is_set(&d));
	cr_expect_eq(dim_cells(&d, &src, &a, out, 1), 1, "no more than there is room for");
	for (i = 0; i < COUNT(single); i++) {
		d = parse_dim(&PERMIT, single[i]);
		cr_expect_not(dim_is_set(&d), "%s", single[i]);
	}
}

Test(dim, an_exhausted_arena_gives_no_cells)
{
	static const char *const texts[] = { "state", "nations", "year(birth)", "office" };
	struct person p = MERYEM;
	struct expr_source src = { .ctx = &p, .field = show_field, .office = show_office };
	struct bytes out[VALUES_MAX];
	size_t i;

	for (i = 0; i < COUNT(texts); i++) {
		struct dim d = parse_dim(&PERMIT, texts[i]);
		struct arena a = arena_init(memory, 2);

		cr_expect_eq(dim_cells(&d, &src, &a, out, VALUES_MAX), 0, "%s", texts[i]);
	}
}

Test(dim, a_refusal_names_thing_reason_and_nearest_name)
{
	static const struct {
		const char *text;
		uint32_t column;
		const char *want;
	} rows[] = {
		{ "stat", 1, "kind permit has no field stat; did you mean state?" },
		{ "ofice", 1, "kind permit has no field ofice; did you mean office?" },
		{ "colour", 1, "kind permit has no field colour" },
		{ "", 1, "a dimension begins with a field, office, year, quarter, month or age" },
		{ "(state)", 1,
		  "a dimension begins with a field, office, year, quarter, month or age" },
		{ "yaer(birth)", 1,
		  "yaer( is none of year, quarter, month, age; did you mean year?" },
		{ "week(birth)", 1, "week( is none of year, quarter, month, age" },
		{ "year", 1, "kind permit has no field year" },
		{ "year()", 6, "a date field was expected here" },
		{ "year(brith)", 6, "kind permit has no field brith; did you mean birth?" },
		{ "year(state)", 6,
		  "field state is no date; year, quarter, month and age need one" },
		{ "year(days)", 6, "field days is no date; year, quarter, month and age need one" },
		{ "year(seen_at)", 6,
		  "field seen_at is no date; year, quarter, month and age need one" },
		{ "year(birth", 11, "a ) was expected here" },
		{ "year(birth, 5)", 11, "a ) was expected here" },
		{ "year(birth) state", 13, "the dimension should end before state" },
		{ "state, sex", 6, "the dimension should end before ," },
		{ "age(birth)", 10, "age takes three things: age(BIRTH, ON, YEARS)" },
		{ "age(birth, granted_on)", 22, "age takes three things: age(BIRTH, ON, YEARS)" },
		{ "age(birth, granted_on, 0)", 24,
		  "the years of a class, 1 to 200, were expected here" },
		{ "age(birth, granted_on, 201)", 24,
		  "the years of a class, 1 to 200, were expected here" },
		{ "age(birth, granted_on, five)", 24,
		  "the years of a class, 1 to 200, were expected here" },
		{ "age(birth, granted_on, 99999999999999999999)", 24,
		  "the years of a class, 1 to 200, were expected here" },
		{ "calls", 1, "field calls is a counter, which cannot be a dimension" },
		{ "remarks", 1, "field remarks is a log, which cannot be a dimension" },
		{ "raw", 1, "field raw is a field of bytes, which cannot be a dimension" },
		{ "\xc0\x80", 1, "the dimension is not valid UTF-8" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct dim d = { .type = DIM_AGE, .width = 77 };
		struct expr_error e = { .text = "", .column = 0 };

		cr_expect_eq(dim_parse(&PERMIT, rows[i].text, &d, &e), RC_INVALID, "%s",
			     rows[i].text);
		cr_expect_str_eq(e.text, rows[i].want, "%s: %s", rows[i].text, e.text);
		cr_expect_eq(e.column, rows[i].column, "%s: column %u", rows[i].text, e.column);
		cr_expect_eq(d.width, 77, "out is left alone");
	}
}
