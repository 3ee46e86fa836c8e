#include "sync/view_policy.h"

#include <string.h>

enum field_class view_class(enum merge merge)
{
	switch (merge) {
	case MERGE_REGISTER:
		return CLASS_REGISTER;
	case MERGE_SET:
		return CLASS_SET;
	case MERGE_COUNTER:
		return CLASS_COUNTER;
	case MERGE_LOG:
		return CLASS_LOG;
	}
	return CLASS_REGISTER;
}

/* A field in all parts of a record that are not left. Mostly it is in one. */
struct found {
	const struct record *record;
	uint16_t number;
	enum field_class class;
	const struct part_field *first; /* of those with items */
	uint32_t fields_count;
	uint32_t items_count; /* of all of them */
};

/* The field in one of the parts, or NULL: it has no items there. */
static const struct part_field *find_in(const struct found *found, uint32_t part)
{
	const struct part_field *f = view_find(found->record, part, found->number, found->class);

	return f != NULL && f->items_count > 0 ? f : NULL;
}

static struct found find_items(const struct record *r, uint16_t number, enum field_class class)
{
	struct found found = { .record = r, .number = number, .class = class };
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		const struct part_field *f = find_in(&found, i);

		if (f != NULL) {
			found.first = found.first == NULL ? f : found.first;
			found.fields_count++;
			found.items_count += f->items_count;
		}
	}
	return found;
}

/* All items side by side: those of a set by value, others by dot. */
static enum rc list_items(const struct found *found, struct arena *a, struct sibling **out)
{
	struct sibling *s = arena_take(a, (size_t)found->items_count * sizeof(*s));
	uint32_t i, k, n = 0;

	*out = s;
	if (s == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < found->record->parts_count; i++) {
		const struct part_field *f = find_in(found, i);

		for (k = 0; f != NULL && k < f->items_count; k++) {
			memset(&s[n], 0, sizeof(*s));
			s[n++].item = &f->items[k];
		}
	}
	if (found->fields_count < 2) {
		return RC_OK;
	}
	return view_order_sort(s, n,
			       found->class == CLASS_SET ? view_order_by_value : view_order_by_dot,
			       a);
}

static enum rc give_items(const struct sibling *s, uint32_t count, struct arena *a,
			  struct field_view *out)
{
	uint32_t i;

	out->items = arena_take(a, (size_t)count * sizeof(const struct item *));
	if (out->items == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < count; i++) {
		out->items[i] = s[i].item;
	}
	out->count = out->shown = count;
	return RC_OK;
}

/* Finds the place of what is shown among values that are listed once. */
static void mark_shown(const struct item *shown, struct field_view *out)
{
	uint32_t i = 0;

	while (i < out->count && !view_order_is_equal(out->items[i], shown)) {
		i++;
	}
	out->shown = shown->cleared ? out->count : i;
}

static enum rc view_register(const struct schema_field *f, const struct found *found,
			     const struct view_source *src, struct arena *a, struct field_view *out)
{
	struct contest c = { .field = f, .source = src, .arena = a, .count = found->items_count };
	struct verdict v = { .shown = NULL, .conflict = false };
	enum rc rc = list_items(found, a, &c.items);

	if (rc != RC_OK) {
		return rc;
	}
	if (view_order_differ(c.items, c.count)) {
		rc = view_policy_decide(&c, &v);
		if (rc == RC_OK) {
			rc = view_order_drop_equal(c.items, &c.count, a);
		}
	} else {
		v.shown = c.items[0].item;
		c.count = 1;
	}
	if (rc == RC_OK) {
		rc = give_items(c.items, c.count, a, out);
	}
	if (rc == RC_OK) {
		mark_shown(v.shown, out);
		out->conflict = v.conflict && !f->closed;
	}
	return rc;
}

static enum rc view_set(const struct found *found, struct arena *a, struct field_view *out)
{
	struct sibling *s = NULL;
	enum rc rc = list_items(found, a, &s);
	uint32_t i, kept = 0;

	if (rc != RC_OK) {
		return rc;
	}
	for (i = 0; i < found->items_count; i++) {
		if (kept == 0 || !view_order_is_equal(s[kept - 1].item, s[i].item)) {
			s[kept++] = s[i];
		}
	}
	return give_items(s, kept, a, out);
}

