/*
 * Cells to rows: each cell of each counter is looked at once, judged by
 * `where`, and added to the row of its values; then rows are sorted, cumulated
 * if the figure is a run, and given their texts.
 */
#include "node/store/figures.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "node/store/cells.h"
#include "node/store/feeds.h"
#include "node/store/figures_axis.h"
#include "node/store/figures_run.h"
#include "node/store/peers.h"
#include "node/store/records.h"
#include "sync/date.h"

enum { LINK_CELL_MAX = LIMIT_VALUE_BYTES_MAX };

/* The reading under way. */
struct reading {
	struct figures_plan *plan;
	struct kv_txn *txn;
	struct figures_sum *sums; /* hash by key */
	const struct figures_side *side;
	struct bytes values[LIMIT_DIMENSIONS_MAX]; /* of the cell's axes; empty: unknown */
	struct bytes shown[LIMIT_DIMENSIONS_MAX];  /* as `where` sees them */
	struct bytes link, link_cell;              /* the link looked up last */
	struct bytes *first_of;                    /* by axis: the set's first element */
	bool mixed[LIMIT_DIMENSIONS_MAX];          /* a set where several took part */
	int64_t total;
};

/* --- links of a control ----------------------------------------------------- */

struct linked {
	struct reading *r;
	struct record record;
	struct records_stamps stamps;
	struct view_source source;
};

static struct values on_linked_field(void *ctx, const struct schema_field *f)
{
	struct linked *l = ctx;
	struct values v = { NULL, 0 };

	(void)view_values(&l->record, f, &l->source, l->r->plan->arena, &v);
	return v;
}

static struct bytes on_linked_office(void *ctx)
{
	struct linked *l = ctx;
	uint16_t office = 0, region = 0;
	const char *name = NULL;

	if (view_home(&l->record, &office, &region)) {
		name = catalog_office_name(l->r->plan->store->catalog, office);
	}
	return bytes_of(name == NULL ? "" : name);
}

/* The link's text, where the record is not here: better than nothing. */
static enum rc name_link(struct reading *r, struct bytes link)
{
	struct bytes_writer w =
		bytes_writer_init(arena_take(r->plan->arena, 2 * LIMIT_NAME_BYTES_MAX),
				  2 * LIMIT_NAME_BYTES_MAX);

	r->link_cell = bytes_at(NULL, 0);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	if (figures_axis_type(&r->plan->axes[0]) == VALUE_TEXT) {
		value_format(VALUE_LINK, 0, link, &w);
		r->link_cell = bytes_written(&w);
	}
	return RC_OK;
}

/* What the record that a link names shows in the axis. */
static enum rc follow_link(struct reading *r, struct bytes link)
{
	const struct catalog *catalog = r->plan->store->catalog;
	const struct counter *announced = r->plan->sides[r->plan->sides_count - 1].counter;
	struct linked l = { .r = r };
	struct expr_source source = { &l, on_linked_field, on_linked_office };
	struct uuid id;
	enum rc rc = RC_OK;

	if (link.len != UUID_LEN) {
		return RC_CORRUPT;
	}
	memcpy(id.b, link.p, UUID_LEN);
	l.stamps = (struct records_stamps){ r->txn, r->plan->store->info.centre_incarnation,
					    r->plan->arena };
	l.source = records_source(&l.stamps);
	rc = records_get(r->txn, catalog, announced->kind->number, id, r->plan->arena, &l.record);
	if (rc == RC_NOTFOUND) {
		return name_link(r, link);
	}
	if (rc == RC_OK &&
	    dim_cells(&r->plan->axes[0].dim, &source, r->plan->arena, &r->link_cell, 1) == 0) {
		rc = RC_NOMEM;
	}
	return rc;
}

/* Cells of one link stand side by side: it is looked up once. */
static enum rc translate(struct reading *r, struct bytes *value)
{
	enum rc rc = RC_OK;

	if (value->len == 0) {
		return RC_OK;
	}
	if (r->link.p == NULL || !bytes_equal(r->link, *value)) {
		r->link = arena_copy(r->plan->arena, *value);
		rc = r->link.p == NULL ? RC_NOMEM : follow_link(r, r->link);
	}
	*value = r->link_cell;
	return rc;
}

