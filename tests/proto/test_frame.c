/* Frames in a stream: cut anywhere, and hostile ones. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "proto/frame.h"

static struct frame_codec *codec;

static void open_codec(void)
{
	cr_assert_eq(frame_codec_new(&codec), RC_OK);
}

static void close_codec(void)
{
	frame_codec_free(codec);
}

TestSuite(frame, .init = open_codec, .fini = close_codec);

/* Bytes that do not compress. */
static struct bytes noise(uint8_t *buf, size_t len)
{
	uint32_t v = 2463534242;
	size_t i;

	for (i = 0; i < len; i++) {
		v ^= v << 13;
		v ^= v >> 17;
		v ^= v << 5;
		buf[i] = (uint8_t)v;
	}
	return bytes_at(buf, len);
}

/* Reads all frames of a stream that comes in pieces of step bytes, gives their
 * number; each must be equal to the one of frames[] at its place. */
static size_t read_all(struct bytes stream, size_t step, const struct bytes *frames, size_t count)
{
	struct frame_reader r = { .header_len = 0 };
	size_t at, n = 0;

	for (at = 0; at < stream.len; at += step) {
		struct bytes piece = bytes_at(stream.p + at, stream.len - at);
		struct bytes frame;

		piece.len = piece.len > step ? step : piece.len;
		do {
			cr_assert_eq(frame_reader_next(&r, codec, &piece, &frame), RC_OK);
			if (frame.len > 0) {
				cr_assert(n < count && bytes_equal(frame, frames[n]), "frame %zu",
					  n);
				n++;
			}
		} while (frame.len > 0);
		cr_assert_eq(piece.len, 0);
	}
	cr_assert(frame_reader_is_between(&r));
	frame_reader_fini(&r);
	return n;
}

Test(frame, reads_back_whatever_the_pieces_are)
{
	static uint8_t stream[300000], random[LIMIT_FRAME_BYTES_MAX];
	static uint8_t zeros[LIMIT_FRAME_BYTES_MAX];
	struct bytes frames[] = {
		bytes_of("x"),
		noise(random, sizeof(random)),
		bytes_at(zeros, sizeof(zeros)),
		bytes_of("the caravan carries what the offices wrote, what the offices wrote"),
		bytes_at(random, 5000),
	};
	struct bytes_writer w = bytes_writer_init(stream, sizeof(stream));
	size_t steps[] = { 1, 2, 3, 4, 5, 7, 63, 4096, 65535, 65536, 65540, 65541, 300000 };
	size_t i, count = sizeof(frames) / sizeof(frames[0]);

	for (i = 0; i < count; i++) {
		struct bytes wire, heartbeat = frame_heartbeat();

		cr_assert_eq(frame_encode(codec, frames[i], &wire), RC_OK);
		bytes_put(&w, wire.p, wire.len);
		bytes_put(&w, heartbeat.p, heartbeat.len);
	}
	cr_assert_eq(w.rc, RC_OK);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		cr_assert_eq(read_all(bytes_written(&w), steps[i], frames, count), count);
	}
}

Test(frame, reads_back_when_cut_in_two_anywhere)
{
	static const char text[] =
		"one frame, one frame, one frame, one frame, one frame, one frame";
	struct bytes wire, frame;
	size_t cut;

	cr_assert_eq(frame_encode(codec, bytes_of(text), &wire), RC_OK);
	cr_assert(wire.len < sizeof(text), "compressed");
	for (cut = 0; cut <= wire.len; cut++) {
		struct frame_reader r = { .header_len = 0 };
		struct bytes first = bytes_at(wire.p, cut);
		struct bytes rest = bytes_at(wire.p + cut, wire.len - cut);

		cr_assert_eq(frame_reader_next(&r, codec, &first, &frame), RC_OK);
		cr_assert_eq(frame.len > 0, cut == wire.len);
		cr_assert_eq(frame_reader_is_between(&r), cut == 0 || cut == wire.len);
		if (cut < wire.len) {
			cr_assert_eq(frame_reader_next(&r, codec, &rest, &frame), RC_OK);
		}
		cr_assert(bytes_equal(frame, bytes_of(text)));
		frame_reader_fini(&r);
	}
}

Test(frame, compresses_only_what_gets_smaller)
{
	static uint8_t buf[LIMIT_FRAME_BYTES_MAX];
	struct bytes wire;

	cr_assert_eq(frame_encode(codec, noise(buf, sizeof(buf)), &wire), RC_OK);
	cr_assert_eq(wire.len, FRAME_WIRE_BYTES_MAX);
	cr_assert_eq(wire.p[0], 0);
	memset(buf, 'a', sizeof(buf));
	cr_assert_eq(frame_encode(codec, bytes_at(buf, sizeof(buf)), &wire), RC_OK);
	cr_assert_lt(wire.len, 100);
	cr_assert_eq(wire.p[0], 0x80);
}

