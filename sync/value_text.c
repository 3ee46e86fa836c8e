/*
 * Values from the texts that people type, and back.
 */
#include "sync/value.h"

#include <assert.h>
#include <string.h>

#include "sync/date.h"
#include "sync/limits.h"
#include "sync/uuid.h"

enum { DIGITS_MAX = 24, SCALE_MAX = 9 };

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Counts the digits at the front of text. */
static size_t count_digits(struct bytes text)
{
	size_t i = 0;

	while (i < text.len && is_digit(text.p[i])) {
		i++;
	}
	return i;
}

/* Appends digits to a number that is not negative; RC_LIMIT. */
static enum rc add_digits(int64_t *n, const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		*n = *n * 10 + (p[i] - '0');
		if (*n > VALUE_INT_MAX) {
			return RC_LIMIT;
		}
	}
	return RC_OK;
}

/*
 * Reads [-]digits[.digits] as a number of 10^-scale. Missing digits are
 * zeros; more than the scale holds are refused unless they are zeros, since
 * nothing that was typed may be lost.
 */
static enum rc parse_number(struct bytes text, unsigned scale, int64_t *out)
{
	static const uint8_t ZEROS[] = "000000000";
	bool negative = text.len > 0 && text.p[0] == '-';
	struct bytes whole = negative ? bytes_at(text.p + 1, text.len - 1) : text;
	struct bytes part = { .p = NULL, .len = 0 };
	int64_t n = 0;
	size_t len = count_digits(whole);

	if (len < whole.len) {
		part = bytes_at(whole.p + len + 1, whole.len - len - 1);
		if (scale == 0 || whole.p[len] != '.' || part.len == 0 ||
		    count_digits(part) < part.len) {
			return RC_INVALID;
		}
	}
	if (len == 0) {
		return RC_INVALID;
	}
	for (; part.len > scale; part.len--) {
		if (part.p[part.len - 1] != '0') {
			return RC_INVALID;
		}
	}
	if (add_digits(&n, whole.p, len) != RC_OK || add_digits(&n, part.p, part.len) != RC_OK ||
	    add_digits(&n, ZEROS, scale - part.len) != RC_OK) {
		return RC_LIMIT;
	}
	*out = negative ? -n : n;
	return RC_OK;
}

static enum rc parse_text(struct bytes text, size_t max, struct bytes_writer *w)
{
	if (text.len == 0 || !value_is_text(text)) {
		return RC_INVALID;
	}
	if (text.len > max) {
		return RC_LIMIT;
	}
	bytes_put(w, text.p, text.len);
	return w->rc;
}

static enum rc parse_bool(struct bytes text, struct bytes_writer *w)
{
	bool v = bytes_equal(text, bytes_of("true"));

	if (!v && !bytes_equal(text, bytes_of("false"))) {
		return RC_INVALID;
	}
	bytes_put_u8(w, v);
	return w->rc;
}

static enum rc parse_link(struct bytes text, struct bytes_writer *w)
{
	struct uuid u;

	if (uuid_parse(text, &u) != RC_OK) {
		return RC_INVALID;
	}
	bytes_put(w, u.b, sizeof(u.b));
	return w->rc;
}

static int read_hex(uint8_t c)
{
	if (is_digit(c)) {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum rc parse_hex(struct bytes text, struct bytes_writer *w)
{
	size_t start = w->len;
	size_t i;

	if (text.len == 0 || text.len % 2 != 0) {
		return RC_INVALID;
	}
	for (i = 0; i < text.len; i++) {
		if (read_hex(text.p[i]) < 0) {
			return RC_INVALID;
		}
	}
	if (text.len / 2 > LIMIT_VALUE_BYTES_MAX) {
		return RC_LIMIT;
	}
	for (i = 0; i < text.len; i += 2) {
		bytes_put_u8(w, (uint8_t)(read_hex(text.p[i]) * 16 + read_hex(text.p[i + 1])));
	}
	if (w->rc != RC_OK) {
		w->len = start;
	}
	return w->rc;
}

static enum rc put_parsed(enum rc rc, int64_t n, struct bytes_writer *w)
{
	if (rc != RC_OK) {
		return rc;
	}
	value_put_number(w, n);
	return w->rc;
}

enum rc value_parse(enum value_type type, unsigned scale, struct bytes text, struct bytes_writer *w)
{
	int32_t date = 0;
	int64_t n = 0;
	enum rc rc;

	assert(scale <= SCALE_MAX);
	switch (type) {
	case VALUE_TEXT:
		return parse_text(text, LIMIT_VALUE_BYTES_MAX, w);
	case VALUE_CODE:
		return parse_text(text, LIMIT_NAME_BYTES_MAX, w);
	case VALUE_INT:
		rc = parse_number(text, 0, &n);
		return put_parsed(rc, n, w);
	case VALUE_DECIMAL:
		rc = parse_number(text, scale, &n);
		return put_parsed(rc, n, w);
	case VALUE_BOOL:
		return parse_bool(text, w);
	case VALUE_DATE:
	case VALUE_PDATE:
		rc = date_parse(text, type == VALUE_PDATE, &date);
		return put_parsed(rc, date, w);
	case VALUE_TIME:
		rc = date_time_parse(text, &n);
		return put_parsed(rc, n, w);
	case VALUE_LINK:
		return parse_link(text, w);
	case VALUE_BYTES:
		return parse_hex(text, w);
	}
	return RC_INVALID;
}

static void put_number(struct bytes_writer *w, int64_t n, unsigned scale)
{
	char text[DIGITS_MAX];
	size_t at = sizeof(text);
	uint64_t left = (uint64_t)(n < 0 ? -n : n);
	unsigned digits;

	for (digits = 0; left > 0 || digits <= scale; digits++) {
		if (digits > 0 && digits == scale) {
			text[--at] = '.';
		}
		text[--at] = (char)('0' + left % 10);
		left /= 10;
	}
	if (n < 0) {
		text[--at] = '-';
	}
	bytes_put(w, text + at, sizeof(text) - at);
}

static void put_hex(struct bytes_writer *w, struct bytes v)
{
	static const char HEX[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < v.len; i++) {
		bytes_put_u8(w, (uint8_t)HEX[v.p[i] >> 4]);
		bytes_put_u8(w, (uint8_t)HEX[v.p[i] & 0x0f]);
	}
}

static void put_link(struct bytes_writer *w, struct bytes v)
{
	char text[UUID_TEXT_LEN + 1];
	struct uuid u;

	assert(v.len == UUID_LEN);
	memcpy(u.b, v.p, UUID_LEN);
	uuid_format(u, text);
	bytes_put(w, text, UUID_TEXT_LEN);
}

void value_format(enum value_type type, unsigned scale, struct bytes v, struct bytes_writer *w)
{
	int64_t n = value_number(type, v);

	assert(scale <= SCALE_MAX);
	switch (type) {
	case VALUE_TEXT:
	case VALUE_CODE:
		bytes_put(w, v.p, v.len);
		return;
	case VALUE_INT:
		put_number(w, n, 0);
		return;
	case VALUE_DECIMAL:
		put_number(w, n, scale);
		return;
	case VALUE_BOOL:
		n != 0 ? bytes_put(w, "true", 4) : bytes_put(w, "false", 5);
		return;
	case VALUE_DATE:
	case VALUE_PDATE:
		date_format((int32_t)n, w);
		return;
	case VALUE_TIME:
		date_time_format(n, w);
		return;
	case VALUE_LINK:
		put_link(w, v);
		return;
	case VALUE_BYTES:
		put_hex(w, v);
		return;
	}
}