static enum rc view_log(const struct found *found, const struct view_source *src, struct arena *a,
			struct field_view *out)
{
	struct sibling *s = NULL;
	enum rc rc = list_items(found, a, &s);

	if (rc == RC_OK && found->items_count > 1) {
		rc = view_order_stamp(s, found->items_count, src);
		if (rc == RC_OK) {
			rc = view_order_sort(s, found->items_count, view_order_by_cut, a);
		}
	}
	return rc == RC_OK ? give_items(s, found->items_count, a, out) : rc;
}

/* The sum of all feeds: added up in two halves, since each may be any number
 * and the whole must not depend on the order. */
static int64_t sum_counts(const struct found *found)
{
	static const int64_t half = INT64_C(1) << 32;
	static const int64_t max = VALUE_INT_MAX;
	int64_t high = 0, low = 0;
	uint32_t i, k;

	for (i = 0; i < found->record->parts_count; i++) {
		const struct part_field *f = find_in(found, i);

		for (k = 0; f != NULL && k < f->items_count; k++) {
			high += f->items[k].sum / half;
			low += f->items[k].sum % half;
		}
	}
	high += low / half;
	low %= half;
	if (high > 0 && low < 0) {
		high--;
		low += half;
	} else if (high < 0 && low > 0) {
		high++;
		low -= half;
	}
	if (high > max / half || high < -(max / half)) {
		return high > 0 ? max : -max;
	}
	return value_clamp(high * half + low);
}

enum rc view_field(const struct record *r, const struct schema_field *f,
		   const struct view_source *src, struct arena *a, struct field_view *out)
{
	struct found found = find_items(r, f->number, view_class(f->merge));
	struct sibling *s = NULL;
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	if (found.items_count == 0) {
		return RC_OK;
	}
	switch (f->merge) {
	case MERGE_REGISTER:
		return view_register(f, &found, src, a, out);
	case MERGE_SET:
		return view_set(&found, a, out);
	case MERGE_COUNTER:
		out->sum = sum_counts(&found);
		rc = list_items(&found, a, &s);
		return rc == RC_OK ? give_items(s, found.items_count, a, out) : rc;
	case MERGE_LOG:
		return view_log(&found, src, a, out);
	}
	return RC_INVALID;
}

static enum rc give_count(int64_t sum, struct arena *a, struct values *out)
{
	enum { VARINT_MAX = 10 };
	uint8_t *p = arena_take(a, VARINT_MAX);
	struct bytes *value = arena_take(a, sizeof(*value));
	struct bytes_writer w = bytes_writer_init(p, VARINT_MAX);

	if (p == NULL || value == NULL) {
		return RC_NOMEM;
	}
	bytes_put_zigzag(&w, sum);
	*value = bytes_written(&w);
	out->items = value;
	out->count = 1;
	return RC_OK;
}

static enum rc give_values(const struct field_view *v, struct arena *a, struct values *out)
{
	struct bytes *values = arena_take(a, (size_t)v->count * sizeof(*values));
	uint32_t i;

	if (values == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < v->count; i++) {
		values[i] = v->items[i]->value;
	}
	out->items = values;
	out->count = v->count;
	return RC_OK;
}

enum rc view_values(const struct record *r, const struct schema_field *f,
		    const struct view_source *src, struct arena *a, struct values *out)
{
	struct found found = find_items(r, f->number, view_class(f->merge));
	struct field_view v;
	enum rc rc = RC_OK;

	out->items = NULL;
	out->count = 0;
	if (found.items_count == 0) {
		return RC_OK;
	}
	if (f->merge == MERGE_COUNTER) {
		return give_count(sum_counts(&found), a, out);
	}
	if (found.items_count == 1) {
		out->items = &found.first->items[0].value;
		out->count = !found.first->items[0].cleared;
		return RC_OK;
	}
	rc = view_field(r, f, src, a, &v);
	if (rc != RC_OK || f->merge != MERGE_REGISTER) {
		return rc == RC_OK ? give_values(&v, a, out) : rc;
	}
	if (v.shown < v.count) {
		out->items = &v.items[v.shown]->value;
		out->count = 1;
	}
	return RC_OK;
}
