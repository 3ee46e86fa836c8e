#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proto/schema_codec.h"

enum { CODES = 4000, MEMORY = 32 << 20 };

static uint8_t memory[MEMORY];
static struct arena arena;
static struct schema_error error;

/* --- a schema that uses everything --- */

static const struct schema_code STATES[] = {
	{ .code = "A",
	  .label = "first",
	  .valid_to = (2016 * 16 + 12) * 32 + 31,
	  .successor = "B",
	  .label_tk = "birinji",
	  .label_ru = "первый" },
	{ .code = "B", .label = "", .label_ru = "второй" },
};
static const struct schema_code COLOURS[] = { { .code = "RED", .label = "red" } };
static const struct schema_codes LISTS[] = {
	{ .name = "STATE", .codes = STATES, .codes_count = 2 },
	{ .name = "COLOUR", .codes = COLOURS, .codes_count = 1 },
};
static const struct schema_rank RANKS[] = { { "A", 0 }, { "B", 1 } };
static const struct schema_field THING_FIELDS[] = {
	{ .name = "state",
	  .type = VALUE_CODE,
	  .codes = &LISTS[0],
	  .policy = POLICY_FLOW,
	  .ranks = RANKS,
	  .ranks_count = 2,
	  .reach = REACH_REGION,
	  .required = true,
	  .index = true },
	{ .name = "price", .type = VALUE_DECIMAL, .scale = 2, .policy = POLICY_MAX },
	{ .name = "made_on", .type = VALUE_PDATE, .closed = true, .reach = REACH_CENTRE },
	{ .name = "year",
	  .type = VALUE_INT,
	  .derive = DERIVE_YEAR,
	  .derive_from = { "made_on" },
	  .reach = REACH_CENTRE },
	{ .name = "count", .type = VALUE_INT, .merge = MERGE_COUNTER, .reach = REACH_CENTRE },
	{ .name = "order", .type = VALUE_LINK, .to = "order", .reach = REACH_CENTRE },
	{ .name = "notes", .type = VALUE_TEXT, .merge = MERGE_LOG },
	{ .name = "title", .type = VALUE_TEXT },
	{ .name = "key",
	  .type = VALUE_TEXT,
	  .derive = DERIVE_SAME,
	  .derive_from = { "title", "made_on", "state" },
	  .reach = REACH_CENTRE },
	{ .name = "same",
	  .type = VALUE_LINK,
	  .to = "thing",
	  .merge = MERGE_SET,
	  .reach = REACH_CENTRE },
	{ .name = "other",
	  .type = VALUE_LINK,
	  .to = "thing",
	  .merge = MERGE_SET,
	  .reach = REACH_CENTRE },
};
static const struct schema_field ORDER_FIELDS[] = {
	{ .name = "number",
	  .type = VALUE_TEXT,
	  .policy = POLICY_FIXED,
	  .reach = REACH_NATION,
	  .check = CHECK_MRZ },
	{ .name = "colours",
	  .type = VALUE_CODE,
	  .codes = &LISTS[1],
	  .merge = MERGE_SET,
	  .reach = REACH_NATION },
	{ .name = "announced", .type = VALUE_INT, .policy = POLICY_LATEST, .reach = REACH_NATION },
};
static const uint16_t TITLE[] = { 0, 3 };
static const uint16_t UNIQUE[] = { 3, 1 };
static const struct schema_key UNIQUES[] = {
	{ .fields = UNIQUE, .fields_count = 2 },
	{ .fields = TITLE, .fields_count = 1 },
};
static const struct schema_kind KINDS[] = {
	{ .name = "thing",
	  .reach = REACH_REGION,
	  .fields = THING_FIELDS,
	  .fields_count = 11,
	  .doubles = { .is_set = true, .key = 8, .same = 9, .different = 10 },
	  .title = { .fields = TITLE, .fields_count = 2 },
	  .uniques = UNIQUES,
	  .uniques_count = 2 },
	{ .name = "order",
	  .reach = REACH_NATION,
	  .writers = WRITERS_CENTRE,
	  .closed = true,
	  .fields = ORDER_FIELDS,
	  .fields_count = 3 },
};
static const char *const BY_YEAR[] = { "year", "state" };
static const char *const BY_ORDER[] = { "order", "office" };
static const char *const BY_NUMBER[] = { "number" };
static const struct schema_measure RECORDED[] = {
	{ .of = "thing", .where = "state = A", .by = BY_ORDER, .by_count = 2 },
	{ .of = "thing", .negative = true, .where = "state = B", .by = BY_ORDER, .by_count = 1 },
};
static const struct schema_figure FIGURES[] = {
	{ .name = "made",
	  .type = FIGURE_FLOW,
	  .measure = { .type = MEASURE_SUM,
		       .field = "count",
		       .of = "thing",
		       .by = BY_YEAR,
		       .by_count = 2 } },
	{ .name = "there",
	  .type = FIGURE_STOCK,
	  .closed = true,
	  .measure = { .of = "thing" },
	  .from = "made_on",
	  .to = "made_on" },
	{ .name = "total", .type = FIGURE_RUN, .of_figure = "made", .over = "year" },
	{ .name = "gap",
	  .type = FIGURE_CONTROL,
	  .recorded = RECORDED,
	  .recorded_count = 2,
	  .announced = { .type = MEASURE_SUM,
			 .field = "announced",
			 .of = "order",
			 .by = BY_NUMBER,
			 .by_count = 1 },
	  .match_recorded = "order",
	  .match_announced = "number" },
};
static const struct schema SAMPLE = { .name = "sample",
				      .version = 7,
				      .codes = LISTS,
				      .codes_count = 2,
				      .kinds = KINDS,
				      .kinds_count = 2,
				      .figures = FIGURES,
				      .figures_count = 4 };

