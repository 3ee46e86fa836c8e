#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/crypto.h"
#include "node/base/csvfile.h"
#include "node/base/random.h"

static char path[64];

static void write_file(const char *text, size_t len)
{
	FILE *f = NULL;
	int fd;

	(void)snprintf(path, sizeof(path), "/tmp/kerwen-csv-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	f = fdopen(fd, "w");
	cr_assert_eq(fwrite(text, 1, len, f), len);
	cr_assert_eq(fclose(f), 0);
}

static struct csvfile *open_text(const char *text)
{
	struct path_problem why;
	struct csvfile *f = NULL;

	write_file(text, strlen(text));
	cr_assert_eq(csvfile_open(path, NULL, &f, &why), RC_OK, "%s", why.text);
	return f;
}

static void close_text(struct csvfile *f)
{
	csvfile_close(f);
	(void)unlink(path);
}

/* All rows as "line:cell|cell" joined by blanks; the result's text at the end. */
static enum rc read_all(struct csvfile *f, char *out, size_t max, struct path_problem *why)
{
	struct csvfile_row row;
	size_t len = 0;
	enum rc rc;
	uint32_t i;

	out[0] = '\0';
	while ((rc = csvfile_next(f, &row, why)) == RC_OK) {
		len += (size_t)snprintf(out + len, max - len, "%s%d:", len > 0 ? " " : "",
					(int)row.line);
		for (i = 0; i < row.cells_count; i++) {
			len += (size_t)snprintf(out + len, max - len, "%s%.*s", i > 0 ? "|" : "",
						(int)row.cells[i].len,
						(const char *)row.cells[i].p);
		}
	}
	return rc;
}

Test(csvfile, rows_come_as_they_were_written)
{
	static const struct {
		const char *text, *rows, *why;
	} ROWS[] = {
		{ "a,b\n1,2\n", "1:a|b 2:1|2", "plain" },
		{ "a,b\n1,2", "1:a|b 2:1|2", "no newline at the end" },
		{ "a,b\r\n1,2\r\n", "1:a|b 2:1|2", "CRLF" },
		{ "\xef\xbb\xbf"
		  "a,b\n1,2\n",
		  "1:a|b 2:1|2", "byte order mark" },
		{ "\xef\xbb\xbf\"a\",b\n", "1:a|b", "byte order mark before a quote" },
		{ "a;b,c;d\n1;2;3\n", "1:a|b,c|d 2:1|2|3", "more semicolons" },
		{ "\"a,b,c\";d;e\n", "1:a,b,c|d|e", "quoted commas do not count" },
		{ "a\tb\n1\t2\n", "1:a|b 2:1|2", "tab" },
		{ "a\n\n\nb\n", "1:a 4:b", "empty lines are passed over but counted" },
		{ "a,b\n,\n", "1:a|b 2:|", "empty cells" },
		{ "a,b\n1,\n", "1:a|b 2:1|", "an empty last cell" },
		{ "a,b\n\"1\n2\",3\n4,5\n", "1:a|b 2:1\n2|3 4:4|5", "newline in a cell" },
		{ "a,b\n\"1 \"\"2\"\"\",\"\"\n", "1:a|b 2:1 \"2\"|", "doubled quotes" },
		{ "a,b\n\" 1\", 2 \n", "1:a|b 2: 1| 2 ", "blanks are kept" },
		{ "a\n\"1\"", "1:a 2:1", "a quote at the end of the file" },
		{ "", "", "an empty file" },
		{ "\n\n", "", "nothing but empty lines" },
	};
	char got[256];
	size_t i;

	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct csvfile *f = open_text(ROWS[i].text);
		struct path_problem why;

		cr_expect_eq(read_all(f, got, sizeof(got), &why), RC_NOTFOUND, "%s", ROWS[i].why);
		cr_expect_str_eq(got, ROWS[i].rows, "%s: %s", ROWS[i].why, got);
		close_text(f);
	}
}

Test(csvfile, quotes_that_do_not_fit_are_named_by_the_line_of_their_row)
{
	static const struct {
		const char *text, *line, *why;
	} ROWS[] = {
		{ "a\nb\n\"c\nd\ne\n", "line 3:", "never closed" },
		{ "a\nb\nc\"d\n", "line 3:", "inside a plain cell" },
		{ "a\n\"b\"c\n", "line 2:", "text behind a closed cell" },
		{ "a\n\"b\n\"c\n", "line 2:", "closed on the next line, then text" },
		{ "\"a", "line 1:", "the header" },
	};
	char got[256];
	size_t i;

	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct csvfile *f = open_text(ROWS[i].text);
		struct path_problem why = { "", "" };

		cr_expect_eq(read_all(f, got, sizeof(got), &why), RC_INVALID, "%s", ROWS[i].why);
		cr_expect_not_null(strstr(why.text, ROWS[i].line), "%s: %s", ROWS[i].why, why.text);
		close_text(f);
	}
}

