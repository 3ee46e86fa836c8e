/*
 * A feed that its owner goes on with in two branches, although it was told.
 *
 * Two branches alone prove nothing: a directory that was put back from a copy,
 * or runs twice, makes them innocently. But who has applied the cut that covers
 * the one branch has seen that entry of its own feed with another hash. An
 * entry of the other branch whose seen_centre reaches that cut is signed proof
 * that its author was told and went on: no honest program writes it.
 *
 * The centre keeps the proof - table proof - and closes all feeds of the
 * incarnation at their last cuts (closing.h): no receipt is taken back, and
 * what lies behind is held, in quarantine.
 */
#ifndef KERWEN_EQUIVOCATION_H
#define KERWEN_EQUIVOCATION_H

#include "node/store/work.h"
#include "sync/message.h"

/* A seal, and what it vouches for. */
struct equivocation_seal {
	uint64_t seq;
	uint8_t hash[HASH_LEN]; /* the chain hash there */
	uint8_t seal[SIG_LEN];
};

struct equivocation {
	uint64_t feed;
	uint64_t fork;   /* the first entry that differs */
	uint64_t told;   /* the first of the other branch that knows of the fork */
	int64_t time_ms; /* when it was found */
	struct equivocation_seal here, other;
};

/* A run of a feed whose branch is not the one that is held; verified. */
struct equivocation_run {
	const struct run *run;
	uint64_t fork;
	uint64_t head; /* the run's last seq and its hash */
	uint8_t hash[HASH_LEN];
};

/* The centre: keeps the proof if the run is one. *found: it is, and was not
 * known before. Flushes nothing. */
enum rc equivocation_look(struct work *w, const struct equivocation_run *r, bool *found);

/* The first one of a feed at or after `from`. RC_NOTFOUND. */
enum rc equivocation_next(struct kv_txn *t, uint64_t from, struct equivocation *out);

#endif
