/*
 * Framing: how messages lie in a stream of bytes.
 *
 *   header, 4 bytes big-endian: top bit = the payload is compressed,
 *                               the rest = length of the payload
 *   payload
 *
 * A frame is 1..LIMIT_FRAME_BYTES_MAX bytes, and so is its payload: it is sent
 * compressed (zstd, RFC 8878, each frame by itself) only if that is smaller.
 * A header of zero stands alone: a heartbeat, which says "I am here" and
 * carries nothing.
 *
 * A compressed payload is one zstd frame that declares its content size, has
 * no dictionary, a window of at most FRAME_WINDOW_MAX and nothing behind it.
 *
 * Used on one thread. One codec serves any number of streams; a reader
 * belongs to one stream and holds memory only while a frame is cut.
 */
#ifndef KERWEN_FRAME_H
#define KERWEN_FRAME_H

#include "sync/bytes.h"
#include "sync/limits.h"

enum {
	FRAME_HEADER_LEN = 4,
	FRAME_WIRE_BYTES_MAX = FRAME_HEADER_LEN + LIMIT_FRAME_BYTES_MAX,
	FRAME_WINDOW_MAX = 131072 /* bytes */
};

/* Contexts of zstd and scratch memory, about half a megabyte. */
struct frame_codec;

/* Gives; frame_codec_free frees, also NULL. RC_NOMEM. */
enum rc frame_codec_new(struct frame_codec **out);
void frame_codec_free(struct frame_codec *c);

/*
 * Writes a frame with its header. *wire borrows from the codec until its next
 * frame_encode. RC_LIMIT: empty or above LIMIT_FRAME_BYTES_MAX.
 */
enum rc frame_encode(struct frame_codec *c, struct bytes frame, struct bytes *wire);

/* The wire form of a heartbeat. */
struct bytes frame_heartbeat(void);

/* Takes frames out of a stream that arrives in pieces of any size. */
struct frame_reader {
	uint8_t header[FRAME_HEADER_LEN];
	size_t header_len; /* bytes of the header that are there */
	uint8_t *payload;  /* owned; NULL unless a payload is cut */
	size_t payload_len;
	bool is_done; /* payload is whole and was handed out */
};

/* A reader of zeroes is one at the start of a stream. Frees what it holds. */
void frame_reader_fini(struct frame_reader *r);

/*
 * Reads on in *in, which moves forward over what is used, up to the end of the
 * next frame. *frame is empty when all of *in is used and no frame is whole;
 * else it borrows from the reader, the codec or the memory of *in until the
 * next call with any of them.
 *
 * RC_CORRUPT: not a frame; RC_LIMIT: above LIMIT_FRAME_BYTES_MAX, also after
 * decompression; RC_NOMEM. The stream cannot be read on after a failure.
 */
enum rc frame_reader_next(struct frame_reader *r, struct frame_codec *c, struct bytes *in,
			  struct bytes *frame);

/* True when the stream stands between two frames. */
bool frame_reader_is_between(const struct frame_reader *r);

#endif