static struct schema adopt(const struct schema *s)
{
	struct schema out;

	cr_assert_eq(schema_adopt(NULL, s, &arena, &out, &error), RC_OK, "%s", error.text);
	return out;
}

/* The parts of a schema, in memory that can be changed. */
static struct schema_codec_part *encode(const struct schema *s, uint32_t *count)
{
	const struct schema_codec_part *parts = NULL;
	struct schema_codec_part *copy = NULL;

	cr_assert_eq(schema_codec_encode(s, &arena, &parts, count), RC_OK);
	copy = arena_take(&arena, *count * sizeof(*copy));
	cr_assert_not_null(copy);
	memcpy(copy, parts, *count * sizeof(*copy));
	return copy;
}

static void init(void)
{
	arena = arena_init(memory, sizeof(memory));
}

TestSuite(schema_codec, .init = init);

Test(schema_codec, decoding_gives_an_equal_schema)
{
	struct schema now = adopt(&SAMPLE);
	struct schema back;
	uint32_t count = 0;
	struct schema_codec_part *parts = encode(&now, &count);

	cr_assert_eq(count, 1 + 2 + 2 + 4);
	cr_assert_eq(schema_codec_decode(parts, count, &arena, &back), RC_OK);
	cr_assert(schema_equal(&now, &back));
	cr_assert_eq(back.kinds[0].fields[0].codes, &back.codes[1], "STATE comes after COLOUR");
}

Test(schema_codec, the_order_of_parts_does_not_matter)
{
	struct schema now = adopt(&SAMPLE);
	struct schema back;
	uint32_t count = 0;
	struct schema_codec_part *parts = encode(&now, &count);
	uint32_t i;

	for (i = 0; i < count / 2; i++) {
		struct schema_codec_part part = parts[i];

		parts[i] = parts[count - 1 - i];
		parts[count - 1 - i] = part;
	}
	cr_assert_eq(schema_codec_decode(parts, count, &arena, &back), RC_OK);
	cr_assert(schema_equal(&now, &back));
}

