#include "node/cmd/conflict_figures.h"

#include <string.h>

/* Whether a counter reads the field itself. */
static bool reads(const struct counter *c, const struct schema_field *f)
{
	uint32_t i;

	if (expr_uses(c->where, f) || c->sum == f || (c->dated && (c->from == f || c->to == f))) {
		return true;
	}
	for (i = 0; i < c->dims_count; i++) {
		if (c->dims[i].field == f || c->dims[i].on == f) {
			return true;
		}
	}
	return false;
}

static bool is_derived_from(const struct schema_field *f, const struct schema_field *from)
{
	uint32_t i;

	for (i = 0; f->derive != DERIVE_NONE && i < SCHEMA_DERIVE_FROM_MAX; i++) {
		if (f->derive_from[i] != NULL && strcmp(f->derive_from[i], from->name) == 0) {
			return true;
		}
	}
	return false;
}

/* Whether a counter moves with the field: it, or what follows from it. */
static bool uses(const struct counter *c, const struct schema_field *f)
{
	uint32_t i;

	for (i = 0; i < c->kind->fields_count; i++) {
		const struct schema_field *other = &c->kind->fields[i];

		if ((other == f || is_derived_from(other, f)) && reads(c, other)) {
			return true;
		}
	}
	return false;
}

static bool moves(const struct counter *c, const struct conflicts_list *list)
{
	bool found = list->life;
	uint32_t i;

	for (i = 0; i < list->count && !found; i++) {
		found = uses(c, list->fields[i]);
	}
	return found;
}

/* Whether any counter of a figure could move. */
static bool is_moved(const struct catalog *c, const struct schema_figure *f,
		     const struct schema_kind *kind, const struct conflicts_list *list)
{
	uint32_t i;

	for (i = 0; i < c->counters.count; i++) {
		const struct counter *k = &c->counters.items[i];

		if (k->figure == f->number && k->kind->number == kind->number && moves(k, list)) {
			return true;
		}
	}
	return false;
}

enum rc conflict_figures_of(const struct catalog *c, const struct schema_kind *kind,
			    const struct conflicts_list *list, struct arena *a,
			    struct conflict_figures *out)
{
	uint32_t i;

	out->count = 0;
	out->names = arena_take(a, c->schema.figures_count * sizeof(const char *));
	if (out->names == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; kind != NULL && i < c->schema.figures_count; i++) {
		const struct schema_figure *f = &c->schema.figures[i];
		const struct schema_figure *counted = f;

		if (f->type == FIGURE_RUN && f->of_figure != NULL) {
			counted = schema_figure_by_name(&c->schema, bytes_of(f->of_figure));
		}
		if (!f->closed && counted != NULL && is_moved(c, counted, kind, list)) {
			out->names[out->count++] = f->name;
		}
	}
	return RC_OK;
}
