#include <criterion/criterion.h>
#include <string.h>

#include "sync/schema.h"

/* A schema that can be changed piece by piece. */
struct sample {
	struct schema_code code[3];
	struct schema_codes list[1];
	struct schema_rank ranks[2];
	struct schema_field fields[7];
	uint16_t title[1];
	uint16_t unique_fields[1];
	struct schema_key unique[1];
	struct schema_kind kind[2];
	const char *by[2];
	struct schema_figure figure[2];
	struct schema schema;
};

static uint8_t memory[1 << 20];
static struct arena arena;
static struct sample sample;
static struct schema_error error;

static void fill_fields(struct sample *s)
{
	s->fields[0] =
		(struct schema_field){ .name = "title", .type = VALUE_TEXT, .reach = REACH_CENTRE };
	s->fields[1] = (struct schema_field){ .name = "state",
					      .type = VALUE_CODE,
					      .codes = s->list,
					      .policy = POLICY_FLOW,
					      .ranks = s->ranks,
					      .ranks_count = 2,
					      .reach = REACH_REGION };
	s->fields[2] = (struct schema_field){ .name = "made_on",
					      .type = VALUE_PDATE,
					      .reach = REACH_OFFICE };
	s->fields[3] = (struct schema_field){ .name = "made_year",
					      .type = VALUE_INT,
					      .derive = DERIVE_YEAR,
					      .derive_from = { "made_on" },
					      .reach = REACH_REGION };
}

/* The kind's last four fields, as doubles need them. */
static void add_doubles(struct sample *s)
{
	struct schema_field verdict = {
		.type = VALUE_LINK, .to = "thing", .merge = MERGE_SET, .reach = REACH_CENTRE
	};

	s->fields[4] = (struct schema_field){ .name = "key",
					      .type = VALUE_TEXT,
					      .derive = DERIVE_SAME,
					      .derive_from = { "title", "made_on", "state" },
					      .reach = REACH_CENTRE };
	s->fields[5] = s->fields[6] = verdict;
	s->fields[5].name = "same";
	s->fields[6].name = "other";
	s->kind[0].fields_count = 7;
	s->kind[0].doubles = (struct schema_doubles){ true, 4, 5, 6 };
}

static void init_sample(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	s->code[0] = (struct schema_code){ .code = "A", .label = "a" };
	s->code[1] = (struct schema_code){ .code = "B", .label = "" };
	s->code[2] = (struct schema_code){ .code = "C", .label = "" };
	s->list[0] = (struct schema_codes){ .name = "STATE", .codes = s->code, .codes_count = 2 };
	s->ranks[0] = (struct schema_rank){ .value = "A", .rank = 0 };
	s->ranks[1] = (struct schema_rank){ .value = "B", .rank = 1 };
	fill_fields(s);
	s->unique[0] = (struct schema_key){ .fields = s->unique_fields, .fields_count = 1 };
	s->kind[0] = (struct schema_kind){ .name = "thing",
					   .reach = REACH_REGION,
					   .fields = s->fields,
					   .fields_count = 4,
					   .title = { .fields = s->title, .fields_count = 1 },
					   .uniques = s->unique,
					   .uniques_count = 1 };
	s->by[0] = "state";
	s->figure[0] =
		(struct schema_figure){ .name = "things",
					.type = FIGURE_FLOW,
					.measure = { .of = "thing", .by = s->by, .by_count = 1 } };
	s->schema = (struct schema){ .name = "sample",
				     .version = 1,
				     .codes = s->list,
				     .codes_count = 1,
				     .kinds = s->kind,
				     .kinds_count = 1,
				     .figures = s->figure,
				     .figures_count = 1 };
}

static void init(void)
{
	arena = arena_init(memory, sizeof(memory));
	init_sample(&sample);
	error.text[0] = '\0';
}

static void expect_refused(const char *text)
{
	enum rc rc = schema_check(&sample.schema, &arena, &error);

	cr_expect_eq(rc, RC_INVALID, "%s: accepted", text);
	cr_expect_not_null(strstr(error.text, text), "%s", error.text);
	init_sample(&sample);
}