Test(csvfile, reading_goes_on_at_a_place)
{
	struct csvfile *f = open_text("a,b\n1,\"x\ny\"\n3,4\n5,6\n");
	struct csvfile_row row;
	struct path_problem why;
	struct csvfile_place place;
	char got[64];
	int i;

	for (i = 0; i < 2; i++) {
		cr_assert_eq(csvfile_next(f, &row, &why), RC_OK);
	}
	place = csvfile_at(f);
	cr_assert_eq(place.line, 4);
	cr_assert_eq(read_all(f, got, sizeof(got), &why), RC_NOTFOUND);
	cr_assert_eq(csvfile_seek(f, place), RC_OK);
	cr_assert_eq(read_all(f, got, sizeof(got), &why), RC_NOTFOUND);
	cr_assert_str_eq(got, "4:3|4 5:5|6");
	close_text(f);
}

Test(csvfile, long_files_come_whole_and_long_rows_are_refused)
{
	size_t size = CSVFILE_ROW_BYTES_MAX / 100 * 100 + 1000, i, rows = 0;
	char *text = malloc(size);
	struct csvfile *f = NULL;
	struct csvfile_row row;
	struct path_problem why;
	enum rc rc;

	for (i = 0; i < size; i++) {
		text[i] = i % 100 == 99 ? '\n' : i % 10 == 9 ? ',' : (char)('a' + i % 26);
	}
	write_file(text, size);
	cr_assert_eq(csvfile_open(path, NULL, &f, &why), RC_OK);
	while ((rc = csvfile_next(f, &row, &why)) == RC_OK) {
		cr_assert_eq(row.cells_count, 10);
		rows++;
	}
	cr_assert_eq(rc, RC_NOTFOUND);
	cr_assert_eq(rows, (size + 99) / 100);
	close_text(f);

	memset(text + 200, 'x', size - 200);
	write_file(text, size);
	cr_assert_eq(csvfile_open(path, NULL, &f, &why), RC_OK);
	cr_assert_eq(csvfile_next(f, &row, &why), RC_OK);
	cr_assert_eq(csvfile_next(f, &row, &why), RC_OK);
	cr_assert_eq(csvfile_next(f, &row, &why), RC_LIMIT);
	cr_assert_not_null(strstr(why.text, "line 3:"), "%s", why.text);
	close_text(f);

	text[200] = '"';
	memset(text + 201, '\n', size - 201);
	write_file(text, size);
	cr_assert_eq(csvfile_open(path, NULL, &f, &why), RC_OK);
	while ((rc = csvfile_next(f, &row, &why)) == RC_OK) {
	}
	cr_assert_eq(rc, RC_LIMIT, "an open quote must not take the whole file");
	close_text(f);
	free(text);
}

Test(csvfile, the_digest_is_of_every_byte)
{
	static const char *const texts[] = { "a,b\n1,2\n", "a,b\n1,3\n", "a,b\n1,2",
					     "a,b\r\n1,2\n" };
	uint8_t digests[4][HASH_LEN], again[HASH_LEN];
	struct path_problem why;
	struct csvfile *f = NULL;
	char got[64];
	size_t i, k;

	random_init();
	for (i = 0; i < 5; i++) {
		write_file(texts[i % 4], strlen(texts[i % 4]));
		cr_assert_eq(csvfile_open(path, &crypto_sodium, &f, &why), RC_OK);
		cr_assert_eq(read_all(f, got, sizeof(got), &why), RC_NOTFOUND);
		csvfile_digest(f, i < 4 ? digests[i] : again);
		close_text(f);
	}
	cr_assert_arr_eq(again, digests[0], HASH_LEN);
	for (i = 0; i < 4; i++) {
		for (k = 0; k < i; k++) {
			cr_assert_neq(memcmp(digests[i], digests[k], HASH_LEN), 0);
		}
	}
}

Test(csvfile, what_is_no_file_is_refused)
{
	struct path_problem why;
	struct csvfile *f = NULL;

	cr_assert_eq(csvfile_open("/tmp/kerwen-no-such-file", NULL, &f, &why), RC_NOTFOUND);
	cr_assert_eq(csvfile_open("/tmp", NULL, &f, &why), RC_INVALID);
	cr_assert_eq(csvfile_open("/dev/zero", NULL, &f, &why), RC_INVALID);
	cr_assert_null(f);
	csvfile_close(f);
}
