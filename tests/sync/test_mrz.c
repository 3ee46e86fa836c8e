#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sync/mrz.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Zones as their documents have them; synthetic, or of ICAO Doc 9303. */
static const struct {
	const char *lines;
	const char *why;
} valid[] = {
	{ "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n"
	  "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
	  "TD3, part 4" },
	{ "PRTKMNURMUHAMMEDOW<<GURBANGELDI<<<<<<<<<<<<<\n"
	  "R000000179XXB8503172M2704302<<<<<<<<<<<<<<<4",
	  "a refugee; no personal number, and < for its check digit" },
	{ "PSTKMEGENOWA<<GULJAHAN<<<<<<<<<<<<<<<<<<<<<<\n"
	  "S000000246XXA8705219F2612317<<<<<<<<<<<<<<<0",
	  "a stateless person" },
	{ "ARTKMRP00012342<<<<<<<<<<<<<<<\n"
	  "7901058F2309143AFG<<<<<<<<<<<2\n"
	  "RAHIMI<<ZAHRA<<<<<<<<<<<<<<<<<",
	  "TD1, a residence card" },
	{ "I<UTOD231458907<<<<<<<<<<<<<<<\n"
	  "7408122F1204159UTO<<<<<<<<<<<6\n"
	  "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
	  "TD1, part 5" },
	{ "I<UTOD23145890<7349<<<<<<<<<<<\n"
	  "3407127M9507122UTO<<<<<<<<<<<2\n"
	  "STEVENSON<<PETER<JOHN<<<<<<<<<",
	  "TD1, part 5: a number of 12 characters" },
	{ "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\n"
	  "D231458907UTO7408122F1204159<<<<<<<6",
	  "TD2, part 6" },
	{ "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n"
	  "L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
	  "MRV-A, part 7: no composite" },
	{ "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\n"
	  "L8988901C4XXX4009078F9612109<<<<<<<<",
	  "MRV-B, part 7" },
};

Test(mrz, takes_zones_with_and_without_newlines)
{
	size_t i, k, len;

	for (i = 0; i < COUNT(valid); i++) {
		char joined[128];

		cr_expect_eq(mrz_check(bytes_of(valid[i].lines)), MRZ_FINE, "%s", valid[i].why);
		for (k = 0, len = 0; valid[i].lines[k] != '\0'; k++) {
			if (valid[i].lines[k] != '\n') {
				joined[len++] = valid[i].lines[k];
			}
		}
		cr_expect_eq(mrz_check(bytes_at(joined, len)), MRZ_FINE, "%s", valid[i].why);
	}
}

/* The first zone with one character changed. */
static enum mrz_fault check_changed(size_t zone, size_t at, char c)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "%s", valid[zone].lines);
	text[at] = c;
	return mrz_check(bytes_of(text));
}

Test(mrz, names_the_digit_that_fails)
{
	static const struct {
		size_t zone, at;
		char c;
		enum mrz_fault fault;
		const char *why;
	} rows[] = {
		{ 0, 45, 'M', MRZ_NUMBER, "a character of the number" },
		{ 0, 54, '7', MRZ_NUMBER, "its check digit" },
		{ 0, 54, '<', MRZ_NUMBER, "a long number has no place in TD3" },
		{ 0, 58, '5', MRZ_BIRTH, "1974 to 1975" },
		{ 0, 71, '3', MRZ_EXPIRY, "the last day of the expiry" },
		{ 0, 73, 'Y', MRZ_PERSONAL, "the personal number" },
		{ 0, 87, '2', MRZ_PERSONAL, "its check digit" },
		{ 0, 88, '1', MRZ_COMPOSITE, "the last digit" },
		{ 1, 87, '0', MRZ_FINE, "no personal number, and 0 for its check digit" },
		{ 3, 5, 'S', MRZ_NUMBER, "TD1" },
		{ 3, 32, '8', MRZ_BIRTH, "TD1" },
		{ 3, 40, '4', MRZ_EXPIRY, "TD1" },
		{ 3, 60, '3', MRZ_COMPOSITE, "TD1" },
		{ 3, 20, 'B', MRZ_COMPOSITE, "optional data count in the composite" },
		{ 5, 18, '8', MRZ_NUMBER, "the check digit of a long number" },
		{ 5, 16, '8', MRZ_NUMBER, "the end of a long number" },
		{ 6, 72, '7', MRZ_COMPOSITE, "TD2" },
		{ 7, 46, '9', MRZ_NUMBER, "a visa" },
		{ 7, 88, '1', MRZ_FINE, "optional data of a visa have no check digit" },
		{ 0, 46, 'o', MRZ_CHARACTER, "small letters" },
		{ 0, 44, '<', MRZ_LENGTH, "no newline where the line ends" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_expect_eq(check_changed(rows[i].zone, rows[i].at, rows[i].c), rows[i].fault,
			     "%s: %d", rows[i].why,
			     (int)check_changed(rows[i].zone, rows[i].at, rows[i].c));
	}
}

Test(mrz, finds_every_mistyped_digit)
{
	/* The weights have no factor in common with 10: no digit hides. */
	size_t at, found = 0;
	char c;

	for (at = 45; at < 89; at++) {
		for (c = '0'; c <= '9'; c++) {
			char old = valid[0].lines[at];

			if (old >= '0' && old <= '9' && c != old) {
				cr_expect_neq(check_changed(0, at, c), MRZ_FINE, "%zu %c", at, c);
				found++;
			}
		}
	}
	cr_expect_gt(found, 100);
}

Test(mrz, refuses_other_lengths)
{
	static const char *const rows[] = { "", "V", "PASSPORT", "\n", "V\n" };
	char text[400];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_expect_eq(mrz_check(bytes_of(rows[i])), MRZ_LENGTH, "%zu", i);
	}
	memset(text, '<', sizeof(text));
	for (i = 0; i < sizeof(text); i++) {
		bool known = i == 88 || i == 72 || i == 90;

		cr_expect_eq(mrz_check(bytes_at(text, i)) == MRZ_LENGTH, !known, "%zu", i);
	}
}

Test(mrz, has_a_text_for_every_fault)
{
	cr_expect_str_empty(mrz_fault_text(MRZ_FINE));
	cr_expect_str_eq(mrz_fault_text(MRZ_BIRTH),
			 "the check digit of the birth date does not fit");
	cr_expect(strlen(mrz_fault_text(MRZ_LENGTH)) < 160);
}
