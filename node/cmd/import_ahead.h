/*
 * Reading ahead: a thread of its own cuts the file into rows and reads their
 * cells, while the rows before them are written.
 *
 * The thread has a store of its own (store_share), whose catalog stays as it
 * was at the start; import_ahead_is_current tells when the schema moved on.
 *
 *   import_ahead_start -> { import_ahead_next } -> import_ahead_stop
 */
#ifndef KERWEN_IMPORT_AHEAD_H
#define KERWEN_IMPORT_AHEAD_H

#include "node/cmd/import_row.h"

struct import_ahead;

/* Starts reading at the file's place. file and sheet are borrowed until
 * import_ahead_stop, which a failure does not need. why tells the user. */
enum rc import_ahead_start(const struct import_sheet *sheet, struct csvfile *file,
			   const struct store *s, struct import_ahead **out,
			   struct path_problem *why);
void import_ahead_stop(struct import_ahead *a); /* NULL is fine */

/* The next row; borrowed until the call after this one. RC_NOTFOUND: that was
 * all; else as csvfile_next. */
enum rc import_ahead_next(struct import_ahead *a, const struct import_input **out,
			  struct path_problem *why);

/* Whether cells are read by the schema that s has in force now. */
bool import_ahead_is_current(const struct import_ahead *a, const struct store *s);

#endif
