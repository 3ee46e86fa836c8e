#include "sync/expr_tree.h"

static bool has_any(const struct expr *x, struct values v)
{
	uint32_t i, j;

	for (i = 0; i < v.count; i++) {
		for (j = 0; j < x->values_count; j++) {
			if (bytes_equal(v.items[i], x->values[j])) {
				return true;
			}
		}
	}
	return false;
}

static bool is_ordered(const struct expr *x, struct values v)
{
	int order;

	if (v.count == 0) {
		return false;
	}
	order = value_compare(x->field->type, v.items[0], x->values[0]);
	return (x->orders & (order < 0 ? EXPR_LESS : order > 0 ? EXPR_MORE : EXPR_SAME)) != 0;
}

/* Whether some part of the list comes out as wanted. */
static bool has_part(const struct expr *part, const struct expr_source *src, bool wanted)
{
	for (; part != NULL; part = part->next) {
		if (expr_eval(part, src) == wanted) {
			return true;
		}
	}
	return false;
}

static bool holds(const struct expr *x, const struct expr_source *src)
{
	switch (x->type) {
	case EXPR_OR:
		return has_part(x->first, src, true);
	case EXPR_AND:
		return !has_part(x->first, src, false);
	case EXPR_ANY:
		return has_any(x, src->field(src->ctx, x->field));
	case EXPR_ORDER:
		return is_ordered(x, src->field(src->ctx, x->field));
	case EXPR_SET:
		return src->field(src->ctx, x->field).count > 0;
	}
	return false;
}

bool expr_eval(const struct expr *x, const struct expr_source *src)
{
	return x == NULL || holds(x, src) != x->negate;
}

bool expr_uses(const struct expr *x, const struct schema_field *field)
{
	const struct expr *part = NULL;

	if (x == NULL || x->field == field) {
		return x != NULL;
	}
	for (part = x->first; part != NULL; part = part->next) {
		if (expr_uses(part, field)) {
			return true;
		}
	}
	return false;
}