Test(schema_codec, the_same_schema_gives_the_same_bytes)
{
	struct schema now = adopt(&SAMPLE);
	struct schema back;
	uint32_t count = 0, again = 0;
	struct schema_codec_part *a = encode(&now, &count);
	struct schema_codec_part *b = NULL;
	uint32_t i;

	cr_assert_eq(schema_codec_decode(a, count, &arena, &back), RC_OK);
	b = encode(&back, &again);
	cr_assert_eq(count, again);
	for (i = 0; i < count; i++) {
		cr_expect(bytes_equal(a[i].type, b[i].type));
		cr_expect(bytes_equal(a[i].name, b[i].name));
		cr_expect(bytes_equal(a[i].body, b[i].body));
	}
}

Test(schema_codec, a_head_is_these_bytes)
{
	/* SchemaPiece { pieces: 1, data: SchemaHead { 7, 2 lists, 2 kinds, 4 figures } } */
	static const uint8_t HEAD[] = { 0x08, 1, 0x12, 8, 0x08, 7, 0x10, 2, 0x18, 2, 0x20, 4 };
	struct schema now = adopt(&SAMPLE);
	uint32_t count = 0;
	struct schema_codec_part *parts = encode(&now, &count);

	cr_assert(bytes_equal(parts[0].type, bytes_of("schema")));
	cr_assert(bytes_equal(parts[0].name, bytes_of("sample")));
	cr_assert(bytes_equal(parts[0].body, bytes_at(HEAD, sizeof(HEAD))));
}

/* A list that needs several pieces. */
static struct schema make_large(void)
{
	static struct schema_code codes[CODES];
	static char names[CODES][8];
	static struct schema_codes list = { .name = "MANY", .codes = codes, .codes_count = CODES };
	static struct schema s;
	unsigned i;

	for (i = 0; i < CODES; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "C%u", i);
		codes[i] = (struct schema_code){ .code = names[i],
						 .label = "a label as long as many labels are" };
	}
	s = SAMPLE;
	s.codes = &list;
	s.codes_count = 1;
	s.kinds = &KINDS[1];
	s.kinds_count = 1;
	s.figures_count = 0;
	return s;
}

static struct schema adopt_large(void)
{
	static struct schema_field field = { .name = "many",
					     .type = VALUE_CODE,
					     .reach = REACH_NATION };
	static struct schema_kind kind;
	struct schema s = make_large();

	field.codes = s.codes;
	kind = KINDS[1];
	kind.fields = &field;
	kind.fields_count = 1;
	s.kinds = &kind;
	return adopt(&s);
}

Test(schema_codec, a_long_list_is_cut_into_pieces_that_fit_a_value)
{
	struct schema now = adopt_large();
	struct schema back;
	uint32_t count = 0;
	struct schema_codec_part *parts = encode(&now, &count);
	uint32_t i;

	cr_assert_eq(count, 1 + 11 + 1, "about 180 KB of codes");
	cr_assert(bytes_equal(parts[1].name, bytes_of("MANY")));
	cr_assert(bytes_equal(parts[2].name, bytes_of("MANY#2")));
	cr_assert(bytes_equal(parts[9].name, bytes_of("MANY#9")));
	cr_assert(bytes_equal(parts[10].name, bytes_of("MANY#10")));
	for (i = 0; i < count; i++) {
		cr_expect_leq(parts[i].body.len, LIMIT_VALUE_BYTES_MAX);
		cr_expect_gt(parts[i].body.len, 0);
	}
	cr_assert_eq(schema_codec_decode(parts, count, &arena, &back), RC_OK);
	cr_assert(schema_equal(&now, &back));
}

Test(schema_codec, a_missing_piece_is_a_gap_and_one_left_over_is_ignored)
{
	struct schema now = adopt_large();
	struct schema back;
	uint32_t count = 0;
	struct schema_codec_part *parts = encode(&now, &count);
	struct schema_codec_part *more = arena_take(&arena, (count + 1) * sizeof(*more));

	memcpy(more, parts, count * sizeof(*more));
	more[count] = parts[2];
	more[count].name = bytes_of("MANY#63");
	cr_assert_eq(schema_codec_decode(more, count + 1, &arena, &back), RC_OK);
	cr_assert(schema_equal(&now, &back));
	parts[2].name = bytes_of("MANY#63");
	cr_assert_eq(schema_codec_decode(parts, count, &arena, &back), RC_GAP);
}

