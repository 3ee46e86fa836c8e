/*
 * Writing records of the built-in kinds (schema_builtin) field by field.
 *
 *   builtin_begin -> builtin_put ... -> builtin_write
 *
 * The first failure sticks and builtin_write returns it. Only the centre
 * writes these kinds.
 */
#ifndef KERWEN_BUILTIN_H
#define KERWEN_BUILTIN_H

#include "node/store/commit.h"

enum builtin_kind {
	BUILTIN_OFFICE = 1,
	BUILTIN_SCHEMA_PART = 2,
	BUILTIN_SYSTEM = 3,
	BUILTIN_NOTICE = 4,
	BUILTIN_TRANSFER = 5
};

enum { BUILTIN_OPS_MAX = 160 };

struct builtin {
	struct commit *commit;
	struct draft draft;
	struct draft_op ops[BUILTIN_OPS_MAX];
	enum rc rc;
};

/* Begins a new record, or with an id the change of one. The commit is
 * borrowed until builtin_write. Of a notice, whose kind is not national, the
 * caller sets draft.home. */
struct builtin builtin_begin(struct commit *c, enum builtin_kind kind, const struct uuid *id);

/* A field's value, one more member of a set, or line of a log; value is borrowed until
 * builtin_write. An empty one is left out. The field must be the kind's. */
void builtin_put(struct builtin *b, const char *field, struct bytes value);
/* A register is unset. */
void builtin_clear(struct builtin *b, const char *field);
void builtin_put_number(struct builtin *b, const char *field, int64_t value);

/* Takes a number out of a set. */
void builtin_remove_number(struct builtin *b, const char *field, int64_t value);

/* Adds the draft to its commit; why as commit_add. RC_LIMIT: too many values. */
enum rc builtin_write(struct builtin *b, struct draft_result *why);

#endif
