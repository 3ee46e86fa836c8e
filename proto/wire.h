/*
 * Writing protobuf fields (encoding.md of protobuf.dev): what the writers of
 * entries and frames share. Fields are written in the order of their numbers
 * and left out when they are zero or empty, as proto3 does, so that one
 * meaning has one form. Reading goes through proto/unpack.
 */
#ifndef KERWEN_WIRE_H
#define KERWEN_WIRE_H

#include "sync/bytes.h"

void wire_put_uint(struct bytes_writer *w, uint32_t field, uint64_t v);
void wire_put_fixed32(struct bytes_writer *w, uint32_t field, uint32_t v);
void wire_put_fixed64(struct bytes_writer *w, uint32_t field, uint64_t v);
void wire_put_bytes(struct bytes_writer *w, uint32_t field, struct bytes b);

/* An element of a repeated field: written even when it is empty or zero. */
void wire_put_element(struct bytes_writer *w, uint32_t field, struct bytes b);

/* The tag and length of a sub-message of len bytes, which follow. */
void wire_put_open(struct bytes_writer *w, uint32_t field, size_t len);

/* How many bytes a varint takes. */
static inline size_t wire_varint_len(uint64_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7) {
		n++;
	}
	return n;
}

#endif