/* The same of a sample with doubles; the next one has them again. */
static void expect_no_doubles(const char *text)
{
	expect_refused(text);
	add_doubles(&sample);
}

TestSuite(schema, .init = init);

/* --- look-ups and texts --- */

Test(schema, built_in_kinds_keep_their_numbers)
{
	static const struct {
		const char *kind;
		uint16_t number;
		const char *field;
		uint16_t field_number;
	} ROWS[] = {
		{ "office", 1, "number", 1 },       { "office", 1, "name", 2 },
		{ "office", 1, "region", 3 },       { "office", 1, "scope_office", 4 },
		{ "office", 1, "scope_centre", 5 }, { "office", 1, "scope_region", 6 },
		{ "office", 1, "key", 7 },          { "office", 1, "addresses", 8 },
		{ "office", 1, "state", 9 },        { "office", 1, "closed_on", 10 },
		{ "schema_part", 2, "type", 1 },    { "schema_part", 2, "name", 2 },
		{ "schema_part", 2, "body", 3 },    { "system", 3, "name", 1 },
		{ "system", 3, "key", 2 },          { "system", 3, "id", 3 },
		{ "system", 3, "addresses", 4 },    { "transfer", 5, "record", 1 },
		{ "transfer", 5, "sealed", 6 },     { "transfer", 5, "remark", 12 },
	};
	size_t i;

	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const struct schema_kind *k =
			schema_kind_by_number(schema_builtin(), ROWS[i].number);
		const struct schema_field *f = schema_field_by_number(k, ROWS[i].field_number);

		cr_expect_str_eq(k->name, ROWS[i].kind);
		cr_expect_str_eq(f->name, ROWS[i].field);
		cr_expect_eq(f->reach, k->reach);
		cr_expect_eq(k->reach, k->number == 5 ? REACH_CENTRE : REACH_NATION);
		cr_expect_eq(k->writers, k->number == 5 ? WRITERS_ANY : WRITERS_CENTRE);
	}
}

Test(schema, names_are_found_whole)
{
	const struct schema_kind *k = schema_kind_by_name(&sample.schema, bytes_of("thing"));

	cr_assert_eq(k, &sample.kind[0]);
	cr_expect_null(schema_kind_by_name(&sample.schema, bytes_of("thin")));
	cr_expect_null(schema_kind_by_name(&sample.schema, bytes_of("things")));
	cr_expect_null(schema_kind_by_name(&sample.schema, bytes_at("thing\0", 6)));
	cr_expect_null(schema_kind_by_name(&sample.schema, bytes_at(NULL, 0)));
	cr_expect_eq(schema_field_by_name(k, bytes_of("made_on")), &sample.fields[2]);
	cr_expect_eq(schema_code_find(&sample.list[0], bytes_of("B")), &sample.code[1]);
	cr_expect_null(schema_code_find(&sample.list[0], bytes_of("C")));
	cr_expect_eq(schema_figure_by_name(&sample.schema, bytes_of("things")), &sample.figure[0]);
}

Test(schema, a_field_is_found_by_number_wherever_it_stands)
{
	sample.fields[0].number = 4;
	sample.fields[1].number = 2;
	sample.fields[2].number = 900;
	sample.fields[3].number = 1;
	cr_expect_eq(schema_field_by_number(&sample.kind[0], 4), &sample.fields[0]);
	cr_expect_eq(schema_field_by_number(&sample.kind[0], 2), &sample.fields[1]);
	cr_expect_eq(schema_field_by_number(&sample.kind[0], 900), &sample.fields[2]);
	cr_expect_null(schema_field_by_number(&sample.kind[0], 3));
	cr_expect_null(schema_field_by_number(&sample.kind[0], 5));
}

Test(schema, a_flow_is_written_as_in_the_file)
{
	static const struct schema_rank RANKS[] = {
		{ "UND", 0 }, { "ASY", 1 }, { "REF", 2 }, { "STL", 2 }, { "CIT", 3 },
	};
	struct schema_field f = { .policy = POLICY_FLOW, .ranks = RANKS, .ranks_count = 5 };
	char text[64];
	struct bytes_writer w = bytes_writer_init(text, sizeof(text));

	schema_policy_format(&f, &w);
	cr_assert(bytes_equal(bytes_written(&w), bytes_of("flow(UND<ASY<REF|STL<CIT)")));
}

