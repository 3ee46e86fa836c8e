/*
 * Feeds as they are stored: heads, entries, seals and cuts.
 *
 * A feed's `head` is the last entry held; `applied` the last one merged. What
 * lies between waits: for a cut, or for the other parts of its commit. All
 * results borrow from the transaction.
 */
#ifndef KERWEN_FEEDS_H
#define KERWEN_FEEDS_H

#include "node/store/kv.h"
#include "sync/feed.h"
#include "sync/vv.h"

enum { FEEDS_GENESIS_MAX = 16384 }; /* bytes */

struct feed_state {
	uint64_t feed;
	uint64_t head, applied;
	uint64_t changes;       /* record changes (touches) up to the head */
	uint8_t hash[HASH_LEN]; /* chain hash at the head */
	uint8_t key[KEY_LEN];   /* the author's, from the genesis */
	struct bytes genesis;   /* as encoded */
};

/* One stored entry. */
struct feed_entry {
	struct dot dot;
	uint64_t changes; /* record changes of the feed up to and with this one */
	uint64_t commit;  /* the author's number of the commit */
	uint8_t hash[HASH_LEN];
	struct bytes bytes; /* as its author wrote it */
};

/* "At centre_seq, at time_ms, the feed was applied up to seq." */
struct feed_cut {
	uint64_t seq;
	uint64_t centre_seq;
	int64_t time_ms;
};

/* RC_NOTFOUND: no such feed is held. */
enum rc feeds_get(struct kv_txn *t, uint64_t feed, struct feed_state *out);
enum rc feeds_put(struct kv_txn *t, const struct feed_state *s);

/* The first feed whose id is >= from. RC_NOTFOUND: none. */
enum rc feeds_next(struct kv_txn *t, uint64_t from, struct feed_state *out);

/*
 * An entry. Of one below the floor (floor.h) that is still needed there is the
 * header alone: bytes is an entry without its changes, from the table context.
 */
enum rc feeds_get_entry(struct kv_txn *t, struct dot d, struct feed_entry *out);
enum rc feeds_put_entry(struct kv_txn *t, const struct feed_entry *e);

/* The chain hash at d; at seq 0 that of the genesis. */
enum rc feeds_hash_at(struct kv_txn *t, struct dot d, const struct crypto *c,
		      uint8_t out[HASH_LEN]);

/* Keeps a seal, and drops the one before it when the last 32 KiB hold
 * another: one is kept at least every 64 KiB, and always the last. */
enum rc feeds_put_seal(struct kv_txn *t, struct dot d, const uint8_t seal[SIG_LEN]);
/* Puts a seal beside those that are there, which stay. */
enum rc feeds_mend_seal(struct kv_txn *t, struct dot d, const uint8_t seal[SIG_LEN]);
/* The first seal at or after d. */
enum rc feeds_get_seal(struct kv_txn *t, struct dot d, uint64_t *seq, uint8_t seal[SIG_LEN]);

enum rc feeds_put_cut(struct kv_txn *t, uint64_t feed, const struct feed_cut *cut);
/* The first cut that covers d: RC_NOTFOUND when none does. */
enum rc feeds_cut_of(struct kv_txn *t, struct dot d, struct feed_cut *out);
/* The last cut of a feed at or below seq: RC_NOTFOUND when there is none. */
enum rc feeds_cut_below(struct kv_txn *t, struct dot d, struct feed_cut *out);
/* The last cut of a feed. */
enum rc feeds_cut_last(struct kv_txn *t, uint64_t feed, struct feed_cut *out);

/* Raises *time_ms to the time of the last cut of any feed of an office. */
enum rc feeds_cut_time(struct kv_txn *t, uint16_t office, int64_t *time_ms);

#endif
