#include "proto/wire.h"

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LEN = 2, WIRE_FIXED32 = 5 };

static void put_tag(struct bytes_writer *w, uint32_t field, uint32_t type)
{
	bytes_put_varint(w, (uint64_t)field << 3 | type);
}

void wire_put_uint(struct bytes_writer *w, uint32_t field, uint64_t v)
{
	if (v != 0) {
		put_tag(w, field, WIRE_VARINT);
		bytes_put_varint(w, v);
	}
}

/* Fixed-width numbers are little-endian in protobuf. */
static void put_little(struct bytes_writer *w, uint64_t v, unsigned len)
{
	unsigned i;

	for (i = 0; i < len; i++) {
		bytes_put_u8(w, (uint8_t)(v >> (8 * i)));
	}
}

void wire_put_fixed32(struct bytes_writer *w, uint32_t field, uint32_t v)
{
	if (v != 0) {
		put_tag(w, field, WIRE_FIXED32);
		put_little(w, v, 4);
	}
}

void wire_put_fixed64(struct bytes_writer *w, uint32_t field, uint64_t v)
{
	if (v != 0) {
		put_tag(w, field, WIRE_FIXED64);
		put_little(w, v, 8);
	}
}

void wire_put_element(struct bytes_writer *w, uint32_t field, struct bytes b)
{
	put_tag(w, field, WIRE_LEN);
	bytes_put_block(w, b);
}

void wire_put_bytes(struct bytes_writer *w, uint32_t field, struct bytes b)
{
	if (b.len > 0) {
		wire_put_element(w, field, b);
	}
}

void wire_put_open(struct bytes_writer *w, uint32_t field, size_t len)
{
	put_tag(w, field, WIRE_LEN);
	bytes_put_varint(w, len);
}
