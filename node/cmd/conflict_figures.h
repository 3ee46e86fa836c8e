/*
 * Which figures a decision could move: those of the kind that look at a
 * contested field - by a condition, a dimension, the sum or the dates of a
 * stock -, and the runs over them. Whether the record is there at all moves
 * all figures of the kind.
 */
#ifndef KERWEN_CONFLICT_FIGURES_H
#define KERWEN_CONFLICT_FIGURES_H

#include "node/store/catalog.h"
#include "node/store/conflicts.h"

/* Names of figures, in the order of the schema; in the arena, borrowed from
 * the catalog. RC_NOMEM. */
struct conflict_figures {
	const char **names;
	uint32_t count;
};
enum rc conflict_figures_of(const struct catalog *c, const struct schema_kind *kind,
			    const struct conflicts_list *list, struct arena *a,
			    struct conflict_figures *out);

#endif