Test(frame, sends_nothing_empty_or_too_long)
{
	static uint8_t buf[LIMIT_FRAME_BYTES_MAX + 1];
	struct bytes wire;

	cr_assert_eq(frame_encode(codec, bytes_of(""), &wire), RC_LIMIT);
	cr_assert_eq(frame_encode(codec, bytes_at(buf, sizeof(buf)), &wire), RC_LIMIT);
}

/* What reading one frame gives that has the payload. */
static enum rc read_one(struct bytes payload, uint32_t flag)
{
	static uint8_t buf[1 << 18];
	struct bytes_writer w = bytes_writer_init(buf, sizeof(buf));
	struct frame_reader r = { .header_len = 0 };
	struct bytes in, frame;
	enum rc rc = RC_OK;

	bytes_put_be32(&w, (uint32_t)payload.len | flag);
	bytes_put(&w, payload.p, payload.len);
	cr_assert_eq(w.rc, RC_OK);
	in = bytes_written(&w);
	rc = frame_reader_next(&r, codec, &in, &frame);
	cr_assert(rc != RC_OK || frame.len > 0);
	frame_reader_fini(&r);
	return rc;
}

#define ZSTD UINT32_C(0x80000000)

/* zstd's form of len zeros, with the parameters given. */
static struct bytes squeeze(uint8_t *out, size_t max, size_t len, bool is_declared, int window_log)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	uint8_t *zeros = calloc(1, len);
	size_t n = 0;

	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, is_declared);
	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window_log);
	n = ZSTD_compress2(c, out, max, zeros, len);
	cr_assert(!ZSTD_isError(n));
	free(zeros);
	ZSTD_freeCCtx(c);
	return bytes_at(out, n);
}

Test(frame, refuses_a_gibibyte_of_zeros)
{
	static uint8_t buf[LIMIT_FRAME_BYTES_MAX];
	struct bytes b = squeeze(buf, sizeof(buf), (size_t)1 << 30, true, 17);

	cr_assert_eq(read_one(b, ZSTD), RC_LIMIT);
}

Test(frame, refuses_a_size_that_is_not_declared)
{
	static uint8_t buf[1024];

	cr_assert_eq(read_one(squeeze(buf, sizeof(buf), 65536, true, 17), ZSTD), RC_OK);
	cr_assert_eq(read_one(squeeze(buf, sizeof(buf), 65536, false, 17), ZSTD), RC_CORRUPT);
	cr_assert_eq(read_one(squeeze(buf, sizeof(buf), 65537, true, 17), ZSTD), RC_LIMIT);
}

Test(frame, refuses_a_size_that_lies)
{
	static uint8_t buf[1024];
	struct bytes b = squeeze(buf, sizeof(buf), 40000, true, 17);
	unsigned i;

	/* A single segment; the size has two bytes and counts from 256. */
	cr_assert_eq(b.p[4] >> 5, 3);
	for (i = 0; i < 65536; i += 257) {
		buf[5] = (uint8_t)i;
		buf[6] = (uint8_t)(i >> 8);
		cr_assert_eq(read_one(b, ZSTD) == RC_OK, i == 40000 - 256, "%u", i);
	}
	buf[5] = (uint8_t)(40000 - 256);
	buf[6] = (40000 - 256) >> 8;
	cr_assert_eq(read_one(b, ZSTD), RC_OK);
}

Test(frame, refuses_every_cut_of_a_compressed_payload)
{
	static uint8_t buf[2048];
	struct bytes b = squeeze(buf, 1024, 3000, true, 17);
	size_t len = b.len;

	for (b.len = 1; b.len < len; b.len++) {
		cr_assert_eq(read_one(b, ZSTD), RC_CORRUPT, "%zu", b.len);
	}
	b.len = len + 1;
	cr_assert_eq(read_one(b, ZSTD), RC_CORRUPT, "a byte behind it");
	memcpy(buf + len, buf, len);
	b.len = 2 * len;
	cr_assert_eq(read_one(b, ZSTD), RC_CORRUPT, "a second frame behind it");
}

struct row {
	const char *why;
	const char *bytes;
	size_t len;
	enum rc rc;
};

#define ROW(why, text, rc)                                                                         \
	{                                                                                          \
		why, text, sizeof(text) - 1, rc                                                    \
	}

