#include <criterion/criterion.h>
#include <stdio.h>

#include "sync/date.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

Test(date, packs_order_like_dates_with_unknown_parts_first)
{
	static const int32_t rows[][3] = { { 2015, 12, 31 }, { 2016, 0, 0 },  { 2016, 1, 0 },
					   { 2016, 1, 1 },   { 2016, 1, 31 }, { 2016, 2, 0 },
					   { 2016, 12, 31 }, { 2017, 0, 0 },  { 9999, 12, 31 } };
	int32_t last = 0;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		int32_t d = date_pack(rows[i][0], (unsigned)rows[i][1], (unsigned)rows[i][2]);

		cr_expect_gt(d, last);
		cr_expect_eq(date_year(d), rows[i][0]);
		cr_expect_eq(date_month(d), (unsigned)rows[i][1]);
		cr_expect_eq(date_day(d), (unsigned)rows[i][2]);
		last = d;
	}
}

Test(date, knows_which_days_exist)
{
	static const struct {
		int year;
		unsigned month, day;
		bool full, partial;
		const char *why;
	} rows[] = {
		{ 2016, 2, 29, true, true, "divisible by 4" },
		{ 2015, 2, 29, false, false, "a common year" },
		{ 1900, 2, 29, false, false, "a century" },
		{ 2000, 2, 29, true, true, "divisible by 400" },
		{ 2016, 4, 31, false, false, "April has 30 days" },
		{ 2016, 12, 31, true, true, "December has 31" },
		{ 2016, 13, 1, false, false, "no such month" },
		{ 2016, 15, 31, false, false, "the largest fields" },
		{ 0, 1, 1, false, false, "no year 0" },
		{ 0, 0, 0, false, false, "nothing at all" },
		{ 1, 1, 1, true, true, "the first day" },
		{ 9999, 12, 31, true, true, "the last day" },
		{ 10000, 1, 1, false, false, "five digits" },
		{ 2016, 12, 0, false, true, "the day is not known" },
		{ 2016, 0, 0, false, true, "the month is not known" },
		{ 2016, 0, 5, false, false, "a day of no month" },
		{ 2016, 13, 0, false, false, "no such month, partial" },
		{ 10000, 0, 0, false, false, "five digits, partial" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		int32_t d = date_pack(rows[i].year, rows[i].month, rows[i].day);

		cr_expect_eq(date_is_valid(d, false), rows[i].full, "%s", rows[i].why);
		cr_expect_eq(date_is_valid(d, true), rows[i].partial, "%s", rows[i].why);
	}
	cr_expect_not(date_is_valid(-1, true));
	cr_expect_not(date_is_valid(INT32_MIN, true));
	cr_expect_not(date_is_valid(INT32_MAX, true));
}

/* Every day from 0001-01-01 to 9999-12-31, counted without the algorithm. */
Test(date, day_numbers_go_through_the_whole_calendar_and_back)
{
	static const unsigned DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int32_t days = -719162;
	int year;

	for (year = 1; year <= 9999; year++) {
		bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
		unsigned month, day;

		for (month = 1; month <= 12; month++) {
			unsigned last = DAYS[month - 1] + (leap && month == 2);

			for (day = 1; day <= last; day++, days++) {
				int32_t d = date_pack(year, month, day);

				cr_assert_eq(date_to_days(d), days, "%d-%u-%u", year, month, day);
				cr_assert_eq(date_from_days(days), d, "%d-%u-%u", year, month, day);
			}
		}
	}
	cr_expect_eq(days, 2932897);
	cr_expect_eq(date_to_days(date_pack(1970, 1, 1)), 0);
	cr_expect_eq(date_to_days(date_pack(2016, 12, 9)), 17144);
}

Test(date, age_counts_full_years)
{
	static const struct {
		int32_t from[3], on[3];
		int age;
		const char *why;
	} rows[] = {
		{ { 1980, 6, 15 }, { 2016, 6, 14 }, 35, "the day before the birthday" },
		{ { 1980, 6, 15 }, { 2016, 6, 15 }, 36, "the birthday" },
		{ { 1980, 6, 15 }, { 2016, 12, 1 }, 36, "a later month with an earlier day" },
		{ { 1980, 6, 15 }, { 2016, 5, 31 }, 35, "an earlier month with a later day" },
		{ { 1980, 6, 15 }, { 1980, 6, 15 }, 0, "the day itself" },
		{ { 1980, 6, 15 }, { 1980, 6, 14 }, -1, "before" },
		{ { 1981, 1, 1 }, { 1980, 12, 31 }, -1, "a year before" },
		{ { 2000, 2, 29 }, { 2001, 2, 28 }, 0, "a leap day, in a common year" },
		{ { 2000, 2, 29 }, { 2001, 3, 1 }, 1, "the day after" },
		{ { 2000, 2, 29 }, { 2004, 2, 29 }, 4, "a leap day, in a leap year" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		const int32_t *f = rows[i].from, *o = rows[i].on;

		cr_expect_eq(date_age(date_pack(f[0], (unsigned)f[1], (unsigned)f[2]),
				      date_pack(o[0], (unsigned)o[1], (unsigned)o[2])),
			     rows[i].age, "%s", rows[i].why);
	}
}

static const char *format(int32_t packed)
{
	static char text[32];
	struct bytes_writer w = bytes_writer_init(text, sizeof(text) - 1);

	date_format(packed, &w);
	cr_assert_eq(w.rc, RC_OK);
	text[w.len] = '\0';
	return text;
}

Test(date, reads_and_writes_the_texts_of_dates)
{
	static const struct {
		const char *text;
		bool full, partial;
		const char *why;
	} rows[] = {
		{ "2016-12-09", true, true, "a day" },
		{ "0001-01-01", true, true, "four digits always" },
		{ "9999-12-31", true, true, "the last day" },
		{ "2016-02-29", true, true, "a leap day" },
		{ "2016-12", false, true, "a month" },
		{ "2016", false, true, "a year" },
		{ "", false, false, "nothing" },
		{ "2016-00", false, false, "an unknown month is left out, not 00" },
		{ "2016-12-00", false, false, "an unknown day is left out, not 00" },
		{ "2016-00-00", false, false, "both" },
		{ "0000", false, false, "no year 0" },
		{ "2015-02-29", false, false, "no leap day" },
		{ "2016-13-01", false, false, "no such month" },
		{ "2016-1-9", false, false, "one digit" },
		{ "16-12-09", false, false, "two digits of a year" },
		{ "2016-12-09 ", false, false, "a space after it" },
		{ " 2016-12-09", false, false, "a space before it" },
		{ "2016-12-", false, false, "a hyphen too many" },
		{ "2016-", false, false, "a hyphen after the year" },
		{ "2016/12/09", false, false, "slashes" },
		{ "09.12.2016", false, false, "another order" },
		{ "20161209", false, false, "no hyphens" },
		{ "12016-12-09", false, false, "five digits" },
		{ "-016-12-09", false, false, "a sign" },
		{ "2016-12-0\xd9\xa9", false, false, "a digit that is not ASCII" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct bytes text = bytes_of(rows[i].text);
		int32_t d = -7;

		cr_expect_eq(date_parse(text, false, &d), rows[i].full ? RC_OK : RC_INVALID,
			     "%s: %s", rows[i].text, rows[i].why);
		cr_expect_eq(d != -7, rows[i].full, "out is left alone: %s", rows[i].why);
		d = -7;
		cr_expect_eq(date_parse(text, true, &d), rows[i].partial ? RC_OK : RC_INVALID,
			     "%s: %s", rows[i].text, rows[i].why);
		if (d != -7) {
			cr_expect_str_eq(format(d), rows[i].text);
		}
	}
}

Test(date, reads_rfc_3339_and_writes_it_in_utc)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
		const char *why;
	} rows[] = {
		{ "2016-12-09T10:20:30Z", "2016-12-09T10:20:30Z", "UTC" },
		{ "2016-12-09T10:20:30.5Z", "2016-12-09T10:20:30.500Z", "a tenth" },
		{ "2016-12-09T10:20:30.000Z", "2016-12-09T10:20:30Z", "no milliseconds" },
		{ "2016-12-09T10:20:30.0079999Z", "2016-12-09T10:20:30.007Z", "finer digits" },
		{ "2016-12-09T10:20:30+05:00", "2016-12-09T05:20:30Z", "Asgabat" },
		{ "2016-12-09T00:20:30+05:30", "2016-12-08T18:50:30Z", "into the day before" },
		{ "2016-12-31T23:20:30-05:00", "2017-01-01T04:20:30Z", "into the next year" },
		{ "2016-12-09T10:20:30-00:00", "2016-12-09T10:20:30Z", "an unknown zone" },
		{ "2016-12-09t10:20:30z", "2016-12-09T10:20:30Z", "lower case" },
		{ "2016-12-09 10:20:30Z", "2016-12-09T10:20:30Z", "a space for the T" },
		{ "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z", "one before 1970" },
		{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "the first moment" },
		{ "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z", "the last one" },
		{ "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "a leap second" },
		{ "2017-01-01T04:59:60+05:00", "2017-01-01T00:00:00Z", "the same in Asgabat" },
		{ "2015-06-30T23:59:60.25Z", "2015-07-01T00:00:00.250Z", "one in summer" },
		{ "2016-12-09T23:59:60Z", NULL, "no leap second on that day" },
		{ "2016-12-31T22:59:60Z", NULL, "nor in that hour" },
		{ "9999-12-31T23:59:60Z", NULL, "a leap second after the end" },
		{ "2016-12-09T10:20:61Z", NULL, "no such second" },
		{ "2016-12-09T24:00:00Z", NULL, "no such hour" },
		{ "2016-12-09T10:60:00Z", NULL, "no such minute" },
		{ "2016-12-09T10:20:30", NULL, "no zone" },
		{ "2016-12-09T10:20Z", NULL, "no seconds" },
		{ "2016-12-09T10:20:30.Z", NULL, "a point without digits" },
		{ "2016-12-09T10:20:30,5Z", NULL, "a comma" },
		{ "2016-12-09T10:20:30+24:00", NULL, "no such offset" },
		{ "2016-12-09T10:20:30+05:60", NULL, "no such offset" },
		{ "2016-12-09T10:20:30+0500", NULL, "an offset without colon" },
		{ "2016-12-09T10:20:30+Z", NULL, "a sign and UTC" },
		{ "2016-12-09T10:20:30Z ", NULL, "a space after it" },
		{ "2016-12T10:20:30Z", NULL, "no day" },
		{ "2016-02-30T10:20:30Z", NULL, "no such day" },
		{ "2016-12-09", NULL, "a date alone" },
		{ "0001-01-01T00:00:00+00:01", NULL, "before the first year, in UTC" },
		{ "9999-12-31T23:59:59-00:01", NULL, "after the last year, in UTC" },
		{ "", NULL, "nothing" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		char text[DATE_TIME_TEXT_MAX];
		struct bytes_writer w = bytes_writer_init(text, sizeof(text) - 1);
		int64_t ms = 0;
		enum rc rc = date_time_parse(bytes_of(rows[i].in), &ms);

		cr_expect_eq(rc, rows[i].out == NULL ? RC_INVALID : RC_OK, "%s: %s", rows[i].in,
			     rows[i].why);
		if (rc == RC_OK && rows[i].out != NULL) {
			date_time_format(ms, &w);
			text[w.len] = '\0';
			cr_expect_str_eq(text, rows[i].out, "%s: %s", text, rows[i].why);
		}
	}
}

Test(date, times_are_milliseconds_since_1970)
{
	int64_t ms = 0;

	cr_assert_eq(date_time_parse(bytes_of("2009-02-13T23:31:30.123Z"), &ms), RC_OK);
	cr_expect_eq(ms, INT64_C(1234567890123));
	cr_assert_eq(date_time_parse(bytes_of("0001-01-01T00:00:00Z"), &ms), RC_OK);
	cr_expect(date_time_is_valid(ms));
	cr_expect_not(date_time_is_valid(ms - 1));
	cr_assert_eq(date_time_parse(bytes_of("9999-12-31T23:59:59.999Z"), &ms), RC_OK);
	cr_expect(date_time_is_valid(ms));
	cr_expect_not(date_time_is_valid(ms + 1));
	cr_expect_not(date_time_is_valid(INT64_MIN));
	cr_expect_not(date_time_is_valid(INT64_MAX));
}
