/*
 * Whether a change may stand, and the centre's word on those that may not.
 *
 *   judged when it is applied -> quarantine -> accepted | discarded
 *
 * The judgement is a function of entries: the change, the rights of its
 * author, and the closing of its feed. A ruling is an entry of the centre in
 * the scope of the change (header field `rulings`), so every member applies
 * it at the same place: then the change is in force with the context of its
 * author, and the part of its record is made anew (rebuild.h). Only what is
 * well-formed can be accepted: the centre lends its rights, not its form.
 */
#ifndef KERWEN_RULING_H
#define KERWEN_RULING_H

#include "node/base/path.h"
#include "node/store/work.h"

/* RC_OK: the change may stand, by the rights at its entry's epoch.
 * RC_NOTFOUND: it may not; *why tells. Else what the store answered. */
enum rc ruling_judge(struct store *s, const struct header *h, const struct change *change,
		     enum quarantine_reason *why);

/*
 * Whether the centre can accept a change of the quarantine, by its form alone;
 * epoch: of the ruling; NULL: the present one. Decodes it into a. RC_DENIED: it cannot,
 * *why tells; RC_CORRUPT, RC_LIMIT: it does not even decode; RC_NOTFOUND,
 * RC_NOMEM.
 */
enum rc ruling_check(struct store *s, struct kv_txn *t, const struct quarantine *q,
		     const struct epoch *epoch, struct arena *a, struct change *out,
		     enum quarantine_reason *why);

/* Applies the rulings of an entry of the centre. One that means nothing here
 * - no such change in quarantine, accepted before, not well-formed - is void,
 * on all nodes alike. What is not RC_OK has failed the work. */
enum rc ruling_apply(struct work *w, const struct header *h);

/* What the centre says of several changes, and why. */
struct ruling_request {
	const struct ruling *items; /* borrowed */
	uint32_t count;
	struct bytes author, reason;
	bool is_dry; /* judge, and write nothing */
};

/*
 * Writes rulings and applies them, as one commit. RC_DENIED: this is not the
 * centre; RC_NOTFOUND: one of them is not in quarantine; RC_EXISTS: accepted,
 * or discarded, already; RC_INVALID: not well-formed; *at is its number in the
 * request. Else as work_commit.
 */
enum rc ruling_write(struct store *s, const struct ruling_request *r, uint32_t *at,
		     struct path_problem *why);

#endif
