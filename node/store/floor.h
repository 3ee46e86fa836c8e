/*
 * Floors: below them a base stands for the entries (design: "Clean-up").
 *
 * Each scope that an office shares with the centre, but for the nation's, may
 * have a floor: a seq F of the centre's feed there. An entry is *below* it if
 * it is the centre's up to F, or a cut up to F covers it; per feed that is
 * everything up to one seq, its *anchor*. The *base* is the state of all
 * records of the scope that the entries below the floor give, with what is
 * still needed of these entries. All nodes make the same one (base.h).
 *
 *   said   the centre has stated this floor in an entry that is applied here.
 *          From then on a change of a record of the base by an author who had
 *          not applied F (`seen_centre` of the header) goes into quarantine:
 *          floor_bars. That is a function of entries.
 *   here   this node goes by the base: entries below may be gone (compact.h).
 *
 * Where a floor is here, records are made anew from the base (floor_part) and
 * the entries above it (history.h leaves the others out). The state in the
 * base of a record that was not touched since is that of the table `record`;
 * the first change above the floor puts it into the table `base` (floor_keep).
 *
 * meta "floor SCOPE" and "base SCOPE":  be64 F, be64 bytes, root 32, then be64
 * feed and be64 anchor of each feed, ascending.
 */
#ifndef KERWEN_FLOOR_H
#define KERWEN_FLOOR_H

#include "node/store/key.h"
#include "node/store/work.h"

enum floor_sort { FLOOR_SAID, FLOOR_HERE };

/* Borrows from the transaction, as what kv_get gives. */
struct floor {
	uint16_t scope;
	struct base_point point;
	struct bytes anchors; /* be64 feed, be64 seq of each */
};

/* RC_NOTFOUND: there is none. */
enum rc floor_get(struct kv_txn *t, uint16_t scope, enum floor_sort sort, struct floor *out);
enum rc floor_put(struct kv_txn *t, enum floor_sort sort, const struct floor *f);

/* No floor is here any more, for who puts another base in place. */
enum rc floor_forget(struct kv_txn *t, uint16_t scope);

/* The anchors of a floor at seq of the centre's feed, by the cuts that are
 * stored. They live in a. RC_NOMEM, or what the store answered. */
enum rc floor_list(struct kv_txn *t, uint64_t centre_feed, uint64_t seq, struct arena *a,
		   struct bytes *anchors);

/* How many anchors there are, and one of them. */
uint32_t floor_count(const struct floor *f);
struct dot floor_anchor(const struct floor *f, uint32_t i);

/* The anchor of a feed; 0: it has none. */
uint64_t floor_of_feed(const struct floor *f, uint64_t feed);

/* Whether an entry, or all that a vector names, is below the floor. */
bool floor_covers(const struct floor *f, struct dot d);
bool floor_covers_all(const struct floor *f, const struct vv *v);

/* Whether what an entry says of a record is in the base: it is below the floor,
 * and was not accepted out of quarantine above it. */
enum rc floor_has(struct kv_txn *t, const struct floor *f, uint16_t kind, struct uuid id,
		  struct dot d, bool *out);

/* The seq up to which the entries of a feed may be gone here; 0: none are. */
enum rc floor_gone(struct kv_txn *t, uint64_t feed, uint64_t *out);

/* The state in the base that is here; an empty part when there is none, or no
 * floor. Lives in a. */
enum rc floor_part(struct kv_txn *t, uint16_t kind, struct uuid id, uint16_t scope, struct arena *a,
		   struct part *out);

/* Before the row of a part is written: keeps the old one if it is its state in
 * the base. */
enum rc floor_keep(struct kv_txn *t, const struct key *part, uint16_t scope, struct arena *a);

/* Whether a change may only be proposed: its author had not applied the floor,
 * and its record is in the base. */
enum rc floor_bars(struct work *w, const struct header *h, const struct change *c, bool *out);

/* Takes in what an entry of the centre says. Flushes the work. */
enum rc floor_say(struct work *w, const struct header *h);

#endif
