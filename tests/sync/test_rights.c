#include "sync/rights.h"

#include <criterion/criterion.h>
#include <string.h>

/* A kind of the region with a field of each merge, and one of the nation. */
static const struct schema_field fields[] = {
	{ .number = 1, .name = "name", .type = VALUE_TEXT, .reach = REACH_REGION },
	{ .number = 2, .name = "born", .type = VALUE_DATE, .reach = REACH_REGION },
	{ .number = 3,
	  .name = "tags",
	  .type = VALUE_TEXT,
	  .merge = MERGE_SET,
	  .reach = REACH_REGION },
	{ .number = 4, .name = "visits", .merge = MERGE_COUNTER, .reach = REACH_REGION },
	{ .number = 5,
	  .name = "notes",
	  .type = VALUE_TEXT,
	  .merge = MERGE_LOG,
	  .reach = REACH_REGION },
	{ .number = 6, .name = "file", .type = VALUE_TEXT, .reach = REACH_CENTRE },
	{ .number = 7, .name = "secret", .type = VALUE_TEXT, .reach = REACH_OFFICE },
};

static const struct schema_kind person = {
	.number = 16, .name = "person", .reach = REACH_REGION, .fields = fields, .fields_count = 7
};
static const struct schema_kind decree = {
	.number = 17, .name = "decree", .reach = REACH_NATION, .writers = WRITERS_CENTRE
};

enum { OFFICE = 0x1234 };

static struct rights writer(const struct schema_kind *kind, enum reach scope)
{
	return (struct rights){ .kind = kind, .scope = scope, .office = OFFICE, .is_member = true };
}

static enum rc judge_op(const struct rights *r, enum life life, uint16_t field, enum op_code code,
			struct bytes value)
{
	struct op op = { field, code, value };
	struct change c = { .kind = 16, .life = life, .ops = &op, .ops_count = 1 };

	return rights_judge(r, &c);
}

static enum rc judge_life(const struct rights *r, enum life life)
{
	struct change c = { .kind = 16, .life = life };

	return rights_judge(r, &c);
}

#define TEXT(s) bytes_at(s, sizeof(s) - 1)

Test(rights, a_value_must_be_of_its_field)
{
	const struct rights r = writer(&person, REACH_REGION);
	static char longest[LIMIT_VALUE_BYTES_MAX + 1];
	const struct {
		uint16_t field;
		enum op_code code;
		struct bytes value;
		enum rc rc;
		const char *why;
	} rows[] = {
		{ 1, OP_PUT, TEXT("Aman"), RC_OK, "a text" },
		{ 1, OP_CLEAR, TEXT(""), RC_OK, "unset" },
		{ 1, OP_PUT, TEXT("\xc3\x28"), RC_INVALID, "not UTF-8" },
		{ 1, OP_PUT, TEXT("a\0b"), RC_INVALID, "a NUL" },
		{ 1, OP_PUT, TEXT(""), RC_INVALID, "an empty value" },
		{ 1, OP_PUT, bytes_at(longest, sizeof(longest)), RC_INVALID, "too long" },
		{ 1, OP_SET_ADD, TEXT("x"), RC_INVALID, "not a set" },
		{ 1, OP_COUNT, TEXT("\x02"), RC_INVALID, "not a counter" },
		{ 1, OP_LOG, TEXT("x"), RC_INVALID, "not a log" },
		{ 2, OP_PUT, TEXT("\x01\x02"), RC_INVALID, "not a date" },
		{ 2, OP_CLEAR, TEXT(""), RC_OK, "unset" },
		{ 3, OP_SET_ADD, TEXT("x"), RC_OK, "an addition" },
		{ 3, OP_SET_REMOVE, TEXT("x"), RC_OK, "a removal" },
		{ 3, OP_PUT, TEXT("x"), RC_INVALID, "a set is not put" },
		{ 3, OP_CLEAR, TEXT(""), RC_INVALID, "nor cleared" },
		{ 4, OP_COUNT, TEXT("\x02"), RC_OK, "one more" },
		{ 4, OP_COUNT, TEXT("\x80"), RC_INVALID, "a varint without end" },
		{ 4, OP_COUNT, TEXT("\x80\x00"), RC_INVALID, "a varint of two forms" },
		{ 4, OP_COUNT, TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), RC_INVALID,
		  "beyond 2^53" },
		{ 4, OP_PUT, TEXT("\x02"), RC_INVALID, "a counter is not put" },
		{ 5, OP_LOG, TEXT("x"), RC_OK, "a line" },
		{ 5, OP_PUT, TEXT("x"), RC_INVALID, "a log is not put" },
		{ 99, OP_PUT, TEXT("\xff"), RC_OK, "a field of a newer schema is merged" },
		{ 99, OP_COUNT, TEXT("x\xff"), RC_INVALID, "but a count is a number anywhere" },
		{ 99, OP_PUT, bytes_at(longest, sizeof(longest)), RC_INVALID, "and bounded" },
	};
	size_t i;

	memset(longest, 'x', sizeof(longest));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(judge_op(&r, LIFE_ALIVE, rows[i].field, rows[i].code, rows[i].value),
			     rows[i].rc, "%s", rows[i].why);
	}
}

