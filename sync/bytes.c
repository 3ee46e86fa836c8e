#include "sync/bytes.h"

#include <string.h>

struct bytes bytes_of(const char *text)
{
	return bytes_at(text, strlen(text));
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

int bytes_compare(struct bytes a, struct bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.p, b.p, len);

	if (order != 0) {
		return order;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

struct bytes_writer bytes_writer_init(void *p, size_t max)
{
	struct bytes_writer w = { .p = p, .len = 0, .max = max, .rc = RC_OK };
	return w;
}

uint8_t *bytes_reserve(struct bytes_writer *w, size_t len)
{
	uint8_t *p = w->p + w->len;

	if (w->rc != RC_OK) {
		return NULL;
	}
	if (len > w->max - w->len) {
		w->rc = RC_LIMIT;
		return NULL;
	}
	w->len += len;
	return p;
}

void bytes_put(struct bytes_writer *w, const void *p, size_t len)
{
	uint8_t *to = len == 0 ? NULL : bytes_reserve(w, len);

	if (to != NULL) {
		memcpy(to, p, len);
	}
}

void bytes_put_u8(struct bytes_writer *w, uint8_t v)
{
	bytes_put(w, &v, 1);
}

static void put_be(struct bytes_writer *w, uint64_t v, unsigned len)
{
	uint8_t b[8];
	unsigned i;

	for (i = 0; i < len; i++) {
		b[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
	}
	bytes_put(w, b, len);
}

void bytes_put_be16(struct bytes_writer *w, uint16_t v)
{
	put_be(w, v, 2);
}

void bytes_put_be32(struct bytes_writer *w, uint32_t v)
{
	put_be(w, v, 4);
}

void bytes_put_be64(struct bytes_writer *w, uint64_t v)
{
	put_be(w, v, 8);
}

void bytes_put_long_varint(struct bytes_writer *w, uint64_t v)
{
	uint8_t b[10];
	size_t n = 0;

	while (v >= 0x80) {
		b[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	b[n++] = (uint8_t)v;
	bytes_put(w, b, n);
}

void bytes_put_zigzag(struct bytes_writer *w, int64_t v)
{
	uint64_t u = (uint64_t)v << 1;

	bytes_put_varint(w, v < 0 ? ~u : u);
}

void bytes_put_block(struct bytes_writer *w, struct bytes b)
{
	bytes_put_varint(w, b.len);
	bytes_put(w, b.p, b.len);
}

struct bytes bytes_written(const struct bytes_writer *w)
{
	return bytes_at(w->p, w->len);
}

struct bytes_reader bytes_reader_init(struct bytes b)
{
	struct bytes_reader r = { .p = b.p, .end = b.p, .rc = RC_OK };

	if (b.len > 0) {
		r.end = b.p + b.len;
	}
	return r;
}

struct bytes bytes_get(struct bytes_reader *r, size_t len)
{
	struct bytes b = { .p = NULL, .len = 0 };

	if (r->rc != RC_OK || len == 0) {
		return b;
	}
	if (len > (size_t)(r->end - r->p)) {
		r->rc = RC_CORRUPT;
		return b;
	}
	b = bytes_at(r->p, len);
	r->p += len;
	return b;
}

static uint64_t get_be(struct bytes_reader *r, size_t len)
{
	struct bytes b = bytes_get(r, len);
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < b.len; i++) {
		v = v << 8 | b.p[i];
	}
	return v;
}

uint8_t bytes_get_u8(struct bytes_reader *r)
{
	return (uint8_t)get_be(r, 1);
}

uint16_t bytes_get_be16(struct bytes_reader *r)
{
	return (uint16_t)get_be(r, 2);
}

uint32_t bytes_get_be32(struct bytes_reader *r)
{
	return (uint32_t)get_be(r, 4);
}

uint64_t bytes_get_be64(struct bytes_reader *r)
{
	return get_be(r, 8);
}

uint64_t bytes_get_long_varint(struct bytes_reader *r)
{
	uint64_t v = 0;
	unsigned shift;

	if (r->rc != RC_OK) {
		return 0;
	}
	for (shift = 0; shift < 64 && r->p < r->end; shift += 7) {
		uint8_t b = *r->p++;

		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			if (shift == 63 && b > 1) {
				break;
			}
			return v;
		}
	}
	r->rc = RC_CORRUPT;
	return 0;
}

int64_t bytes_get_zigzag(struct bytes_reader *r)
{
	uint64_t u = bytes_get_varint(r);
	uint64_t half = u >> 1;

	return u & 1 ? -(int64_t)half - 1 : (int64_t)half;
}

struct bytes bytes_get_block(struct bytes_reader *r)
{
	uint64_t len = bytes_get_varint(r);

	if (r->rc == RC_OK && len > (uint64_t)(r->end - r->p)) {
		r->rc = RC_CORRUPT;
	}
	return bytes_get(r, (size_t)len);
}

bool bytes_is_done(const struct bytes_reader *r)
{
	return r->rc == RC_OK && r->p == r->end;
}
