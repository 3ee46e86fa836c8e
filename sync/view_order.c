#include "sync/view_order.h"

#include <string.h>

#include "sync/feed.h"

enum rc view_order_stamp(struct sibling *s, uint32_t count, const struct view_source *src)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < count && rc == RC_OK; i++) {
		s[i].stamp.office = feed_office(s[i].item->dot.feed);
		rc = src->stamp(src->ctx, s[i].item->dot, &s[i].stamp);
	}
	return rc;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_contents(const struct item *a, const struct item *b)
{
	if (a->cleared != b->cleared) {
		return a->cleared ? -1 : 1;
	}
	return bytes_compare(a->value, b->value);
}

int view_order_by_dot(const struct sibling *a, const struct sibling *b)
{
	int order = dot_compare(a->item->dot, b->item->dot);

	return order != 0 ? order : compare_contents(a->item, b->item);
}

int view_order_by_value(const struct sibling *a, const struct sibling *b)
{
	int order = compare_contents(a->item, b->item);

	return order != 0 ? order : dot_compare(a->item->dot, b->item->dot);
}

/* By (office, incarnation, seq), whatever the scope; the office is whose it
 * was. */
static int compare_authors(const struct sibling *a, const struct sibling *b)
{
	struct dot x = a->item->dot, y = b->item->dot;
	int order = compare_numbers(a->stamp.office, b->stamp.office);

	if (order == 0) {
		order = compare_numbers(feed_incarnation(x.feed), feed_incarnation(y.feed));
	}
	if (order == 0) {
		order = compare_numbers(x.seq, y.seq);
	}
	return order != 0 ? order : view_order_by_dot(a, b);
}

int view_order_by_cut(const struct sibling *a, const struct sibling *b)
{
	int order = compare_numbers(a->stamp.place, b->stamp.place);

	return order != 0 ? order : compare_authors(a, b);
}

/* What no cut covers will be covered by a later one: it stands after all. */
int view_order_by_latest(const struct sibling *a, const struct sibling *b)
{
	bool a_uncut = a->stamp.place == UINT64_MAX, b_uncut = b->stamp.place == UINT64_MAX;

	if (a_uncut != b_uncut) {
		return a_uncut ? -1 : 1;
	}
	if (a->stamp.time_ms != b->stamp.time_ms) {
		return a->stamp.time_ms > b->stamp.time_ms ? -1 : 1;
	}
	return compare_authors(b, a);
}

/* One pass of a merge sort: pairs of runs of `width` from `from` to `to`. */
static void merge_runs(const struct sibling *from, struct sibling *to, uint32_t count,
		       uint32_t width,
		       int (*compare)(const struct sibling *, const struct sibling *))
{
	uint32_t start, out = 0;

	for (start = 0; start < count; start = out) {
		uint32_t middle = count - start > width ? start + width : count;
		uint32_t end = count - middle > width ? middle + width : count;
		uint32_t i = start, k = middle;

		while (i < middle || k < end) {
			bool left = k == end || (i < middle && compare(&from[i], &from[k]) <= 0);

			to[out++] = left ? from[i++] : from[k++];
		}
	}
}

static bool is_sorted(const struct sibling *s, uint32_t count,
		      int (*compare)(const struct sibling *, const struct sibling *))
{
	uint32_t i;

	for (i = 1; i < count; i++) {
		if (compare(&s[i - 1], &s[i]) > 0) {
			return false;
		}
	}
	return true;
}

enum rc view_order_sort(struct sibling *s, uint32_t count,
			int (*compare)(const struct sibling *, const struct sibling *),
			struct arena *a)
{
	size_t mark = arena_mark(a);
	struct sibling *from = s, *to = NULL;
	uint32_t width;

	if (is_sorted(s, count, compare)) {
		return RC_OK;
	}
	to = arena_take(a, (size_t)count * sizeof(*to));
	if (to == NULL) {
		return RC_NOMEM;
	}
	for (width = 1; width<count; width = width> count / 2 ? count : width * 2) {
		struct sibling *merged = to;

		merge_runs(from, to, count, width, compare);
		to = from;
		from = merged;
	}
	if (from != s) {
		memcpy(s, from, (size_t)count * sizeof(*s));
	}
	arena_release(a, mark);
	return RC_OK;
}

bool view_order_is_equal(const struct item *a, const struct item *b)
{
	return a->cleared == b->cleared && bytes_equal(a->value, b->value);
}

bool view_order_differ(const struct sibling *s, uint32_t count)
{
	uint32_t i;

	for (i = 1; i < count; i++) {
		if (!view_order_is_equal(s[0].item, s[i].item)) {
			return true;
		}
	}
	return false;
}

static int compare_listed(const struct sibling *a, const struct sibling *b)
{
	int order = compare_contents(a->item, b->item);

	return order != 0 ? order : compare_numbers(a->listed, b->listed);
}

enum rc view_order_drop_equal(struct sibling *s, uint32_t *count, struct arena *a)
{
	size_t mark = arena_mark(a);
	struct sibling *sorted = arena_take(a, (size_t)*count * sizeof(*sorted));
	uint32_t i, kept = 0;
	enum rc rc = RC_NOMEM;

	if (sorted == NULL) {
		return rc;
	}
	for (i = 0; i < *count; i++) {
		s[i].listed = i;
		sorted[i] = s[i];
	}
	rc = view_order_sort(sorted, *count, compare_listed, a);
	for (i = 1; i < *count && rc == RC_OK; i++) {
		if (view_order_is_equal(sorted[i - 1].item, sorted[i].item)) {
			s[sorted[i].listed].item = NULL;
		}
	}
	for (i = 0; i < *count; i++) {
		if (s[i].item != NULL) {
			s[kept++] = s[i];
		}
	}
	*count = kept;
	arena_release(a, mark);
	return rc;
}