Test(schema_codec, a_part_over_one_megabyte_is_refused)
{
	static char label[2000];
	struct schema_code codes[600];
	struct schema_codes list = { .name = "MANY", .codes = codes, .codes_count = 600 };
	const struct schema_codec_part *parts = NULL;
	struct schema s = SAMPLE;
	uint32_t count = 0;
	unsigned i;

	memset(label, 'x', sizeof(label) - 1);
	for (i = 0; i < 600; i++) {
		codes[i] = (struct schema_code){ .code = "X", .label = label };
	}
	s.codes = &list;
	s.codes_count = 1;
	cr_assert_eq(schema_codec_encode(&s, &arena, &parts, &count), RC_LIMIT);
}

Test(schema_codec, what_is_missing_or_doubled_is_told)
{
	struct schema now = adopt(&SAMPLE);
	struct schema back;
	uint32_t count = 0;
	struct schema_codec_part *parts = encode(&now, &count);
	struct schema_codec_part head = parts[0];
	struct schema_codec_part last = parts[count - 1];

	cr_expect_eq(schema_codec_decode(parts, 0, &arena, &back), RC_NOTFOUND);
	cr_expect_eq(schema_codec_decode(parts + 1, count - 1, &arena, &back), RC_NOTFOUND);
	cr_expect_eq(schema_codec_decode(parts, count - 1, &arena, &back), RC_GAP);
	parts[count - 1] = parts[count - 2];
	cr_expect_eq(schema_codec_decode(parts, count, &arena, &back), RC_OK,
		     "two figures of one name are schema_check's to find");
	cr_expect_eq(schema_check(&back, &arena, &error), RC_INVALID);
	parts[count - 1] = parts[1];
	cr_expect_eq(schema_codec_decode(parts, count, &arena, &back), RC_CORRUPT,
		     "more lists than the head says");
	parts[count - 1] = head;
	cr_expect_eq(schema_codec_decode(parts, count, &arena, &back), RC_CORRUPT, "two heads");
	parts[count - 1] = last;
	parts[count - 1].type = bytes_of("dance");
	cr_expect_eq(schema_codec_decode(parts, count, &arena, &back), RC_GAP,
		     "an unknown type stands for nothing");
}

/* Decodes one kind, given as the bytes of its message. */
static enum rc decode_kind(const void *p, size_t len)
{
	static const uint8_t HEAD[] = { 0x08, 1, 0x12, 4, 0x08, 1, 0x18, 1 };
	uint8_t buf[256];
	struct bytes_writer w = bytes_writer_init(buf, sizeof(buf));
	struct schema_codec_part parts[2];
	struct schema out;

	bytes_put(&w, "\x08\x01\x12", 3);
	bytes_put_block(&w, bytes_at(p, len));
	parts[0] = (struct schema_codec_part){ .type = bytes_of("schema"),
					       .name = bytes_of("s"),
					       .body = bytes_at(HEAD, sizeof(HEAD)) };
	parts[1] = (struct schema_codec_part){ .type = bytes_of("kind"),
					       .name = bytes_of("k"),
					       .body = bytes_written(&w) };
	return schema_codec_decode(parts, 2, &arena, &out);
}

