/*
 * Bytes, and writing and reading them: the primitive of every encoding here.
 *
 * A `struct bytes` borrows memory that somebody else owns. Writer and reader
 * have a sticky error: calls after a failure do nothing, and one check of
 * `rc` at the end is enough.
 *
 * Varints are those of protobuf (LEB128, at most 10 bytes); signed numbers
 * are zigzag coded. Keys of the store use big-endian integers, so that byte
 * order is number order.
 */
#ifndef KERWEN_BYTES_H
#define KERWEN_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/rc.h"

struct bytes {
	const uint8_t *p; /* borrowed; may be NULL when len is 0 */
	size_t len;
};

/* The bytes of a C string without its NUL; borrows it. */
struct bytes bytes_of(const char *text);

/* A copy of the value that views p; no ownership moves. */
static inline struct bytes bytes_at(const void *p, size_t len)
{
	struct bytes b = { .p = (const uint8_t *)p, .len = len };
	return b;
}

bool bytes_equal(struct bytes a, struct bytes b);

/* Like memcmp, a shorter one that is a prefix comes first. */
int bytes_compare(struct bytes a, struct bytes b);

/* Writes into the caller's buffer. RC_LIMIT when it is full. */
struct bytes_writer {
	uint8_t *p; /* borrowed */
	size_t len, max;
	enum rc rc;
};

struct bytes_writer bytes_writer_init(void *p, size_t max);
void bytes_put(struct bytes_writer *w, const void *p, size_t len);
void bytes_put_u8(struct bytes_writer *w, uint8_t v);
void bytes_put_be16(struct bytes_writer *w, uint16_t v);
void bytes_put_be32(struct bytes_writer *w, uint32_t v);
void bytes_put_be64(struct bytes_writer *w, uint64_t v);
/* A varint of any length; what bytes_put_varint calls for the long ones. */
void bytes_put_long_varint(struct bytes_writer *w, uint64_t v);
/* Most varints are one byte: written without a call. */
static inline void bytes_put_varint(struct bytes_writer *w, uint64_t v)
{
	if (v < 0x80 && w->rc == RC_OK && w->len < w->max) {
		w->p[w->len++] = (uint8_t)v;
	} else {
		bytes_put_long_varint(w, v);
	}
}
void bytes_put_zigzag(struct bytes_writer *w, int64_t v);
/* A varint length, then the bytes. */
void bytes_put_block(struct bytes_writer *w, struct bytes b);
/* The place of the next len bytes, which the caller writes; NULL: no room. */
uint8_t *bytes_reserve(struct bytes_writer *w, size_t len);
/* What was written so far; borrows the buffer. Only valid when rc is RC_OK. */
struct bytes bytes_written(const struct bytes_writer *w);

/* Reads from borrowed bytes. RC_CORRUPT at the first thing that is cut short,
 * over-long or out of range; every later call then returns 0 or empty. */
struct bytes_reader {
	const uint8_t *p, *end; /* borrowed */
	enum rc rc;
};

struct bytes_reader bytes_reader_init(struct bytes b);
uint8_t bytes_get_u8(struct bytes_reader *r);
uint16_t bytes_get_be16(struct bytes_reader *r);
uint32_t bytes_get_be32(struct bytes_reader *r);
uint64_t bytes_get_be64(struct bytes_reader *r);
/* A varint of any length; what bytes_get_varint calls for the long ones. */
uint64_t bytes_get_long_varint(struct bytes_reader *r);
/* Most are one byte: read without a call. */
static inline uint64_t bytes_get_varint(struct bytes_reader *r)
{
	return r->rc == RC_OK && r->p < r->end && *r->p < 0x80 ? *r->p++ : bytes_get_long_varint(r);
}
int64_t bytes_get_zigzag(struct bytes_reader *r);
struct bytes bytes_get(struct bytes_reader *r, size_t len);
struct bytes bytes_get_block(struct bytes_reader *r);
/* True when everything was read and nothing failed. */
bool bytes_is_done(const struct bytes_reader *r);

#endif
