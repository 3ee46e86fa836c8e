/*
 * Rows of a table in the making: their order, and cumulating them. Private to
 * figures*.c.
 */
#ifndef KERWEN_FIGURES_RUN_H
#define KERWEN_FIGURES_RUN_H

#include <uthash.h>

#include "node/store/figures_axis.h"

/* One row: its values in the order of `by`, as blocks; an empty one is unknown. */
struct figures_sum {
	struct bytes key;
	int64_t value;
	UT_hash_handle hh;
};

/*
 * Sorts the rows by their values, unknown ones last. If the figure is a run
 * over a dimension in `by`, each row becomes the sum of all rows up to it, and
 * rows are added where a later value of that dimension moved nothing: a run
 * goes on. What is unknown in it is not cumulated. RC_NOMEM.
 */
enum rc figures_run_order(struct figures_plan *p, struct figures_sum ***sums, uint32_t *count);

#endif