/* --- where -------------------------------------------------------------------- */

static struct values on_field(void *ctx, const struct schema_field *f)
{
	const struct reading *r = ctx;
	size_t i = (size_t)(f - r->plan->where_kind.fields);
	const struct bytes *v = &r->shown[i < r->plan->axes_count ? i : 0];
	struct values out = { .items = v, .count = v->len > 0 };

	return out;
}

static struct bytes on_office(void *ctx)
{
	(void)ctx;
	return bytes_of("");
}

/* Quarters and months are seen by their text. */
static enum rc show_axis(struct reading *r, uint32_t i)
{
	const struct dim *d = &r->plan->axes[i].dim;
	struct bytes_writer w;

	r->shown[i] = r->values[i];
	if ((d->type != DIM_QUARTER && d->type != DIM_MONTH) || r->values[i].len == 0) {
		return RC_OK;
	}
	w = bytes_writer_init(arena_take(r->plan->arena, LIMIT_NAME_BYTES_MAX),
			      LIMIT_NAME_BYTES_MAX);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	dim_format(d, r->values[i], &w);
	r->shown[i] = bytes_written(&w);
	return RC_OK;
}

static enum rc judge(struct reading *r, bool *wanted)
{
	struct expr_source source = { r, on_field, on_office };
	size_t mark = arena_mark(r->plan->arena);
	enum rc rc = RC_OK;
	uint32_t i;

	*wanted = true;
	if (r->plan->where == NULL) {
		return RC_OK;
	}
	for (i = 0; i < r->plan->axes_count && rc == RC_OK; i++) {
		if (r->plan->axes[i].in_where) {
			rc = show_axis(r, i);
		}
	}
	*wanted = rc == RC_OK && expr_eval(r->plan->where, &source);
	arena_release(r->plan->arena, mark);
	return rc;
}

/* --- cells ---------------------------------------------------------------------- */

/*
 * Whether a cell belongs to the sum: of a set that is looked at the cells of
 * its elements, of every other the one that stands for all. by: whether the
 * rows are meant, or the total.
 */
static bool has_right_tags(const struct reading *r, const uint8_t *tags, bool rows)
{
	const struct counter *c = r->side->counter;
	uint32_t i;

	for (i = 0; i < c->dims_count; i++) {
		uint8_t axis = r->side->axes[i];
		bool looked_at = axis != FIGURES_AXIS_NONE && (r->plan->axes[axis].in_where ||
							       (rows && r->plan->axes[axis].in_by));

		if (dim_is_set(&c->dims[i]) && (tags[i] != FIGURE_TAG_ALL) != looked_at) {
			return false;
		}
	}
	return true;
}

/* Elements of a set that are added up would count a record twice. */
static enum rc note_sets(struct reading *r)
{
	uint32_t i;

	for (i = 0; i < r->plan->axes_count; i++) {
		const struct figures_axis *x = &r->plan->axes[i];

		if (!x->is_set || !x->in_where) {
			continue;
		}
		if (r->first_of[i].p == NULL) {
			r->first_of[i] = arena_copy(r->plan->arena, r->values[i]);
			if (r->first_of[i].p == NULL) {
				return RC_NOMEM;
			}
		} else if (!bytes_equal(r->first_of[i], r->values[i])) {
			r->mixed[i] = true;
		}
	}
	return RC_OK;
}

/* The row of the values at hand. */
static struct figures_sum *take_sum(struct reading *r)
{
	struct figures_plan *p = r->plan;
	struct figures_sum *sum = NULL;
	struct bytes_writer w;
	size_t mark = arena_mark(p->arena), len = 0;
	uint32_t i;

	for (i = 0; i < p->by_count; i++) {
		len += r->values[p->by[i]].len + 10;
	}
	w = bytes_writer_init(arena_take(p->arena, len), len);
	if (w.p == NULL) {
		return NULL;
	}
	for (i = 0; i < p->by_count; i++) {
		bytes_put_block(&w, r->values[p->by[i]]);
	}
	HASH_FIND(hh, r->sums, w.p, w.len, sum);
	if (sum != NULL) {
		arena_release(p->arena, mark);
		return sum;
	}
	sum = arena_take_zeroed(p->arena, 1, sizeof(*sum));
	if (sum == NULL) {
		return NULL;
	}
	sum->key = bytes_written(&w);
	HASH_ADD_KEYPTR(hh, r->sums, sum->key.p, sum->key.len, sum);
	return sum;
}

