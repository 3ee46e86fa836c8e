/*
 * What the author of an entry had seen when it wrote a change, answered from
 * the entry's header and the stored cuts (design: "Order").
 *
 * A dot is covered by `seen` (c, s) if it is the centre's up to c, if a cut up
 * to c includes it, or if it is the author's own up to s, with what its feed
 * continues (follows.h). What was accepted out of quarantine is, for all but
 * those own feeds, covered from the ruling on. A change that
 * carries a form covers of that what the form says: nobody can have opened
 * what was not there yet, and a form that names it must not drop it on those
 * nodes alone that happen to have it.
 */
#ifndef KERWEN_CONTEXT_H
#define KERWEN_CONTEXT_H

#include "node/store/kv.h"
#include "sync/entry.h"

struct context {
	struct kv_txn *txn;          /* borrowed, like the others */
	const struct header *header; /* of the entry */
	const struct change *change; /* of that entry */
	enum rc rc;                  /* the first failure; RC_OK at the start */
};

/* Whether d was covered: `covers` of struct seen (part.h), ctx the context.
 * After a failure, kept in rc, the answer is false. */
bool context_covers(void *ctx, struct dot d);

#endif
