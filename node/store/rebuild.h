/*
 * Making one part of a record anew from its entries, when what counts of them
 * changed: a change was accepted out of quarantine, or is put into it after
 * it was applied.
 *
 * The entries of a part are the dots of its vector and of the table `dot`
 * (history.h); these functions change that list, then everything is merged
 * again in causal order. So the result is a function of the entries in force,
 * whatever was applied first. Derived tables follow at the next flush.
 */
#ifndef KERWEN_REBUILD_H
#define KERWEN_REBUILD_H

#include "node/store/work.h"

/* A part of a record. */
struct rebuild {
	struct work *work;
	uint16_t kind;
	struct uuid id;
	uint16_t scope;
};

/* Whether a part's entries include d. */
enum rc rebuild_has(const struct rebuild *r, struct dot d, bool *out);

/*
 * Adds an entry to a part's, or takes one out; then rebuild_part. The entry
 * must be stored. What is not RC_OK has failed the work.
 */
enum rc rebuild_add(const struct rebuild *r, struct dot d);
enum rc rebuild_drop(const struct rebuild *r, struct dot d);
enum rc rebuild_part(const struct rebuild *r);

#endif
