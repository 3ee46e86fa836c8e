#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cmd/out.h"

static char *printed, *noted;
static size_t printed_len, noted_len;
static struct out o;

static void open_out(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	o = out_init(open_memstream(&printed, &printed_len), open_memstream(&noted, &noted_len));
}

static void close_out(void)
{
	fclose(o.to);
	fclose(o.notes);
	free(printed);
	free(noted);
}

TestSuite(out, .init = open_out, .fini = close_out);

static void expect_printed(const char *expected)
{
	fflush(o.to);
	cr_expect_str_eq(printed, expected);
}

static void expect_noted(const char *expected)
{
	fflush(o.notes);
	cr_expect_str_eq(noted, expected);
}

static const struct out_column columns[] = { { .name = "NAME" },
					     { .name = "COUNT", .is_number = true } };

Test(out, lays_out_a_table_by_characters_not_bytes)
{
	struct out_table *t = out_table_new(columns, 2);

	out_table_row(t);
	out_table_text(t, "A\u015fgabat");
	out_table_number(t, 7);
	out_table_row(t);
	out_table_text(t, "Mary");
	out_table_number(t, -1381);
	cr_assert_eq(out_table_print(&o, t), RC_OK);
	expect_printed("NAME    COUNT\n"
		       "A\u015fgabat     7\n"
		       "Mary    -1381\n");
}

Test(out, an_empty_table_is_its_head)
{
	cr_assert_eq(out_table_print(&o, out_table_new(columns, 2)), RC_OK);
	expect_printed("NAME COUNT\n");
}

Test(out, a_cell_cannot_speak_to_the_terminal)
{
	struct out_table *t = out_table_new(columns, 2);

	out_table_row(t);
	out_table_text(t, "a\x1b[2Jb\nc");
	out_table_number(t, 1);
	cr_assert_eq(out_table_print(&o, t), RC_OK);
	fflush(o.to);
	cr_expect_null(strchr(printed, '\x1b'));
	cr_expect_not_null(strstr(printed, "\\x1b[2Jb\\nc"));
}

Test(out, a_row_with_too_many_cells_is_an_error_at_the_end)
{
	struct out_table *t = out_table_new(columns, 1);

	out_table_row(t);
	out_table_text(t, "a");
	out_table_text(t, "b");
	cr_assert_eq(out_table_print(&o, t), RC_INVALID);
	expect_printed("");
}

Test(out, a_document_is_one_line_that_begins_with_its_format)
{
	json_t *document = out_document();

	json_object_set_new(document, "name", out_string(bytes_of("A\u015fgabat")));
	json_object_set_new(document, "time", out_time(UINT64_C(1481272200123)));
	cr_assert_eq(out_json(&o, document), RC_OK);
	expect_printed("{\"format\":1,\"name\":\"A\u015fgabat\","
		       "\"time\":\"2016-12-09T08:30:00.123Z\"}\n");
	cr_expect_eq(out_json(&o, NULL), RC_NOMEM);
}

Test(out, with_json_lines_for_people_are_silent)
{
	o.json = true;
	out_line(&o, "x");
	expect_printed("");
}

Test(out, notes_go_to_stderr_unless_quiet)
{
	out_note(&o, "settles a conflict");
	o.quiet = true;
	out_note(&o, "not this");
	expect_noted("settles a conflict\n");
}

Test(out, an_error_has_its_hint_below)
{
	out_error(&o, 1, "x is wrong", "do y");
	out_error(&o, 1, "z", NULL);
	expect_noted("kerwen: x is wrong\n  do y\nkerwen: z\n");
}

Test(out, quotes_csv_cells_that_need_it)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "plain" },     { "", "" },
		{ "a,b", "\"a,b\"" },     { "a;b", "\"a;b\"" },
		{ "a\"b", "\"a\"\"b\"" }, { "a\nb", "\"a\nb\"" },
		{ "a\tb", "\"a\tb\"" },   { "A\u015fgabat", "A\u015fgabat" },
	};
	char expected[256] = "first";
	size_t i;

	out_csv_cell(&o, bytes_of("first"), true);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		out_csv_cell(&o, bytes_of(rows[i].in), false);
		strcat(expected, ",");
		strcat(expected, rows[i].out);
	}
	out_csv_end(&o);
	strcat(expected, "\n");
	expect_printed(expected);
}

Test(out, draws_no_bar_where_there_is_no_terminal)
{
	struct out_progress p = out_progress_start(&o, "sync");

	out_progress_at(&p, 1, 2);
	out_progress_end(&p);
	expect_noted("");
}

Test(out, draws_and_wipes_the_bar_on_a_terminal)
{
	struct out_progress p;

	o.has_bar = true;
	p = out_progress_start(&o, "sync");
	out_progress_at(&p, 1, 2);
	out_progress_at(&p, 1, 2); /* too soon to draw again */
	out_progress_at(&p, 5, 2); /* more than there was is all */
	out_progress_end(&p);
	expect_noted("\r\033[Ksync [###############...............] 50%"
		     "\r\033[Ksync [##############################] 100%"
		     "\r\033[K");
}

Test(out, says_when_the_result_cannot_be_written)
{
	FILE *full = fopen("/dev/full", "w");
	struct out to_full = out_init(full, o.notes);

	out_line(&to_full, "x");
	cr_expect_eq(out_flush(&to_full), RC_IO);
	fclose(full);
}
