#include <criterion/criterion.h>

#include "sync/bytes.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

Test(bytes, compare_puts_a_prefix_first)
{
	cr_expect(bytes_compare(bytes_of("ab"), bytes_of("abc")) < 0);
	cr_expect(bytes_compare(bytes_of("b"), bytes_of("abc")) > 0);
	cr_expect(bytes_compare(bytes_of("abc"), bytes_of("abc")) == 0);
	cr_expect(bytes_compare(bytes_at(NULL, 0), bytes_of("")) == 0);
	cr_expect(bytes_compare(bytes_of("\x7f"), bytes_of("\x80")) < 0, "bytes are unsigned");
}

Test(bytes, equal_needs_the_same_length)
{
	cr_expect(bytes_equal(bytes_at(NULL, 0), bytes_of("")));
	cr_expect_not(bytes_equal(bytes_of("ab"), bytes_of("abc")));
	cr_expect_not(bytes_equal(bytes_of("abd"), bytes_of("abc")));
}

Test(bytes, what_was_written_is_read_back)
{
	static const uint64_t varints[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX };
	static const int64_t zigzags[] = { 0, -1, 1, -64, 64, INT64_MIN, INT64_MAX };
	uint8_t buffer[256];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	struct bytes_reader r;
	size_t i;

	for (i = 0; i < COUNT(varints); i++) {
		bytes_put_varint(&w, varints[i]);
	}
	for (i = 0; i < COUNT(zigzags); i++) {
		bytes_put_zigzag(&w, zigzags[i]);
	}
	bytes_put_u8(&w, 0xfe);
	bytes_put_be16(&w, 0x0102);
	bytes_put_be32(&w, 0x01020304);
	bytes_put_be64(&w, UINT64_C(0x0102030405060708));
	bytes_put_block(&w, bytes_of("block"));
	bytes_put_block(&w, bytes_at(NULL, 0));
	cr_assert_eq(w.rc, RC_OK);

	r = bytes_reader_init(bytes_written(&w));
	for (i = 0; i < COUNT(varints); i++) {
		cr_expect_eq(bytes_get_varint(&r), varints[i]);
	}
	for (i = 0; i < COUNT(zigzags); i++) {
		cr_expect_eq(bytes_get_zigzag(&r), zigzags[i]);
	}
	cr_expect_eq(bytes_get_u8(&r), 0xfe);
	cr_expect_eq(bytes_get_be16(&r), 0x0102);
	cr_expect_eq(bytes_get_be32(&r), 0x01020304);
	cr_expect_eq(bytes_get_be64(&r), UINT64_C(0x0102030405060708));
	cr_expect(bytes_equal(bytes_get_block(&r), bytes_of("block")));
	cr_expect_eq(bytes_get_block(&r).len, 0);
	cr_expect(bytes_is_done(&r));
}

Test(bytes, integers_of_keys_are_big_endian)
{
	uint8_t buffer[14];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	static const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 1, 0 };

	bytes_put_be16(&w, 0x0102);
	bytes_put_be32(&w, 0x03040506);
	bytes_put_be64(&w, 256);
	cr_expect(bytes_equal(bytes_written(&w), bytes_at(want, sizeof(want))));
}

Test(bytes, a_full_writer_stays_failed_and_writes_nothing_more)
{
	uint8_t buffer[4] = { 9, 9, 9, 9 };
	struct bytes_writer w = bytes_writer_init(buffer, 3);

	bytes_put(&w, "ab", 2);
	bytes_put(&w, "cd", 2);
	cr_expect_eq(w.rc, RC_LIMIT);
	bytes_put(&w, "e", 1);
	cr_expect_eq(w.rc, RC_LIMIT, "a later call that would fit is refused too");
	cr_expect_eq(w.len, 2);
	cr_expect_eq(buffer[2], 9);
	cr_expect_eq(buffer[3], 9);
}

Test(bytes, a_reader_refuses_what_is_cut_short_or_too_long)
{
	static const struct {
		uint8_t in[12];
		size_t len;
		const char *why;
	} rows[] = {
		{ { 0 }, 0, "nothing where a varint should be" },
		{ { 0x80 }, 1, "a varint without its end" },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 },
		  10,
		  "a varint of 65 bits" },
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 },
		  11,
		  "a varint of 11 bytes" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct bytes_reader r = bytes_reader_init(bytes_at(rows[i].in, rows[i].len));

		cr_expect_eq(bytes_get_varint(&r), 0, "%s", rows[i].why);
		cr_expect_eq(r.rc, RC_CORRUPT, "%s", rows[i].why);
	}
}

Test(bytes, a_reader_never_goes_beyond_the_end)
{
	static const uint8_t in[] = { 5, 'a', 'b' };
	static const uint8_t huge[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01
	};
	struct bytes_reader r = bytes_reader_init(bytes_at(in, sizeof(in)));

	cr_expect_eq(bytes_get_block(&r).len, 0);
	cr_expect_eq(r.rc, RC_CORRUPT);
	cr_expect_eq(bytes_get_u8(&r), 0, "the error is sticky");
	cr_expect_not(bytes_is_done(&r));

	r = bytes_reader_init(bytes_at(huge, sizeof(huge)));
	cr_expect_eq(bytes_get_block(&r).len, 0, "a length of 2^64-1");
	cr_expect_eq(r.rc, RC_CORRUPT);

	r = bytes_reader_init(bytes_at(in, sizeof(in)));
	cr_expect_eq(bytes_get_be32(&r), 0);
	cr_expect_eq(r.rc, RC_CORRUPT);
}

Test(bytes, done_means_everything_was_read)
{
	struct bytes_reader r = bytes_reader_init(bytes_of("ab"));

	cr_expect_not(bytes_is_done(&r));
	(void)bytes_get(&r, 2);
	cr_expect(bytes_is_done(&r));
	r = bytes_reader_init(bytes_at(NULL, 0));
	cr_expect(bytes_is_done(&r));
}
