#include "node/store/figures_axis.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/base/text.h"
#include "sync/nearest.h"

enum rc figures_axis_refuse(struct figures_plan *p, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(p->error->text, sizeof(p->error->text), format, args);
	va_end(args);
	(void)snprintf(p->error->hint, sizeof(p->error->hint), "%s", hint);
	return RC_INVALID;
}

enum value_type figures_axis_type(const struct figures_axis *x)
{
	switch (x->dim.type) {
	case DIM_FIELD:
		return x->dim.field->type;
	case DIM_YEAR:
	case DIM_QUARTER:
	case DIM_MONTH:
	case DIM_AGE:
		return VALUE_INT;
	case DIM_OFFICE:
		return VALUE_TEXT;
	}
	return VALUE_TEXT;
}

static const struct counter *find_counter(const struct store *s, uint16_t figure, uint16_t part)
{
	const struct counters *all = &s->catalog->counters;
	uint32_t i;

	for (i = 0; i < all->count; i++) {
		if (all->items[i].figure == figure && all->items[i].part == part) {
			return &all->items[i];
		}
	}
	return NULL;
}

static void add_axis(struct figures_plan *p, const struct dim *d, const char *other_text)
{
	struct figures_axis *x = &p->axes[p->axes_count++];

	memset(x, 0, sizeof(*x));
	x->dim = *d;
	x->text = d->text;
	x->other_text = other_text;
	x->is_set = dim_is_set(d);
}

/* Flows and stocks: the counter's dimensions are the axes. */
static enum rc open_single(struct figures_plan *p)
{
	const struct counter *c = find_counter(p->store, p->base->number, 0);
	struct figures_side *side = &p->sides[0];
	uint32_t i;

	if (c == NULL) {
		return RC_CORRUPT;
	}
	memset(side, 0, sizeof(*side));
	side->counter = c;
	side->sign = 1;
	p->sides_count = 1;
	for (i = 0; i < c->dims_count; i++) {
		side->axes[i] = (uint8_t)i;
		add_axis(p, &c->dims[i], NULL);
	}
	return RC_OK;
}

static const struct dim *find_dim(const struct counter *c, const char *text)
{
	uint32_t i;

	for (i = 0; i < c->dims_count; i++) {
		if (strcmp(c->dims[i].text, text) == 0) {
			return &c->dims[i];
		}
	}
	return NULL;
}

/* Whether all sides of a control can be split by a dimension. */
static bool is_common(const struct figures_plan *p, const struct dim *d)
{
	uint32_t i;

	for (i = 0; i < p->sides_count; i++) {
		const struct dim *other = find_dim(p->sides[i].counter, d->text);

		if (other == NULL || dim_is_set(other) || other->type != d->type) {
			return false;
		}
	}
	return true;
}

static bool is_link(const struct dim *d)
{
	return d->type == DIM_FIELD && d->field->type == VALUE_LINK;
}

static void map_side(struct figures_plan *p, struct figures_side *side, const char *match)
{
	uint32_t i, k;

	for (i = 0; i < side->counter->dims_count; i++) {
		const struct dim *d = &side->counter->dims[i];

		side->axes[i] = FIGURES_AXIS_NONE;
		for (k = 1; k < p->axes_count; k++) {
			if (strcmp(p->axes[k].text, d->text) == 0) {
				side->axes[i] = (uint8_t)k;
			}
		}
		if (strcmp(d->text, match) == 0) {
			side->axes[i] = 0;
			side->links = is_link(d) && !is_link(&p->axes[0].dim);
		}
	}
}

/* Controls: what is matched is the first axis; beside it stands only what all
 * sides have. */
static enum rc open_control(struct figures_plan *p)
{
	const struct schema_figure *f = p->base;
	const struct counter *announced = find_counter(p->store, f->number, FIGURE_PART_ANNOUNCED);
	const struct dim *match = NULL;
	uint32_t i;

