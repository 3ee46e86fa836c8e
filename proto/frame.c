#include "proto/frame.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
	LEVEL = 3,
	COMPRESS_BYTES_MIN = 64, /* below, the overhead eats what is won */

	/* The start of a zstd frame, RFC 8878, section 3.1.1. */
	DESCRIPTOR_AT = 4,
	WINDOW_AT = 5,
	DICTIONARY_BITS = 0x03,
	SINGLE_SEGMENT_BIT = 0x20
};

#define IS_COMPRESSED UINT32_C(0x80000000)

struct frame_codec {
	ZSTD_CCtx *compressor;
	ZSTD_DCtx *decompressor;
	uint8_t wire[FRAME_WIRE_BYTES_MAX];
	uint8_t plain[LIMIT_FRAME_BYTES_MAX];
};

enum rc frame_codec_new(struct frame_codec **out)
{
	struct frame_codec *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		return RC_NOMEM;
	}
	c->compressor = ZSTD_createCCtx();
	c->decompressor = ZSTD_createDCtx();
	if (c->compressor == NULL || c->decompressor == NULL ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(c->compressor, ZSTD_c_compressionLevel, LEVEL))) {
		frame_codec_free(c);
		return RC_NOMEM;
	}
	*out = c;
	return RC_OK;
}

void frame_codec_free(struct frame_codec *c)
{
	if (c != NULL) {
		ZSTD_freeCCtx(c->compressor);
		ZSTD_freeDCtx(c->decompressor);
		free(c);
	}
}

/* The compressed length, 0 when compressing saves nothing. */
static size_t compress(struct frame_codec *c, struct bytes frame)
{
	size_t len = 0;

	if (frame.len < COMPRESS_BYTES_MIN) {
		return 0;
	}
	len = ZSTD_compress2(c->compressor, c->wire + FRAME_HEADER_LEN, frame.len - 1, frame.p,
			     frame.len);
	return ZSTD_isError(len) ? 0 : len;
}

enum rc frame_encode(struct frame_codec *c, struct bytes frame, struct bytes *wire)
{
	struct bytes_writer w = bytes_writer_init(c->wire, sizeof(c->wire));
	size_t len = 0;

	if (frame.len == 0 || frame.len > LIMIT_FRAME_BYTES_MAX) {
		return RC_LIMIT;
	}
	len = compress(c, frame);
	if (len > 0) {
		bytes_put_be32(&w, (uint32_t)len | IS_COMPRESSED);
		w.len += len;
	} else {
		bytes_put_be32(&w, (uint32_t)frame.len);
		bytes_put(&w, frame.p, frame.len);
	}
	*wire = bytes_written(&w);
	return w.rc;
}

struct bytes frame_heartbeat(void)
{
	static const uint8_t header[FRAME_HEADER_LEN];

	return bytes_at(header, sizeof(header));
}

void frame_reader_fini(struct frame_reader *r)
{
	free(r->payload);
	memset(r, 0, sizeof(*r));
}

/* A frame of a known, small size, by itself, without a dictionary. */
static enum rc check_zstd(struct bytes b)
{
	unsigned long long size = ZSTD_getFrameContentSize(b.p, b.len);
	uint8_t descriptor = 0;

	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size == 0) {
		return RC_CORRUPT;
	}
	if (size > LIMIT_FRAME_BYTES_MAX) {
		return RC_LIMIT;
	}
	/* zstd has seen a whole header by now, so these bytes are there. */
	descriptor = b.p[DESCRIPTOR_AT];
	if ((descriptor & DICTIONARY_BITS) != 0) {
		return RC_CORRUPT;
	}
	if ((descriptor & SINGLE_SEGMENT_BIT) == 0) {
		uint64_t base = UINT64_C(1) << (10 + (b.p[WINDOW_AT] >> 3));

		if (base + base / 8 * (b.p[WINDOW_AT] & 7) > FRAME_WINDOW_MAX) {
			return RC_LIMIT;
		}
	}
	return ZSTD_findFrameCompressedSize(b.p, b.len) == b.len ? RC_OK : RC_CORRUPT;
}

