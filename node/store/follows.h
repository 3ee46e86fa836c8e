/*
 * What a feed continues: its genesis names feeds of the same office and scope,
 * each up to an entry that was here when it began. Whoever wrote in the feed had
 * seen them, and what those continue in turn.
 */
#ifndef KERWEN_FOLLOWS_H
#define KERWEN_FOLLOWS_H

#include "node/store/kv.h"
#include "sync/arena.h"
#include "sync/entry.h"

/* Whether the feed `by` continues d. False when it is not held here. */
enum rc follows_cover(struct kv_txn *t, uint64_t by, struct dot d, bool *out);

/* What a feed of this node that begins now continues: its other feeds in the
 * scope, without those that another one of them continues. The list lives in a. */
enum rc follows_list(struct kv_txn *t, uint64_t feed, struct arena *a, struct cut **out,
		     uint32_t *count);

/* RC_CORRUPT: a genesis that continues another office's feed, another scope's,
 * itself, or one twice. */
enum rc follows_check_form(const struct genesis *g);

/* Whether what a feed continues is here, the same and applied. RC_GAP: not yet;
 * RC_FORK: it continues another history than the one that is here. */
enum rc follows_check_held(struct kv_txn *t, const struct crypto *c, struct bytes genesis);

#endif
