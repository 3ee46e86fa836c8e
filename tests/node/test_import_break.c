#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "node/cmd/import_progress.h"

static struct import_passages passages;

static void count(uint16_t field, const char *from, const char *to, unsigned rows)
{
	while (rows-- > 0) {
		import_break_count(&passages, field, bytes_of(from), bytes_of(to));
	}
}

Test(import_break, counts_by_field_and_both_codes)
{
	count(3, "REF", "OIP", 5);
	count(3, "OIP", "REF", 2);
	count(4, "REF", "OIP", 1);
	count(3, "REF", "STL", 1);
	count(3, "REF", "OIP", 1);
	cr_assert_eq(passages.count, 4);
	cr_expect_eq(passages.items[0].rows, 6);
	cr_expect_eq(passages.items[1].rows, 2);
	cr_expect_eq(passages.items[2].rows, 1);
}

Test(import_break, many_rare_passages_do_not_hide_a_break)
{
	char from[16];
	unsigned i;

	for (i = 0; i < 1000; i++) {
		(void)snprintf(from, sizeof(from), "C%u", i);
		count(3, from, "X", 1);
	}
	cr_assert_eq(passages.count, IMPORT_PASSAGES_MAX, "bounded");
	/* A break among rows that go everywhere else. */
	for (i = 0; i < 1000; i++) {
		(void)snprintf(from, sizeof(from), "D%u", i);
		count(3, from, "X", 1);
		count(3, "REF", "OIP", 1);
	}
	for (i = 0; i < passages.count && memcmp(passages.items[i].from, "REF", 3) != 0; i++) {
	}
	cr_assert_lt(i, passages.count);
	cr_expect_geq(passages.items[i].rows, 990);
}

Test(import_break, needs_many_rows_and_a_share_of_the_file)
{
	static const struct {
		uint64_t rows, all;
		bool is_break;
		const char *why;
	} rows[] = {
		{ 3400, 3400, true, "all of them" },   { 100, 100, true, "the least number" },
		{ 99, 99, false, "one less" },         { 100, 2000, true, "the least share" },
		{ 100, 2001, false, "less than 5 %" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct import_passage p = { .rows = rows[i].rows };

		cr_expect_eq(import_break_is(&p, rows[i].all), rows[i].is_break, "%s", rows[i].why);
	}
}

Test(import_break, an_import_that_was_cut_goes_on_counting)
{
	static struct import_progress p, again;
	static uint8_t buffer[IMPORT_PROGRESS_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	char code[LIMIT_NAME_BYTES_MAX + 1];
	unsigned i;

	memset(code, 'A', sizeof(code));
	for (i = 0; i < IMPORT_PASSAGES_MAX; i++) {
		code[0] = (char)('0' + i);
		import_break_count(&p.passages, UINT16_MAX, bytes_at(code, LIMIT_NAME_BYTES_MAX),
				   bytes_at(code, LIMIT_NAME_BYTES_MAX));
	}
	p.passages.items[7].rows = UINT64_MAX;
	p.changed = 3400;
	import_progress_encode(&p, &w);
	cr_assert_eq(w.rc, RC_OK, "the longest fits");
	cr_assert_eq(import_progress_decode(bytes_written(&w), &again), RC_OK);
	cr_expect_eq(memcmp(&p, &again, sizeof(p)), 0);
	cr_expect_eq(import_progress_decode(bytes_at(buffer, w.len - 1), &again), RC_CORRUPT);
	/* What an earlier program kept ends before the passages. */
	cr_expect_eq(import_progress_decode(bytes_at(buffer, 57), &again), RC_OK);
	cr_expect_eq(again.passages.count, 0);
}
