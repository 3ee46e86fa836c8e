/*
 * A row of a CSV file as a draft: the header bound to a kind, then rows.
 *
 * A row says what its record's fields are: a register takes the cell, a set
 * becomes exactly the cell's elements, a counter its number, a log gains the
 * entries that it lacks. An empty cell says nothing.
 */
#ifndef KERWEN_IMPORT_ROW_H
#define KERWEN_IMPORT_ROW_H

#include "node/base/csvfile.h"
#include "node/cmd/value_arg.h"
#include "node/store/key.h"

enum { IMPORT_DIGEST_LEN = 16, IMPORT_COLUMNS_MAX = LIMIT_FIELDS_PER_KIND_MAX + 2 };

enum import_role { IMPORT_FIELD, IMPORT_ID, IMPORT_VERSION };

struct import_column {
	struct bytes name;
	enum import_role role;
	const struct schema_field *field; /* of the catalog at the last bind */
};

/* A header. Names are the caller's; what borrows from the catalog is set by
 * import_row_bind, once for each transaction. */
struct import_sheet {
	struct import_column columns[IMPORT_COLUMNS_MAX];
	uint32_t columns_count;
	struct bytes kind_name;
	struct bytes key; /* --key as given; empty: the kind's first unique */
	uint16_t home;    /* of new records, at the centre */

	const struct schema_kind *kind;
	bool has_id, has_key;
	bool has_others;                            /* columns of sets, counters or logs */
	uint32_t unique;                            /* of the kind */
	uint32_t key_columns[LIMIT_DIMENSIONS_MAX]; /* in the order of the unique */
};

/* Why a row is rejected. */
struct import_reject {
	struct bytes column; /* empty: the row as a whole */
	char text[320];
};

/* A row as it comes from the file, with what can be said of it without the
 * store. Lives where its reader read it. */
struct import_input {
	struct csvfile_row row;
	struct csvfile_place place, next; /* where it begins, and the one behind */
	struct bytes *values;             /* by column: canonical; p NULL: not read yet */
	bool has_key;                     /* key is set */
	struct key key;                   /* of the unique; see unique.h */
	bool is_bad;
	struct import_reject reject; /* why it is bad */
};

/* A draft of a row; lives in the reader's arena. */
struct import_row {
	struct draft draft;
	bool has_digest;
	uint8_t digest[IMPORT_DIGEST_LEN]; /* of its key: repeats in a batch show */
};

/* Takes the names of a header. RC_INVALID with why: too many, doubled, empty;
 * RC_NOMEM. Names are copied into a. */
enum rc import_row_header(struct import_sheet *s, const struct csvfile_row *row, struct arena *a,
			  struct path_problem *why);

/*
 * Binds the sheet to the kind in the reader's catalog. RC_INVALID with why: an
 * unknown kind or column, a missing required one, or a key that is none.
 */
enum rc import_row_bind(struct import_sheet *s, struct value_reader *r, struct path_problem *why);

/* Reads the cells of in->row as far as that needs no store, and its key. A bad
 * row is marked; RC_NOMEM is the only failure. */
enum rc import_row_parse(const struct import_sheet *s, struct value_reader *r,
			 struct import_input *in);

/*
 * Makes a row a draft, against the store as this commit sees it: which record
 * it means, and what it changes. RC_INVALID with why: rejected; else the
 * commit failed.
 */
enum rc import_row_read(const struct import_sheet *s, struct value_reader *r, struct commit *c,
			const struct import_input *in, struct import_row *out,
			struct import_reject *why);

/* The column that a refusal of commit_add speaks of ("kind.field ..."). */
struct bytes import_row_column(const struct import_sheet *s, const char *text);

#endif
