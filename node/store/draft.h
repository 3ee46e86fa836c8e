/*
 * The rules that bind the writer: whether a draft may be written here, and
 * what of it is left to write. Receivers judge only form and rights
 * (rights.h); everything else is between the writer and the schema.
 */
#ifndef KERWEN_DRAFT_H
#define KERWEN_DRAFT_H

#include "node/store/commit.h"

/* Where a record lives. */
struct draft_home {
	uint16_t office;
	uint16_t region_scope;
};

/* A draft after judging: the operations that change something. */
struct draft_plan {
	struct draft_home home;
	uint16_t existence; /* the scope where existence lives */
	const struct draft_op *ops;
	uint32_t ops_count;
	bool writes; /* false: nothing to write */
};

/*
 * Judges d against the record as it stands (parts_count 0: new) and fills in
 * plan and result. Codes as commit_add.
 */
enum rc draft_judge(struct work *w, const struct draft *d, const struct record *r,
		    struct draft_plan *plan, struct draft_result *result);

/* Form: what can be said of an operation without looking at the record, or the
 * store. A draft all of whose operations are fine may say so (is_formed). Codes
 * and texts as commit_add. */
enum rc draft_judge_form(const struct schema_kind *k, const struct draft_op *op,
			 struct draft_result *out);

/* Fills in the texts of a refusal; returns rc. */
enum rc draft_say(struct draft_result *out, enum rc rc, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The operation on a field, the first of them; NULL: there is none. */
const struct draft_op *draft_find_op(const struct draft_op *ops, uint32_t count,
				     const struct schema_field *f);

/* Whether a register shows just what the operation writes, and nothing stands
 * beside it. */
bool draft_stands(const struct record *r, const struct draft_op *op);

/* Notes in result that the operation writes a code which is closed today. An
 * office may have good reason to, or not know: it is never refused. */
enum rc draft_note_closed(struct work *w, const struct draft_op *op, struct draft_result *result);

#endif
