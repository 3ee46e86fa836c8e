/*
 * A write transaction under way: the inside of the one door.
 *
 * Records are loaded when they are first touched, changed in memory, and
 * written once, in order, when the work is flushed. Then the derived tables
 * follow by (after - before): unique index, open conflicts, figures. So one
 * transaction for many changes costs each table one put a record.
 *
 *   work_begin -> { work_apply | work_put_entry ... } -> work_commit | work_abort
 *
 * Errors stick: after a failure calls do nothing and work_commit aborts and
 * returns the first one.
 */
#ifndef KERWEN_WORK_H
#define KERWEN_WORK_H

#include "node/store/counting.h"
#include "node/store/feeds.h"
#include "node/store/quarantine.h"
#include "node/store/store.h"
#include "node/store/unique.h"
#include "sync/part.h"

struct work_record; /* one touched record */
struct work_cell;   /* one figure cell to move */
struct work_entry;  /* where the changes of one entry lie */
struct react_task;  /* see react.h */

struct work {
	struct store *store;
	struct kv_txn *txn;
	struct arena *arena;   /* the store's */
	struct arena *scratch; /* the store's: emptied when the next change is looked at */
	enum rc rc;
	struct work_record *records; /* hash by (kind, id), in order of touch */
	struct work_cell *cells;     /* hash by key */
	uint32_t records_count;
	bool national_moved;        /* built-in records changed: the catalog is stale */
	bool catalog_moved;         /* the catalog was read again since the work began */
	int64_t time_ms;            /* the time of all it writes; 0: not asked yet */
	struct work_entry *entries; /* whose changes were located last */
	struct react_task *tasks;   /* what the centre owes: see react.h */
	bool knows_room;            /* room is set */
	struct kv_room room;
	bool knows_counting; /* counting is set */
	struct counting counting;
	bool counts_beside;    /* of the record at hand: see counting.h */
	struct dot want;       /* an own feed that the centre has more of; see receive.h */
	bool has_replaced;     /* entries were replaced: see replaced.h */
	struct life_step life; /* the incarnation that it writes to */
};

enum rc work_begin(struct store *s, struct work *w);
enum rc work_commit(struct work *w);
void work_abort(struct work *w);

/* Writes everything touched and empties the arena: called by the others when
 * memory runs low, and by work_commit. Nothing taken from the arena before
 * is valid afterwards. */
enum rc work_flush(struct work *w);

/* Whether it is time to flush: callers do, between entries. */
bool work_is_large(const struct work *w);

/*
 * The record as it stands now, with what this work already changed; loaded
 * from the store if need be. NULL: the work failed. A record without parts is
 * one that is not here. Borrowed until the next flush.
 */
const struct record *work_record(struct work *w, uint16_t kind, struct uuid id);

/* The same for an id that was made just now: it is not looked for in the store.
 * known: a key that it will claim, as claims_of takes it; copied. */
const struct record *work_new_record(struct work *w, uint16_t kind, struct uuid id,
				     const struct unique_known *known);

/* How much room the store has, as of the first question. Borrowed. */
const struct kv_room *work_room(struct work *w);

/*
 * How many records would count as one (doubles.h) if r, too, named the other as
 * the same; 0: the other does not name r, so that there is no link yet. Groups
 * beyond LIMIT_GROUP_RECORDS_MAX are not looked through.
 */
enum rc work_group_with(struct work *w, const struct record *r, struct uuid other, uint32_t *count);

/* Whether the two are of one group, as things stand now. */
enum rc work_group_has(struct work *w, const struct record *r, struct uuid other, bool *out);

/*
 * Applies one record change, at a place of entry e, in e's scope. The entry
 * must be stored before the next flush. The ops'
 * values must live in the arena. seen: as part_apply.
 * RC_INVALID (the entry names the record twice): not applied, and the work goes
 * on; whatever else is not RC_OK has failed the work.
 */
enum rc work_apply(struct work *w, const struct change *c, struct dot e, uint32_t place,
		   const struct seen *seen);

/* Takes a record as one whose derived tables hold nothing of it yet, so that
 * the next flush makes them. For derive.h. */
enum rc work_derive(struct work *w, uint16_t kind, struct uuid id);

/* Consecutive entries of a feed. */
struct work_span {
	uint64_t feed, first, last;
};

/* Takes what entries say of a record out of it: its part is made anew from the
 * others. The entries must be stored until the next flush is over. */
enum rc work_withdraw(struct work *w, uint16_t kind, struct uuid id, const struct work_span *s);

/* Puts a change aside with a reason instead of applying it. */
enum rc work_quarantine(struct work *w, struct dot e, uint32_t place, enum quarantine_reason why);

/*
 * The part of a record in a scope, to be made anew: it will be written as it
 * is at the next flush, or removed if its vector is empty then. See rebuild.h.
 * NULL: the work failed, with *rc.
 */
struct part *work_open_part(struct work *w, uint16_t kind, struct uuid id, uint16_t scope,
			    enum rc *rc);
/* The part is made: what follows from it for the whole record (its home). */
void work_close_part(struct work *w, uint16_t kind, struct uuid id);

#endif
