/*
 * Proving that everything derived follows from the entries: records, indexes
 * and figures are caches of the feeds.
 *
 *   feeds     chain hashes, stored seals, counts; every change of an applied
 *             entry is in its record's vector or dots
 *   records   each part is made anew from its entries, in causal order, and
 *             compared byte for byte; one digest a scope
 *   derived   unique index and open conflicts, both ways; figures are counted
 *             again and compared cell by cell
 *
 * Reading transactions are renewed about every second. What was written
 * meanwhile does no harm: records are judged one by one, each in one
 * transaction, and figures are counted again from the start, the last time in
 * one transaction.
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
	uint64_t parts, uniques, cells;
	uint64_t conflicts; /* records in open conflict */
	uint64_t problems;
	bool moved; /* something was written meanwhile: digests are of no moment */
	const struct verify_scope *scopes; /* by number; borrowed until verify_free */
	uint32_t scopes_count;
};

struct verify_options {
	void *ctx; /* borrowed */
	/* Called for each thing that differs, with a text that names it. */
	void (*on_problem)(void *ctx, const char *text);
	/* May be NULL. */
	void (*on_progress)(void *ctx, uint64_t done, uint64_t total);
	/* Whether to give up, with RC_CLOSED; asked about every second. May be NULL. */
	bool (*is_stopped)(void *ctx);
};

struct verify; /* one run */

/* Runs. Gives *out, also after a failure. RC_OK: report->problems tells;
 * RC_NOMEM, RC_IO: it could not be finished. */
enum rc verify_run(struct store *s, const struct verify_options *o, struct verify **out);
/* The same for the feeds alone: chains, seals, counts, and that every change is
 * in its record. */
enum rc verify_run_feeds(struct store *s, const struct verify_options *o, struct verify **out);

const struct verify_report *verify_result(const struct verify *v);
void verify_free(struct verify *v); /* NULL is fine */

/* Makes the derived tables anew (derive.h), in one transaction. */
enum rc verify_repair(struct store *s);

#endif
