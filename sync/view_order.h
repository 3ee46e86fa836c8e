/*
 * Siblings side by side: what view and view_policy share. Not for others.
 */
#ifndef KERWEN_VIEW_ORDER_H
#define KERWEN_VIEW_ORDER_H

#include "sync/view.h"

struct sibling {
	const struct item *item; /* borrowed from the record */
	struct stamp stamp;      /* only after view_order_stamp */
	uint32_t listed;         /* its place while equal values are looked for */
};

/* Asks where each of them stands. What the source returned. */
enum rc view_order_stamp(struct sibling *s, uint32_t count, const struct view_source *src);

/* Orders, all total: by dot, by value (a clear first), by the centre's cuts,
 * and the latest first. The last two need stamps. */
int view_order_by_dot(const struct sibling *a, const struct sibling *b);
int view_order_by_value(const struct sibling *a, const struct sibling *b);
int view_order_by_cut(const struct sibling *a, const struct sibling *b);
int view_order_by_latest(const struct sibling *a, const struct sibling *b);

/* Sorts in n log n: states that strangers wrote can be long. The arena is
 * given back. RC_NOMEM. */
enum rc view_order_sort(struct sibling *s, uint32_t count,
			int (*compare)(const struct sibling *, const struct sibling *),
			struct arena *a);

/* Whether two items say the same. */
bool view_order_is_equal(const struct item *a, const struct item *b);

/* Whether they do not all say the same. */
bool view_order_differ(const struct sibling *s, uint32_t count);

/* Of items that say the same keeps the first listed; the order stays.
 * RC_NOMEM. */
enum rc view_order_drop_equal(struct sibling *s, uint32_t *count, struct arena *a);

#endif
