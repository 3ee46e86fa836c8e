/*
 * From what a record shows to what the cells of a row say: see import_row.h.
 */
#ifndef KERWEN_IMPORT_DIFF_H
#define KERWEN_IMPORT_DIFF_H

#include "node/cmd/value_arg.h"
#include "sync/view.h"

/*
 * Appends the operations that bring a field from `now` (what it shows) to what
 * its cell says. ops: the cell's, count of them at least 1. What is appended
 * lives in the reader's arena or borrows. RC_NOMEM.
 */
enum rc import_diff_field(struct value_reader *r, const struct schema_field *f,
			  const struct values *now, const struct draft_op *ops, uint32_t count,
			  struct value_ops *out);

#endif
