/* What the files of draft.h share: draft.c judges the whole, draft_op.c one
 * operation. */
#ifndef KERWEN_DRAFT_PRIV_H
#define KERWEN_DRAFT_PRIV_H

#include "node/store/draft.h"
#include "node/store/records.h"

/* The judgement under way. */
struct judge {
	struct work *w;
	const struct draft *d;
	const struct record *r;
	struct draft_plan *plan;
	struct draft_result *result;
	struct records_stamps stamps;
	struct view_source source;
	bool is_new;
	bool settles;         /* a plain write settles a conflict */
	bool judged_transfer; /* see judge_transfer */
	bool derives;         /* the kind has fields that follow from others */
	bool *given;          /* by place in the kind: fields that the draft changes */
	bool judged[4];       /* by reach: whether `allowed` is known */
	bool allowed[4];      /* by reach: whether this node may write there */
};

/* Whether an operation on an existing record may be written, and changes
 * anything. Codes as commit_add, or what a view answered. */
enum rc draft_judge_change(struct judge *j, const struct draft_op *op, bool *changes);

#endif