/* --- check --- */

Test(schema, a_good_schema_passes_and_scratch_is_given_back)
{
	size_t mark = arena_mark(&arena);

	cr_assert_eq(schema_check(&sample.schema, &arena, &error), RC_OK, "%s", error.text);
	cr_assert_eq(arena_mark(&arena), mark);
}

Test(schema, what_no_file_can_say_is_refused_too)
{
	static char long_name[66];

	memset(long_name, 'n', 65);
	sample.kind[0].number = 15;
	expect_refused("kind thing: its number is one of the built-in");
	sample.kind[0].reach = REACH_CENTRE;
	expect_refused("kind thing: its reach is not the widest");
	sample.title[0] = 4;
	expect_refused("kind thing: title names a field that it does not have");
	sample.fields[0].number = 7;
	sample.fields[1].number = 7;
	expect_refused("the number of field state is used twice");
	sample.ranks[1].rank = 2;
	expect_refused("field state: the flow is out of order at B");
	sample.ranks[0].rank = 1;
	expect_refused("field state: the flow is out of order at A");
	sample.ranks[1].value = "A";
	expect_refused("field state: the flow names a code twice: A");
	sample.fields[0].scale = 2;
	expect_refused("field title: scale is for decimals only");
	sample.fields[1].codes = NULL;
	expect_refused("field state: a code needs codes");
	sample.fields[0].to = "thing";
	expect_refused("field title: to is only for type link");
	sample.fields[0].name = long_name;
	expect_refused("nnn\": a name begins with a letter");
	sample.fields[0].name = "";
	expect_refused("field \"\": a name begins with a letter");
	sample.kind[0].fields_count = 0;
	expect_refused("kind thing: it needs 1 to 256 fields");
	sample.schema.kinds_count = 0;
	expect_refused("it has no kinds");
	sample.list[0].codes_count = 0;
	expect_refused("code list STATE: it needs 1 to 4096 codes");
	sample.code[0].code = "A|B";
	expect_refused("\"A|B\" is no code");
	sample.code[0].valid_to = (2016 * 16 + 2) * 32 + 30;
	expect_refused("valid_to of A is no date");
	sample.code[0].successor = "C";
	expect_refused("successor C of A is not in the list");
}

Test(schema, doubles_are_judged_by_meaning)
{
	add_doubles(&sample);
	cr_assert_eq(schema_check(&sample.schema, &arena, &error), RC_OK, "%s", error.text);
	sample.fields[4].derive_from[2] = NULL;
	expect_no_doubles("field key: same() takes a name, a date and one more field");
	sample.fields[4].derive_from[2] = "made_year";
	expect_no_doubles("field key: same() needs registers that people fill in, not made_year");
	sample.fields[4].derive_from[0] = "state";
	expect_no_doubles("field key: same() begins with a name, a text");
	sample.fields[4].derive_from[1] = "state";
	expect_no_doubles("field key: the second of same() is a date");
	sample.fields[4].type = VALUE_INT;
	expect_no_doubles("field key: what is derived by same() is a register of type text");
	sample.fields[4].derive = DERIVE_YEAR;
	expect_no_doubles("field key: derived from what?");
	sample.kind[0].doubles.key = 0;
	expect_no_doubles("the key of doubles, title, must be derived");
	sample.kind[0].doubles.key = 9;
	expect_no_doubles("doubles needs three fields of the kind");
	sample.kind[0].doubles.different = 5;
	expect_no_doubles("doubles needs three fields of the kind");
	sample.fields[5].merge = MERGE_REGISTER;
	expect_no_doubles("doubles needs same to be a set of links to the kind itself");
	sample.fields[6].reach = REACH_REGION;
	expect_no_doubles("doubles needs fields of one reach; other has region, the key centre");
	sample.fields[6].closed = true;
	expect_no_doubles("doubles names a field that is closed");
}

