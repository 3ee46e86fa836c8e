/*
 * Importing a CSV file, in batches that are one commit each.
 *
 * The whole file is looked at first: its quotes and its hash. Then each batch
 * makes its rows and its progress durable in one transaction, so that the
 * same file given again goes on where it was cut. Rejected rows go to a file
 * beside it.
 *
 *   import_open -> { import_batch } -> import_close
 */
#ifndef KERWEN_IMPORT_H
#define KERWEN_IMPORT_H

#include "node/cmd/import_ahead.h"
#include "node/cmd/import_progress.h"
#include "node/cmd/import_rejected.h"

enum { IMPORT_BATCH_ROWS = 1000, IMPORT_BATCH_BYTES = 4194304, IMPORT_KEY_LEN = 36 };

/* What to import. Everything is borrowed. */
struct import_request {
	const char *path;
	struct bytes kind;
	struct bytes key; /* as of import_sheet.h */
	uint16_t home;    /* of new records, at the centre; else 0 */
	struct bytes author, reason;
	bool is_dry, again, fails_on_conflict;
};

struct import {
	struct import_request request;
	struct store *store;   /* borrowed */
	struct arena *scratch; /* borrowed; emptied from row to row */
	size_t mark;           /* what of it stays */
	struct import_sheet sheet;
	struct csvfile *file;
	/* What KV_FILE held when it was read or written last; another command
	 * that imports the same file would change it. */
	uint8_t kept[IMPORT_PROGRESS_LEN];
	size_t kept_len;
	struct import_ahead *ahead;
	const struct import_input *row; /* read, but not taken yet; or NULL */
	struct csvfile_place at;        /* behind the last row that was taken */
	uint8_t key[IMPORT_KEY_LEN];
	struct import_progress progress;
	uint64_t closed;  /* rows with a closed code, of this run */
	bool was_done;    /* already imported: there is nothing to do */
	uint64_t resumed; /* line at which it went on; 0: from the start */
	struct import_rejected rejected;
	uint8_t (*seen)[IMPORT_DIGEST_LEN]; /* keys of the batch, a hash table */
	struct replay replay;               /* for rows of older versions */
	struct import_lookup *lookup;       /* when the sheet looks up */
};

/*
 * Looks at the file and opens it where it is to go on. Gives; close it, also
 * after a failure. RC_INVALID: the file or the request is refused, and nothing
 * was written; else what reading or the store answered. why tells the user.
 */
enum rc import_open(struct import *i, const struct import_request *r, struct store *s,
		    struct arena *scratch, struct path_problem *why);

/* Imports one batch; progress.is_done afterwards: that was the last. */
enum rc import_batch(struct import *i, struct path_problem *why);

void import_close(struct import *i);

#endif
