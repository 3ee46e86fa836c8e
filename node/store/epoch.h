/*
 * What the nation said at an epoch: by the rights of that moment an entry is
 * judged, on every node alike, whenever it comes (design: "Context").
 *
 * An epoch is a place in the centre's national feed (incarnation, seq). It knows
 * that feed up to there, and what its writer had applied then of earlier
 * incarnations (line.h). Who does not have all of that waits with what names it.
 *
 * Most entries are judged by the present catalog, because nothing of it has
 * changed since. For the others a few earlier catalogs are kept, made anew from
 * the entries, each for all epochs between two changes.
 */
#ifndef KERWEN_EPOCH_H
#define KERWEN_EPOCH_H

#include "node/store/store.h"

/* Whether the nation is applied here as far as an epoch. */
enum rc epoch_is_here(const struct store *s, struct kv_txn *t, const struct epoch *e, bool *out);

/* The catalog of an epoch, which is here. Inside a transaction; borrowed until
 * the next call. RC_NOMEM, RC_CORRUPT, or what the store answered. */
enum rc epoch_catalog(struct store *s, const struct epoch *e, const struct catalog **out);

/*
 * The last seq of a feed that may stand, by what an epoch (NULL: now) knows of
 * its closing; UINT64_MAX: it is open. The feeds of a closed office that its
 * closing did not name are closed at 0. Inside a transaction.
 */
enum rc epoch_closing(const struct store *s, uint64_t feed, const struct epoch *e, uint64_t *last);

/* Gives up what is kept: the store ends, or what it was read from was undone. */
void epoch_forget(struct store *s);

#endif
