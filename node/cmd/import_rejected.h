/*
 * The file of rejected rows, beside the file that is imported: x.csv has
 * x.rejected.csv. It holds line, column and reason, and the row as it was.
 *
 *   import_rejected_name -> { import_rejected_write ... import_rejected_flush }
 *                        -> import_rejected_drop | import_rejected_close
 */
#ifndef KERWEN_IMPORT_REJECTED_H
#define KERWEN_IMPORT_REJECTED_H

#include <stdio.h>

#include "node/cmd/import_row.h"

struct import_rejected {
	char path[PATH_BYTES_MAX];
	FILE *file;     /* NULL until the first rejected row */
	uint64_t bytes; /* of it that the store knows of, when it was opened or flushed */
};

/* Names it after the file. RC_LIMIT with why. */
enum rc import_rejected_name(struct import_rejected *r, const char *path, struct path_problem *why);

/* Adds a row. The file is opened with the first one, and cut off behind `bytes`:
 * what a batch that was lost had written. A file of that name that is none of
 * ours is left alone: RC_EXISTS. Else what writing answered, with why. */
enum rc import_rejected_write(struct import_rejected *r, const struct import_sheet *s,
			      const struct csvfile_row *row, const struct import_reject *reject,
			      struct path_problem *why);

/* Writes out what is buffered, before the store says that it is there; bytes is
 * then the length of the file. */
enum rc import_rejected_flush(struct import_rejected *r, struct path_problem *why);

/* Removes what an earlier import of the file left behind. */
void import_rejected_drop(const struct import_rejected *r);

void import_rejected_close(struct import_rejected *r);

#endif
