/*
 * UUIDv7 (RFC 9562): record ids. 48 bits of milliseconds, version and variant
 * bits, 74 random bits. Ids made in one commit are consecutive (section 6.2,
 * method 2: the random part is counted up).
 */
#ifndef KERWEN_UUID_H
#define KERWEN_UUID_H

#include "sync/bytes.h"

enum { UUID_LEN = 16, UUID_TEXT_LEN = 36 };

struct uuid {
	uint8_t b[UUID_LEN];
};

/* Makes an id from a time (ms since 1970) and 10 random bytes. */
struct uuid uuid_make(uint64_t now_ms, const uint8_t random[10]);

/* The id that is step places after u: the 74 random bits counted up, version
 * and variant untouched. Wraps within the random bits. */
struct uuid uuid_step(struct uuid u, uint32_t step);

/* The milliseconds that an id carries. */
uint64_t uuid_time_ms(struct uuid u);

/* Lower-case 8-4-4-4-12 text with a NUL. */
void uuid_format(struct uuid u, char text[UUID_TEXT_LEN + 1]);

/* Reads the 36 character form, either case. RC_INVALID: not a UUID of
 * version 7 and the RFC's variant. */
enum rc uuid_parse(struct bytes text, struct uuid *out);

bool uuid_equal(struct uuid a, struct uuid b);
int uuid_compare(struct uuid a, struct uuid b);

/* Whether the 16 bytes have version 7 and the RFC's variant. */
bool uuid_is_valid(struct bytes b);

#endif
