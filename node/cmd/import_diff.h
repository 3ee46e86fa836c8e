/*
 * From what the maker of a file had seen to what a cell says: the operations
 * of a row on a record that is there. See import_row.h.
 */
#ifndef KERWEN_IMPORT_DIFF_H
#define KERWEN_IMPORT_DIFF_H

#include "node/cmd/value_arg.h"
#include "sync/view.h"

/* What a field shows: when the file was made, and now. A row that names no
 * older version has seen what is there: both are the same then. */
struct import_shown {
	struct values then, now;
};

/*
 * Appends the operations that say of a field what its cell says and the
 * record did not: a register that shows the cell's value - now, or then, so
 * that the cell was not touched - says nothing; a set gains and loses what
 * differs from the set then; a counter takes the step from its number then; a
 * log gains the lines that it lacks. ops: the cell's, count of them at least 1.
 * What is appended lives in the reader's arena or borrows. RC_NOMEM.
 */
enum rc import_diff_field(struct value_reader *r, const struct schema_field *f,
			  const struct import_shown *shown, const struct draft_op *ops,
			  uint32_t count, struct value_ops *out);

#endif
