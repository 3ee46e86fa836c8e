#include "sync/view_policy.h"

#include <string.h>

#include "sync/feed.h"

/* The first by an order that needs stamps; nobody is asked about one alone. */
static enum rc find_first(const struct contest *c, struct sibling *s, uint32_t count,
			  int (*compare)(const struct sibling *, const struct sibling *),
			  const struct item **out)
{
	const struct sibling *first = s;
	enum rc rc = RC_OK;
	uint32_t i;

	if (view_order_differ(s, count)) {
		rc = view_order_stamp(s, count, c->source);
		for (i = 1; i < count && rc == RC_OK; i++) {
			if (compare(&s[i], first) < 0) {
				first = &s[i];
			}
		}
	}
	*out = first->item;
	return rc;
}

static enum rc decide_latest(struct contest *c, struct verdict *out)
{
	enum rc rc = view_order_stamp(c->items, c->count, c->source);

	if (rc == RC_OK) {
		rc = view_order_sort(c->items, c->count, view_order_by_latest, c->arena);
	}
	out->shown = c->items[0].item;
	out->conflict = c->field->policy == POLICY_ASK;
	return rc;
}

static enum rc decide_fixed(struct contest *c, struct verdict *out)
{
	out->conflict = true;
	return find_first(c, c->items, c->count, view_order_by_cut, &out->shown);
}

/* The centre is office 0: of its siblings the latest, if it has any. */
static enum rc decide_centre(struct contest *c, struct verdict *out)
{
	const struct sibling *best = &c->items[0];
	enum rc rc = view_order_stamp(c->items, c->count, c->source);
	uint32_t i;

	for (i = 1; i < c->count && rc == RC_OK; i++) {
		const struct sibling *s = &c->items[i];
		bool is_centre = s->stamp.office == 0, was_centre = best->stamp.office == 0;

		if (is_centre != was_centre ? is_centre : view_order_by_latest(s, best) < 0) {
			best = s;
		}
	}
	out->shown = best->item;
	out->conflict = false;
	for (i = 0; i < c->count && rc == RC_OK && best->stamp.office == 0; i++) {
		out->conflict = out->conflict ||
				(c->items[i].stamp.office != 0 &&
				 !view_order_is_equal(best->item, c->items[i].item));
	}
	return rc;
}

static enum rc decide_extreme(struct contest *c, struct verdict *out)
{
	const struct item *best = NULL;
	uint32_t i;

	for (i = 0; i < c->count; i++) {
		const struct item *item = c->items[i].item;
		int order = -1;

		if (item->cleared) {
			continue;
		}
		if (best != NULL) {
			order = c->field->policy == POLICY_MIN ?
					value_compare(c->field->type, item->value, best->value) :
					value_compare(c->field->type, best->value, item->value);
		}
		if (order < 0) {
			best = item;
		}
	}
	out->shown = best;
	out->conflict = false;
	return RC_OK;
}

uint32_t view_policy_rank(const struct schema_field *f, const struct item *item)
{
	uint32_t i;

	if (item->cleared) {
		return 0;
	}
	for (i = 0; i < f->ranks_count; i++) {
		if (bytes_equal(bytes_of(f->ranks[i].value), item->value)) {
			return f->ranks[i].rank + 2;
		}
	}
	return 1;
}

static enum rc decide_flow(struct contest *c, struct verdict *out)
{
	struct sibling *furthest = arena_take(c->arena, (size_t)c->count * sizeof(*furthest));
	uint32_t i, count = 0, highest = 0;

	if (furthest == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < c->count; i++) {
		uint32_t rank = view_policy_rank(c->field, c->items[i].item);

		if (rank > highest) {
			highest = rank;
			count = 0;
		}
		if (rank == highest) {
			furthest[count++] = c->items[i];
		}
	}
	out->conflict = view_order_differ(furthest, count);
	return find_first(c, furthest, count, view_order_by_latest, &out->shown);
}

enum rc view_policy_decide(struct contest *c, struct verdict *out)
{
	switch (c->field->policy) {
	case POLICY_ASK:
	case POLICY_LATEST:
		return decide_latest(c, out);
	case POLICY_FIXED:
		return decide_fixed(c, out);
	case POLICY_CENTRE:
		return decide_centre(c, out);
	case POLICY_MIN:
	case POLICY_MAX:
		return decide_extreme(c, out);
	case POLICY_FLOW:
		return decide_flow(c, out);
	}
	return RC_INVALID;
}