Test(schema_codec, hostile_kinds_are_refused)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum rc rc;
		const char *why;
	} ROWS[] = {
		{ "\x08\x10\x22\x05\x08\x01\x12\x01"
		  "a",
		  9, RC_OK, "the good one: kind 16, field 1, a" },
		{ "\x08\x0f\x22\x05\x08\x01\x12\x01"
		  "a",
		  9, RC_CORRUPT, "number of a built-in kind" },
		{ "\x08\x80\x80\x04\x22\x05\x08\x01\x12\x01"
		  "a",
		  11, RC_CORRUPT, "number 65536 would become 0" },
		{ "\x08\x10\x10\x02\x22\x05\x08\x01\x12\x01"
		  "a",
		  11, RC_CORRUPT, "unknown writers" },
		{ "\x08\x10\x22\x03\x12\x01"
		  "a",
		  7, RC_CORRUPT, "field without number" },
		{ "\x08\x10\x22\x02\x08\x01", 6, RC_CORRUPT, "field without name" },
		{ "\x08\x10\x22\x07\x08\x01\x12\x01"
		  "a\x18\x09",
		  11, RC_CORRUPT, "type bytes" },
		{ "\x08\x10\x22\x10\x08\x01\x12\x01"
		  "a\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		  20, RC_CORRUPT, "type -1" },
		{ "\x08\x10\x22\x07\x08\x01\x12\x01"
		  "a\x50\x0a",
		  11, RC_CORRUPT, "scale 10" },
		{ "\x08\x10\x22\x08\x08\x01\x12\x01"
		  "a\x5a\x01Z",
		  12, RC_CORRUPT, "a code list that is not there" },
		{ "\x08\x10\x22\x05\x08\x01\x12\x01"
		  "a\x2a\x01\x01",
		  12, RC_CORRUPT, "title names a second field" },
		{ "\x08\x10\x22\x05\x08\x01\x12\x01"
		  "a\x32\x03\x0a\x01\x07",
		  14, RC_CORRUPT, "unique names an eighth field" },
		{ "\x08\x10\x22\x05\x08\x01\x12\x01", 8, RC_CORRUPT, "cut short" },
		{ "\x08\x10\x22\x7f\x08\x01\x12\x01"
		  "a",
		  9, RC_CORRUPT, "a length past the end" },
		{ "\x08\x10\x22\x05\x08\x01\x12\x01\xff", 9, RC_CORRUPT, "bad UTF-8" },
		{ "\x08\x10\x22\x06\x08\x01\x12\x02"
		  "a\x00",
		  10, RC_CORRUPT, "NUL in a name" },
	};
	size_t i;

	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		cr_expect_eq(decode_kind(ROWS[i].bytes, ROWS[i].len), ROWS[i].rc, "%s",
			     ROWS[i].why);
	}
}

Test(schema_codec, no_flipped_or_cut_byte_does_harm)
{
	struct schema now = adopt(&SAMPLE);
	uint32_t count = 0;
	struct schema_codec_part *parts = encode(&now, &count);
	size_t mark = arena_mark(&arena);
	struct schema back;
	uint32_t i;
	size_t at;

	for (i = 0; i < count; i++) {
		struct bytes body = parts[i].body;
		uint8_t changed[1024];

		cr_assert_leq(body.len, sizeof(changed));
		for (at = 0; at < body.len * 8; at++) {
			memcpy(changed, body.p, body.len);
			changed[at / 8] ^= (uint8_t)(1 << at % 8);
			parts[i].body = bytes_at(changed, body.len);
			if (schema_codec_decode(parts, count, &arena, &back) == RC_OK) {
				(void)schema_check(&back, &arena, &error);
			}
			arena_release(&arena, mark);
		}
		for (at = 0; at < body.len; at++) {
			parts[i].body = bytes_at(body.p, at);
			cr_expect_neq(schema_codec_decode(parts, count, &arena, &back), RC_OK);
			arena_release(&arena, mark);
		}
		parts[i].body = body;
	}
}

Test(schema_codec, a_small_arena_is_an_ordinary_failure)
{
	struct schema now = adopt(&SAMPLE);
	uint32_t count = 0;
	struct schema_codec_part *parts = encode(&now, &count);
	const struct schema_codec_part *again = NULL;
	struct arena small;
	struct schema back;
	size_t max;

	for (max = 0; max < 1024; max += 64) {
		small = arena_init(memory + MEMORY - 4096, max);
		cr_expect_eq(schema_codec_decode(parts, count, &small, &back), RC_NOMEM, "%zu",
			     max);
		cr_expect_eq(schema_codec_encode(&now, &small, &again, &count), RC_NOMEM);
	}
}
