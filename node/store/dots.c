#include "node/store/dots.h"

#include <stdlib.h>

enum rc dots_add(struct dots *d, struct dot dot)
{
	if (d->count > 0 && dot_equal(d->items[d->count - 1], dot)) {
		return RC_OK;
	}
	if (d->count == d->max) {
		uint32_t max = d->max == 0 ? 256 : 2 * d->max;
		struct dot *wider = realloc(d->items, max * sizeof(*wider));

		if (wider == NULL) {
			return RC_NOMEM;
		}
		d->items = wider;
		d->max = max;
	}
	d->items[d->count++] = dot;
	return RC_OK;
}

static int order(const void *a, const void *b)
{
	return dot_compare(*(const struct dot *)a, *(const struct dot *)b);
}

void dots_sort(struct dots *d)
{
	uint32_t i, kept = 0;

	if (d->count == 0) {
		return;
	}
	qsort(d->items, d->count, sizeof(*d->items), order);
	for (i = 0; i < d->count; i++) {
		if (kept == 0 || !dot_equal(d->items[kept - 1], d->items[i])) {
			d->items[kept++] = d->items[i];
		}
	}
	d->count = kept;
}

bool dots_has(const struct dots *d, struct dot dot)
{
	return d->count > 0 && bsearch(&dot, d->items, d->count, sizeof(*d->items), order) != NULL;
}

void dots_free(struct dots *d)
{
	free(d->items);
	*d = (struct dots){ NULL, 0, 0 };
}
