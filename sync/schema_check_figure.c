#include "sync/expr.h"
#include "sync/refuse.h"
#include "sync/schema_check.h"

#include <string.h>

/* The figure that a check speaks of. */
struct subject {
	const struct schema_check *c;
	const struct schema_figure *figure;
};

static enum rc refuse_figure(const struct subject *s, const char *why, const char *name)
{
	return REFUSE(s->c->error, "figure ", s->figure->name, ": ", why, name);
}

static const struct schema_field *find_field(const struct schema_kind *k, const char *name)
{
	return name == NULL ? NULL : schema_field_by_name(k, bytes_of(name));
}

static enum rc check_sum(const struct subject *s, const struct schema_kind *k, const char *name)
{
	const struct schema_field *f = find_field(k, name);

	if (f == NULL) {
		return REFUSE(s->c->error, "figure ", s->figure->name, ": kind ", k->name,
			      " has no field ", name == NULL ? "" : name, " to sum");
	}
	if ((f->type != VALUE_INT && f->type != VALUE_DECIMAL) ||
	    (f->merge != MERGE_REGISTER && f->merge != MERGE_COUNTER)) {
		return refuse_figure(s, "only numbers can be summed, which this is not: ", name);
	}
	return RC_OK;
}

static enum rc check_where(const struct subject *s, const struct schema_kind *k, const char *where)
{
	const struct expr *x = NULL;
	struct expr_error e = { .text = "" };
	size_t mark = arena_mark(s->c->scratch);
	char column[REFUSE_NUMBER_MAX];
	enum rc rc;

	if (where == NULL) {
		return RC_OK;
	}
	rc = expr_parse(s->c->schema, k, bytes_of(where), s->c->scratch, &x, &e);
	arena_release(s->c->scratch, mark);
	if (rc != RC_INVALID && rc != RC_LIMIT) {
		return rc;
	}
	return REFUSE(s->c->error, "figure ", s->figure->name, ", where, column ",
		      refuse_number(column, e.column), ": ", e.text);
}

static bool has_dim(const struct schema_measure *m, uint32_t end, const char *text)
{
	uint32_t i;

	for (i = 0; i < end; i++) {
		if (strcmp(m->by[i], text) == 0) {
			return true;
		}
	}
	return false;
}

static enum rc check_by(const struct subject *s, const struct schema_kind *k,
			const struct schema_measure *m)
{
	uint32_t i;

	if (m->by_count > LIMIT_DIMENSIONS_MAX) {
		return refuse_figure(s, "at most 8 dimensions in by", "");
	}
	for (i = 0; i < m->by_count; i++) {
		struct expr_error e = { .text = "" };
		struct dim dim;

		if (has_dim(m, i, m->by[i])) {
			return refuse_figure(s, "by names a dimension twice: ", m->by[i]);
		}
		if (dim_parse(k, m->by[i], &dim, &e) != RC_OK) {
			return REFUSE(s->c->error, "figure ", s->figure->name, ", by ", m->by[i],
				      ": ", e.text);
		}
	}
	return RC_OK;
}

static enum rc check_measure(const struct subject *s, const struct schema_measure *m)
{
	const struct schema_kind *k = NULL;
	enum rc rc = RC_OK;

	if (m->of == NULL) {
		return refuse_figure(s, "of is missing; say which kind is counted", "");
	}
	k = schema_kind_by_name(s->c->schema, bytes_of(m->of));
	if (k == NULL) {
		return refuse_figure(s, "it counts an unknown kind, ", m->of);
	}
	if (m->type == MEASURE_SUM) {
		rc = check_sum(s, k, m->field);
	}
	if (rc == RC_OK) {
		rc = check_where(s, k, m->where);
	}
	if (rc == RC_OK) {
		rc = check_by(s, k, m);
	}
	return rc;
}

/* from and to of a stock: dates of the kind that is counted. */
static enum rc check_bound(const struct subject *s, const char *name)
{
	const struct schema_kind *k =
		schema_kind_by_name(s->c->schema, bytes_of(s->figure->measure.of));
	const struct schema_field *f = find_field(k, name);

	if (name == NULL) {
		return RC_OK;
	}
	if (f == NULL) {
		return refuse_figure(s, "from or to names a field that the kind does not have: ",
				     name);
	}
	if (f->merge != MERGE_REGISTER || (f->type != VALUE_DATE && f->type != VALUE_PDATE)) {
		return refuse_figure(s, "from and to are dates, which this is not: ", name);
	}
	return RC_OK;
}

static enum rc check_stock(const struct subject *s)
{
	enum rc rc = check_measure(s, &s->figure->measure);