Test(rights, a_field_is_written_in_the_scope_of_its_reach)
{
	static const enum reach scopes[] = { REACH_OFFICE, REACH_CENTRE, REACH_REGION,
					     REACH_NATION };
	static const struct {
		uint16_t field;
		enum reach reach;
	} rows[] = { { 1, REACH_REGION }, { 6, REACH_CENTRE }, { 7, REACH_OFFICE } };
	size_t i, k;

	for (i = 0; i < 3; i++) {
		for (k = 0; k < 4; k++) {
			struct rights r = writer(&person, scopes[k]);
			enum life life = scopes[k] == REACH_REGION ? LIFE_ALIVE : LIFE_NONE;

			cr_expect_eq(judge_op(&r, life, rows[i].field, OP_PUT, TEXT("x")),
				     scopes[k] == rows[i].reach ? RC_OK : RC_DENIED,
				     "field %u, scope %d", rows[i].field, (int)scopes[k]);
		}
	}
}

Test(rights, existence_lives_in_the_widest_scope_alone)
{
	struct rights region = writer(&person, REACH_REGION);
	struct rights centre = writer(&person, REACH_CENTRE);
	struct rights unknown = writer(NULL, REACH_CENTRE);

	cr_assert_eq(judge_life(&region, LIFE_ALIVE), RC_OK);
	cr_assert_eq(judge_life(&region, LIFE_DELETED), RC_OK);
	cr_assert_eq(judge_life(&region, LIFE_NONE), RC_INVALID);
	cr_assert_eq(judge_life(&centre, LIFE_NONE), RC_OK);
	cr_assert_eq(judge_life(&centre, LIFE_ALIVE), RC_INVALID);
	cr_assert_eq(judge_life(&unknown, LIFE_ALIVE), RC_OK, "a kind of a newer schema");
	cr_assert_eq(judge_life(&unknown, LIFE_NONE), RC_OK);
}

Test(rights, who_is_not_of_the_scope_writes_nothing_there)
{
	struct rights r = writer(&person, REACH_REGION);

	r.is_member = false;
	cr_assert_eq(judge_life(&r, LIFE_ALIVE), RC_DENIED);
	r.kind = NULL;
	cr_assert_eq(judge_life(&r, LIFE_ALIVE), RC_DENIED);
}

Test(rights, the_nation_and_its_kinds_are_the_centres)
{
	struct rights r = writer(&decree, REACH_NATION);

	cr_assert_eq(judge_life(&r, LIFE_ALIVE), RC_DENIED);
	r.kind = NULL;
	cr_assert_eq(judge_life(&r, LIFE_ALIVE), RC_DENIED, "even of a kind that is not known");
	r.is_centre = true;
	cr_assert_eq(judge_life(&r, LIFE_ALIVE), RC_OK);
	r = writer(&decree, REACH_REGION);
	cr_assert_eq(judge_life(&r, LIFE_NONE), RC_DENIED);
}

Test(rights, an_office_gives_records_no_home_but_its_own)
{
	struct rights r = writer(&person, REACH_REGION);
	const struct bytes own = TEXT("\x12\x34\x00\x05"), other = TEXT("\x12\x35\x00\x05");

	cr_assert_eq(judge_op(&r, LIFE_ALIVE, FIELD_HOME, OP_PUT, own), RC_OK);
	cr_assert_eq(judge_op(&r, LIFE_ALIVE, FIELD_HOME, OP_PUT, other), RC_DENIED);
	cr_assert_eq(judge_op(&r, LIFE_ALIVE, FIELD_HOME, OP_CLEAR, TEXT("")), RC_INVALID);
	cr_assert_eq(judge_op(&r, LIFE_ALIVE, FIELD_HOME, OP_SET_ADD, own), RC_INVALID);
	cr_assert_eq(judge_op(&r, LIFE_ALIVE, FIELD_HOME, OP_PUT, TEXT("\x12\x34\x00")),
		     RC_INVALID);
	r.is_centre = true;
	cr_assert_eq(judge_op(&r, LIFE_ALIVE, FIELD_HOME, OP_PUT, other), RC_OK);
	r = writer(&person, REACH_CENTRE);
	cr_assert_eq(judge_op(&r, LIFE_NONE, FIELD_HOME, OP_PUT, own), RC_INVALID,
		     "it stands where existence lives");
	r.is_centre = true;
	cr_assert_eq(judge_op(&r, LIFE_NONE, FIELD_HOME, OP_PUT, own), RC_OK,
		     "but the centre marks what is left");
}

Test(rights, one_broken_operation_breaks_its_change)
{
	const struct rights r = writer(&person, REACH_REGION);
	struct op ops[3] = { { 1, OP_PUT, TEXT("Aman") },
			     { 3, OP_SET_ADD, TEXT("x") },
			     { 4, OP_COUNT, TEXT("\x80") } };
	struct change c = { .kind = 16, .life = LIFE_ALIVE, .ops = ops, .ops_count = 2 };

	cr_assert_eq(rights_judge(&r, &c), RC_OK);
	c.ops_count = 3;
	cr_assert_eq(rights_judge(&r, &c), RC_INVALID);
}
