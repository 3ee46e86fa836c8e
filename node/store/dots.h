/*
 * A set of dots in memory: filled, sorted once, then asked.
 */
#ifndef KERWEN_DOTS_H
#define KERWEN_DOTS_H

#include "sync/dot.h"
#include "sync/rc.h"

struct dots {
	struct dot *items; /* own memory */
	uint32_t count, max;
};

/* RC_NOMEM. */
enum rc dots_add(struct dots *d, struct dot dot);
/* By feed, then seq; each once. */
void dots_sort(struct dots *d);
/* After dots_sort. */
bool dots_has(const struct dots *d, struct dot dot);
void dots_free(struct dots *d);

#endif
