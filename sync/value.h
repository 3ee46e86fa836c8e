/*
 * Values: the types of the schema, their canonical bytes, and their texts.
 *
 *   type     canonical bytes                                    text
 *   text     UTF-8 in NFC, 1..LIMIT_VALUE_BYTES_MAX, no NUL     as it is
 *   int      zigzag varint, within +-(2^53-1)                   -12
 *   decimal  zigzag varint of value * 10^scale, same range      12.50
 *   bool     one byte, 0 or 1                                   true, false
 *   date     zigzag varint of (year*16+month)*32+day            2016-12-09
 *   pdate    the same; day 0 or month 0: not known              2016-12, 2016
 *   time     zigzag varint, milliseconds since 1970 UTC         RFC 3339
 *   code     the code's UTF-8 bytes, 1..LIMIT_NAME_BYTES_MAX    as it is
 *   link     16 bytes, a record id (UUIDv7)                     UUID text
 *   bytes    any 1..LIMIT_VALUE_BYTES_MAX (built-in kinds only) hexadecimal
 *
 * Equal values are equal bytes; varints are of minimal length. "Unset" is no
 * value, never an empty one. Years run from 1 to 9999 (Gregorian, proleptic).
 */
#ifndef KERWEN_VALUE_H
#define KERWEN_VALUE_H

#include "sync/bytes.h"

enum value_type {
	VALUE_TEXT,
	VALUE_INT,
	VALUE_DECIMAL,
	VALUE_BOOL,
	VALUE_DATE,
	VALUE_PDATE,
	VALUE_TIME,
	VALUE_CODE,
	VALUE_LINK,
	VALUE_BYTES
};

#define VALUE_INT_MAX INT64_C(9007199254740991) /* 2^53 - 1 */

/* The type's name in a schema file, and back. RC_NOTFOUND. */
const char *value_type_text(enum value_type type);
enum rc value_type_parse(struct bytes name, enum value_type *out);

/* Whether v is a canonical value of the type. RC_INVALID if not. Judges the
 * form alone: whether a code or a linked record exists is not asked. */
enum rc value_check(enum value_type type, struct bytes v);

/* Whether v is UTF-8 (RFC 3629) without NUL; empty is. NFC is not judged. */
bool value_is_text(struct bytes v);

/*
 * Reads a typed text (UTF-8, NFC already; see node/base/text.h) and appends
 * the canonical bytes to w. scale: decimals only, 0..9.
 * RC_INVALID: not of the type; RC_LIMIT: too long or out of range. Nothing is
 * written after a failure.
 */
enum rc value_parse(enum value_type type, unsigned scale, struct bytes text,
		    struct bytes_writer *w);

/* Appends the text of a canonical value to w (no NUL). */
void value_format(enum value_type type, unsigned scale, struct bytes v, struct bytes_writer *w);

/* Orders two canonical values: by number, by date (unknown parts first), by
 * bytes for text, code, link and bytes. */
int value_compare(enum value_type type, struct bytes a, struct bytes b);

/* The number of an int, decimal, bool, date, pdate or time; 0 for others. */
int64_t value_number(enum value_type type, struct bytes v);

/*
 * Sums of such numbers. Adding wraps, so that the order of additions never
 * matters, whatever somebody adds; what is shown is held within
 * +-VALUE_INT_MAX.
 */
int64_t value_add(int64_t a, int64_t b);
int64_t value_clamp(int64_t sum);

/* Appends the zigzag varint of a number: an int, decimal, time ... value. */
void value_put_number(struct bytes_writer *w, int64_t v);

#endif
