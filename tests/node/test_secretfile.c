/* Secret files: every size comes back, and every way to cut or alter one is
 * noticed. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/mem.h"
#include "node/base/random.h"
#include "node/base/secretfile.h"

enum { PIECE = SECRETFILE_PIECE_LEN, HEAD = 24, MORE = SECRETFILE_PIECE_MORE_LEN };

static uint8_t plain[5 * PIECE], back[5 * PIECE];
static struct secretfile_key key;
static char path[64];
static int fd;

static void start(void)
{
	random_init();
	key.key = mem_secret_new(SECRETFILE_KEY_LEN);
	random_bytes(key.key, SECRETFILE_KEY_LEN);
	random_bytes(key.context, sizeof(key.context));
	random_bytes(plain, sizeof(plain)); /* it does not compress */
	snprintf(path, sizeof(path), "/tmp/kerwen-secret-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
}

static void stop(void)
{
	close(fd);
	unlink(path);
	mem_secret_free(key.key);
}

TestSuite(secretfile, .init = start, .fini = stop);

/* Writes len bytes in uneven steps; gives the size of the file. */
static off_t write_file(size_t len)
{
	struct secretfile_writer *w = NULL;
	size_t at = 0;

	cr_assert_eq(ftruncate(fd, 0), 0);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	cr_assert_eq(secretfile_create(fd, &key, &w), RC_OK);
	while (at < len) {
		size_t n = 1 + random_below(20000);

		n = n < len - at ? n : len - at;
		secretfile_put(w, bytes_at(plain + at, n));
		at += n;
	}
	cr_assert_eq(secretfile_finish(w), RC_OK);
	secretfile_writer_free(w);
	return lseek(fd, 0, SEEK_END);
}

static enum rc read_with(const struct secretfile_key *k, size_t len)
{
	struct secretfile_reader *r = NULL;
	size_t at = 0;
	enum rc rc = RC_OK;

	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	cr_assert_eq(secretfile_open(fd, k, &r), RC_OK);
	memset(back, 0, sizeof(back));
	while (at < len && rc == RC_OK) {
		size_t n = 1 + random_below(20000);

		n = n < len - at ? n : len - at;
		rc = secretfile_get(r, back + at, n);
		at += n;
	}
	if (rc == RC_OK) {
		rc = secretfile_end(r);
	}
	secretfile_reader_free(r);
	return rc;
}

static enum rc read_file(size_t len)
{
	return read_with(&key, len);
}

Test(secretfile, every_size_comes_back)
{
	static const size_t sizes[] = { 0,         1,         100,           PIECE - 40,
					PIECE - 9, PIECE,     PIECE + 1,     2 * PIECE,
					3 * PIECE, 5 * PIECE, 2 * PIECE - 22 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		(void)write_file(sizes[i]);
		cr_assert_eq(read_file(sizes[i]), RC_OK, "%zu", sizes[i]);
		cr_assert_eq(memcmp(back, plain, sizes[i]), 0, "%zu", sizes[i]);
		cr_assert_neq(read_file(sizes[i] + 1), RC_OK, "%zu: more than there is", sizes[i]);
	}
	(void)write_file(1000);
	cr_assert_eq(read_file(999), RC_CORRUPT, "not all of it");
}

/* Whatever the packed size, the last piece may be a full one. */
Test(secretfile, sizes_around_a_full_piece_come_back)
{
	size_t len;

	for (len = PIECE - 30; len < PIECE + 30; len++) {
		(void)write_file(len);
		cr_assert_eq(read_file(len), RC_OK, "%zu", len);
	}
}

Test(secretfile, a_cut_at_any_border_and_anywhere_else_is_noticed)
{
	off_t size = write_file(sizeof(plain)), cut;
	int i;

	for (cut = HEAD; cut < size; cut += PIECE + MORE) {
		cr_assert_eq(truncate(path, cut), 0);
		cr_expect_eq(read_file(sizeof(plain)), RC_BADSIG, "cut at border %ld", (long)cut);
		size = write_file(sizeof(plain));
	}
	for (i = 0; i < 60; i++) {
		cut = (off_t)random_below((uint32_t)size);
		cr_assert_eq(truncate(path, cut), 0);
		cr_expect_eq(read_file(sizeof(plain)), RC_BADSIG, "cut at %ld", (long)cut);
		size = write_file(sizeof(plain));
	}
}

