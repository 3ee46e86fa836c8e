#include <criterion/criterion.h>
#include <string.h>

#include "sync/date.h"
#include "sync/limits.h"
#include "sync/value.h"

#define COUNT(list)   (sizeof(list) / sizeof((list)[0]))
#define LITERAL(text) text, sizeof(text) - 1

static uint8_t memory[2 * LIMIT_VALUE_BYTES_MAX];

Test(value, types_have_names_that_lead_back)
{
	enum value_type type;
	int i;

	for (i = VALUE_TEXT; i <= VALUE_BYTES; i++) {
		type = VALUE_TEXT;
		cr_expect_eq(value_type_parse(bytes_of(value_type_text((enum value_type)i)), &type),
			     RC_OK);
		cr_expect_eq((int)type, i);
	}
	cr_expect_str_eq(value_type_text(VALUE_PDATE), "pdate");
	cr_expect_eq(value_type_parse(bytes_of("float"), &type), RC_NOTFOUND);
	cr_expect_eq(value_type_parse(bytes_of("Text"), &type), RC_NOTFOUND);
	cr_expect_eq(value_type_parse(bytes_of(""), &type), RC_NOTFOUND);
}

Test(value, text_is_strict_utf_8)
{
	static const struct {
		const char *p;
		size_t len;
		bool valid;
		const char *why;
	} rows[] = {
		{ LITERAL("a"), true, "ASCII" },
		{ LITERAL("12345678"), true, "a whole word" },
		{ LITERAL("123456789"), true, "a word and one" },
		{ LITERAL("A\xc5\x9fgabat, Da\xc5\x9foguz"), true, "two bytes" },
		{ LITERAL("\xe2\x82\xac"), true, "three bytes" },
		{ LITERAL("\xf0\x9f\x90\xab"), true, "four bytes" },
		{ LITERAL("\xc2\x80"), true, "the first of two" },
		{ LITERAL("\xdf\xbf"), true, "the last of two" },
		{ LITERAL("\xe0\xa0\x80"), true, "the first of three" },
		{ LITERAL("\xed\x9f\xbf"), true, "before the surrogates" },
		{ LITERAL("\xee\x80\x80"), true, "after them" },
		{ LITERAL("\xef\xbf\xbf"), true, "the last of three" },
		{ LITERAL("\xf0\x90\x80\x80"), true, "the first of four" },
		{ LITERAL("\xf4\x8f\xbf\xbf"), true, "U+10FFFF" },
		{ LITERAL("\0"), false, "a NUL" },
		{ LITERAL("1234567\0"), false, "a NUL in a word" },
		{ LITERAL("\0"
			  "1234567"),
		  false, "a NUL at the front of one" },
		{ LITERAL("12345678\0"), false, "a NUL after one" },
		{ LITERAL("1234567\xff"), false, "a bad byte in a word" },
		{ LITERAL("\x80"), false, "a lone tail" },
		{ LITERAL("\xbf"), false, "the last lone tail" },
		{ LITERAL("\xc0\xaf"), false, "an over-long slash" },
		{ LITERAL("\xc0\x80"), false, "an over-long NUL" },
		{ LITERAL("\xc1\xbf"), false, "over-long, the last of two" },
		{ LITERAL("\xe0\x9f\xbf"), false, "over-long, three bytes" },
		{ LITERAL("\xf0\x8f\xbf\xbf"), false, "over-long, four bytes" },
		{ LITERAL("\xed\xa0\x80"), false, "the first surrogate" },
		{ LITERAL("\xed\xbf\xbf"), false, "the last surrogate" },
		{ LITERAL("\xf4\x90\x80\x80"), false, "above U+10FFFF" },
		{ LITERAL("\xf5\x80\x80\x80"), false, "no such first byte" },
		{ LITERAL("\xf8\x88\x80\x80\x80"), false, "five bytes" },
		{ LITERAL("\xff"), false, "never a byte of UTF-8" },
		{ LITERAL("\xc5"), false, "two bytes, cut" },
		{ LITERAL("\xe2\x82"), false, "three bytes, cut" },
		{ LITERAL("\xf0\x9f\x90"), false, "four bytes, cut" },
		{ LITERAL("\xc5\xc5"), false, "a first byte for the second" },
		{ LITERAL("\xe2\x82\x41"), false, "ASCII for the third" },
		{ LITERAL("\xf0\x9f\x90\x41"), false, "ASCII for the fourth" },
		{ LITERAL("\xf0\x9f\x41\x80"), false, "ASCII for the third of four" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct bytes v = bytes_at(rows[i].p, rows[i].len);
		enum rc want = rows[i].valid ? RC_OK : RC_INVALID;

		cr_expect_eq(value_is_text(v), rows[i].valid, "%s", rows[i].why);
		cr_expect_eq(value_check(VALUE_TEXT, v), want, "%s", rows[i].why);
		cr_expect_eq(value_check(VALUE_CODE, v), want, "%s", rows[i].why);
	}
	cr_expect(value_is_text(bytes_at(NULL, 0)));
}

/* The two ways through a text, by words and by characters, agree. */
Test(value, a_bad_byte_is_found_at_every_place)
{
	uint8_t text[40];
	size_t i;

	for (i = 0; i < sizeof(text); i++) {
		memset(text, 'x', sizeof(text));
		cr_expect(value_is_text(bytes_at(text, sizeof(text))));
		text[i] = 0;
		cr_expect_not(value_is_text(bytes_at(text, sizeof(text))), "NUL at %zu", i);
		text[i] = 0x80;
		cr_expect_not(value_is_text(bytes_at(text, sizeof(text))), "tail at %zu", i);
	}
}

Test(value, no_type_has_an_empty_value)
{
	int i;

	for (i = VALUE_TEXT; i <= VALUE_BYTES; i++) {
		cr_expect_eq(value_check((enum value_type)i, bytes_at(NULL, 0)), RC_INVALID);
	}
}

Test(value, lengths_have_bounds)
{
	memset(memory, 'x', sizeof(memory));
	cr_expect_eq(value_check(VALUE_TEXT, bytes_at(memory, LIMIT_VALUE_BYTES_MAX)), RC_OK);
	cr_expect_eq(value_check(VALUE_TEXT, bytes_at(memory, LIMIT_VALUE_BYTES_MAX + 1)),
		     RC_INVALID);
	cr_expect_eq(value_check(VALUE_BYTES, bytes_at(memory, LIMIT_VALUE_BYTES_MAX)), RC_OK);
	cr_expect_eq(value_check(VALUE_BYTES, bytes_at(memory, LIMIT_VALUE_BYTES_MAX + 1)),
		     RC_INVALID);
	cr_expect_eq(value_check(VALUE_CODE, bytes_at(memory, LIMIT_NAME_BYTES_MAX)), RC_OK);
	cr_expect_eq(value_check(VALUE_CODE, bytes_at(memory, LIMIT_NAME_BYTES_MAX + 1)),
		     RC_INVALID);
}

Test(value, check_refuses_what_is_not_canonical)
{
	static const struct {
		enum value_type type;
		const char *p;
		size_t len;
		bool valid;
		const char *why;
	} rows[] = {
		{ VALUE_INT, LITERAL("\x00"), true, "zero" },
		{ VALUE_INT, LITERAL("\x01"), true, "minus one" },
		{ VALUE_INT, LITERAL("\x80\x01"), true, "64" },
		{ VALUE_INT, LITERAL("\x80\x00"), false, "zero in two bytes" },
		{ VALUE_INT, LITERAL("\x81\x80\x00"), false, "minus one in three" },
		{ VALUE_INT, LITERAL("\x80"), false, "cut short" },
		{ VALUE_INT, LITERAL("\x00\x00"), false, "a byte too many" },
		{ VALUE_INT, LITERAL("\x80\x01\x01"), false, "a number and another" },
		{ VALUE_INT, LITERAL("\xfe\xff\xff\xff\xff\xff\xff\x1f"), true, "2^53-1" },
		{ VALUE_INT, LITERAL("\xfd\xff\xff\xff\xff\xff\xff\x1f"), true, "-(2^53-1)" },
		{ VALUE_INT, LITERAL("\xff\xff\xff\xff\xff\xff\xff\x1f"), false, "-2^53" },
		{ VALUE_INT, LITERAL("\x80\x80\x80\x80\x80\x80\x80\x20"), false, "2^53" },
		{ VALUE_INT, LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), false, "-2^63" },
		{ VALUE_INT, LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\x01"), false, "nine bytes" },
		{ VALUE_DECIMAL, LITERAL("\xfe\xff\xff\xff\xff\xff\xff\x1f"), true,
		  "the same range" },
		{ VALUE_DECIMAL, LITERAL("\x80\x00"), false, "the same form" },
		{ VALUE_BOOL, LITERAL("\x00"), true, "false" },
		{ VALUE_BOOL, LITERAL("\x01"), true, "true" },
		{ VALUE_BOOL, LITERAL("\x02"), false, "neither" },
		{ VALUE_BOOL, LITERAL("\x01\x00"), false, "two bytes" },
		{ VALUE_LINK, LITERAL("\1\2\3\4\5\6\x7f\xff\xbf\0\0\0\0\0\0\0"), true, "an id" },
		{ VALUE_LINK, LITERAL("\1\2\3\4\5\6\x4f\xff\xbf\0\0\0\0\0\0\0"), false,
		  "version 4" },
		{ VALUE_LINK, LITERAL("\1\2\3\4\5\6\x7f\xff\xff\0\0\0\0\0\0\0"), false, "variant" },
		{ VALUE_LINK, LITERAL("\1\2\3\4\5\6\x7f\xff\xbf\0\0\0\0\0\0"), false, "15 bytes" },
		{ VALUE_LINK, LITERAL("\1\2\3\4\5\6\x7f\xff\xbf\0\0\0\0\0\0\0\0"), false,
		  "17 bytes" },
		{ VALUE_BYTES, LITERAL("\0\xff\x80"), true, "any bytes" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_expect_eq(value_check(rows[i].type, bytes_at(rows[i].p, rows[i].len)),
			     rows[i].valid ? RC_OK : RC_INVALID, "%s: %s",
			     value_type_text(rows[i].type), rows[i].why);
	}
}

static struct bytes number(int64_t n)
{
	static uint8_t buffer[16];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_zigzag(&w, n);
	return bytes_written(&w);
}

Test(value, check_judges_the_calendar)
{
	cr_expect_eq(value_check(VALUE_DATE, number(date_pack(2016, 2, 29))), RC_OK);
	cr_expect_eq(value_check(VALUE_DATE, number(date_pack(2015, 2, 29))), RC_INVALID);
	cr_expect_eq(value_check(VALUE_DATE, number(date_pack(2016, 2, 0))), RC_INVALID);
	cr_expect_eq(value_check(VALUE_DATE, number(0)), RC_INVALID);
	cr_expect_eq(value_check(VALUE_DATE, number(-date_pack(2016, 2, 29))), RC_INVALID);
	cr_expect_eq(value_check(VALUE_DATE, number(INT64_C(1) << 40 | date_pack(2016, 2, 29))),
		     RC_INVALID, "not cut to 32 bits");
	cr_expect_eq(value_check(VALUE_PDATE, number(date_pack(2016, 2, 0))), RC_OK);
	cr_expect_eq(value_check(VALUE_PDATE, number(date_pack(2016, 0, 0))), RC_OK);
	cr_expect_eq(value_check(VALUE_PDATE, number(date_pack(2016, 0, 1))), RC_INVALID);
	cr_expect_eq(value_check(VALUE_PDATE, number(date_pack(10000, 1, 1))), RC_INVALID);
	cr_expect_eq(value_check(VALUE_TIME, number(-1)), RC_OK);
	cr_expect_eq(value_check(VALUE_TIME, number(INT64_C(253402300799999))), RC_OK);
	cr_expect_eq(value_check(VALUE_TIME, number(INT64_C(253402300800000))), RC_INVALID);
	cr_expect_eq(value_check(VALUE_TIME, number(INT64_C(-62135596800001))), RC_INVALID);
}

/* out NULL: refused with rc. */
struct text_row {
	enum value_type type;
	unsigned scale;
	const char *in, *out;
	enum rc rc;
	const char *why;
};

static void check_texts(const struct text_row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct text_row *row = &rows[i];
		struct bytes_writer w = bytes_writer_init(memory, sizeof(memory));
		uint8_t text[256];
		struct bytes_writer out = bytes_writer_init(text, sizeof(text));
		enum rc rc = value_parse(row->type, row->scale, bytes_of(row->in), &w);

		cr_expect_eq(rc, row->rc, "%s \"%s\": %s", value_type_text(row->type), row->in,
			     row->why);
		cr_expect_eq(w.len > 0, rc == RC_OK, "written only when it went well: %s",
			     row->why);
		cr_expect_eq(w.rc, RC_OK, "the writer stays good: %s", row->why);
		if (rc != RC_OK || row->out == NULL) {
			continue;
		}
		cr_expect_eq(value_check(row->type, bytes_written(&w)), RC_OK, "%s", row->why);
		value_format(row->type, row->scale, bytes_written(&w), &out);
		cr_expect(bytes_equal(bytes_written(&out), bytes_of(row->out)), "%s \"%.*s\": %s",
			  row->in, (int)out.len, (char *)text, row->why);
	}
}

Test(value, numbers_are_read_and_written)
{
	static const struct text_row rows[] = {
		{ VALUE_INT, 0, "0", "0", RC_OK, "zero" },
		{ VALUE_INT, 0, "-12", "-12", RC_OK, "negative" },
		{ VALUE_INT, 0, "-0", "0", RC_OK, "zero has no sign" },
		{ VALUE_INT, 0, "007", "7", RC_OK, "zeros in front" },
		{ VALUE_INT, 0, "9007199254740991", "9007199254740991", RC_OK, "2^53-1" },
		{ VALUE_INT, 0, "-9007199254740991", "-9007199254740991", RC_OK, "-(2^53-1)" },
		{ VALUE_INT, 0, "9007199254740992", NULL, RC_LIMIT, "2^53" },
		{ VALUE_INT, 0, "-9007199254740992", NULL, RC_LIMIT, "-2^53" },
		{ VALUE_INT, 0, "18446744073709551617", NULL, RC_LIMIT, "2^64+1" },
		{ VALUE_INT, 0, "99999999999999999999999999", NULL, RC_LIMIT, "26 digits" },
		{ VALUE_INT, 0, "99999999999999999999x", NULL, RC_INVALID, "no number at all" },
		{ VALUE_INT, 0, "", NULL, RC_INVALID, "nothing" },
		{ VALUE_INT, 0, "-", NULL, RC_INVALID, "a sign alone" },
		{ VALUE_INT, 0, "--1", NULL, RC_INVALID, "two signs" },
		{ VALUE_INT, 0, "+1", NULL, RC_INVALID, "a plus" },
		{ VALUE_INT, 0, " 1", NULL, RC_INVALID, "a space" },
		{ VALUE_INT, 0, "1 000", NULL, RC_INVALID, "thousands by space" },
		{ VALUE_INT, 0, "1,000", NULL, RC_INVALID, "thousands by comma" },
		{ VALUE_INT, 0, "1.0", NULL, RC_INVALID, "a point" },
		{ VALUE_INT, 0, "1e3", NULL, RC_INVALID, "an exponent" },
		{ VALUE_INT, 0, "0x10", NULL, RC_INVALID, "hexadecimal" },
		{ VALUE_DECIMAL, 2, "12.50", "12.50", RC_OK, "as written" },
		{ VALUE_DECIMAL, 2, "12.5", "12.50", RC_OK, "filled up" },
		{ VALUE_DECIMAL, 2, "12", "12.00", RC_OK, "without a point" },
		{ VALUE_DECIMAL, 2, "12.5000", "12.50", RC_OK, "zeros that say nothing" },
		{ VALUE_DECIMAL, 2, "-0.05", "-0.05", RC_OK, "negative and below one" },
		{ VALUE_DECIMAL, 2, "-0.00", "0.00", RC_OK, "zero has no sign" },
		{ VALUE_DECIMAL, 0, "12", "12", RC_OK, "no digits after the point" },
		{ VALUE_DECIMAL, 9, "0.000000001", "0.000000001", RC_OK, "the finest" },
		{ VALUE_DECIMAL, 9, "9007199.254740991", "9007199.254740991", RC_OK,
		  "the largest" },
		{ VALUE_DECIMAL, 9, "9007199.254740992", NULL, RC_LIMIT, "one more" },
		{ VALUE_DECIMAL, 2, "90071992547410", NULL, RC_LIMIT, "too large for its scale" },
		{ VALUE_DECIMAL, 2, "12.505", NULL, RC_INVALID, "a digit would be lost" },
		{ VALUE_DECIMAL, 2, "12.", NULL, RC_INVALID, "a point without digits" },
		{ VALUE_DECIMAL, 2, ".5", NULL, RC_INVALID, "no digit before it" },
		{ VALUE_DECIMAL, 2, "-.5", NULL, RC_INVALID, "nor after a sign" },
		{ VALUE_DECIMAL, 2, "12,50", NULL, RC_INVALID, "a comma" },
		{ VALUE_DECIMAL, 2, "1.2.3", NULL, RC_INVALID, "two points" },
		{ VALUE_DECIMAL, 2, "12.5x", NULL, RC_INVALID, "something after it" },
		{ VALUE_DECIMAL, 0, "12.0", NULL, RC_INVALID, "a point where none is" },
	};

	check_texts(rows, COUNT(rows));
}

Test(value, other_texts_are_read_and_written)
{
	static const struct text_row rows[] = {
		{ VALUE_TEXT, 0, "Da\xc5\x9foguz", "Da\xc5\x9foguz", RC_OK, "a text" },
		{ VALUE_TEXT, 0, " ", " ", RC_OK, "spaces are kept" },
		{ VALUE_TEXT, 0, "", NULL, RC_INVALID, "unset is no value" },
		{ VALUE_TEXT, 0, "\xed\xa0\x80", NULL, RC_INVALID, "a surrogate" },
		{ VALUE_BOOL, 0, "true", "true", RC_OK, "true" },
		{ VALUE_BOOL, 0, "false", "false", RC_OK, "false" },
		{ VALUE_BOOL, 0, "TRUE", NULL, RC_INVALID, "upper case" },
		{ VALUE_BOOL, 0, "1", NULL, RC_INVALID, "a number" },
		{ VALUE_DATE, 0, "2016-12-09", "2016-12-09", RC_OK, "a date" },
		{ VALUE_DATE, 0, "2016-12", NULL, RC_INVALID, "a month" },
		{ VALUE_DATE, 0, "2015-02-29", NULL, RC_INVALID, "no such day" },
		{ VALUE_PDATE, 0, "2016-12-09", "2016-12-09", RC_OK, "a day" },
		{ VALUE_PDATE, 0, "2016-12", "2016-12", RC_OK, "a month" },
		{ VALUE_PDATE, 0, "2016", "2016", RC_OK, "a year" },
		{ VALUE_PDATE, 0, "2016-00", NULL, RC_INVALID, "month 0" },
		{ VALUE_TIME, 0, "2016-12-09T05:00:00+05:00", "2016-12-09T00:00:00Z", RC_OK,
		  "UTC" },
		{ VALUE_TIME, 0, "2016-12-09", NULL, RC_INVALID, "a date" },
		{ VALUE_CODE, 0, "REF", "REF", RC_OK, "a code" },
		{ VALUE_CODE, 0, "1234567890123456789012345678901234567890123456789012345678901234",
		  "1234567890123456789012345678901234567890123456789012345678901234", RC_OK,
		  "64 bytes" },
		{ VALUE_CODE, 0,
		  "12345678901234567890123456789012345678901234567890123456789012345", NULL,
		  RC_LIMIT, "65 bytes" },
		{ VALUE_LINK, 0, "017F22E2-79b0-7cc3-98c4-dc0c0c07398f",
		  "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", RC_OK, "an id" },
		{ VALUE_LINK, 0, "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", NULL, RC_INVALID,
		  "version 4" },
		{ VALUE_BYTES, 0, "00fFa5", "00ffa5", RC_OK, "hexadecimal" },
		{ VALUE_BYTES, 0, "00f", NULL, RC_INVALID, "half a byte" },
		{ VALUE_BYTES, 0, "0g", NULL, RC_INVALID, "no digit" },
		{ VALUE_BYTES, 0, "", NULL, RC_INVALID, "nothing" },
	};

	check_texts(rows, COUNT(rows));
}

Test(value, canonical_bytes_are_those_of_the_table)
{
	uint8_t buffer[16];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	cr_assert_eq(value_parse(VALUE_INT, 0, bytes_of("-12"), &w), RC_OK);
	cr_assert_eq(value_parse(VALUE_DECIMAL, 2, bytes_of("12.50"), &w), RC_OK);
	cr_assert_eq(value_parse(VALUE_BOOL, 0, bytes_of("true"), &w), RC_OK);
	cr_assert_eq(value_parse(VALUE_DATE, 0, bytes_of("2016-12-09"), &w), RC_OK);
	cr_expect(bytes_equal(bytes_written(&w), bytes_at("\x17\xc4\x13\x01\x92\x86\x7e", 7)),
		  "appended one after another");
}

Test(value, too_long_a_text_or_a_full_writer_writes_nothing)
{
	uint8_t small[3] = { 7, 7, 7 };
	struct bytes_writer w = bytes_writer_init(small, 2);
	struct bytes_writer big = bytes_writer_init(memory, sizeof(memory));
	static uint8_t text[LIMIT_VALUE_BYTES_MAX + 1];

	memset(text, 'x', sizeof(text));
	cr_expect_eq(value_parse(VALUE_TEXT, 0, bytes_at(text, sizeof(text)), &big), RC_LIMIT);
	cr_expect_eq(big.len, 0);
	cr_expect_eq(value_parse(VALUE_TEXT, 0, bytes_at(text, sizeof(text) - 1), &big), RC_OK);

	cr_expect_eq(value_parse(VALUE_BYTES, 0, bytes_of("010203"), &w), RC_LIMIT);
	cr_expect_eq(w.len, 0, "not even a part");
	cr_expect_eq(value_parse(VALUE_BOOL, 0, bytes_of("true"), &w), RC_LIMIT,
		     "a writer that failed stays so");
	cr_expect_eq(w.len, 0);
	cr_expect_eq(small[2], 7);
}

Test(value, numbers_of_values)
{
	uint8_t one = 1;

	cr_expect_eq(value_number(VALUE_INT, number(-5)), -5);
	cr_expect_eq(value_number(VALUE_TIME, number(VALUE_INT_MAX)), VALUE_INT_MAX);
	cr_expect_eq(value_number(VALUE_INT, number(-VALUE_INT_MAX)), -VALUE_INT_MAX);
	cr_expect_eq(value_number(VALUE_BOOL, bytes_at(&one, 1)), 1);
	cr_expect_eq(value_number(VALUE_TEXT, bytes_of("5")), 0);
	cr_expect_eq(value_number(VALUE_INT, bytes_at("\x80", 1)), 0, "cut short: nothing is read");
	cr_expect_eq(value_number(VALUE_INT, bytes_at(NULL, 0)), 0);
}

Test(value, compare_orders_by_meaning)
{
	static const struct {
		enum value_type type;
		const char *less, *more, *why;
	} rows[] = {
		{ VALUE_INT, "-100", "-1", "negative" },
		{ VALUE_INT, "-1", "0", "around zero" },
		{ VALUE_INT, "63", "64", "one byte and two" },
		{ VALUE_INT, "-9007199254740991", "9007199254740991", "the ends" },
		{ VALUE_DECIMAL, "-0.10", "0.09", "decimals" },
		{ VALUE_BOOL, "false", "true", "bools" },
		{ VALUE_DATE, "2015-12-31", "2016-01-01", "dates" },
		{ VALUE_PDATE, "2016", "2016-01", "unknown months first" },
		{ VALUE_PDATE, "2016-01", "2016-01-01", "unknown days first" },
		{ VALUE_TIME, "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "times" },
		{ VALUE_TEXT, "a", "ab", "a prefix" },
		{ VALUE_TEXT, "Z", "a", "by bytes" },
		{ VALUE_CODE, "10", "9", "codes are no numbers" },
		{ VALUE_LINK, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
		  "017f22e2-79b1-7cc3-98c4-dc0c0c07398f", "ids by time" },
		{ VALUE_BYTES, "7f", "80", "unsigned" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		uint8_t x[64], y[64];
		struct bytes_writer a = bytes_writer_init(x, sizeof(x));
		struct bytes_writer b = bytes_writer_init(y, sizeof(y));
		enum value_type type = rows[i].type;

		cr_assert_eq(value_parse(type, 2, bytes_of(rows[i].less), &a), RC_OK);
		cr_assert_eq(value_parse(type, 2, bytes_of(rows[i].more), &b), RC_OK);
		cr_expect(value_compare(type, bytes_written(&a), bytes_written(&b)) < 0, "%s",
			  rows[i].why);
		cr_expect(value_compare(type, bytes_written(&b), bytes_written(&a)) > 0, "%s",
			  rows[i].why);
		cr_expect_eq(value_compare(type, bytes_written(&a), bytes_written(&a)), 0, "%s",
			     rows[i].why);
	}
}

/* Whatever three bytes say: if they are a number, writing it gives them back. */
Test(value, equal_numbers_are_equal_bytes)
{
	uint32_t i;

	for (i = 0; i < 1u << 24; i++) {
		uint8_t in[3] = { (uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16) };
		size_t len = in[0] < 0x80 ? 1 : in[1] < 0x80 ? 2 : 3;
		struct bytes v = bytes_at(in, len);
		uint8_t out[10];
		struct bytes_writer w = bytes_writer_init(out, sizeof(out));

		if (value_check(VALUE_INT, v) == RC_OK) {
			value_put_number(&w, value_number(VALUE_INT, v));
			cr_assert(bytes_equal(bytes_written(&w), v), "%06x", i);
		}
	}
}
