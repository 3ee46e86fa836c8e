/*
 * A version vector: for each feed, the last sequence number seen.
 *
 * Dots are sorted by feed and hold no zero seq, so equal histories are equal
 * bytes. The memory is the caller's; the vector only borrows it.
 */
#ifndef KERWEN_VV_H
#define KERWEN_VV_H

#include "sync/dot.h"

struct vv {
	struct dot *dots; /* borrowed */
	uint32_t count, max;
};

enum vv_order { VV_EQUAL, VV_BEFORE, VV_AFTER, VV_CONCURRENT };

/* The last seq of a feed; 0 when the vector does not have it. */
uint64_t vv_get(const struct vv *v, uint64_t feed);

/* Whether v includes the entry d. */
bool vv_covers(const struct vv *v, struct dot d);

/* Raises v to include d and all before it. RC_LIMIT: no room; v unchanged. */
enum rc vv_raise(struct vv *v, struct dot d);

/* How a relates to b. Never fails; empty vectors are equal. */
enum vv_order vv_compare(const struct vv *a, const struct vv *b);

/*
 * Raises v to include everything in other.
 * RC_LIMIT: the union has more than v->max feeds; v is unchanged.
 */
enum rc vv_merge(struct vv *v, const struct vv *other);

/*
 * The text of a vector, as forms, the API and the command line carry it:
 * "FEED:SEQ" joined by commas, FEED as 16 hexadecimal digits, SEQ decimal;
 * "-" for the empty vector. Parsing sorts nothing: the text must be in order.
 * RC_INVALID: not such a text; RC_LIMIT: more than v->max feeds.
 */
void vv_format(const struct vv *v, struct bytes_writer *w);
enum rc vv_parse(struct bytes text, struct vv *v);

#endif