Test(schema, fields_and_figures_are_judged_by_meaning)
{
	sample.fields[0].merge = MERGE_COUNTER;
	expect_refused("field title: a counter has type int");
	sample.fields[3].type = VALUE_TEXT;
	expect_refused("field made_year: a derived year is a register of type int");
	sample.fields[3].derive_from[0] = "state";
	expect_refused("field made_year: a year is derived from a date");
	sample.fields[2].policy = POLICY_CENTRE;
	expect_refused("field made_on: policy centre needs a reach");
	sample.kind[0].writers = WRITERS_CENTRE;
	expect_refused("it cannot write field made_on of reach office");
	sample.by[1] = "state";
	sample.figure[0].measure.by_count = 2;
	expect_refused("figure things: by names a dimension twice: state");
	sample.figure[0].type = FIGURE_STOCK;
	sample.figure[0].from = "title";
	expect_refused("figure things: from and to are dates");
	sample.figure[1] = (struct schema_figure){
		.name = "total", .type = FIGURE_RUN, .of_figure = "things", .over = "title"
	};
	sample.schema.figures_count = 2;
	expect_refused("figure total: over names title, which is no dimension of things");
}

Test(schema, a_long_circle_of_successors_is_found_in_time)
{
	static struct schema_code codes[LIMIT_CODES_PER_LIST_MAX];
	static char names[LIMIT_CODES_PER_LIST_MAX][8];
	uint32_t i;

	for (i = 0; i < LIMIT_CODES_PER_LIST_MAX; i++) {
		names[i][0] = (char)('a' + i / 256);
		names[i][1] = (char)('a' + i / 16 % 16);
		names[i][2] = (char)('a' + i % 16);
		codes[i].code = names[i];
		codes[i].label = "";
		codes[i].successor = names[(i + 1) % LIMIT_CODES_PER_LIST_MAX];
	}
	codes[LIMIT_CODES_PER_LIST_MAX - 1].successor = names[100];
	sample.fields[1].policy = POLICY_ASK;
	sample.list[0].codes = codes;
	sample.list[0].codes_count = LIMIT_CODES_PER_LIST_MAX;
	expect_refused("code list STATE: the successors of");
	sample.fields[1].policy = POLICY_ASK;
	sample.list[0].codes = codes;
	sample.list[0].codes_count = LIMIT_CODES_PER_LIST_MAX;
	codes[LIMIT_CODES_PER_LIST_MAX - 1].successor = NULL;
	cr_assert_eq(schema_check(&sample.schema, &arena, &error), RC_OK, "%s", error.text);
}

Test(schema, an_error_fits_hides_controls_and_cuts_between_characters)
{
	static char name[400];
	size_t i;

	for (i = 0; i + 2 < sizeof(name); i += 2) {
		memcpy(name + i, "\xc5\x9f", 2);
	}
	name[0] = '\x1b';
	name[1] = 'x';
	sample.kind[0].name = name;
	cr_assert_eq(schema_check(&sample.schema, &arena, &error), RC_INVALID);
	cr_assert_not_null(memchr(error.text, '\0', sizeof(error.text)));
	cr_assert_eq(strncmp(error.text, "kind \"?x\xc5\x9f", 10), 0, "%s", error.text);
	cr_assert_not_null(strstr(error.text, "\xc5\x9f...\": a name"), "%s", error.text);
}

/* --- adopt --- */

static struct schema adopt_or_fail(const struct schema *now, const struct schema *next)
{
	struct schema out;

	cr_assert_eq(schema_adopt(now, next, &arena, &out, &error), RC_OK, "%s", error.text);
	return out;
}

/* What becomes the next version. */
static struct sample later;

static void init_later(void)
{
	init();
	init_sample(&later);
	later.schema.version = 2;
}

Test(schema, the_first_schema_is_numbered_in_its_order)
{
	struct schema now = adopt_or_fail(NULL, &sample.schema);

	cr_expect_eq(now.kinds[0].number, SCHEMA_KIND_FIRST);
	cr_expect_eq(now.kinds[0].fields[0].number, 1);
	cr_expect_eq(now.kinds[0].fields[3].number, 4);
	cr_expect_eq(now.figures[0].number, 1);
	cr_expect_eq(now.kinds[0].fields[1].codes, &now.codes[0]);
	cr_expect_eq(schema_check(&now, &arena, &error), RC_OK, "%s", error.text);
}

