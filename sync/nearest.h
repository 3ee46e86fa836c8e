/*
 * "Did you mean": of the names offered, the one that a wrong name was most
 * likely meant to be.
 *
 * Near means few bytes inserted, deleted, replaced or swapped with their
 * neighbour (optimal string alignment, G. Navarro, "A Guided Tour to
 * Approximate String Matching"): none in a name of one byte, one in names
 * shorter than 6, else a third of the name. The beginning of a name, of three
 * bytes or more, counts as one mistake. Case does not count. Names longer
 * than LIMIT_NAME_BYTES_MAX are near nothing.
 */
#ifndef KERWEN_NEAREST_H
#define KERWEN_NEAREST_H

#include "sync/bytes.h"

struct nearest {
	struct bytes wanted; /* borrowed */
	uint32_t distance;   /* of what was found; before, one too many */
	const char *found;   /* borrowed; NULL: nothing is near */
};

struct nearest nearest_init(struct bytes wanted);

/* Compares with candidate; if it is nearer than all before, answer is what was
 * found. Usually both are the same; a code's label answers with the code. */
void nearest_offer(struct nearest *n, const char *candidate, const char *answer);

#endif
