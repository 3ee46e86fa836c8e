/*
 * The entries that touched a record: the dots of its vector and of the table
 * `dot`, in an order that is causal.
 *
 * An entry's place is the centre's seq of the first cut that covers it, or its
 * own seq in the centre's feeds; what no cut covers comes last. Whatever an
 * author had seen in a scope has a lower place than what it wrote there, or
 * stands before it in its own feed, or in one that this continues. Commits of a
 * node are numbered over all its feeds; so (place, office, commit, feed, seq) is
 * causal.
 */
#ifndef KERWEN_HISTORY_H
#define KERWEN_HISTORY_H

#include "node/store/kv.h"
#include "sync/view.h"

struct history_step {
	struct dot dot;
	uint64_t place;  /* UINT64_MAX: no cut covers it */
	uint64_t commit; /* looked up only where an office has several feeds */
};

struct history {
	struct history_step *steps; /* in the arena */
	uint32_t count;
};

/* The steps of one part of a record; without those below the floor, for which
 * the base stands (floor_part). RC_NOMEM, or what the store answered. */
enum rc history_get(struct kv_txn *t, const struct record *r, const struct record_part *p,
		    struct arena *a, struct history *out);

/* Loads an entry, copied into the arena. RC_NOTFOUND, RC_CORRUPT, RC_NOMEM. */
enum rc history_load(struct kv_txn *t, struct dot d, struct arena *a, struct entry *out);

/*
 * The first change of an entry, from place *at on, that is about a record;
 * *at is then behind it. RC_NOTFOUND: there is none; else as
 * entry_decode_change.
 */
enum rc history_find_change(const struct entry *e, uint16_t kind, struct uuid id, struct arena *a,
			    uint32_t *at, struct change *out);

#endif