static enum rc add_cell(struct reading *r, const uint8_t *tags, int64_t amount)
{
	bool in_rows = has_right_tags(r, tags, true), in_total = has_right_tags(r, tags, false);
	struct figures_sum *sum = NULL;
	bool wanted = false;
	enum rc rc = RC_OK;

	if (!in_rows && !in_total) {
		return RC_OK;
	}
	rc = judge(r, &wanted);
	if (rc != RC_OK || !wanted) {
		return rc;
	}
	rc = note_sets(r);
	if (rc == RC_OK && in_rows) {
		sum = take_sum(r);
		rc = sum == NULL ? RC_NOMEM : RC_OK;
	}
	if (sum != NULL) {
		sum->value = value_add(sum->value, amount);
	}
	r->total = value_add(r->total, in_total ? amount : 0);
	return rc;
}

static enum rc on_cell(void *ctx, struct bytes cell, int64_t amount)
{
	struct reading *r = ctx;
	const struct counter *c = r->side->counter;
	uint8_t tags[LIMIT_DIMENSIONS_MAX];
	struct bytes values[LIMIT_DIMENSIONS_MAX];
	int32_t day = 0;
	enum rc rc = figure_split(c, cell, tags, values, &day);
	uint32_t i;

	if (rc != RC_OK || (c->dated && day > r->plan->request->day)) {
		return rc;
	}
	for (i = 0; i < LIMIT_DIMENSIONS_MAX; i++) {
		r->values[i] = bytes_at(NULL, 0);
	}
	for (i = 0; i < c->dims_count && rc == RC_OK; i++) {
		uint8_t axis = r->side->axes[i];

		if (axis != FIGURES_AXIS_NONE) {
			r->values[axis] = values[i];
		}
		if (axis == 0 && r->side->links) {
			rc = translate(r, &r->values[0]);
		}
	}
	return rc == RC_OK ? add_cell(r, tags, r->side->sign * amount) : rc;
}

static enum rc read_cells(struct reading *r)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < r->plan->sides_count && rc == RC_OK; i++) {
		r->side = &r->plan->sides[i];
		rc = cells_walk(r->txn, r->side->counter->figure, r->side->counter->part, r,
				on_cell);
	}
	return rc;
}

/* Several elements of a set in `where`: rows must tell them apart, and there
 * is no total. */
static enum rc check_sets(struct reading *r, bool *has_total)
{
	uint32_t i;

	*has_total = true;
	for (i = 0; i < r->plan->axes_count; i++) {
		if (!r->mixed[i]) {
			continue;
		}
		*has_total = false;
		if (!r->plan->axes[i].in_by) {
			return figures_axis_refuse(r->plan, "name one of them, or add it to --by",
						   "--where: several elements of %s take part, and "
						   "a record can have more than one",
						   r->plan->axes[i].text);
		}
	}
	return RC_OK;
}

/* --- the table -------------------------------------------------------------------- */

/* Rows of 0 are left out, but for controls: there 0 says that it is closed. */
static enum rc list_sums(struct reading *r, struct figures_sum ***out, uint32_t *count)
{
	bool keep_zero = r->plan->base->type == FIGURE_CONTROL;
	struct figures_sum **list = arena_take(r->plan->arena, HASH_COUNT(r->sums) * sizeof(*list));
	struct figures_sum *s = NULL;

	*count = 0;
	*out = list;
	if (list == NULL) {
		return RC_NOMEM;
	}
	for (s = r->sums; s != NULL; s = s->hh.next) {
		if (s->value != 0 || keep_zero) {
			list[(*count)++] = s;
		}
	}
	return RC_OK;
}

