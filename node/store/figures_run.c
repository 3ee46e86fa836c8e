#include "node/store/figures_run.h"

#include <string.h>

static int order_cells(const struct figures_axis *x, struct bytes a, struct bytes b)
{
	if (a.len == 0 || b.len == 0) {
		return (a.len == 0) - (b.len == 0);
	}
	return value_compare(figures_axis_type(x), a, b);
}

/* Compares two rows; last: the place in `by` that comes last, or NONE. */
static int order_sums(const struct figures_plan *p, uint32_t last, const struct figures_sum *a,
		      const struct figures_sum *b)
{
	struct bytes_reader x = bytes_reader_init(a->key), y = bytes_reader_init(b->key);
	int order = 0, at_last = 0;
	uint32_t i;

	for (i = 0; i < p->by_count && order == 0; i++) {
		struct bytes u = bytes_get_block(&x), v = bytes_get_block(&y);
		int here = order_cells(&p->axes[p->by[i]], u, v);

		if (i == last) {
			at_last = here;
		} else {
			order = here;
		}
	}
	return order != 0 ? order : at_last;
}

/* Merges two sorted halves; equal rows do not occur. */
static void merge(const struct figures_plan *p, uint32_t last, struct figures_sum **from,
		  struct figures_sum **to, const uint32_t bounds[3])
{
	uint32_t a = bounds[0], b = bounds[1], i;

	for (i = bounds[0]; i < bounds[2]; i++) {
		bool left = b == bounds[2] ||
			    (a < bounds[1] && order_sums(p, last, from[a], from[b]) <= 0);

		to[i] = left ? from[a++] : from[b++];
	}
}

/* Merge sort, since qsort takes no context. */
static enum rc sort_sums(const struct figures_plan *p, uint32_t last, struct figures_sum ***sums,
			 uint32_t count)
{
	struct figures_sum **from = *sums, **to = arena_take(p->arena, count * sizeof(*to)), **t;
	uint64_t width, i;

	if (to == NULL) {
		return RC_NOMEM;
	}
	for (width = 1; width < count; width *= 2) {
		for (i = 0; i < count; i += 2 * width) {
			uint64_t middle = i + width < count ? i + width : count;
			uint64_t end = i + 2 * width < count ? i + 2 * width : count;
			const uint32_t bounds[3] = { (uint32_t)i, (uint32_t)middle, (uint32_t)end };

			merge(p, last, from, to, bounds);
		}
		t = from;
		from = to;
		to = t;
	}
	*sums = from;
	return RC_OK;
}

/* --- runs -------------------------------------------------------------------- */

static struct bytes cell_at(const struct figures_sum *s, uint32_t place)
{
	struct bytes_reader r = bytes_reader_init(s->key);
	uint32_t i;

	for (i = 0; i < place; i++) {
		(void)bytes_get_block(&r);
	}
	return bytes_get_block(&r);
}

/* Whether two rows differ in nothing but the place. */
static bool is_same_group(const struct figures_plan *p, uint32_t place, const struct figures_sum *a,
			  const struct figures_sum *b)
{
	struct bytes_reader x = bytes_reader_init(a->key), y = bytes_reader_init(b->key);
	uint32_t i;

	for (i = 0; i < p->by_count; i++) {
		bool equal = bytes_equal(bytes_get_block(&x), bytes_get_block(&y));

		if (i != place && !equal) {
			return false;
		}
	}
	return true;
}

/* The known values of the place in all rows, each once and in order. */
static enum rc list_cells(const struct figures_plan *p, uint32_t place, struct figures_sum **sums,
			  uint32_t count, struct bytes **out, uint32_t *cells_count)
{
	const struct figures_axis *x = &p->axes[p->by[place]];
	struct bytes *cells = arena_take(p->arena, count * sizeof(*cells));
	uint32_t i, k, n = 0;

	for (i = 0; i < count && cells != NULL; i++) {
		struct bytes cell = cell_at(sums[i], place);

		for (k = n; k > 0 && order_cells(x, cells[k - 1], cell) > 0; k--) {
		}
		if (cell.len == 0 || (k > 0 && bytes_equal(cells[k - 1], cell))) {
			continue;
		}
		memmove(&cells[k + 1], &cells[k], (n - k) * sizeof(*cells));
		cells[k] = cell;
		n++;
	}
	*out = cells;
	*cells_count = n;
	return cells == NULL ? RC_NOMEM : RC_OK;
}

