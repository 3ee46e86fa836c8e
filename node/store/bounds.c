#include "node/store/bounds.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* More than a reference, a number or a length ever takes. */
enum { PIECE_BYTES = 24 };

/* What the written form takes at most: cheap, and mostly far below the bound. */
static size_t estimate(const struct part *p)
{
	size_t len = 4 * PIECE_BYTES;
	uint32_t i, k;

	len += ((size_t)p->vector.count + p->heads_count + p->fields_count) * PIECE_BYTES;
	for (i = 0; i < p->fields_count; i++) {
		for (k = 0; k < p->fields[i].items_count; k++) {
			len += PIECE_BYTES + p->fields[i].items[k].value.len;
		}
	}
	return len;
}

/* The bytes of a part; counted only where they may matter. */
static size_t measure(const struct part *p, struct arena *a)
{
	size_t len = estimate(p), mark = arena_mark(a);
	struct bytes_writer w;

	if (len <= LIMIT_RECORD_BYTES_MAX) {
		return len;
	}
	w = bytes_writer_init(arena_take(a, len), len);
	if (w.p != NULL) {
		part_encode(p, &w);
		len = w.len;
	}
	arena_release(a, mark);
	return len;
}

static struct bounds_excess excess_of(enum bounds_kind kind, uint64_t has, uint64_t max)
{
	struct bounds_excess e = { .kind = has > max ? kind : BOUNDS_NONE, .has = has, .max = max };

	return e;
}

static struct bounds_excess check_field(const struct part_field *f)
{
	uint64_t has = f == NULL || f->class != CLASS_REGISTER ? 0 : f->items_count;
	struct bounds_excess e = excess_of(BOUNDS_SIBLINGS, has, LIMIT_SIBLINGS_MAX);

	e.field = f == NULL ? 0 : f->number;
	return e;
}

static struct bounds_excess check_heads(const struct part *p)
{
	return excess_of(BOUNDS_HEADS, p->heads_count, LIMIT_HEADS_MAX);
}

static struct bounds_excess check_feeds(const struct part *p)
{
	return excess_of(BOUNDS_FEEDS, p->vector.count, LIMIT_VECTOR_FEEDS_MAX);
}

static struct bounds_excess check_bytes(const struct part *p, struct arena *a)
{
	return excess_of(BOUNDS_BYTES, measure(p, a), LIMIT_RECORD_BYTES_MAX);
}

/* The first excess of a part. */
static struct bounds_excess check_part(const struct part *p, struct arena *a)
{
	struct bounds_excess e = { .kind = BOUNDS_NONE };
	uint32_t i;

	for (i = 0; i < p->fields_count && e.kind == BOUNDS_NONE; i++) {
		e = check_field(&p->fields[i]);
	}
	if (e.kind == BOUNDS_NONE) {
		e = check_heads(p);
	}
	if (e.kind == BOUNDS_NONE) {
		e = check_feeds(p);
	}
	return e.kind == BOUNDS_NONE ? check_bytes(p, a) : e;
}

struct bounds_excess bounds_of(const struct record *r, struct arena *a)
{
	struct bounds_excess e = { .kind = BOUNDS_NONE };
	uint32_t i;

	for (i = 0; i < r->parts_count && e.kind == BOUNDS_NONE; i++) {
		if (!r->parts[i].left) {
			e = check_part(&r->parts[i].part, a);
		}
	}
	return e;
}

static const char *describe(enum bounds_kind kind)
{
	switch (kind) {
	case BOUNDS_NONE:
		break;
	case BOUNDS_SIBLINGS:
		return "values of one field side by side";
	case BOUNDS_HEADS:
		return "edits side by side";
	case BOUNDS_FEEDS:
		return "authors";
	case BOUNDS_BYTES:
		return "bytes in one scope";
	}
	return "";
}

void bounds_format(const struct bounds_excess *e, struct bytes_writer *w)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "%" PRIu64 " %s, the most is %" PRIu64, e->has,
		       describe(e->kind), e->max);
	bytes_put(w, text, strlen(text));
}

