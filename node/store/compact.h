/*
 * Clean-up: moving floors, and giving back what is below them.
 *
 * For each scope the centre moves the floor to what every living office that is
 * a member has confirmed (confirm.h), and what the last backup of the centre
 * holds (compact_note_backup). It is never moved by age. An office follows the
 * floors that the centre has stated.
 *
 *   compact_plan    how far the floor of a scope can move, and what holds it
 *   compact_step    one transaction: the base becomes the one of the new floor
 *                   - rows of records, contexts - and is measured; the centre
 *                   states it, an office compares it with the statement
 *   compact_drop    bounded transactions: deletes what the base stands for
 *
 * A process that is killed leaves the directory before or after a transaction:
 * both are sound, and the next run goes on from there. Pages of the database
 * that become free are used again before its file grows; it does not shrink.
 */
#ifndef KERWEN_COMPACT_H
#define KERWEN_COMPACT_H

#include "node/store/base.h"

/* What keeps a floor from moving further. */
enum compact_hold { COMPACT_FREE, COMPACT_OFFICE, COMPACT_BACKUP, COMPACT_CENTRE };

struct compact_plan {
	uint16_t scope;
	uint64_t floor;         /* that is here; 0: none */
	uint64_t head;          /* of the centre's feed, applied */
	uint64_t target;        /* where the floor can be; not below `floor` */
	enum compact_hold hold; /* of the head */
	uint16_t office;        /* COMPACT_OFFICE: which one */
	bool lags;              /* entries below the floor are still here */
};

/* What became of it. */
struct compact_result {
	uint64_t entries; /* deleted */
	uint64_t rows;    /* deleted, entries among them */
	uint64_t bytes;   /* of these rows */
};

/* RC_NOTFOUND: the scope has no floors: the nation's, an office's own. */
enum rc compact_plan(struct store *s, struct kv_txn *t, uint16_t scope, struct compact_plan *out);

/* Asks the offices to confirm the centre's head. */
enum rc compact_ask(struct store *s, const struct compact_plan *p);

/* Moves the floor to the target. RC_FORK (an office): the base that the centre
 * stated is another one. Else as work_commit. */
enum rc compact_step(struct store *s, const struct compact_plan *p);

/* Deletes what is below the floor; adds to the result. is_stopped: asked between
 * transactions, may be NULL; then RC_CLOSED. */
enum rc compact_drop(struct store *s, uint16_t scope, bool (*is_stopped)(void *ctx), void *ctx,
		     struct compact_result *out);

/* The centre's feeds as a backup has them: `heads` as of its transaction; the
 * statement once the backup is complete. Gives *heads (free it). */
enum rc compact_read_heads(struct store *s, struct kv_txn *t, struct dot **heads, uint32_t *count);
enum rc compact_note_backup(struct store *s, const struct dot *heads, uint32_t count);

#endif
