/* What the files of apply.h share: apply.c moves lanes, apply_office.c is the
 * centre's side, apply_centre.c an office's. */
#ifndef KERWEN_APPLY_PRIV_H
#define KERWEN_APPLY_PRIV_H

#include "node/store/apply.h"

enum { APPLY_LANES_MAX = LIMIT_PARTS_PER_COMMIT_MAX * 2 };

/* The lanes of one author: its feeds, each with its `applied` mark. */
struct apply_lanes {
	struct feed_state items[APPLY_LANES_MAX];
	uint32_t count;
};

enum rc apply_find_lanes(struct work *w, uint16_t office, struct apply_lanes *l);

/* Loads an entry into the arena: it outlives the next put. */
enum rc apply_load(struct work *w, struct dot d, struct entry *out);

/* Between commits the catalog follows the national scope, before anything
 * more is judged by it. */
enum rc apply_settle(struct work *w);

/* RC_GAP: a part of the commit that this node may have is missing, or it is
 * not the next of its lane. */
enum rc apply_check_complete(struct work *w, struct apply_lanes *l, const struct header *h);

/* Merges an entry of this node's own that was just written. */
enum rc apply_own(struct work *w, struct dot d);

/* Applies one lane's entries up to seq. epoch: of the cut that lets them in,
 * NULL: the present one. It decides what its feed's closing concerns. cuts: NULL where
 * none are owed. */
enum rc apply_lane(struct work *w, struct feed_state *lane, uint64_t upto,
		   const struct epoch *epoch, struct apply_cuts *cuts);

/* This node's own entries, applied when they were written, are judged like
 * those of others when a cut of them comes with its epoch. */
enum rc apply_judge(struct work *w, const struct work_span *span, const struct epoch *epoch);

/* Applies the commit that begins with the lane's next entry, in all lanes. */
enum rc apply_commit(struct work *w, struct apply_lanes *l, const struct header *h,
		     struct feed_state *lane, struct apply_cuts *cuts);

/* Moves a feed's mark; everything up to seq was applied. */
enum rc apply_mark(struct work *w, uint64_t feed, uint64_t seq);

/* The centre: the cut that a feed gets in this work, before and after its
 * entries are applied. */
enum rc apply_foresee_cut(struct work *w, const struct apply_cuts *cuts, uint64_t feed,
			  uint64_t from, uint64_t upto);
enum rc apply_note_cut(struct work *w, struct apply_cuts *cuts, uint64_t feed, uint64_t seq);

#endif