static const struct row rows[] = {
	ROW("one raw block", "\x28\xb5\x2f\xfd\x20\x03\x19\x00\x00pad", RC_OK),
	ROW("with a window of 128 KiB", "\x28\xb5\x2f\xfd\x80\x38\x03\x00\x00\x00\x19\x00\x00pad",
	    RC_OK),
	ROW("with a window above it", "\x28\xb5\x2f\xfd\x80\x39\x03\x00\x00\x00\x19\x00\x00pad",
	    RC_LIMIT),
	ROW("with a window of a gibibyte",
	    "\x28\xb5\x2f\xfd\x80\xa0\x03\x00\x00\x00\x19\x00\x00pad", RC_LIMIT),
	ROW("naming a dictionary", "\x28\xb5\x2f\xfd\x21\x07\x03\x19\x00\x00pad", RC_CORRUPT),
	ROW("naming dictionary 0", "\x28\xb5\x2f\xfd\x21\x00\x03\x19\x00\x00pad", RC_CORRUPT),
	ROW("a skippable frame behind it",
	    "\x28\xb5\x2f\xfd\x20\x03\x19\x00\x00pad\x50\x2a\x4d\x18\x03\x00\x00\x00pad",
	    RC_CORRUPT),
	ROW("a reserved bit", "\x28\xb5\x2f\xfd\x28\x03\x19\x00\x00pad", RC_CORRUPT),
	ROW("of nothing", "\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00", RC_CORRUPT),
	ROW("declaring 4 bytes", "\x28\xb5\x2f\xfd\x20\x04\x19\x00\x00pad", RC_CORRUPT),
	ROW("declaring 2^64-1 bytes",
	    "\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\xff\x19\x00\x00pad", RC_CORRUPT),
	ROW("a skippable frame", "\x50\x2a\x4d\x18\x03\x00\x00\x00pad", RC_CORRUPT),
	ROW("an older zstd", "\x27\xb5\x2f\xfd\x20\x03\x19\x00\x00pad", RC_CORRUPT),
	ROW("no zstd", "kerwen", RC_CORRUPT),
	ROW("one byte", "\x28", RC_CORRUPT),
	ROW("magic alone", "\x28\xb5\x2f\xfd", RC_CORRUPT),
	ROW("nothing", "", RC_CORRUPT),
};

Test(frame, judges_every_compressed_payload_as_it_says)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum rc rc = read_one(bytes_at(rows[i].bytes, rows[i].len), ZSTD);

		cr_expect(rc == rows[i].rc, "%s: %s", rows[i].why, rc_text(rc));
	}
}

Test(frame, refuses_a_header_of_more_at_once)
{
	struct frame_reader r = { .header_len = 0 };
	struct bytes frame, in = bytes_at("\x00\x01\x00\x01", 4);

	cr_assert_eq(frame_reader_next(&r, codec, &in, &frame), RC_LIMIT);
	frame_reader_fini(&r);
	in = bytes_at("GET / HTTP/1.1\r\n", 16);
	cr_assert_eq(frame_reader_next(&r, codec, &in, &frame), RC_LIMIT);
	frame_reader_fini(&r);
}

Test(frame, holds_no_memory_between_frames)
{
	struct frame_reader r = { .header_len = 0 };
	struct bytes frame, head = bytes_at("\0\0\0\2p", 5), tail = bytes_at("d", 1);

	cr_assert_eq(frame_reader_next(&r, codec, &head, &frame), RC_OK);
	cr_assert_not_null(r.payload);
	cr_assert_eq(frame_reader_next(&r, codec, &tail, &frame), RC_OK);
	cr_assert(bytes_equal(frame, bytes_of("pd")));
	cr_assert_eq(frame_reader_next(&r, codec, &tail, &frame), RC_OK);
	cr_assert_eq(frame.len, 0);
	cr_assert_null(r.payload);
}

/* A decompressor is a large thing: any altered byte must be harmless. */
Test(frame, survives_altered_bytes)
{
	static uint8_t buf[65536], text[4096];
	uint32_t v = 88172645;
	struct bytes wire, frame;
	size_t i;

	for (i = 0; i < sizeof(text); i++) {
		text[i] = (uint8_t)("kerwen caravan"[i * i % 13] + (i % 97 == 0));
	}
	cr_assert_eq(frame_encode(codec, bytes_at(text, sizeof(text)), &wire), RC_OK);
	cr_assert(wire.p[0] == 0x80 && wire.len < sizeof(buf));
	for (i = 0; i < 20000; i++) {
		struct frame_reader r = { .header_len = 0 };
		struct bytes in = bytes_at(buf, wire.len);

		memcpy(buf, wire.p, wire.len);
		v = v * 1664525 + 1013904223;
		buf[4 + (v >> 8) % (wire.len - 4)] ^= (uint8_t)(1 + (v >> 24) % 255);
		if (frame_reader_next(&r, codec, &in, &frame) == RC_OK) {
			cr_assert_leq(frame.len, LIMIT_FRAME_BYTES_MAX);
		}
		frame_reader_fini(&r);
	}
}
