/*
 * A row of a CSV file as a draft.
 *
 * A row says what its record's fields are: a register takes the cell, a set
 * becomes exactly the cell's elements, a counter its number, a log gains the
 * lines that it lacks. An empty cell says nothing, nor does one that says what
 * the record shows: so it settles nothing in silence.
 *
 * A row whose `_version` is older than the record is compared with the record
 * as of that version, and what its maker changed stands beside what was changed
 * since: who exported 17 and left it does not undo later steps. What the same
 * author changed in the same way from the same version before is not said
 * twice, so that a file may be imported again. A version that the record cannot
 * have had is rejected (replay_had), and so is the number of a counter in a scope
 * that it shows nothing of.
 */
#ifndef KERWEN_IMPORT_ROW_H
#define KERWEN_IMPORT_ROW_H

#include "node/cmd/import_lookup.h"
#include "node/store/key.h"
#include "node/store/replay.h"

enum { IMPORT_DIGEST_LEN = UNIQUE_DIGEST_LEN };

/* Why a row is rejected: "reason; next step". */
struct import_reject {
	struct bytes column; /* empty: the row as a whole */
	char text[576];
};

/* Fills in why; hint may be NULL or empty. Returns RC_INVALID. */
enum rc import_row_reject(struct import_reject *why, struct bytes column, const char *text,
			  const char *hint);

/* A row as it comes from the file, with what can be said of it without the
 * store. Lives where its reader read it. */
struct import_input {
	struct csvfile_row row;
	struct csvfile_place place, next; /* where it begins, and the one behind */
	struct bytes *values;             /* by column: canonical; p NULL: not read yet */
	bool has_key;                     /* key is set */
	struct unique_known key;          /* of the unique; or the digest alone */
	bool is_formed;                   /* all cells were read, and passed draft_judge_form */
	bool is_bad;
	struct import_reject reject; /* why it is bad; else not set */
};

/* What rows become drafts against: a batch. Everything is borrowed. */
struct import_context {
	const struct import_sheet *sheet;
	struct value_reader *reader;
	struct commit *commit;
	struct replay *replay;              /* of the commit's transaction */
	const struct import_lookup *lookup; /* followed up to it; when the sheet looks up */
};

/* A code that a row changes: what its record shows now, and the cell. */
struct import_move {
	const struct schema_field *field;
	struct bytes from, to;
};

/* A draft of a row; lives in the reader's arena. */
struct import_row {
	struct draft draft;
	bool is_unchanged; /* the record is there and the row says nothing new */
	bool has_digest;
	uint8_t digest[IMPORT_DIGEST_LEN]; /* of its key: repeats in a batch show */
	const struct import_move *moves;
	uint32_t moves_count;
};

/* Reads the cells of in->row as far as that needs no store, and its key. A bad
 * row is marked; RC_NOMEM is the only failure. */
enum rc import_row_parse(const struct import_sheet *s, struct value_reader *r,
			 struct import_input *in);

/*
 * Makes a row a draft, against the store as this commit sees it: which record
 * it means, and what it changes. RC_INVALID with why: rejected; else the
 * commit failed.
 */
enum rc import_row_read(const struct import_context *x, const struct import_input *in,
			struct import_row *out, struct import_reject *why);

#endif
