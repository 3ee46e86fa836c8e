/*
 * The incarnation of a directory: which one this node writes to, and when it
 * takes another.
 *
 * An incarnation is left when the lease and the database do not belong
 * together (lease.h), or when the centre knows a feed of it otherwise than
 * this node (rejoin.h). Leaving writes nothing into feeds: the next entry that
 * this node writes begins a fresh one, whose feeds name what they continue
 * (follows.h). Nothing is refused for it.
 *
 * In a work that writes entries:
 *
 *   life_look (author_begin) -> life_keep (author_finish)
 *                            -> life_before_commit, life_after_commit (work)
 *
 * The centre is no exception: succeed.h says how its feeds go on.
 */
#ifndef KERWEN_LIFE_H
#define KERWEN_LIFE_H

#include "node/store/kv.h"
#include "node/store/lease.h"

struct work;

/* As the database has it: meta "life". */
struct life_state {
	uint32_t incarnation;
	bool is_left;   /* nothing more is written to it */
	bool is_leased; /* it has a block of the lease */
	uint64_t nonce, bound;
};

/* What a work does with it. */
struct life_step {
	bool looked, writes;
	bool is_new;            /* the incarnation begins here */
	bool was_closed;        /* for the one before was closed: see restored.h */
	bool has_begun;         /* the centre: its feeds did, too */
	enum lease_verdict why; /* of the lease, as it was found */
	struct lease file;      /* the lease as it was found; zeroes: none */
	bool has_file;          /* it could be read */
	bool renewed;           /* the file was written for this commit */
	uint64_t commit;        /* the last number that was given out */
	uint32_t before;        /* the incarnation before it */
};

/* RC_NOTFOUND: the directory never wrote one down. */
enum rc life_load(struct kv_txn *t, struct life_state *out);
enum rc life_store(struct kv_txn *t, const struct life_state *l);

/* Before an entry is written: takes a fresh incarnation if that is due. In
 * memory only. Raises *commit to what the lease knows. */
enum rc life_look(struct work *w, uint64_t *commit);

/* Keeps it, with the number of the commit that was written. */
enum rc life_keep(struct work *w, uint64_t commit);

/* Takes the next block of the lease if need be: RC_FULL, RC_IO, RC_DENIED. */
enum rc life_before_commit(struct work *w);
/* What the work came to; tells people of a new incarnation. */
void life_after_commit(struct work *w, enum rc rc);

/* Nothing of the work stays: the store writes to the incarnation of before. */
void life_undo(struct work *w);

/* Leaves the incarnation that this node writes to. */
enum rc life_leave(struct work *w);

/* If the lease knows of commits that are not in the database: notes that they
 * are missing, for people. */
enum rc life_note_missing(struct work *w);

/* Whether this directory ever wrote to an incarnation. */
enum rc life_knows(struct kv_txn *t, uint32_t incarnation, bool *out);

/* Begins a fresh incarnation in this work, if the present one has entries. */
enum rc life_renew(struct work *w);

#endif
