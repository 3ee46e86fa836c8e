/*
 * Making records anew from their entries: all of them, as verify does, or
 * those that a version covers - the record as of then.
 *
 * Records that were made together stand together in an entry, so the last few
 * entries are kept between calls.
 *
 *   replay = { .txn } -> { replay_apply | replay_had | replay_as_of | replay_said }
 *                                                       -> replay_close
 *
 * A store that goes on from one transaction to the next sets txn anew; entries
 * that were read in one that was given up must be forgotten (replay_forget).
 */
#ifndef KERWEN_REPLAY_H
#define KERWEN_REPLAY_H

#include "node/store/kv.h"
#include "sync/view.h"

enum { REPLAY_ENTRIES_KEPT = 4 };

struct replay_entry {
	struct dot dot; /* seq 0: none */
	struct entry entry;
	uint32_t at; /* where the next change is likely */
	struct arena arena;
};

/* All zero but for txn in the beginning. */
struct replay {
	struct kv_txn *txn; /* borrowed */
	struct replay_entry entries[REPLAY_ENTRIES_KEPT];
	uint32_t entries_next;
};

/*
 * Applies what entry d says of a record (its kind and id count) to part.
 * RC_NOTFOUND: the entry is not here, or says nothing of it; RC_CORRUPT,
 * RC_LIMIT: it does not decode; RC_NOMEM; else what the store answered.
 */
enum rc replay_apply(struct replay *p, const struct record *r, struct dot d, struct arena *a,
		     struct part *part);

/*
 * Whether a record can have had this version somewhere: every dot touched it,
 * and nothing is missing that the authors of these had seen of it in the same
 * scope, nor all of its existence. Only such a version may be taken for what
 * somebody looked at. r: as it is stored now. The arena is given back.
 * RC_NOMEM, or what the store answered.
 */
enum rc replay_had(struct replay *p, const struct record *r, const struct vv *version,
		   struct arena *a, bool *out);

/*
 * The record as it was when its version (view_version) was this one. r: as it
 * is stored now. out lives in a. What it shows is judged by the cuts of now.
 * Codes as replay_apply.
 */
enum rc replay_as_of(struct replay *p, const struct record *r, const struct vv *version,
		     struct arena *a, struct record *out);

/* Somebody at an office. */
struct replay_author {
	uint16_t office;
	struct bytes name;
};

struct replay_ops {
	const struct op *items;
	uint32_t count;
};

/*
 * What an author has said of a record already while looking at just this
 * version: the operations of the changes whose context is the version. Who
 * says the same again adds nothing. The list lives in a. Codes as
 * replay_apply.
 */
enum rc replay_said(struct replay *p, const struct record *r, const struct vv *version,
		    struct replay_author author, struct arena *a, struct replay_ops *out);

void replay_forget(struct replay *p);
void replay_close(struct replay *p);

#endif
