/*
 * The header of a CSV file, bound to a kind of the schema.
 */
#ifndef KERWEN_IMPORT_SHEET_H
#define KERWEN_IMPORT_SHEET_H

#include "node/base/csvfile.h"
#include "node/cmd/value_arg.h"

enum { IMPORT_COLUMNS_MAX = LIMIT_FIELDS_PER_KIND_MAX + 2 };

enum import_role { IMPORT_FIELD, IMPORT_ID, IMPORT_VERSION };

struct import_column {
	struct bytes name;
	enum import_role role;
	const struct schema_field *field; /* of the catalog at the last bind */
};

/* A header. Names are the caller's; what borrows from the catalog is set by
 * import_sheet_bind, once for each transaction. */
struct import_sheet {
	struct import_column columns[IMPORT_COLUMNS_MAX];
	uint32_t columns_count;
	struct bytes kind_name;
	struct bytes key; /* --key: fields joined by commas; p NULL: the kind's first unique */
	uint16_t home;    /* of new records, at the centre */

	const struct schema_kind *kind;
	bool has_id, has_key;
	bool looks_up;   /* the key is no unique of the kind: see import_lookup.h */
	uint32_t unique; /* of the kind, when it does not look up */
	uint32_t key_columns[LIMIT_DIMENSIONS_MAX]; /* in the order of the key */
	uint32_t key_count;
};

/* Takes the names of a header. RC_INVALID with why: too many, doubled, empty;
 * RC_NOMEM. Names are copied into a. */
enum rc import_sheet_header(struct import_sheet *s, const struct csvfile_row *row, struct arena *a,
			    struct path_problem *why);

/*
 * Binds the sheet to the kind in the reader's catalog. RC_INVALID with why: an
 * unknown kind or column, a missing required one, or a key that is none.
 */
enum rc import_sheet_bind(struct import_sheet *s, struct value_reader *r, struct path_problem *why);

/* The column that a refusal of commit_add speaks of ("kind.field ..."). */
struct bytes import_sheet_column(const struct import_sheet *s, const char *text);

#endif
