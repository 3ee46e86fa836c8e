/*
 * Reading figures: tables from stored cells, without looking at records.
 *
 * A table has the dimensions that are asked for (`by`); the others are summed
 * over. A record counts in each cell of a set, so what is summed over sets
 * comes from the cells that stand for all of it.
 *
 *   flow, stock  the cells, a dated stock up to a day
 *   run          the flow below it, cumulated over its dimension `over`
 *   control      recorded minus announced; a link in `match` stands for what
 *                the record that it names shows
 */
#ifndef KERWEN_FIGURES_H
#define KERWEN_FIGURES_H

#include "node/store/store.h"

/* Address space for one table; only what is used takes memory. */
enum { FIGURES_ARENA_BYTES = 1 << 30 };

struct figures_request {
	const struct schema_figure *figure; /* of the store's catalog */
	const char *const *by;              /* NULL: all dimensions */
	uint32_t by_count;
	const char *where; /* over dimensions; NULL: all */
	int32_t day;       /* dated stocks: days since 1970 */
};

struct figures_row {
	const struct bytes *texts; /* one for each of `by`; p NULL: unknown */
	int64_t value;             /* held within +-VALUE_INT_MAX, as the total */
};

struct figures_table {
	const char *const *by; /* as they were asked for */
	uint32_t by_count;
	const struct figures_row *rows; /* in the order of their values */
	uint32_t rows_count;
	bool has_total; /* false: over several elements of a set there is none */
	int64_t total;
};

/* What is wrong with a request, and the next step. */
struct figures_error {
	char text[320], hint[240];
};

/*
 * Everything lives in the arena. RC_INVALID with e: a dimension or expression
 * that the figure does not have; RC_CORRUPT, RC_NOMEM.
 */
enum rc figures_read(struct store *s, struct kv_txn *t, const struct figures_request *q,
		     struct arena *a, struct figures_table *out, struct figures_error *e);

/* The dimensions that a figure can be asked for, in the arena. */
enum rc figures_list_by(const struct store *s, const struct schema_figure *f, struct arena *a,
			const char *const **by, uint32_t *count);

/* Through when an office was heard: all it had written by then counts. */
struct figures_heard {
	const struct office_info *office;
	int64_t through_ms; /* 0: never */
};

/* One for each office that counts today, by number; in the arena. A closed one
 * leaves no ghost. */
enum rc figures_list_heard(const struct store *s, struct kv_txn *t, struct arena *a,
			   struct figures_heard **out, uint32_t *count);

#endif