const char *bounds_hint(const struct record *r, const struct bounds_excess *e)
{
	const struct schema_field *f = schema_field_by_number(r->kind, e->field);
	bool is_open = view_life(r).conflict;

	if (e->kind != BOUNDS_SIBLINGS && e->kind != BOUNDS_HEADS) {
		return "take out what is not needed, or go on in a new record";
	}
	if (e->kind == BOUNDS_SIBLINGS) {
		is_open = f != NULL && f->policy != POLICY_LATEST && f->policy != POLICY_MIN &&
			  f->policy != POLICY_MAX;
	}
	return is_open ? "look at it as it is now, and decide with `kerwen resolve`" :
			 "look at it as it is now, and change it from there with `kerwen set`";
}

/* The same measure of the part as it was. */
static uint64_t had(const struct part *p, const struct bounds_excess *e, struct arena *a)
{
	switch (e->kind) {
	case BOUNDS_NONE:
		break;
	case BOUNDS_SIBLINGS:
		return check_field(part_find(p, e->field, CLASS_REGISTER)).has;
	case BOUNDS_HEADS:
		return p->heads_count;
	case BOUNDS_FEEDS:
		return p->vector.count;
	case BOUNDS_BYTES:
		return measure(p, a);
	}
	return 0;
}

static bool has_grown(const struct part *p, struct bounds_excess e, struct arena *a,
		      struct bounds_excess *out)
{
	if (e.kind == BOUNDS_NONE || e.has <= had(p, &e, a)) {
		return false;
	}
	*out = e;
	return true;
}

/* Whether a change could bring a part over a bound at all. */
static bool is_near(const struct part *p, const struct change *c)
{
	size_t len = estimate(p);
	bool near = p->heads_count >= LIMIT_HEADS_MAX || p->vector.count >= LIMIT_VECTOR_FEEDS_MAX;
	uint32_t i;

	for (i = 0; i < c->ops_count; i++) {
		const struct part_field *f =
			part_find(p, c->ops[i].field, part_class_of(c->ops[i].code));

		near = near || check_field(f).has >= LIMIT_SIBLINGS_MAX;
		len += 2 * PIECE_BYTES + c->ops[i].value.len;
	}
	return near || len > LIMIT_RECORD_BYTES_MAX;
}

/* A part whose vector can be raised without touching the other's. */
static enum rc copy_part(const struct part *p, struct arena *a, struct part *out)
{
	*out = *p;
	out->vector.dots = arena_take(a, p->vector.count * sizeof(*p->vector.dots));
	out->vector.max = p->vector.count;
	if (out->vector.dots == NULL) {
		return RC_NOMEM;
	}
	if (p->vector.count > 0) {
		memcpy(out->vector.dots, p->vector.dots, p->vector.count * sizeof(*p->vector.dots));
	}
	return RC_OK;
}

/* Deleting and taking out add a few bytes at most, and must stay possible. */
static bool adds_value(const struct change *c)
{
	uint32_t i;

	for (i = 0; i < c->ops_count; i++) {
		if (c->ops[i].code != OP_CLEAR && c->ops[i].code != OP_SET_REMOVE) {
			return true;
		}
	}
	return false;
}

static bool fits(const struct part *before, const struct part *after, const struct change *c,
		 struct arena *a, struct bounds_excess *out)
{
	uint32_t i;

	for (i = 0; i < c->ops_count; i++) {
		const struct part_field *f = part_find(after, c->ops[i].field, CLASS_REGISTER);

		if (has_grown(before, check_field(f), a, out)) {
			return false;
		}
	}
	if (has_grown(before, check_heads(after), a, out) ||
	    has_grown(before, check_feeds(after), a, out)) {
		return false;
	}
	return !adds_value(c) || !has_grown(before, check_bytes(after, a), a, out);
}

enum rc bounds_judge(const struct part *p, const struct change *c, struct dot e,
		     const struct seen *seen, struct arena *a, struct bounds_excess *out)
{
	size_t mark = arena_mark(a);
	struct part after;
	enum rc rc = RC_OK;

	if (!is_near(p, c)) {
		return RC_OK;
	}
	rc = copy_part(p, a, &after);
	if (rc == RC_OK) {
		rc = part_apply(&after, c, e, seen, a);
	}
	if (rc == RC_OK && !fits(p, &after, c, a, out)) {
		rc = RC_LIMIT;
	}
	arena_release(a, mark);
	return rc;
}