static enum rc put_texts(struct figures_plan *p, const struct figures_sum *s,
			 struct figures_row *row)
{
	struct bytes_reader reader = bytes_reader_init(s->key);
	struct bytes *texts = arena_take(p->arena, p->by_count * sizeof(*texts));
	uint32_t i;

	if (texts == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < p->by_count; i++) {
		struct bytes cell = bytes_get_block(&reader);
		size_t max = 2 * cell.len + LIMIT_NAME_BYTES_MAX;
		struct bytes_writer w;

		texts[i] = bytes_at(NULL, 0);
		if (cell.len == 0) {
			continue;
		}
		w = bytes_writer_init(arena_take(p->arena, max), max);
		if (w.p == NULL) {
			return RC_NOMEM;
		}
		dim_format(&p->axes[p->by[i]].dim, cell, &w);
		texts[i] = bytes_written(&w);
	}
	row->texts = texts;
	row->value = value_clamp(s->value);
	return RC_OK;
}

static enum rc make_rows(struct figures_plan *p, struct figures_sum **sums, uint32_t count,
			 struct figures_table *out)
{
	struct figures_row *rows = arena_take(p->arena, count * sizeof(*rows));
	enum rc rc = rows == NULL ? RC_NOMEM : RC_OK;
	uint32_t i;

	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = put_texts(p, sums[i], &rows[i]);
	}
	out->by = p->by_texts;
	out->by_count = p->by_count;
	out->rows = rows;
	out->rows_count = count;
	return rc;
}

enum rc figures_read(struct store *s, struct kv_txn *t, const struct figures_request *q,
		     struct arena *a, struct figures_table *out, struct figures_error *e)
{
	struct figures_plan *p = arena_take_zeroed(a, 1, sizeof(*p));
	struct reading r = { .plan = p, .txn = t };
	struct figures_sum **sums = NULL;
	uint32_t count = 0;
	enum rc rc = p == NULL ? RC_NOMEM : figures_axis_plan(s, q, a, p, e);

	memset(out, 0, sizeof(*out));
	r.first_of = arena_take_zeroed(a, LIMIT_DIMENSIONS_MAX, sizeof(*r.first_of));
	if (rc == RC_OK) {
		rc = r.first_of == NULL ? RC_NOMEM : read_cells(&r);
	}
	if (rc == RC_OK) {
		rc = check_sets(&r, &out->has_total);
	}
	if (rc == RC_OK) {
		rc = list_sums(&r, &sums, &count);
	}
	if (rc == RC_OK) {
		rc = figures_run_order(p, &sums, &count);
	}
	if (rc == RC_OK) {
		rc = make_rows(p, sums, count, out);
	}
	out->total = value_clamp(r.total);
	HASH_CLEAR(hh, r.sums);
	return rc;
}

enum { DAY_MS = 86400000 };

/* --- who was heard ---------------------------------------------------------------- */

static enum rc find_heard(const struct store *s, struct kv_txn *t, struct figures_heard *h)
{
	struct peer_state peer;
	enum rc rc = RC_OK;

	if (h->office->number == s->info.number) {
		h->through_ms = s->world->now_ms();
		return RC_OK;
	}
	rc = peers_get(t, h->office->number, &peer);
	if (rc == RC_OK) {
		h->through_ms = peer.heard_ms;
	}
	return rc == RC_OK || rc == RC_NOTFOUND ?
		       feeds_cut_time(t, h->office->number, &h->through_ms) :
		       rc;
}

enum rc figures_list_heard(const struct store *s, struct kv_txn *t, struct arena *a,
			   struct figures_heard **out, uint32_t *count)
{
	const struct catalog *c = s->catalog;
	struct figures_heard *list = arena_take_zeroed(a, c->offices_count, sizeof(*list));
	enum rc rc = list == NULL ? RC_NOMEM : RC_OK;
	int32_t today = date_from_days((int32_t)(s->world->now_ms() / DAY_MS));
	uint32_t i;

	*count = 0;
	*out = list;
	for (i = 0; i < c->offices_count && rc == RC_OK; i++) {
		if (catalog_counts_on(&c->offices[i], today)) {
			list[*count].office = &c->offices[i];
			rc = find_heard(s, t, &list[(*count)++]);
		}
	}
	return rc;
}
