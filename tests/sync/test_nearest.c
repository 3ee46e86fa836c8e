#include <criterion/criterion.h>

#include "sync/nearest.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *find(const char *wanted)
{
	static const char *const names[] = { "state", "status", "sex", "granted_on", "REF", "M" };
	struct nearest n = nearest_init(bytes_of(wanted));
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		nearest_offer(&n, names[i], names[i]);
	}
	return n.found;
}

Test(nearest, finds_what_was_probably_meant)
{
	static const struct {
		const char *wanted, *want, *why;
	} rows[] = {
		{ "stat", "state", "a byte is missing" },
		{ "sttae", "state", "two are swapped" },
		{ "stateq", "state", "one is too many" },
		{ "stats", "state", "the first of equals" },
		{ "statu", "state", "one away, as status is, which came later" },
		{ "Status", "status", "case does not count" },
		{ "granted", "granted_on", "the beginning of a longer name" },
		{ "grantet", NULL, "four bytes of seven are too many" },
		{ "gr", NULL, "a beginning of two bytes says little" },
		{ "granetd_no", "granted_on", "two swaps in a long name" },
		{ "six", "sex", "one in a short name" },
		{ "sax1", NULL, "two in a short name" },
		{ "m", "M", "one letter, by case" },
		{ "x", NULL, "one letter is near nothing else" },
		{ "", NULL, "nothing" },
		{ "colour", NULL, "nothing like it" },
		{ "1234567890123456789012345678901234567890123456789012345678901234x", NULL,
		  "longer than names are" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		const char *got = find(rows[i].wanted);

		cr_expect_str_eq(got == NULL ? "-" : got, rows[i].want == NULL ? "-" : rows[i].want,
				 "%s: %s", rows[i].wanted, rows[i].why);
	}
}

Test(nearest, a_label_answers_with_its_code)
{
	struct nearest n = nearest_init(bytes_of("refuge"));

	nearest_offer(&n, "R", "R");
	nearest_offer(&n, "", "none");
	nearest_offer(&n, "refugee", "R");
	cr_assert_not_null(n.found);
	cr_expect_str_eq(n.found, "R");
}
