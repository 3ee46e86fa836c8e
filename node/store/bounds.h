/*
 * The bounds on merged state (limits.h): values side by side, touches side by
 * side, feeds of a vector, bytes of a part.
 *
 * They bind whoever writes here, with a clear refusal. What others wrote is
 * kept whatever it takes, since a verdict on it would depend on what came
 * first; a record that is over a bound is marked.
 */
#ifndef KERWEN_BOUNDS_H
#define KERWEN_BOUNDS_H

#include "sync/view.h"

enum bounds_kind { BOUNDS_NONE, BOUNDS_SIBLINGS, BOUNDS_HEADS, BOUNDS_FEEDS, BOUNDS_BYTES };

/* What is over a bound, and by how much. */
struct bounds_excess {
	enum bounds_kind kind; /* BOUNDS_NONE: nothing */
	uint16_t field;        /* BOUNDS_SIBLINGS: its number */
	uint64_t has, max;
};

/* The first thing of a record that is over a bound. The arena is given back. */
struct bounds_excess bounds_of(const struct record *r, struct arena *a);

/* "70 values of one field side by side, the most is 64"; without a NUL. */
void bounds_format(const struct bounds_excess *e, struct bytes_writer *w);

/* What helps against it: a decision where one is open, else a plain change. */
const char *bounds_hint(const struct record *r, const struct bounds_excess *e);

/*
 * Whether a part may take a change that is written here: what would be over a
 * bound afterwards must not have grown by it, so that a record which is too
 * large can always be made smaller, decided or deleted. p stays as it is; the
 * arena is given back. RC_LIMIT with *out filled in; RC_NOMEM.
 */
enum rc bounds_judge(const struct part *p, const struct change *c, struct dot e,
		     const struct seen *seen, struct arena *a, struct bounds_excess *out);

#endif