static void flip(off_t at, uint8_t bit)
{
	uint8_t b = 0;

	cr_assert_eq(pread(fd, &b, 1, at), 1);
	b ^= (uint8_t)(1u << bit);
	cr_assert_eq(pwrite(fd, &b, 1, at), 1);
}

Test(secretfile, every_flipped_bit_is_noticed)
{
	off_t size = write_file(sizeof(plain));
	int i;

	for (i = 0; i < 300; i++) {
		off_t at = i < HEAD + 8 ? i : (off_t)random_below((uint32_t)size);
		uint8_t bit = (uint8_t)random_below(8);

		flip(at, bit);
		cr_expect_eq(read_file(sizeof(plain)), RC_BADSIG, "bit %u of %ld", bit, (long)at);
		flip(at, bit);
	}
	cr_assert_eq(read_file(sizeof(plain)), RC_OK);
}

Test(secretfile, pieces_in_another_order_or_left_out_are_noticed)
{
	static uint8_t file[6 * (PIECE + MORE)];
	off_t size = write_file(sizeof(plain));
	const size_t step = PIECE + MORE;

	cr_assert_eq(pread(fd, file, (size_t)size, 0), size);
	/* The second piece in the place of the first. */
	cr_assert_eq(pwrite(fd, file + HEAD + step, step, HEAD), (ssize_t)step);
	cr_expect_eq(read_file(sizeof(plain)), RC_BADSIG);
	/* Without the second. */
	cr_assert_eq(pwrite(fd, file, (size_t)size, 0), size);
	cr_assert_eq(pwrite(fd, file + HEAD + 2 * step, (size_t)size - HEAD - 2 * step,
			    (off_t)(HEAD + step)),
		     (ssize_t)((size_t)size - HEAD - 2 * step));
	cr_assert_eq(ftruncate(fd, size - (off_t)step), 0);
	cr_expect_eq(read_file(sizeof(plain)), RC_BADSIG);
}

Test(secretfile, bytes_behind_the_end_are_noticed)
{
	off_t size = write_file(1000);
	size_t len;

	cr_assert_eq(pwrite(fd, "x", 1, size), 1);
	cr_expect_eq(read_file(1000), RC_BADSIG);
	/* Behind a last piece that is full, too. */
	for (len = PIECE - 30, size = 0; size != HEAD + PIECE + MORE; len++) {
		cr_assert_lt(len, (size_t)PIECE);
		size = write_file(len);
	}
	cr_assert_eq(read_file(len - 1), RC_OK);
	cr_assert_eq(pwrite(fd, "x", 1, size), 1);
	cr_expect_eq(read_file(len - 1), RC_BADSIG);
}

Test(secretfile, another_key_or_context_does_not_open_it)
{
	struct secretfile_key other = key;

	(void)write_file(1000);
	other.context[31] ^= 1;
	cr_expect_eq(read_with(&other, 1000), RC_BADSIG);
	other = key;
	other.key = mem_secret_new(SECRETFILE_KEY_LEN);
	memset(other.key, 7, SECRETFILE_KEY_LEN);
	cr_expect_eq(read_with(&other, 1000), RC_BADSIG);
	mem_secret_free(other.key);
}

Test(secretfile, a_full_disk_is_told)
{
	struct secretfile_writer *w = NULL;
	int full = open("/dev/full", O_WRONLY);

	if (full < 0) {
		cr_skip_test("no /dev/full");
	}
	cr_assert_eq(secretfile_create(full, &key, &w), RC_OK);
	secretfile_put(w, bytes_at(plain, sizeof(plain)));
	cr_expect_eq(secretfile_finish(w), RC_FULL);
	secretfile_writer_free(w);
	close(full);
}