Test(schema, adopting_the_same_again_changes_nothing)
{
	struct schema now = adopt_or_fail(NULL, &sample.schema);
	struct schema again = adopt_or_fail(&now, &sample.schema);

	cr_assert(schema_equal(&now, &again));
}

Test(schema, numbers_follow_history_not_the_place_in_the_file, .init = init_later)
{
	struct schema now = adopt_or_fail(NULL, &sample.schema);
	struct schema_field first = later.fields[0];
	struct schema out;

	later.fields[0] = later.fields[1];
	later.fields[1] = first;
	later.fields[3] = (struct schema_field){ .name = "colour", .reach = REACH_REGION };
	later.title[0] = 1;
	out = adopt_or_fail(&now, &later.schema);
	cr_expect_str_eq(out.kinds[0].fields[0].name, "state");
	cr_expect_eq(out.kinds[0].fields[0].number, 2);
	cr_expect_eq(out.kinds[0].fields[1].number, 1);
	cr_expect_str_eq(out.kinds[0].fields[3].name, "colour");
	cr_expect_eq(out.kinds[0].fields[3].number, 5, "4 belongs to made_year for ever");
	cr_expect_str_eq(out.kinds[0].fields[4].name, "made_year");
	cr_expect(out.kinds[0].fields[4].closed);
	cr_expect_eq(schema_check(&out, &arena, &error), RC_OK, "%s", error.text);
}

Test(schema, what_is_gone_is_closed_and_comes_back_under_its_number, .init = init_later)
{
	struct schema now = adopt_or_fail(NULL, &sample.schema);
	struct schema gone, back;

	later.kind[0].name = "other";
	later.figure[0].name = "others";
	later.figure[0].measure.of = "other";
	gone = adopt_or_fail(&now, &later.schema);
	cr_assert_eq(gone.kinds_count, 2);
	cr_expect_str_eq(gone.kinds[0].name, "thing");
	cr_expect(gone.kinds[0].closed);
	cr_expect_eq(gone.kinds[1].number, SCHEMA_KIND_FIRST + 1);
	cr_expect(gone.figures[0].closed);
	cr_expect_eq(gone.figures[1].number, 2);
	cr_expect_eq(schema_check(&gone, &arena, &error), RC_OK, "%s", error.text);
	sample.schema.version = 3;
	back = adopt_or_fail(&gone, &sample.schema);
	cr_expect_eq(back.kinds[0].number, SCHEMA_KIND_FIRST);
	cr_expect_not(back.kinds[0].closed);
	cr_expect(back.kinds[1].closed);
	cr_expect_not(back.figures[0].closed);
}

Test(schema, codes_and_lists_that_are_gone_are_kept, .init = init_later)
{
	struct schema_codes lists[2];
	struct schema now, out;

	lists[0] = (struct schema_codes){ .name = "ZEBRA", .codes = sample.code, .codes_count = 1 };
	lists[1] = sample.list[0];
	sample.schema.codes = lists;
	sample.schema.codes_count = 2;
	sample.fields[1].codes = &lists[1];
	now = adopt_or_fail(NULL, &sample.schema);
	later.code[0].code = "C";
	out = adopt_or_fail(&now, &later.schema);
	cr_assert_eq(out.codes_count, 2);
	cr_expect_str_eq(out.codes[0].name, "STATE", "lists come by name");
	cr_expect_str_eq(out.codes[1].name, "ZEBRA");
	cr_assert_eq(out.codes[0].codes_count, 3);
	cr_expect_str_eq(out.codes[0].codes[0].code, "C");
	cr_expect_str_eq(out.codes[0].codes[1].code, "B");
	cr_expect_str_eq(out.codes[0].codes[2].code, "A");
	cr_expect_eq(out.kinds[0].fields[1].codes, &out.codes[0]);
}

static void expect_not_adopted(const struct schema *now, const char *text)
{
	struct schema out;

	cr_expect_eq(schema_adopt(now, &later.schema, &arena, &out, &error), RC_INVALID, "%s",
		     text);
	cr_expect_not_null(strstr(error.text, text), "%s", error.text);
	init_sample(&later);
	later.schema.version = 2;
}

