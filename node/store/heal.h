/*
 * Damaged entries come back: what is noted (damage.h) is asked for in every
 * exchange with whoever may have it - an office asks its centre, the centre the
 * office that calls -, and takes the place of what is here when it is proved.
 *
 * Proof is the chain: from the hash before the run to the seal at its end, and to
 * the hash that was kept here of the last entry. A run that proves another history
 * heals nothing: receive.h judges it.
 */
#ifndef KERWEN_HEAL_H
#define KERWEN_HEAL_H

#include "node/store/send.h"
#include "node/store/work.h"

enum { HEAL_SPANS_MAX = LIMIT_SCOPES_PER_SESSION_MAX };

/* What to ask a peer for (0: the centre), up to HEAL_SPANS_MAX spans, and how many
 * notes there are in all of which it may have the entry. */
enum rc heal_list(const struct store *s, struct kv_txn *t, uint16_t peer, struct span *out,
		  uint32_t *count, uint64_t *notes);

/* Whether anybody else may have the entries of a feed. */
bool heal_is_shared(const struct store *s, uint64_t feed);

/* A peer asks: what is held of it will be sent. RC_DENIED: not its to have. */
enum rc heal_give(struct store *s, struct kv_txn *t, const struct span *want, struct send *send);

/* Puts in place what a run brings of damaged entries, seals and geneses. *healed
 * counts them. What is not proved is left. RC_NOMEM, or what the store answered. */
enum rc heal_take(struct work *w, const struct run *run, uint64_t *healed);

#endif
