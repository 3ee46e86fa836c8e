#include "sync/value.h"

#include <assert.h>
#include <string.h>

#include "sync/date.h"
#include "sync/limits.h"
#include "sync/uuid.h"

enum { NUMBER_LEN_MAX = 8 }; /* of a zigzag varint of 54 bits */

static const char *const NAMES[] = { "text",  "int",  "decimal", "bool", "date",
				     "pdate", "time", "code",    "link", "bytes" };

const char *value_type_text(enum value_type type)
{
	return NAMES[type];
}

enum rc value_type_parse(struct bytes name, enum value_type *out)
{
	unsigned i;

	for (i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		if (bytes_equal(bytes_of(NAMES[i]), name)) {
			*out = (enum value_type)i;
			return RC_OK;
		}
	}
	return RC_NOTFOUND;
}

/* --- UTF-8 --------------------------------------------------------------- */

static bool is_tail(uint8_t b)
{
	return (b & 0xc0) == 0x80;
}

/*
 * The length of the character at p, 0 if it is none (RFC 3629). The second
 * byte alone tells over-long forms, surrogates and what is above U+10FFFF.
 */
static size_t measure_char(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;

	if (p[0] < 0x80) {
		return p[0] != 0;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4 || left < 2) {
		return 0;
	}
	if (p[0] == 0xe0) {
		low = 0xa0;
	} else if (p[0] == 0xed) {
		high = 0x9f;
	} else if (p[0] == 0xf0) {
		low = 0x90;
	} else if (p[0] == 0xf4) {
		high = 0x8f;
	}
	if (p[1] < low || p[1] > high) {
		return 0;
	}
	if (p[0] < 0xe0) {
		return 2;
	}
	if (left < 3 || !is_tail(p[2])) {
		return 0;
	}
	if (p[0] < 0xf0) {
		return 3;
	}
	return left >= 4 && is_tail(p[3]) ? 4 : 0;
}

/* Eight bytes at a time while all are ASCII and none is NUL. */
static size_t skip_ascii(const uint8_t *p, size_t len)
{
	static const uint64_t ONES = UINT64_C(0x0101010101010101);
	size_t i = 0;

	for (; len - i >= 8; i += 8) {
		uint64_t word;

		memcpy(&word, p + i, sizeof(word));
		if (((word | (word - ONES)) & ONES << 7) != 0) {
			break;
		}
	}
	return i;
}

bool value_is_text(struct bytes v)
{
	size_t i = 0;

	while (i < v.len) {
		size_t len;

		i += skip_ascii(v.p + i, v.len - i);
		if (i == v.len) {
			break;
		}
		len = measure_char(v.p + i, v.len - i);
		if (len == 0) {
			return false;
		}
		i += len;
	}
	return true;
}

/* --- the canonical form -------------------------------------------------- */

/* Reads a zigzag varint that fills v; false if it is none, is longer than it
 * need be or out of range. */
static bool read_number(struct bytes v, int64_t *out)
{
	uint64_t u = 0;
	size_t i;

	if (v.len == 0 || v.len > NUMBER_LEN_MAX || v.p[v.len - 1] >= 0x80 ||
	    (v.len > 1 && v.p[v.len - 1] == 0)) {
		return false;
	}
	for (i = v.len; i > 0; i--) {
		if (i < v.len && v.p[i - 1] < 0x80) {
			return false;
		}
		u = u << 7 | (v.p[i - 1] & 0x7f);
	}
	*out = (int64_t)(u >> 1) ^ -(int64_t)(u & 1);
	return *out >= -VALUE_INT_MAX && *out <= VALUE_INT_MAX;
}

static bool is_date(struct bytes v, bool partial)
{
	int64_t n = 0;

	return read_number(v, &n) && n >= 0 && n <= INT32_MAX && date_is_valid((int32_t)n, partial);
}

static bool is_canonical(enum value_type type, struct bytes v)
{
	int64_t n = 0;

	switch (type) {
	case VALUE_TEXT:
		return v.len <= LIMIT_VALUE_BYTES_MAX && value_is_text(v);
	case VALUE_INT:
	case VALUE_DECIMAL:
		return read_number(v, &n);
	case VALUE_BOOL:
		return v.len == 1 && v.p[0] <= 1;
	case VALUE_DATE:
		return is_date(v, false);
	case VALUE_PDATE:
		return is_date(v, true);
	case VALUE_TIME:
		return read_number(v, &n) && date_time_is_valid(n);
	case VALUE_CODE:
		return v.len <= LIMIT_NAME_BYTES_MAX && value_is_text(v);
	case VALUE_LINK:
		return uuid_is_valid(v);
	case VALUE_BYTES:
		return v.len <= LIMIT_VALUE_BYTES_MAX;
	}
	return false;
}

enum rc value_check(enum value_type type, struct bytes v)
{
	return v.len > 0 && is_canonical(type, v) ? RC_OK : RC_INVALID;
}

int64_t value_number(enum value_type type, struct bytes v)
{
	int64_t n = 0;

	switch (type) {
	case VALUE_INT:
	case VALUE_DECIMAL:
	case VALUE_DATE:
	case VALUE_PDATE:
	case VALUE_TIME:
		return read_number(v, &n) ? n : 0;
	case VALUE_BOOL:
		return v.len == 1 && v.p[0] != 0;
	case VALUE_TEXT:
	case VALUE_CODE:
	case VALUE_LINK:
	case VALUE_BYTES:
		return 0;
	}
	return 0;
}

void value_put_number(struct bytes_writer *w, int64_t v)
{
	assert(v >= -VALUE_INT_MAX && v <= VALUE_INT_MAX);
	bytes_put_zigzag(w, v);
}

int value_compare(enum value_type type, struct bytes a, struct bytes b)
{
	int64_t x, y;

	switch (type) {
	case VALUE_INT:
	case VALUE_DECIMAL:
	case VALUE_BOOL:
	case VALUE_DATE:
	case VALUE_PDATE:
	case VALUE_TIME:
		x = value_number(type, a);
		y = value_number(type, b);
		return x < y ? -1 : x > y;
	case VALUE_TEXT:
	case VALUE_CODE:
	case VALUE_LINK:
	case VALUE_BYTES:
		return bytes_compare(a, b);
	}
	return 0;
}

int64_t value_add(int64_t a, int64_t b)
{
	uint64_t sum = (uint64_t)a + (uint64_t)b;
	int64_t out;

	memcpy(&out, &sum, sizeof(out));
	return out;
}

int64_t value_clamp(int64_t sum)
{
	if (sum > VALUE_INT_MAX) {
		return VALUE_INT_MAX;
	}
	return sum < -VALUE_INT_MAX ? -VALUE_INT_MAX : sum;
}