/* A copy of a row with another value in one place. */
static struct figures_sum *copy_sum(const struct figures_plan *p, uint32_t place,
				    const struct figures_sum *s, struct bytes cell, int64_t value)
{
	size_t max = s->key.len + cell.len + 10;
	struct figures_sum *copy = arena_take_zeroed(p->arena, 1, sizeof(*copy));
	struct bytes_writer w = bytes_writer_init(arena_take(p->arena, max), max);
	struct bytes_reader r = bytes_reader_init(s->key);
	uint32_t i;

	if (copy == NULL || w.p == NULL) {
		return NULL;
	}
	for (i = 0; i < p->by_count; i++) {
		struct bytes own = bytes_get_block(&r);

		bytes_put_block(&w, i == place ? cell : own);
	}
	copy->key = bytes_written(&w);
	copy->value = value;
	return copy;
}

/* The rows of a run while they are made. */
struct run {
	const struct figures_plan *plan;
	uint32_t place;
	struct bytes *cells;
	uint32_t cells_count;
	struct figures_sum **rows;
	uint32_t rows_count;
};

/* Cumulates one group of rows, sorted by the place; unknown ones stand last
 * and stay as they are. */
static enum rc cumulate(struct run *r, struct figures_sum **group, uint32_t count)
{
	uint32_t i = 0, k;
	int64_t sum = 0;

	for (k = 0; k < r->cells_count; k++) {
		if (i < count && bytes_equal(cell_at(group[i], r->place), r->cells[k])) {
			sum = value_add(sum, group[i++]->value);
		}
		if (i == 0) {
			continue; /* the group has not begun */
		}
		r->rows[r->rows_count] = copy_sum(r->plan, r->place, group[0], r->cells[k], sum);
		if (r->rows[r->rows_count++] == NULL) {
			return RC_NOMEM;
		}
	}
	for (; i < count; i++) {
		r->rows[r->rows_count++] = group[i];
	}
	return RC_OK;
}

static enum rc make_run(struct run *r, struct figures_sum **sums, uint32_t count)
{
	uint32_t begin, end, groups = 0;
	enum rc rc = RC_OK;

	for (begin = 0; begin < count; begin++) {
		groups += begin == 0 ||
			  !is_same_group(r->plan, r->place, sums[begin - 1], sums[begin]);
	}
	r->rows = arena_take(r->plan->arena, ((size_t)groups * r->cells_count + count) *
						     sizeof(struct figures_sum *));
	if (r->rows == NULL) {
		return RC_NOMEM;
	}
	for (begin = 0; begin < count && rc == RC_OK; begin = end) {
		for (end = begin + 1;
		     end < count && is_same_group(r->plan, r->place, sums[begin], sums[end]);
		     end++) {
		}
		rc = cumulate(r, sums + begin, end - begin);
	}
	return rc;
}

enum rc figures_run_order(struct figures_plan *p, struct figures_sum ***sums, uint32_t *count)
{
	struct run r = { .plan = p, .place = 0 };
	enum rc rc = RC_OK;

	while (r.place < p->by_count && p->by[r.place] != p->over) {
		r.place++;
	}
	if (p->over == FIGURES_AXIS_NONE || r.place == p->by_count) {
		return sort_sums(p, FIGURES_AXIS_NONE, sums, *count);
	}
	rc = sort_sums(p, r.place, sums, *count);
	if (rc == RC_OK) {
		rc = list_cells(p, r.place, *sums, *count, &r.cells, &r.cells_count);
	}
	if (rc == RC_OK) {
		rc = make_run(&r, *sums, *count);
	}
	if (rc != RC_OK) {
		return rc;
	}
	*sums = r.rows;
	*count = r.rows_count;
	return sort_sums(p, FIGURES_AXIS_NONE, sums, *count);
}
