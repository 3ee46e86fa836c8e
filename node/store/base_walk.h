/*
 * The rows of a base, in the one order that all nodes give them: what the base
 * of a floor is made of, read from the tables (proto/README.md: "Bases").
 *
 *   base_walk_start -> { base_walk_next } -> base_walk_end
 *
 * A walk can go on from a base_place, which names the row that comes next; so
 * a base can be read from its middle.
 */
#ifndef KERWEN_BASE_WALK_H
#define KERWEN_BASE_WALK_H

#include "node/store/floor.h"

/* Sorts of rows; numbers travel. */
enum base_sort {
	BASE_FEED = 1,   /* feed: be64 anchor, genesis */
	BASE_ENTRY,      /* dot: an entry that is whole: the anchors, and what has changes in
			  * quarantine; as the table entry has it */
	BASE_CONTEXT,    /* dot: the header of an entry of which something is live */
	BASE_CUT,        /* dot: be64 centre's seq, be64 time */
	BASE_QUARANTINE, /* dot, place: why, and what was ruled of it */
	BASE_ACCEPT,     /* dot, kind, id: the ruling */
	BASE_RECORD,     /* kind, id, scope: the state */
	BASE_SORTS
};

struct base_row {
	enum base_sort sort;
	struct bytes key, value;
};

/* Where a walk stands: behind a key, in the rows of one feed where the sort
 * goes by feeds. */
struct base_place {
	enum base_sort sort;
	uint32_t feed;
	struct key behind; /* len 0: at the first */
};

struct base_walk {
	struct kv_txn *txn;
	struct arena *arena;       /* for one row at a time */
	const struct floor *floor; /* its anchors must outlive the walk */
	struct base_place place;
	struct kv_cursor *cursor; /* of the records */
	struct bytes k, v;
};

/* from: NULL: the first row. */
void base_walk_start(struct base_walk *w, struct kv_txn *t, const struct floor *f, struct arena *a,
		     const struct base_place *from);
/* The next row, until the call after. RC_NOTFOUND: that was all. */
enum rc base_walk_next(struct base_walk *w, struct base_row *out);
void base_walk_end(struct base_walk *w);

/* The dot that a row's key begins with. */
struct dot base_dot(struct bytes key);

/* A row as it travels. */
void base_row_put(struct bytes_writer *w, const struct base_row *row);

/* Whether an entry at or below its feed's anchor is kept whole. */
enum rc base_keeps_entry(struct kv_txn *t, struct dot d, uint64_t anchor, bool *out);
/* Whether a cut at or below the anchor is needed: it is the last one, or the
 * first for an entry of which something is left. before: seq of the cut before. */
enum rc base_keeps_cut(struct kv_txn *t, struct dot cut, uint64_t before, uint64_t anchor,
		       bool *out);

#endif
