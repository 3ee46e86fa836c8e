/*
 * How far the import of a file has come: what is kept in the store (KV_FILE)
 * under the file's hash, kind and home, and told at the end.
 */
#ifndef KERWEN_IMPORT_PROGRESS_H
#define KERWEN_IMPORT_PROGRESS_H

#include "node/base/csvfile.h"
#include "node/cmd/import_break.h"

enum { IMPORT_PROGRESS_LEN = 74 + IMPORT_PASSAGES_MAX * IMPORT_PASSAGE_LEN /* at most */ };

struct import_progress {
	struct csvfile_place place; /* of the next row */
	uint64_t added, changed, unchanged, rejected;
	uint64_t rejected_bytes; /* of the file of rejected rows */
	bool is_done;
	struct import_passages passages; /* of the rows that changed a record */
	uint64_t settled;                /* of these: how many settled an open conflict, */
	uint64_t open;                   /* and how many left their record in one */
};

void import_progress_encode(const struct import_progress *p, struct bytes_writer *w);

/* RC_CORRUPT: p is half filled. */
enum rc import_progress_decode(struct bytes v, struct import_progress *p);

#endif
