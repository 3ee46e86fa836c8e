/*
 * What a node knows of itself, from what is stored and from receipts alone:
 * how much is saved here, how much of it the centre has confirmed.
 */
#ifndef KERWEN_SUMMARY_H
#define KERWEN_SUMMARY_H

#include "node/store/store.h"

struct summary {
	uint64_t records;   /* that are not deleted, of the schema's own kinds */
	uint64_t conflicts; /* records in open conflict, or that share a unique key */
	uint64_t shared;    /* those that share one */
	uint64_t notices;   /* of the centre, to this office or to all */
	uint64_t quarantine;
	uint64_t unconfirmed;          /* record changes without a receipt */
	uint64_t to_answer;            /* records that this office was asked to take over */
	uint64_t asked;                /* its own that are in transfer; at the centre: all */
	uint64_t set_aside;            /* of those: to be issued again (setaside.h) */
	int64_t oldest_unconfirmed_ms; /* the author's time; 0: none */
};

/*
 * Everything but `records`. Changes in the `office` scope are not counted as
 * unconfirmed: nobody else ever has them. Nor are the centre's own.
 */
enum rc summary_get(const struct store *s, struct kv_txn *t, struct arena *a, struct summary *out);

/*
 * Counts records on from *kind and *id, for at most slice_ms; moves both. The
 * caller begins with kind 0, and calls again in a new transaction until
 * *done.
 */
struct summary_count {
	uint16_t kind;
	struct uuid id;
	uint64_t records;
	uint64_t disputed; /* pairs of doubles: linked, and said not to be the same */
	uint64_t unknown;  /* of them and beside them: with a kind or a field that
			    * the schema here does not know */
	bool done;
};
enum rc summary_count_records(const struct store *s, struct kv_txn *t, struct arena *a,
			      uint64_t slice_ms, struct summary_count *count);

#endif
