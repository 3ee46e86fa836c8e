#include "sync/date.h"

#include <assert.h>

enum {
	YEAR_MAX = 9999,
	DAYS_MIN = -719162,     /* 0001-01-01 */
	DAYS_MAX = 2932896,     /* 9999-12-31 */
	DAYS_TO_EPOCH = 719468, /* from 0000-03-01 to 1970-01-01 */
	DAYS_PER_ERA = 146097,  /* 400 years */
	MINUTES_PER_DAY = 24 * 60
};

static const int64_t MS_PER_DAY = INT64_C(86400000);

int32_t date_pack(int year, unsigned month, unsigned day)
{
	return (int32_t)((year * 16 + (int)month) * 32 + (int)day);
}

int date_year(int32_t packed)
{
	return packed / 512;
}

unsigned date_month(int32_t packed)
{
	return (uint32_t)packed / 32 % 16;
}

unsigned date_day(int32_t packed)
{
	return (uint32_t)packed % 32;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned count_days(int year, unsigned month)
{
	static const uint8_t DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : DAYS[month - 1];
}

bool date_is_valid(int32_t packed, bool partial)
{
	int year = date_year(packed);
	unsigned month = date_month(packed);
	unsigned day = date_day(packed);

	if (packed < 0 || year < 1 || year > YEAR_MAX || month > 12) {
		return false;
	}
	if (month == 0 || day == 0) {
		return partial && day == 0;
	}
	return day <= count_days(year, month);
}

/* The year begins in March here, so that a leap day is its last. */
int32_t date_to_days(int32_t packed)
{
	int month = (int)date_month(packed);
	int year = date_year(packed) - (month <= 2 ? 1 : 0);
	int era = year / 400;
	int year_of_era = year % 400;
	int day_of_year =
		(153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + (int)date_day(packed) - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	assert(date_is_valid(packed, false));
	return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

int32_t date_from_days(int32_t days)
{
	int since = days + DAYS_TO_EPOCH;
	int day_of_era = since % DAYS_PER_ERA;
	int year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month = (5 * day_of_year + 2) / 153; /* 0 is March */
	int day = day_of_year - (153 * month + 2) / 5 + 1;
	int year = year_of_era + since / DAYS_PER_ERA * 400 + (month < 10 ? 0 : 1);

	assert(days >= DAYS_MIN && days <= DAYS_MAX);
	return date_pack(year, (unsigned)(month < 10 ? month + 3 : month - 9), (unsigned)day);
}

int date_age(int32_t from, int32_t on)
{
	int years = date_year(on) - date_year(from);

	if (on < from) {
		return -1;
	}
	/* Month and day are the low nine bits. */
	return on % 512 < from % 512 ? years - 1 : years;
}

/* Takes len digits and what follows them; the number, or -1. */
static int take_digits(struct bytes *text, size_t len)
{
	int v = 0;
	size_t i;

	if (text->len < len) {
		return -1;
	}
	for (i = 0; i < len; i++) {
		if (text->p[i] < '0' || text->p[i] > '9') {
			return -1;
		}
		v = v * 10 + (text->p[i] - '0');
	}
	text->p += len;
	text->len -= len;
	return v;
}

static bool take_char(struct bytes *text, char c)
{
	if (text->len == 0 || text->p[0] != (uint8_t)c) {
		return false;
	}
	text->p++;
	text->len--;
	return true;
}

/* Takes a date from the front of text; parts that are missing become 0. */
static enum rc take_date(struct bytes *text, int32_t *out)
{
	int year = take_digits(text, 4);
	int month = 0, day = 0;

	/* A part that is typed has to be known: 2016-00 is no partial date. */
	if (year > 0 && take_char(text, '-')) {
		month = take_digits(text, 2);
		if (month > 0 && take_char(text, '-')) {
			day = take_digits(text, 2);
			day = day == 0 ? -1 : day;
		}
		month = month == 0 ? -1 : month;
	}
	if (year < 0 || month < 0 || day < 0) {
		return RC_INVALID;
	}
	*out = date_pack(year, (unsigned)month, (unsigned)day);
	return date_is_valid(*out, true) ? RC_OK : RC_INVALID;
}

enum rc date_parse(struct bytes text, bool partial, int32_t *out)
{
	int32_t packed = 0;

	if (take_date(&text, &packed) != RC_OK || text.len > 0 || !date_is_valid(packed, partial)) {
		return RC_INVALID;
	}
	*out = packed;
	return RC_OK;
}

static void put_digits(struct bytes_writer *w, unsigned v, unsigned len)
{
	char text[4];
	unsigned i;

	assert(len <= sizeof(text));
	for (i = len; i > 0; i--) {
		text[i - 1] = (char)('0' + v % 10);
		v /= 10;
	}
	bytes_put(w, text, len);
}

void date_format(int32_t packed, struct bytes_writer *w)
{
	put_digits(w, (unsigned)date_year(packed), 4);
	if (date_month(packed) != 0) {
		bytes_put(w, "-", 1);
		put_digits(w, date_month(packed), 2);
	}
	if (date_day(packed) != 0) {
		bytes_put(w, "-", 1);
		put_digits(w, date_day(packed), 2);
	}
}

bool date_time_is_valid(int64_t ms)
{
	return ms >= DAYS_MIN * MS_PER_DAY && ms < (DAYS_MAX + INT64_C(1)) * MS_PER_DAY;
}

/* The digits after the point, as milliseconds; finer ones are left off. */
static int take_fraction(struct bytes *text)
{
	int ms = 0, unit = 100;

	if (take_char(text, '.')) {
		int digit = take_digits(text, 1);

		if (digit < 0) {
			return -1;
		}
		while (digit >= 0) {
			ms += digit * unit;
			unit /= 10;
			digit = take_digits(text, 1);
		}
	}
	return ms;
}

/* The minutes that the text is ahead of UTC; RC_INVALID. */
static enum rc take_offset(struct bytes *text, int *minutes)
{
	bool ahead = take_char(text, '+');
	int hour, minute;

	*minutes = 0;
	if (take_char(text, 'Z') || take_char(text, 'z')) {
		return ahead ? RC_INVALID : RC_OK;
	}
	if (!ahead && !take_char(text, '-')) {
		return RC_INVALID;
	}
	hour = take_digits(text, 2);
	if (hour < 0 || hour > 23 || !take_char(text, ':')) {
		return RC_INVALID;
	}
	minute = take_digits(text, 2);
	if (minute < 0 || minute > 59) {
		return RC_INVALID;
	}
	*minutes = (ahead ? 1 : -1) * (hour * 60 + minute);
	return RC_OK;
}

struct clock {
	int hour, minute, second, ms;
};

static enum rc take_clock(struct bytes *text, struct clock *out)
{
	out->hour = take_digits(text, 2);
	if (out->hour < 0 || out->hour > 23 || !take_char(text, ':')) {
		return RC_INVALID;
	}
	out->minute = take_digits(text, 2);
	if (out->minute < 0 || out->minute > 59 || !take_char(text, ':')) {
		return RC_INVALID;
	}
	out->second = take_digits(text, 2);
	if (out->second < 0 || out->second > 60) {
		return RC_INVALID;
	}
	out->ms = take_fraction(text);
	return out->ms < 0 ? RC_INVALID : RC_OK;
}

/* Leap seconds are inserted before the first of January or July, UTC. Here
 * they count as the second that follows, as POSIX time has none. */
static bool is_after_leap_second(int64_t ms)
{
	int64_t second = ms / 1000;
	int32_t day;

	if (!date_time_is_valid(ms) || second % 86400 != 0) {
		return false;
	}
	day = date_from_days((int32_t)(second / 86400));
	return date_day(day) == 1 && (date_month(day) == 1 || date_month(day) == 7);
}

enum rc date_time_parse(struct bytes text, int64_t *ms)
{
	struct clock c;
	int32_t packed = 0;
	int offset = 0;
	int64_t t;

	if (take_date(&text, &packed) != RC_OK || date_day(packed) == 0 ||
	    !(take_char(&text, 'T') || take_char(&text, 't') || take_char(&text, ' ')) ||
	    take_clock(&text, &c) != RC_OK || take_offset(&text, &offset) != RC_OK ||
	    text.len > 0) {
		return RC_INVALID;
	}
	t = date_to_days(packed) * (int64_t)MINUTES_PER_DAY + c.hour * 60 + c.minute - offset;
	t = (t * 60 + c.second) * 1000 + c.ms;
	if (!date_time_is_valid(t) || (c.second == 60 && !is_after_leap_second(t))) {
		return RC_INVALID;
	}
	*ms = t;
	return RC_OK;
}

void date_time_format(int64_t ms, struct bytes_writer *w)
{
	int64_t days = ms / MS_PER_DAY;
	int64_t rest = ms % MS_PER_DAY;
	unsigned in_day;

	if (rest < 0) {
		rest += MS_PER_DAY;
		days--;
	}
	in_day = (unsigned)rest;
	date_format(date_from_days((int32_t)days), w);
	bytes_put(w, "T", 1);
	put_digits(w, in_day / 3600000, 2);
	bytes_put(w, ":", 1);
	put_digits(w, in_day / 60000 % 60, 2);
	bytes_put(w, ":", 1);
	put_digits(w, in_day / 1000 % 60, 2);
	if (in_day % 1000 != 0) {
		bytes_put(w, ".", 1);
		put_digits(w, in_day % 1000, 3);
	}
	bytes_put(w, "Z", 1);
}
