#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"

static uint8_t memory[65536];

static struct bytes normal(const char *text, enum text_form form, enum rc *rc)
{
	struct arena a = arena_init(memory, sizeof(memory));
	struct bytes out = { 0 };

	*rc = text_normalise(bytes_of(text), form, &a, &out);
	return out;
}

Test(text, normalises_to_nfc_and_refuses_the_rest)
{
	static const struct {
		const char *in, *out, *why; /* out NULL: refused */
	} rows[] = {
		{ "", "", "nothing is valid text" },
		{ "Lebap", "Lebap", "ASCII stays" },
		{ "Da\u015foguz", "Da\u015foguz", "composed stays" },
		{ "Das\u0327oguz", "Da\u015foguz", "s and cedilla are composed" },
		{ "A\u030a", "\u00c5", "a ring above" },
		{ "\u212b", "\u00c5", "the Angstrom sign is singleton-decomposed" },
		{ "\u1100\u1161", "\uac00", "Hangul is composed by rule" },
		{ "q\u0323\u0307", "q\u0323\u0307", "marks without a composed form stay" },
		{ "q\u0307\u0323", "q\u0323\u0307", "marks are put in canonical order" },
		{ "\ufb01", "\ufb01", "a ligature is compatibility only: NFC keeps it" },
		{ "a\tb", NULL, "a tab in a line" },
		{ "a\nb", NULL, "a newline in a line" },
		{ "\x7f", NULL, "DEL" },
		{ "\xc2\x85", NULL, "C1: next line" },
		{ "\x1b[31m", NULL, "an escape sequence" },
		{ "\xff", NULL, "never a byte of UTF-8" },
		{ "\xc3", NULL, "cut short" },
		{ "\xc0\xaf", NULL, "an over-long slash" },
		{ "\xe0\x80\xaf", NULL, "an over-long slash of three bytes" },
		{ "\xed\xa0\x80", NULL, "a surrogate" },
		{ "\xf4\x90\x80\x80", NULL, "beyond U+10FFFF" },
		{ "\x80", NULL, "a lone continuation byte" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum rc rc;
		struct bytes got = normal(rows[i].in, TEXT_LINE, &rc);

		cr_expect_eq(rc, rows[i].out == NULL ? RC_INVALID : RC_OK, "%s", rows[i].why);
		if (rows[i].out != NULL) {
			cr_expect(bytes_equal(got, bytes_of(rows[i].out)), "%s", rows[i].why);
		}
	}
}

Test(text, an_expression_is_in_the_form_of_what_it_looks_at)
{
	struct arena a = arena_init(memory, sizeof(memory));

	cr_assert(bytes_equal(text_expression("city = \"Das\u0327oguz\"", &a),
			      bytes_of("city = \"Da\u015foguz\"")));
	cr_assert(bytes_equal(text_expression("city = \"\xff\"", &a), bytes_of("city = \"\xff\"")));
}

Test(text, refuses_a_nul_in_the_middle)
{
	struct arena a = arena_init(memory, sizeof(memory));
	struct bytes out;

	cr_assert_eq(text_normalise(bytes_at("a\0b", 3), TEXT_LINES, &a, &out), RC_INVALID);
}

Test(text, lines_may_hold_newlines_and_tabs_but_nothing_else)
{
	enum rc rc;

	cr_expect(bytes_equal(normal("a\n\tb", TEXT_LINES, &rc), bytes_of("a\n\tb")));
	normal("a\rb", TEXT_LINES, &rc);
	cr_expect_eq(rc, RC_INVALID);
}

Test(text, lines_that_end_as_in_windows_end_in_a_newline)
{
	enum rc rc;

	cr_expect(bytes_equal(normal("a\r\n\r\nb\r\n", TEXT_LINES, &rc), bytes_of("a\n\nb\n")));
	cr_expect(bytes_equal(normal("s\u0327\r\n", TEXT_LINES, &rc), bytes_of("\u015f\n")));
	normal("a\r\r\nb", TEXT_LINES, &rc);
	cr_expect_eq(rc, RC_INVALID, "a lone CR is not part of a line's end");
	normal("a\r\nb", TEXT_LINE, &rc);
	cr_expect_eq(rc, RC_INVALID, "a line has no end inside");
}

Test(text, finds_the_control_character_that_it_refuses)
{
	int32_t c = 0;

	cr_expect(text_find_control(bytes_of("a\ab\x01"), TEXT_LINES, &c) && c == 7);
	cr_expect(text_find_control(bytes_at("a\0b", 3), TEXT_LINES, &c) && c == 0);
	cr_expect(text_find_control(bytes_of("\u015f\xc2\x85"), TEXT_LINE, &c) && c == 0x85);
	cr_expect_not(text_find_control(bytes_of("a\tb\r\n"), TEXT_LINES, &c));
	cr_expect_not(text_find_control(bytes_of("a\xff\a"), TEXT_LINES, &c), "no text at all");
}

Test(text, says_when_the_arena_is_too_small)
{
	uint8_t little[16];
	struct arena a = arena_init(little, sizeof(little));
	struct bytes out;

	cr_assert_eq(text_normalise(bytes_of("Das\u0327oguz"), TEXT_LINE, &a, &out), RC_NOMEM);
}

Test(text, normalises_the_longest_expansion_within_its_buffer)
{
	struct arena a = arena_init(memory, sizeof(memory));
	struct bytes out;
	char in[3 * 1000 + 1];
	size_t i;

	/* U+FB2C becomes three characters in NFC, the most there is. */
	for (i = 0; i < 1000; i++) {
		memcpy(in + 3 * i, "\xef\xac\xac", 3);
	}
	in[sizeof(in) - 1] = '\0';
	cr_assert_eq(text_normalise(bytes_of(in), TEXT_LINE, &a, &out), RC_OK);
	cr_assert_eq(out.len, 6000);
}

Test(text, tells_utf8)
{
	cr_expect(text_is_utf8(bytes_of("")));
	cr_expect(text_is_utf8(bytes_of("A\u015fgabat")));
	cr_expect_not(text_is_utf8(bytes_of("A\xc5")));
	cr_expect_not(text_is_utf8(bytes_of("\xed\xa0\x80")));
}

Test(text, shows_control_characters_as_escapes)
{
	static const struct {
		const char *in, *out, *why;
	} rows[] = {
		{ "Mary", "Mary", "plain" },
		{ "A\u015fgabat", "A\u015fgabat", "UTF-8 stays" },
		{ "a\nb\tc", "a\\nb\\tc", "newline and tab by name" },
		{ "\x1b]0;x\x07", "\\x1b]0;x\\x07", "a terminal's title" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m", "the one-byte CSI of C1" },
		{ "\xff\xfe", "\\xff\\xfe", "not UTF-8" },
		{ "a\u202etxt", "a\\u202etxt", "an override of the direction" },
		{ "a\u061cb", "a\\u061cb", "the Arabic letter mark" },
		{ "a\u2028b\u2029", "a\\u2028b\\u2029", "ends of lines and paragraphs" },
		{ "a\u2066b\u2069", "a\\u2066b\\u2069", "an isolate" },
		{ "\ufeff"
		  "id",
		  "\\ufeffid", "what nobody sees" },
		{ "\u200fa", "\u200fa", "a mark that turns nothing" },
	};
	char out[64];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_str_eq(text_printable(out, sizeof(out), bytes_of(rows[i].in)),
				 rows[i].out, "%s", rows[i].why);
	}
}

Test(text, cuts_what_does_not_fit_between_characters)
{
	char out[8];

	cr_expect_str_eq(text_printable(out, 8, bytes_of("1234567")), "1234567");
	cr_expect_str_eq(text_printable(out, 8, bytes_of("12345678")), "1234...");
	cr_expect_str_eq(text_printable(out, 8, bytes_of("123\u015f5678")), "123...");
	cr_expect_str_eq(text_printable(out, 4, bytes_of("12345678")), "...");
}

Test(text, cuts_at_every_size_without_overrun)
{
	size_t max;

	for (max = 4; max < 40; max++) {
		char *out = malloc(max); /* so that a sanitizer sees an overrun */

		text_printable(out, max,
			       bytes_of("a\x01"
					"b\u015f\xff\n c\U0001f42a\u0130 end"));
		cr_expect_lt(strlen(out), max);
		cr_expect(text_is_utf8(bytes_of(out)), "cut at %zu: %s", max, out);
		free(out);
	}
}

Test(text, is_blank_when_nothing_can_be_seen)
{
	static const struct {
		const char *in;
		bool blank;
		const char *why;
	} rows[] = {
		{ "", true, "nothing" },
		{ " \t\n", true, "blanks and ends of lines" },
		{ "\u00a0\u2003", true, "a blank that does not break, a wide one" },
		{ "\u200b\u2060\ufeff", true, "marks of no width" },
		{ " .", false, "a full stop" },
		{ "\u00a0\u044f", false, "a letter" },
		{ "\xff", false, "not UTF-8: others refuse it" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(text_is_blank(bytes_of(rows[i].in)), rows[i].blank, "%s", rows[i].why);
	}
}

Test(text, finds_what_was_meant)
{
	static const char *const names[] = { "office invite", "import",  "export", "init",
					     "status",        "figures", "set" };
	static const struct {
		const char *typed, *meant, *why;
	} rows[] = {
		{ "improt", "import", "two letters swapped are one mistake" },
		{ "exprot", "export", "the nearer of two" },
		{ "staus", "status", "one left out" },
		{ "figure", "figures", "one left out at the end" },
		{ "INIT", "init", "case does not count" },
		{ "ofice invit", "office invite", "two mistakes in a long name" },
		{ "ste", "set", "one mistake in a short name" },
		{ "sets", "set", "one too many" },
		{ "xyz", NULL, "near nothing" },
		{ "s", NULL, "two missing of three" },
		{ "", NULL, "nothing typed" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = text_nearest(rows[i].typed, names, 7);

		cr_expect(rows[i].meant == NULL ? got == NULL :
						  got != NULL && strcmp(got, rows[i].meant) == 0,
			  "%s (%s): %s", rows[i].typed, rows[i].why, got == NULL ? "-" : got);
	}
}

Test(text, an_overlong_name_is_near_nothing)
{
	char typed[1000];
	static const char *const names[] = { "init" };

	memset(typed, 'i', sizeof(typed) - 1);
	typed[sizeof(typed) - 1] = '\0';
	cr_assert_null(text_nearest(typed, names, 1));
}
