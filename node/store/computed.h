/*
 * Fields that the writer computes from others: year(DATE), same(NAME, DATE,
 * FIELD). A change of a record changes them in the same commit, if this node
 * knows all their sources and they no longer follow from these: others may have
 * corrected one. Others see them as any field.
 */
#ifndef KERWEN_COMPUTED_H
#define KERWEN_COMPUTED_H

#include "node/store/commit.h"
#include "sync/view.h"

/* What they are computed for. */
struct computed {
	struct work *work;
	const struct schema_kind *kind;
	const struct record *record; /* as it stands, without the operations */
	bool is_new;
	void *ctx;
	/* Whether this node writes, and so knows, fields of the reach. */
	bool (*may_write)(void *ctx, enum reach reach);
};

/*
 * Appends what follows from the operations to the list, which has room for as
 * many more as the kind has fields. RC_NOMEM, or what a view answered.
 */
enum rc computed_add(const struct computed *c, struct draft_op *ops, uint32_t *count);

#endif
