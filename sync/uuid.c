#include "sync/uuid.h"

#include <string.h>

static const uint64_t LOW_MASK = (UINT64_C(1) << 62) - 1;

static uint64_t get_low(const struct uuid *u)
{
	uint64_t low = 0;
	unsigned i;

	for (i = 8; i < UUID_LEN; i++) {
		low = low << 8 | u->b[i];
	}
	return low & LOW_MASK;
}

static void set_low(struct uuid *u, uint64_t low)
{
	unsigned i;

	low |= UINT64_C(2) << 62; /* the RFC's variant */
	for (i = UUID_LEN; i > 8; i--) {
		u->b[i - 1] = (uint8_t)low;
		low >>= 8;
	}
}

struct uuid uuid_make(uint64_t now_ms, const uint8_t random[10])
{
	struct uuid u;
	unsigned i;

	for (i = 0; i < 6; i++) {
		u.b[i] = (uint8_t)(now_ms >> (40 - 8 * i));
	}
	memcpy(u.b + 6, random, 10);
	u.b[6] = (uint8_t)(0x70 | (u.b[6] & 0x0f));
	u.b[8] = (uint8_t)(0x80 | (u.b[8] & 0x3f));
	return u;
}

struct uuid uuid_step(struct uuid u, uint32_t step)
{
	uint64_t low = get_low(&u) + step;
	unsigned high = (u.b[6] & 0x0fu) << 8 | u.b[7];

	high += (unsigned)(low >> 62);
	u.b[6] = (uint8_t)((u.b[6] & 0xf0) | (high >> 8 & 0x0f));
	u.b[7] = (uint8_t)high;
	set_low(&u, low & LOW_MASK);
	return u;
}

uint64_t uuid_time_ms(struct uuid u)
{
	uint64_t ms = 0;
	unsigned i;

	for (i = 0; i < 6; i++) {
		ms = ms << 8 | u.b[i];
	}
	return ms;
}

/* A hyphen stands before these bytes. */
static bool is_group(unsigned i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

void uuid_format(struct uuid u, char text[UUID_TEXT_LEN + 1])
{
	static const char HEX[] = "0123456789abcdef";
	char *p = text;
	unsigned i;

	for (i = 0; i < UUID_LEN; i++) {
		if (is_group(i)) {
			*p++ = '-';
		}
		*p++ = HEX[u.b[i] >> 4];
		*p++ = HEX[u.b[i] & 0x0f];
	}
	*p = '\0';
}

static int read_hex(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum rc uuid_parse(struct bytes text, struct uuid *out)
{
	const uint8_t *p = text.p;
	struct uuid u;
	unsigned i;

	if (text.len != UUID_TEXT_LEN) {
		return RC_INVALID;
	}
	for (i = 0; i < UUID_LEN; i++) {
		int high, low;

		if (is_group(i) && *p++ != '-') {
			return RC_INVALID;
		}
		high = read_hex(*p++);
		low = read_hex(*p++);
		if (high < 0 || low < 0) {
			return RC_INVALID;
		}
		u.b[i] = (uint8_t)(high * 16 + low);
	}
	if (!uuid_is_valid(bytes_at(u.b, UUID_LEN))) {
		return RC_INVALID;
	}
	*out = u;
	return RC_OK;
}

bool uuid_equal(struct uuid a, struct uuid b)
{
	return memcmp(a.b, b.b, UUID_LEN) == 0;
}

int uuid_compare(struct uuid a, struct uuid b)
{
	return memcmp(a.b, b.b, UUID_LEN);
}

bool uuid_is_valid(struct bytes b)
{
	return b.len == UUID_LEN && b.p[6] >> 4 == 7 && b.p[8] >> 6 == 2;
}
