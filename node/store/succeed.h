/*
 * One incarnation of the centre after another: what the centre does when it
 * begins a new one, and how its offices follow (line.h).
 *
 *   centre   life.h says that a new incarnation is due -> succeed_begin: its feed
 *            begins in every scope at once, each naming what it follows there
 *   office   has the beginning of all that it shares -> succeed_follow
 */
#ifndef KERWEN_SUCCEED_H
#define KERWEN_SUCCEED_H

#include "node/store/work.h"

/* The centre: begins the feeds of an incarnation that began in this work. */
enum rc succeed_begin(struct work *w);

/* The same in scopes that became known since: with what came back of the nation. */
enum rc succeed_begin_late(struct work *w);

/* The centre: before anything that came in is applied. A new incarnation begins if
 * one is due (life.h). */
enum rc succeed_look(struct work *w);

/* The centre: leaves its incarnation and begins another, in this work. */
enum rc succeed_now(struct work *w);

/* An office: goes over to the incarnation that the centre tells of (0: it told of
 * the one that is known), or to one that follows the known one, when its feeds are
 * here in all scopes that are shared. *followed: it did; there may be another. */
enum rc succeed_follow(struct work *w, uint32_t told, bool *followed);

/* The centre's incarnation, as this office has followed. RC_NOTFOUND: that of the
 * invitation. */
enum rc succeed_load(struct kv_txn *t, uint32_t *incarnation);

/* Whether up to seq a feed of the centre is applied, and what is there beyond the
 * line is cut for good: who saw it may be applied, too. */
enum rc succeed_has(struct work *w, uint64_t feed, uint64_t seq, bool *out);

/* Whether a cut of the centre that is written covers d. */
enum rc succeed_is_cut(struct work *w, struct dot d, bool *out);

/* Whether the centre ever had another incarnation here. */
bool succeed_is_later(struct work *w);

#endif