static enum rc decompress(struct frame_codec *c, struct bytes b, struct bytes *frame)
{
	enum rc rc = check_zstd(b);
	size_t len = 0;

	if (rc != RC_OK) {
		return rc;
	}
	len = ZSTD_decompressDCtx(c->decompressor, c->plain, sizeof(c->plain), b.p, b.len);
	if (ZSTD_isError(len) || len != ZSTD_getFrameContentSize(b.p, b.len)) {
		return RC_CORRUPT;
	}
	*frame = bytes_at(c->plain, len);
	return RC_OK;
}

static uint32_t header_of(const struct frame_reader *r)
{
	struct bytes_reader b = bytes_reader_init(bytes_at(r->header, sizeof(r->header)));

	return bytes_get_be32(&b);
}

/* Moves up to max bytes from *in to to. */
static size_t move(struct bytes *in, void *to, size_t max)
{
	size_t len = in->len < max ? in->len : max;

	if (len > 0) {
		memcpy(to, in->p, len);
		in->p += len;
		in->len -= len;
	}
	return len;
}

/* Reads headers until one announces a payload; heartbeats carry nothing. */
static enum rc read_header(struct frame_reader *r, struct bytes *in)
{
	while (in->len > 0 && r->header_len < FRAME_HEADER_LEN) {
		r->header_len +=
			move(in, r->header + r->header_len, FRAME_HEADER_LEN - r->header_len);
		if (r->header_len == FRAME_HEADER_LEN && header_of(r) == 0) {
			r->header_len = 0;
		}
	}
	if (r->header_len < FRAME_HEADER_LEN) {
		return RC_OK;
	}
	if (header_of(r) == IS_COMPRESSED) {
		return RC_CORRUPT;
	}
	return (header_of(r) & ~IS_COMPRESSED) > LIMIT_FRAME_BYTES_MAX ? RC_LIMIT : RC_OK;
}

/* The whole payload, or empty. It is copied only when it comes in pieces. */
static enum rc read_payload(struct frame_reader *r, struct bytes *in, struct bytes *payload)
{
	size_t len = header_of(r) & ~IS_COMPRESSED;

	*payload = bytes_at(NULL, 0);
	if (r->payload == NULL && in->len >= len) {
		*payload = bytes_at(in->p, len);
		in->p += len;
		in->len -= len;
		r->is_done = true;
		return RC_OK;
	}
	if (in->len == 0) {
		return RC_OK;
	}
	if (r->payload == NULL) {
		r->payload = malloc(len);
		if (r->payload == NULL) {
			return RC_NOMEM;
		}
	}
	r->payload_len += move(in, r->payload + r->payload_len, len - r->payload_len);
	if (r->payload_len == len) {
		*payload = bytes_at(r->payload, len);
		r->is_done = true;
	}
	return RC_OK;
}

enum rc frame_reader_next(struct frame_reader *r, struct frame_codec *c, struct bytes *in,
			  struct bytes *frame)
{
	struct bytes payload = { .p = NULL, .len = 0 };
	enum rc rc = RC_OK;

	*frame = payload;
	if (r->is_done) {
		frame_reader_fini(r);
	}
	rc = read_header(r, in);
	if (rc != RC_OK || r->header_len < FRAME_HEADER_LEN) {
		return rc;
	}
	rc = read_payload(r, in, &payload);
	if (rc != RC_OK || payload.len == 0) {
		return rc;
	}
	if ((header_of(r) & IS_COMPRESSED) != 0) {
		return decompress(c, payload, frame);
	}
	*frame = payload;
	return RC_OK;
}

bool frame_reader_is_between(const struct frame_reader *r)
{
	return r->is_done || r->header_len == 0;
}