Test(schema, what_never_changes_is_refused, .init = init_later)
{
	struct schema now = adopt_or_fail(NULL, &sample.schema);

	later.fields[0].type = VALUE_INT;
	expect_not_adopted(&now, "kind thing, field title: its type cannot change");
	later.fields[0].merge = MERGE_SET;
	expect_not_adopted(&now, "kind thing, field title: its merge cannot change");
	later.fields[0].reach = REACH_REGION;
	expect_not_adopted(&now, "kind thing, field title: its reach cannot change");
	later.list[0].name = "STATUS";
	expect_not_adopted(&now, "kind thing, field state: its code list cannot change");
	later.fields[0].scale = 1;
	expect_not_adopted(&now, "kind thing, field title: its scale cannot change");
	later.schema.name = "another";
	expect_not_adopted(&now, "this system works with schema sample");
	later.fields[3] = (struct schema_field){ .name = "wide", .reach = REACH_NATION };
	later.kind[0].reach = REACH_NATION;
	expect_not_adopted(&now, "field wide: reach nation is wider than the kind's, region");
}

Test(schema, a_difference_needs_a_higher_version, .init = init_later)
{
	struct schema now = adopt_or_fail(NULL, &sample.schema);

	later.schema.version = 1;
	later.code[0].label = "new label";
	expect_not_adopted(&now, "version 1 is in force and differs");
	later.schema.version = 1;
	later.schema.figures_count = 0;
	expect_not_adopted(&now, "version 1 is in force and differs");
	now = adopt_or_fail(&now, &later.schema);
	cr_assert_eq(now.version, 2);
	later.schema.version = 1;
	expect_not_adopted(&now, "version 2 is in force and differs");
}

Test(schema, closed_fields_count_against_the_limit, .init = init_later)
{
	static struct schema_field many[LIMIT_FIELDS_PER_KIND_MAX];
	static char names[LIMIT_FIELDS_PER_KIND_MAX][8];
	struct schema now = adopt_or_fail(NULL, &sample.schema);
	uint32_t i;

	for (i = 0; i < LIMIT_FIELDS_PER_KIND_MAX; i++) {
		names[i][0] = 'f';
		names[i][1] = (char)('a' + i / 16);
		names[i][2] = (char)('a' + i % 16);
		many[i] = (struct schema_field){ .name = names[i], .reach = REACH_REGION };
	}
	later.kind[0].fields = many;
	later.kind[0].fields_count = LIMIT_FIELDS_PER_KIND_MAX;
	expect_not_adopted(&now, "kind thing: more than 256 fields");
}

Test(schema, a_full_arena_is_an_ordinary_failure)
{
	struct arena small;
	struct schema out;
	size_t max;

	for (max = 0; max < 512; max += 16) {
		small = arena_init(memory, max);
		cr_expect_eq(schema_adopt(NULL, &sample.schema, &small, &out, &error), RC_NOMEM,
			     "%zu", max);
	}
}

Test(schema, every_difference_counts_for_equality, .init = init_later)
{
	later.schema.version = 1;
	cr_expect(schema_equal(&sample.schema, &later.schema));
	later.code[1].valid_to = 1;
	cr_expect_not(schema_equal(&sample.schema, &later.schema));
	later.code[1].valid_to = 0;
	later.ranks[1].value = "C";
	cr_expect_not(schema_equal(&sample.schema, &later.schema));
	later.ranks[1].value = "B";
	later.unique_fields[0] = 1;
	cr_expect_not(schema_equal(&sample.schema, &later.schema));
	later.unique_fields[0] = 0;
	later.figure[0].measure.where = "state = A";
	cr_expect_not(schema_equal(&sample.schema, &later.schema));
	later.figure[0].measure.where = NULL;
	later.figure[0].measure.negative = true;
	cr_expect_not(schema_equal(&sample.schema, &later.schema));
	later.figure[0].measure.negative = false;
	later.fields[0].check = CHECK_MRZ;
	cr_expect_not(schema_equal(&sample.schema, &later.schema));
	later.fields[0].check = CHECK_NONE;
	cr_expect(schema_equal(&sample.schema, &later.schema));
}
