/*
 * What a person or a program sees: results on standard output, notes, errors
 * and progress on standard error.
 *
 * Results are tables and lines for people, or with --json exactly one
 * document (`export`: JSON lines). Colour and bars are only for terminals;
 * NO_COLOR and TERM=dumb are respected. Text from records may hold anything:
 * it is escaped on its way to people.
 */
#ifndef KERWEN_OUT_H
#define KERWEN_OUT_H

#include <jansson.h>
#include <stdio.h>

#include "sync/bytes.h"

struct out {
	FILE *to, *notes; /* stdout and stderr, or a test's files */
	bool json;        /* --json */
	bool quiet;       /* -q: no notes, no progress */
	bool has_colour;  /* of `to` */
	bool has_bar;     /* of `notes` */
	bool told_cut;    /* that a table was cut: once is enough */
};

/* The standard streams; json and quiet off. */
struct out out_init(FILE *to, FILE *notes);

/* A line for people (a newline is added); nothing with --json. */
void out_line(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A remark beside the result, on stderr; nothing with -q. */
void out_note(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* {"format":1}: what every document begins with. Gives. */
json_t *out_document(void);

/* Prints a document, one line, and frees it (takes). NULL - out of memory
 * while it was built - gives RC_NOMEM. RC_IO. */
enum rc out_json(struct out *o, json_t *document);

/* A JSON string of bytes that are UTF-8; NULL if they are not. Gives. */
json_t *out_string(struct bytes text);

/* A time as RFC 3339 in UTC. Gives. */
json_t *out_time(uint64_t ms);

/* An error: "kerwen: message" and the hint below it, or one object. */
void out_error(struct out *o, int code, const char *message, const char *hint);

/* Flushes the result. RC_IO: the output could not be written. */
enum rc out_flush(struct out *o);

/*
 * A table for people: columns, then rows, then print (which frees, also when
 * something failed before: the calls in between do nothing then).
 */
struct out_column {
	const char *name;
	bool is_number; /* to the right */
};

struct out_table;

/* Gives. NULL when out of memory; the other calls take that. */
struct out_table *out_table_new(const struct out_column *columns, size_t count);

/* Begins a row, then its cells in order; texts are copied, escaped, and
 * cut to 120 characters, of which a note tells. */
void out_table_row(struct out_table *t);
void out_table_cell(struct out_table *t, struct bytes text);
void out_table_text(struct out_table *t, const char *text);
void out_table_number(struct out_table *t, int64_t number);

/* Prints (takes). An empty table prints its head alone. RC_NOMEM, RC_IO. */
enum rc out_table_print(struct out *o, struct out_table *t);

/* Gives it up without printing (takes); NULL is fine. */
void out_table_drop(struct out_table *t);

/* One line of CSV (RFC 4180, but with LF): a cell is quoted where needed. */
void out_csv_cell(struct out *o, struct bytes text, bool is_first);
void out_csv_end(struct out *o);

/* A bar on a terminal; elsewhere, with -q or --json nothing. */
struct out_progress {
	struct out *out; /* borrowed */
	const char *label;
	uint64_t drawn_ms;
	bool is_drawn;
};

struct out_progress out_progress_start(struct out *o, const char *label);

/* done of total (0: unknown); redraws at most ten times a second. */
void out_progress_at(struct out_progress *p, uint64_t done, uint64_t total);

/* Wipes the bar. */
void out_progress_end(struct out_progress *p);

#endif
