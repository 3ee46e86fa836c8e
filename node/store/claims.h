/*
 * What a record claims: its unique keys, and for whom.
 *
 * Offline nobody can keep two offices from using one number, so both records
 * are kept, and each node that sees both knows it: a living record *shares* a
 * key when another living one holds it (CONFLICTS_SHARED in the table of
 * conflicts). When a claim appears, moves or goes, the bits of the other
 * holders follow in the same transaction. At the centre that is a reason to
 * react: notices go to the offices (notice.h).
 *
 * The index and the bits move one record at a time, each step leaving both
 * sound. So a step costs one look-up for each key that is new, however many
 * hold it: only the one that was alone so far, or is now, has to follow.
 *
 * Kinds of the built-in schema share nothing: their keys are for looking up.
 */
#ifndef KERWEN_CLAIMS_H
#define KERWEN_CLAIMS_H

#include "node/store/unique.h"
#include "node/store/work.h"

struct claims {
	struct unique_holder holder; /* the record, as the index names it */
	const struct key *keys;      /* by key number; in the arena */
	const bool *has;             /* whether all fields of the key are set */
	uint32_t count;              /* of the kind's unique keys; 0: kind unknown */
};

/* The claims of a record as it stands. known: one of them, from whoever worked
 * it out before; NULL: none. RC_NOMEM, or what the source returned. */
enum rc claims_of(const struct crypto *c, const struct record *r, const struct view_source *src,
		  const struct unique_known *known, struct arena *a, struct claims *out);

/* Those of a record that the index does not know yet. RC_NOMEM. */
enum rc claims_of_none(const struct record *r, struct arena *a, struct claims *out);

/*
 * Moves the index, and the bits of others, from `before` to `now`. *moved: the
 * claims differ, and *shares says whether the record shares a key now; else
 * what its bit said stays true.
 */
enum rc claims_move(struct work *w, const struct record *r, const struct claims *before,
		    const struct claims *now, bool *moved, bool *shares);

/* Whether a record with these claims shares a key, by the index. */
enum rc claims_share(struct kv_txn *t, const struct record *r, const struct claims *c, bool *out);

#endif
