/* Dots: the names of entries. */
#ifndef KERWEN_DOT_H
#define KERWEN_DOT_H

#include "sync/bytes.h"

struct dot {
	uint64_t feed; /* packed feed id, see feed.h */
	uint64_t seq;  /* 1 for the feed's first entry; 0 is "none" */
};

bool dot_equal(struct dot a, struct dot b);

/* By feed, then by seq: the order in which states list them. */
int dot_compare(struct dot a, struct dot b);

#endif
