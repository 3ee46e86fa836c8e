/*
 * Proving that everything derived follows from the entries: records, indexes
 * and figures are caches of the feeds.
 *
 *   feeds     chain hashes, stored seals, counts; every change of an applied
 *             entry is in its record's vector or dots, or put aside
 *   bases     what stands for the entries below a floor is what the centre signed
 *   cuts      what the centre's entries confirm stands in the table, and back
 *   records   each part is made anew from its entries, in causal order, and
 *             compared byte for byte; one digest a scope
 *   derived   unique index and open conflicts, both ways; what is put aside or
 *             replaced; figures are counted again and compared cell by cell
 *
 * A run looks at the feeds as far as they went when it began, in transactions of
 * half a second; nothing it remembers grows with the records. What is written
 * meanwhile does no harm: records are judged one by one, each in one
 * transaction, and figures are counted beside what others write (counting.h).
 *
 * A run that *repairs* does the same in writing transactions of a fifth of a
 * second, and puts right what differs where it finds it: everything that follows
 * from entries. It is marked in the database until it is done, so that one that
 * was killed is known; the next one does the rest. Entries themselves cannot be
 * made anew: those that are damaged are noted (damage.h), and come back with the
 * next exchange (heal.h). What rests on them is left as it is until then.
 */
#ifndef KERWEN_VERIFY_H
#define KERWEN_VERIFY_H

#include "node/store/store.h"

/* What nodes that have applied the same entries of a scope have in common:
 * BLAKE2b-256 over the parts in the order of their keys, as
 * d = H(d || kind, id || state), beginning with zeroes. */
struct verify_scope {
	uint16_t scope;
	uint64_t parts;
	uint8_t digest[HASH_LEN];
};

struct verify_report {
	uint64_t feeds, entries, seals, changes; /* looked at */
	uint64_t cuts, parts, uniques, cells;
	uint64_t conflicts; /* records in open conflict */
	uint64_t problems;
	uint64_t damaged;     /* of them: entries, seals and geneses to be fetched */
	uint64_t repaired;    /* rows put right */
	bool was_interrupted; /* an earlier repair: this one did the rest */
	bool moved;           /* something was written meanwhile: digests are of no moment */
	const struct verify_scope *scopes; /* by number; borrowed until verify_free */
	uint32_t scopes_count;
};

struct verify_options {
	void *ctx; /* borrowed */
	/* Called for each thing that differs, with a text that names it. */
	void (*on_problem)(void *ctx, const char *text);
	/* May be NULL. */
	void (*on_progress)(void *ctx, uint64_t done, uint64_t total);
	/* Whether to give up, with RC_CLOSED; asked between transactions. May be NULL. */
	bool (*is_stopped)(void *ctx);
	bool repairs;  /* puts right what differs */
	bool is_eager; /* a transaction for each step: for tests */
};

struct verify; /* one run */

/* Runs. Gives *out, also after a failure. RC_OK: report->problems tells;
 * RC_NOMEM, RC_IO, RC_FULL (a repair): it could not be finished. */
enum rc verify_run(struct store *s, const struct verify_options *o, struct verify **out);
/* The same for the feeds alone: chains, seals, counts, and that every change is
 * in its record. Nothing is noted. */
enum rc verify_run_feeds(struct store *s, const struct verify_options *o, struct verify **out);

const struct verify_report *verify_result(const struct verify *v);
void verify_free(struct verify *v); /* NULL is fine */

/* Whether a repair was begun and is not done: it runs, or was killed. */
enum rc verify_is_unfinished(struct kv_txn *t, bool *out);

#endif
