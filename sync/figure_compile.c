#include "sync/figure.h"

#include <string.h>

/* The list of counters while it grows. */
struct compiler {
	const struct schema *schema;
	struct arena *arena;
	struct counter *items;
	uint32_t count;
};

static uint32_t count_counters(const struct schema *s)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->figures_count; i++) {
		n += s->figures[i].type == FIGURE_CONTROL ? s->figures[i].recorded_count + 1 : 1;
	}
	return n;
}

static const struct schema_field *find_field(const struct schema_kind *k, const char *name)
{
	return name == NULL ? NULL : schema_field_by_name(k, bytes_of(name));
}

static enum rc compile_dims(struct compiler *c, const struct schema_measure *m, struct counter *out)
{
	struct dim *dims = arena_take(c->arena, m->by_count * sizeof(*dims));
	struct expr_error e;
	uint32_t i;

	if (dims == NULL) {
		return RC_NOMEM;
	}
	if (m->by_count > LIMIT_DIMENSIONS_MAX) {
		return RC_INVALID;
	}
	for (i = 0; i < m->by_count; i++) {
		if (dim_parse(out->kind, m->by[i], &dims[i], &e) != RC_OK) {
			return RC_INVALID;
		}
	}
	out->dims = dims;
	out->dims_count = m->by_count;
	return RC_OK;
}

static enum rc compile_measure(struct compiler *c, const struct schema_measure *m,
			       struct counter *out)
{
	struct expr_error e;
	enum rc rc = RC_OK;

	out->kind = m->of == NULL ? NULL : schema_kind_by_name(c->schema, bytes_of(m->of));
	if (out->kind == NULL) {
		return RC_INVALID;
	}
	out->negative = m->negative;
	if (m->type == MEASURE_SUM) {
		out->sum = find_field(out->kind, m->field);
		rc = out->sum == NULL ? RC_INVALID : RC_OK;
	}
	if (rc == RC_OK && m->where != NULL) {
		rc = expr_parse(c->schema, out->kind, bytes_of(m->where), c->arena, &out->where,
				&e);
		rc = rc == RC_OK || rc == RC_NOMEM ? rc : RC_INVALID;
	}
	return rc == RC_OK ? compile_dims(c, m, out) : rc;
}

static enum rc add_counter(struct compiler *c, const struct schema_figure *f,
			   const struct schema_measure *m, uint16_t part)
{
	struct counter *out = &c->items[c->count++];

	memset(out, 0, sizeof(*out));
	out->figure = f->number;
	out->part = part;
	return compile_measure(c, m, out);
}

static enum rc add_stock(struct compiler *c, const struct schema_figure *f)
{
	struct counter *out = &c->items[c->count];
	enum rc rc = add_counter(c, f, &f->measure, 0);

	if (rc != RC_OK || (f->from == NULL && f->to == NULL)) {
		return rc;
	}
	out->dated = true;
	out->from = find_field(out->kind, f->from);
	out->to = find_field(out->kind, f->to);
	return out->from == NULL || (f->to != NULL && out->to == NULL) ? RC_INVALID : RC_OK;
}

static enum rc add_control(struct compiler *c, const struct schema_figure *f)
{
	enum rc rc = f->recorded_count < FIGURE_PART_ANNOUNCED ? RC_OK : RC_INVALID;
	uint32_t i;

	for (i = 0; i < f->recorded_count && rc == RC_OK; i++) {
		rc = add_counter(c, f, &f->recorded[i], (uint16_t)i);
	}
	return rc == RC_OK ? add_counter(c, f, &f->announced, FIGURE_PART_ANNOUNCED) : rc;
}

static enum rc add_figure(struct compiler *c, const struct schema_figure *f)
{
	switch (f->type) {
	case FIGURE_FLOW:
		return add_counter(c, f, &f->measure, 0);
	case FIGURE_STOCK:
		return add_stock(c, f);
	case FIGURE_RUN:
		return RC_OK;
	case FIGURE_CONTROL:
		return add_control(c, f);
	}
	return RC_INVALID;
}

/* By kind; figures of one kind stay in the schema's order. */
static void sort_counters(struct counter *items, uint32_t count)
{
	uint32_t i, k;

	for (i = 1; i < count; i++) {
		struct counter c = items[i];

		for (k = i; k > 0 && items[k - 1].kind->number > c.kind->number; k--) {
			items[k] = items[k - 1];
		}
		items[k] = c;
	}
}

enum rc figure_compile(const struct schema *s, struct arena *a, struct counters *out)
{
	struct compiler c = { .schema = s, .arena = a };
	enum rc rc = RC_OK;
	uint32_t i;

	c.items = arena_take(a, count_counters(s) * sizeof(*c.items));
	if (c.items == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < s->figures_count && rc == RC_OK; i++) {
		if (!s->figures[i].closed) {
			rc = add_figure(&c, &s->figures[i]);
		}
	}
	if (rc == RC_OK) {
		sort_counters(c.items, c.count);
		out->items = c.items;
		out->count = c.count;
	}
	return rc;
}
