/*
 * The civil calendar: packed dates, day numbers, RFC 3339 texts.
 *
 * A packed date is (year*16+month)*32+day; month 0 or day 0 means that the
 * part is not known (then the finer parts are 0 too). Packed dates order like
 * dates, unknown parts first. Algorithms after H. Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms".
 */
#ifndef KERWEN_DATE_H
#define KERWEN_DATE_H

#include "sync/bytes.h"

enum { DATE_TIME_TEXT_MAX = 32 };

int32_t date_pack(int year, unsigned month, unsigned day);
int date_year(int32_t packed);
unsigned date_month(int32_t packed); /* 0: not known */
unsigned date_day(int32_t packed);   /* 0: not known */

/* Whether it is a day that exists; with partial, unknown parts are allowed. */
bool date_is_valid(int32_t packed, bool partial);

/* Days since 1970-01-01 of a valid full date, and back (years 1 to 9999). */
int32_t date_to_days(int32_t packed);
int32_t date_from_days(int32_t days);

/* Full years between two full dates; -1 when on is before from. Who was born
 * on 29 February becomes a year older on 1 March of a common year. */
int date_age(int32_t from, int32_t on);

/* "2016-12-09"; with partial also "2016-12" and "2016". RC_INVALID. */
enum rc date_parse(struct bytes text, bool partial, int32_t *out);
void date_format(int32_t packed, struct bytes_writer *w);

/* Whether a time, ms since 1970 UTC, lies in the years 1 to 9999. */
bool date_time_is_valid(int64_t ms);

/*
 * RFC 3339 in UTC with "Z", milliseconds only if there are any. Parsing takes
 * offsets, lower case and a space for the T; digits beyond milliseconds are
 * left off; a leap second counts as the second after it. RC_INVALID.
 */
enum rc date_time_parse(struct bytes text, int64_t *ms);
void date_time_format(int64_t ms, struct bytes_writer *w);

#endif