	if (rc == RC_OK) {
		rc = check_bound(s, s->figure->from);
	}
	if (rc == RC_OK) {
		rc = check_bound(s, s->figure->to);
	}
	return rc;
}

/* A run stands on a flow, so runs cannot form a circle. */
static enum rc check_run(const struct subject *s)
{
	const struct schema_figure *f = s->figure;
	const struct schema_figure *base = NULL;

	if (f->of_figure == NULL || f->over == NULL) {
		return refuse_figure(s, "a run needs of_figure and over", "");
	}
	base = schema_figure_by_name(s->c->schema, bytes_of(f->of_figure));
	if (base == NULL) {
		return refuse_figure(s, "it cumulates an unknown figure, ", f->of_figure);
	}
	if (base == f) {
		return refuse_figure(s, "it cumulates itself, a cycle; name a flow figure", "");
	}
	if (base->type != FIGURE_FLOW) {
		return REFUSE(s->c->error, "figure ", f->name, ": a run cumulates a flow, but ",
			      base->name, " is a ", schema_figure_type_text(base->type));
	}
	if (!has_dim(&base->measure, base->measure.by_count, f->over)) {
		return REFUSE(s->c->error, "figure ", f->name, ": over names ", f->over,
			      ", which is no dimension of ", base->name);
	}
	return RC_OK;
}

/* Whether a cell of `recorded` can stand for one of `announced`: the same sort
 * of value, or a link to the very record that announces. */
static bool is_comparable(const struct dim *recorded, const struct dim *announced,
			  const char *announced_kind)
{
	const struct schema_field *r = recorded->field;
	const struct schema_field *a = announced->field;

	if (recorded->type == DIM_FIELD && r->type == VALUE_LINK &&
	    strcmp(r->to, announced_kind) == 0) {
		return true;
	}
	if (recorded->type != announced->type) {
		return false;
	}
	return recorded->type != DIM_FIELD || (r->type == a->type && r->codes == a->codes);
}

static enum rc check_match(const struct subject *s, const struct schema_measure *recorded)
{
	const struct schema_figure *f = s->figure;
	const struct schema *schema = s->c->schema;
	struct expr_error e;
	struct dim r, a;

	if (!has_dim(recorded, recorded->by_count, f->match_recorded)) {
		return refuse_figure(s, "match names what is no dimension of recorded: ",
				     f->match_recorded);
	}
	if (dim_parse(schema_kind_by_name(schema, bytes_of(recorded->of)), f->match_recorded, &r,
		      &e) != RC_OK ||
	    dim_parse(schema_kind_by_name(schema, bytes_of(f->announced.of)), f->match_announced,
		      &a, &e) != RC_OK) {
		return refuse_figure(s, "match cannot be read", "");
	}
	if (!is_comparable(&r, &a, f->announced.of)) {
		return REFUSE(s->c->error, "figure ", f->name, ": match compares ",
			      f->match_recorded, " with ", f->match_announced,
			      ", which are of different types");
	}
	return RC_OK;
}

static enum rc check_control(const struct subject *s)
{
	const struct schema_figure *f = s->figure;
	enum rc rc = RC_OK;
	uint32_t i;

	if (f->recorded_count == 0 || f->match_recorded == NULL || f->match_announced == NULL) {
		return refuse_figure(s, "a control needs recorded, announced and match", "");
	}
	if (f->recorded_count > LIMIT_DIMENSIONS_MAX) {
		return refuse_figure(s, "at most 8 parts in recorded", "");
	}
	rc = check_measure(s, &f->announced);
	if (rc == RC_OK && !has_dim(&f->announced, f->announced.by_count, f->match_announced)) {
		rc = refuse_figure(s, "match names what is no dimension of announced: ",
				   f->match_announced);
	}
	for (i = 0; i < f->recorded_count && rc == RC_OK; i++) {
		rc = check_measure(s, &f->recorded[i]);
		if (rc == RC_OK) {
			rc = check_match(s, &f->recorded[i]);
		}
	}
	return rc;
}

enum rc schema_check_figure(const struct schema_check *c, const struct schema_figure *figure)
{
	struct subject s = { .c = c, .figure = figure };
	enum rc rc = schema_check_name(c, NULL, "figure", figure->name);

	if (rc != RC_OK) {
		return rc;
	}
	switch (figure->type) {
	case FIGURE_FLOW:
		return check_measure(&s, &figure->measure);
	case FIGURE_STOCK:
		return check_stock(&s);
	case FIGURE_RUN:
		return check_run(&s);
	case FIGURE_CONTROL:
		return check_control(&s);
	}
	return refuse_figure(&s, "unknown type", "");
}
