/*
 * What happened after this directory was restored from a copy, or found to be
 * one, or after the centre closed what it wrote to, as far as it is known: meta "restored". It is
 * made up while the centre is spoken to, said when that is over, and kept for `status`.
 *
 * Commits are counted by their number, which this node gives to every save.
 */
#ifndef KERWEN_RESTORED_H
#define KERWEN_RESTORED_H

#include "node/store/kv.h"

enum { RESTORED_TEXT_MAX = 640, RESTORED_SHOWN_DAYS = 30 };

enum restored_cause { RESTORED_COPY, RESTORED_CLOSED };

struct restored {
	enum restored_cause cause;
	int64_t noticed_ms;  /* 0: nothing happened */
	int64_t settled_ms;  /* 0: it is not over: the next sync goes on */
	uint64_t returned;   /* changes of this office that came back from the centre */
	uint64_t issued;     /* changes that were written again */
	uint64_t parts_lost; /* commits that came back without what only this office had */
	/* Commits that the lease knew of and the database did not; those that
	 * came back are taken off. lost_last 0: none known. */
	uint64_t lost_first, lost_last;
	uint32_t lost_incarnation;
	uint64_t entries; /* the centre: own entries that came back; lost_* stay as they are */
};

/* RC_NOTFOUND: nothing happened. */
enum rc restored_get(struct kv_txn *t, struct restored *out);

/* The story that is under way, or a new one with this cause. */
enum rc restored_open(struct kv_txn *t, enum restored_cause cause, int64_t now_ms,
		      struct restored *out);
enum rc restored_store(struct kv_txn *t, const struct restored *r);

/* Changes that came back; `commit` of `incarnation` is among them. */
void restored_note_return(struct restored *r, uint64_t changes, uint32_t incarnation,
			  uint64_t commit, bool lacks_part);

/* Commits that were lost for good, as far as the lease knew. */
uint64_t restored_lost(const struct restored *r);

/* The same at the centre, where nothing tells that all has come back. */
void restored_centre_text(const struct restored *r, int64_t now_ms, char out[RESTORED_TEXT_MAX]);

/* What to tell people; "" when there is nothing to tell (any more). */
void restored_text(const struct restored *r, int64_t now_ms, char out[RESTORED_TEXT_MAX]);

#endif