	memset(p->sides, 0, sizeof(p->sides));
	for (i = 0; i < f->recorded_count && i < LIMIT_DIMENSIONS_MAX; i++) {
		p->sides[i].counter = find_counter(p->store, f->number, (uint16_t)i);
		p->sides[i].sign = 1;
		if (p->sides[i].counter == NULL) {
			return RC_CORRUPT;
		}
	}
	p->sides_count = i + 1;
	p->sides[i].counter = announced;
	p->sides[i].sign = -1;
	match = announced == NULL ? NULL : find_dim(announced, f->match_announced);
	if (match == NULL) {
		return RC_CORRUPT;
	}
	add_axis(p, match, f->match_announced);
	p->axes[0].text = f->match_recorded;
	for (i = 0; i < announced->dims_count; i++) {
		if (&announced->dims[i] != match && is_common(p, &announced->dims[i])) {
			add_axis(p, &announced->dims[i], NULL);
		}
	}
	for (i = 0; i < p->sides_count; i++) {
		map_side(p, &p->sides[i],
			 p->sides[i].sign > 0 ? f->match_recorded : f->match_announced);
	}
	return RC_OK;
}

static enum rc find_over(struct figures_plan *p, const char *text)
{
	for (p->over = 0; p->over < p->axes_count; p->over++) {
		if (strcmp(p->axes[p->over].text, text) == 0) {
			return RC_OK;
		}
	}
	return RC_CORRUPT;
}

enum rc figures_axis_open(const struct store *s, const struct schema_figure *f,
			  struct figures_plan *out)
{
	enum rc rc = RC_OK;

	out->store = s;
	out->base = f;
	out->axes_count = out->sides_count = 0;
	out->over = FIGURES_AXIS_NONE;
	switch (f->type) {
	case FIGURE_FLOW:
	case FIGURE_STOCK:
		return open_single(out);
	case FIGURE_CONTROL:
		return open_control(out);
	case FIGURE_RUN:
		break;
	}
	out->base = schema_figure_by_name(&s->catalog->schema, bytes_of(f->of_figure));
	rc = out->base == NULL ? RC_CORRUPT : open_single(out);
	return rc == RC_OK ? find_over(out, f->over) : rc;
}

/* The short name of an axis: what `where` calls it. */
static const char *short_name(const struct figures_axis *x)
{
	switch (x->dim.type) {
	case DIM_FIELD:
		return x->dim.field->name;
	case DIM_YEAR:
		return "year";
	case DIM_QUARTER:
		return "quarter";
	case DIM_MONTH:
		return "month";
	case DIM_AGE:
		return "age";
	case DIM_OFFICE:
		return "office";
	}
	return "";
}

/* Equal but for spaces: "age(birth, on, 5)" and "age(birth,on,5)". */
static bool is_same_text(const char *a, const char *b)
{
	for (;;) {
		a += strspn(a, " ");
		b += strspn(b, " ");
		if (*a != *b || *a == '\0') {
			return *a == *b;
		}
		a++;
		b++;
	}
}

static uint32_t find_axis(const struct figures_plan *p, const char *text)
{
	uint32_t i;

	for (i = 0; i < p->axes_count; i++) {
		const struct figures_axis *x = &p->axes[i];

		if (is_same_text(x->text, text) ||
		    (x->other_text != NULL && is_same_text(x->other_text, text))) {
			return i;
		}
	}
	for (i = 0; i < p->axes_count; i++) {
		if (strcmp(short_name(&p->axes[i]), text) == 0) {
			return i;
		}
	}
	return FIGURES_AXIS_NONE;
}

static enum rc refuse_by(struct figures_plan *p, const char *text)
{
	struct nearest n = nearest_init(bytes_of(text));
	char hint[200];
	size_t len = 0;
	uint32_t i;

	(void)snprintf(hint, sizeof(hint), "it has no dimensions");
	for (i = 0; i < p->axes_count; i++) {
		nearest_offer(&n, p->axes[i].text, p->axes[i].text);
		if (len < sizeof(hint)) {
			len += (size_t)snprintf(hint + len, sizeof(hint) - len, "%s%s",
						i == 0 ? "it has " : ", ", p->axes[i].text);
		}
	}
	if (n.found != NULL) {
		(void)snprintf(hint, sizeof(hint), "did you mean \"%s\"?", n.found);
	}
	return figures_axis_refuse(p, hint, "figure %s has no dimension \"%.*s\"",
				   p->request->figure->name, LIMIT_NAME_BYTES_MAX, text);
}

static enum rc read_by(struct figures_plan *p)
{
	const struct figures_request *q = p->request;
	uint32_t i, count = q->by == NULL ? p->axes_count : q->by_count;

