/* Tables for people, laid out by libsmartcols. */
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "node/cmd/out.h"

enum { CELL_CHARS = 120 };
#define CUT "..."

struct out_table {
	struct libscols_table *table;
	struct libscols_line *line; /* the row begun last */
	size_t cell;                /* the next one of it */
	size_t columns_count;
	bool is_cut; /* a cell did not fit */
	enum rc rc;  /* sticky */
};

struct out_table *out_table_new(const struct out_column *columns, size_t count)
{
	struct out_table *t = calloc(1, sizeof(*t));
	size_t i;

	if (t == NULL) {
		return NULL;
	}
	t->columns_count = count;
	t->table = scols_new_table();
	if (t->table == NULL) {
		t->rc = RC_NOMEM;
		return t;
	}
	/* As wide as its content: a terminal wraps, a file keeps everything. */
	scols_table_set_termforce(t->table, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_noencoding(t->table, 1); /* cells are escaped here */
	for (i = 0; i < count; i++) {
		if (scols_table_new_column(t->table, columns[i].name, 0,
					   columns[i].is_number ? SCOLS_FL_RIGHT : 0) == NULL) {
			t->rc = RC_NOMEM;
		}
	}
	return t;
}

void out_table_row(struct out_table *t)
{
	if (t == NULL || t->rc != RC_OK) {
		return;
	}
	t->cell = 0;
	t->line = scols_table_new_line(t->table, NULL);
	if (t->line == NULL) {
		t->rc = RC_NOMEM;
	}
}

/* The text as far as a cell shows it: one long value would widen all rows. */
static struct bytes cut_text(struct bytes text)
{
	size_t i, chars = 0;

	for (i = 0; i < text.len; i++) {
		chars += (text.p[i] & 0xc0) != 0x80; /* not inside a character */
		if (chars > CELL_CHARS || i > 4 * CELL_CHARS) {
			return bytes_at(text.p, i);
		}
	}
	return text;
}

void out_table_cell(struct out_table *t, struct bytes text)
{
	struct bytes part = cut_text(text);
	size_t max = 4 * part.len + 4 + strlen(CUT); /* every byte may become \xNN */
	char *shown;

	if (t == NULL || t->rc != RC_OK) {
		return;
	}
	if (t->line == NULL || t->cell >= t->columns_count) {
		t->rc = RC_INVALID;
		return;
	}
	shown = malloc(max);
	if (shown == NULL) {
		t->rc = RC_NOMEM;
		return;
	}
	text_printable(shown, max - strlen(CUT), part);
	if (part.len < text.len) {
		strcat(shown, CUT);
		t->is_cut = true;
	}
	if (scols_line_refer_data(t->line, t->cell, shown) != 0) {
		free(shown);
		t->rc = RC_NOMEM;
	}
	t->cell++;
}

void out_table_text(struct out_table *t, const char *text)
{
	out_table_cell(t, bytes_of(text));
}

void out_table_number(struct out_table *t, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	out_table_text(t, text);
}

/* A table without rows: smartcols would print nothing at all. */
static void print_head(struct out *o, struct libscols_table *table)
{
	size_t i, count = scols_table_get_ncols(table);

	for (i = 0; i < count; i++) {
		struct libscols_column *column = scols_table_get_column(table, i);

		fprintf(o->to, "%s%s", i == 0 ? "" : " ",
			scols_cell_get_data(scols_column_get_header(column)));
	}
	fputc('\n', o->to);
}

static void embolden_head(struct libscols_table *table)
{
	size_t i, count = scols_table_get_ncols(table);

	scols_table_enable_colors(table, 1);
	for (i = 0; i < count; i++) {
		struct libscols_column *column = scols_table_get_column(table, i);

		scols_cell_set_color(scols_column_get_header(column), "\033[1m");
	}
}

enum rc out_table_print(struct out *o, struct out_table *t)
{
	enum rc rc = t == NULL ? RC_NOMEM : t->rc;

	if (rc == RC_OK && scols_table_is_empty(t->table)) {
		print_head(o, t->table);
	} else if (rc == RC_OK) {
		if (o->has_colour) {
			embolden_head(t->table);
		}
		scols_table_set_stream(t->table, o->to);
		rc = scols_print_table(t->table) == 0 ? RC_OK : RC_IO;
	}
	if (rc == RC_OK && t->is_cut && !o->told_cut) {
		o->told_cut = true;
		out_note(o, "note: long values are cut here; --json has them whole");
	}
	out_table_drop(t);
	return rc;
}

void out_table_drop(struct out_table *t)
{
	if (t != NULL) {
		scols_unref_table(t->table);
	}
	free(t);
}
