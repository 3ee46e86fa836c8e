/*
 * Figures as counters: what one record adds to which cells.
 *
 * Every applied change moves a figure by (after - before) of its record, in
 * the same transaction; reading a national table reads cells, not records.
 *
 * A cell's key (struct bytes) is, for each dimension in order, one tag byte
 * and then, for tag 1, a block with the cell's canonical value (see dim_cells):
 *   0 unknown, 1 a value, 2 all (only dimensions that are sets: totals are
 *   stored, never added, since a record counts in each cell of a set).
 * A dated stock has each cell twice: +amount at `from`, -amount at the day
 * after `to`: be32 day number + 2^31 comes before the dimensions, so a stock
 * on day D is the sum of the cells up to D. Without `from`, or with `to` before
 * it, a record is never in the stock; without `to` it stays. Of what a partial
 * date does not know, `from` takes the first day and `to` the last.
 */
#ifndef KERWEN_FIGURE_H
#define KERWEN_FIGURE_H

#include "sync/view.h"

/* The counted side of a figure, ready to evaluate. One schema_figure gives
 * one counter (flow, stock), several (control) or none (run). */
struct counter {
	uint16_t figure;                /* number */
	uint16_t part;                  /* 0, 1 ... recorded; announced is 255 */
	const struct schema_kind *kind; /* of the records it counts */
	const struct expr *where;       /* or NULL */
	const struct schema_field *sum; /* or NULL: count */
	bool negative;                  /* amounts are taken away */
	const struct dim *dims;
	uint32_t dims_count;
	bool dated;
	const struct schema_field *from, *to; /* dated stocks; `to` may be NULL */
};

enum { FIGURE_PART_ANNOUNCED = 255 };

enum figure_tag { FIGURE_TAG_UNKNOWN, FIGURE_TAG_VALUE, FIGURE_TAG_ALL };

/* All counters of a schema but those of closed figures, sorted by kind number;
 * in the arena, borrowing from the schema. RC_NOMEM; RC_INVALID for a schema
 * that was not checked. */
struct counters {
	const struct counter *items;
	uint32_t count;
};
enum rc figure_compile(const struct schema *s, struct arena *a, struct counters *out);

/* Called for every cell that a record counts in. key lives for the call. */
struct figure_sink {
	void *ctx; /* borrowed */
	enum rc (*add)(void *ctx, const struct counter *c, struct bytes key, int64_t amount);
};

/*
 * Reports what r adds to c. Deleted records add nothing; deleted but edited
 * ones do; a sum of 0 or of an unset field adds nothing. sign is +1 or -1 and
 * multiplies the amounts. What is taken from scratch is left to the caller to
 * give back, so that the sink may keep things in the same arena.
 * RC_LIMIT: more than LIMIT_CELLS_PER_RECORD_MAX cells (sets of sets; nothing
 * was reported), RC_NOMEM, or what the sink or source returned.
 */
enum rc figure_add(const struct counter *c, const struct record *r, const struct view_source *src,
		   struct bytes (*office_name)(void *ctx, uint16_t office), void *office_ctx,
		   int64_t sign, struct arena *scratch, const struct figure_sink *sink);

/* Splits a cell's key into its dimensions: tags[i] and values[i] (borrowed
 * from key) for each dimension of c; *day only for dated stocks. RC_CORRUPT. */
enum rc figure_split(const struct counter *c, struct bytes key, uint8_t *tags, struct bytes *values,
		     int32_t *day);

#endif