	p->by_count = 0;
	p->by_texts = arena_take(p->arena, (count + 1) * sizeof(*p->by_texts));
	if (p->by_texts == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < count; i++) {
		const char *text = q->by == NULL ? p->axes[i].text : q->by[i];
		uint32_t at = q->by == NULL ? i : find_axis(p, text);

		if (at == FIGURES_AXIS_NONE) {
			return refuse_by(p, text);
		}
		if (p->axes[at].in_by) {
			return figures_axis_refuse(p, "name each dimension once",
						   "--by names \"%.*s\" twice",
						   LIMIT_NAME_BYTES_MAX, text);
		}
		p->axes[at].in_by = true;
		p->by_texts[p->by_count] = text;
		p->by[p->by_count++] = (uint8_t)at;
	}
	return RC_OK;
}

/* A field that stands for an axis in an expression. Quarters and months
 * compare as texts, which come in the order of time. */
static void fill_field(const struct figures_axis *x, const char *name, struct schema_field *f)
{
	memset(f, 0, sizeof(*f));
	if (x->dim.type == DIM_FIELD) {
		*f = *x->dim.field;
		f->closed = false;
	}
	if (x->dim.type == DIM_QUARTER || x->dim.type == DIM_MONTH) {
		f->type = VALUE_TEXT;
	} else {
		f->type = figures_axis_type(x);
	}
	f->merge = MERGE_REGISTER; /* a cell has one element of a set */
	f->name = name;
}

/* The kind whose fields are the axes; a second name has a second field. */
static enum rc make_kind(struct figures_plan *p)
{
	struct schema_field *fields =
		arena_take(p->arena, 2 * LIMIT_DIMENSIONS_MAX * sizeof(*fields));
	uint32_t i;

	if (fields == NULL) {
		return RC_NOMEM;
	}
	memset(&p->where_kind, 0, sizeof(p->where_kind));
	p->where_kind.name = p->request->figure->name;
	p->where_kind.fields = fields;
	for (i = 0; i < p->axes_count; i++) {
		fill_field(&p->axes[i], short_name(&p->axes[i]), &fields[i]);
	}
	if (p->base->type == FIGURE_CONTROL) {
		fill_field(&p->axes[0], p->base->match_recorded, &fields[i++]);
	}
	p->where_kind.fields_count = i;
	return RC_OK;
}

static enum rc refuse_where(struct figures_plan *p, const struct expr_error *e)
{
	char hint[200] = "it can look at: ";
	size_t len = strlen(hint);
	uint32_t i;

	for (i = 0; i < p->where_kind.fields_count && len < sizeof(hint); i++) {
		len += (size_t)snprintf(hint + len, sizeof(hint) - len, "%s%s", i == 0 ? "" : ", ",
					p->where_kind.fields[i].name);
	}
	return figures_axis_refuse(p, hint, "--where, column %u: %s", e->column, e->text);
}

static enum rc read_where(struct figures_plan *p)
{
	struct expr_error e;
	uint32_t i;
	enum rc rc = make_kind(p);

	p->where = NULL;
	if (rc != RC_OK || p->request->where == NULL) {
		return rc;
	}
	rc = expr_parse(&p->store->catalog->schema, &p->where_kind,
			text_expression(p->request->where, p->arena), p->arena, &p->where, &e);
	if (rc == RC_NOMEM) {
		return rc;
	}
	if (rc != RC_OK) {
		return refuse_where(p, &e);
	}
	for (i = 0; i < p->where_kind.fields_count; i++) {
		struct figures_axis *x = &p->axes[i < p->axes_count ? i : 0];

		x->in_where = x->in_where || expr_uses(p->where, &p->where_kind.fields[i]);
	}
	return RC_OK;
}

enum rc figures_axis_plan(const struct store *s, const struct figures_request *q, struct arena *a,
			  struct figures_plan *out, struct figures_error *e)
{
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	out->request = q;
	out->arena = a;
	out->error = e;
	rc = figures_axis_open(s, q->figure, out);
	if (rc == RC_OK) {
		rc = read_by(out);
	}
	return rc == RC_OK ? read_where(out) : rc;
}

enum rc figures_list_by(const struct store *s, const struct schema_figure *f, struct arena *a,
			const char *const **by, uint32_t *count)
{
	struct figures_plan *p = arena_take_zeroed(a, 1, sizeof(*p));
	const char **texts = arena_take(a, LIMIT_DIMENSIONS_MAX * sizeof(*texts));
	enum rc rc = p == NULL || texts == NULL ? RC_NOMEM : figures_axis_open(s, f, p);
	uint32_t i;

	*count = 0;
	for (i = 0; rc == RC_OK && i < p->axes_count; i++) {
		texts[(*count)++] = p->axes[i].text;
	}
	*by = texts;
	return rc;
}
