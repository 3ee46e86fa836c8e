/*
 * The commits that touched a record. Every write also touches the scope where
 * existence lives, so its entries give the order; what the same commit wrote
 * in narrower scopes is added to its line.
 */
#include <stdio.h>
#include <string.h>

#include "node/cmd/show.h"
#include "node/store/history.h"
#include "sync/feed.h"

/* The part where existence lives; the first one when none is known. */
static const struct record_part *find_existence(const struct record *r)
{
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		if (r->parts[i].part.heads_count > 0) {
			return &r->parts[i];
		}
	}
	return r->parts_count == 0 ? NULL : &r->parts[0];
}

static const char *sign_of(enum op_code code)
{
	switch (code) {
	case OP_PUT:
	case OP_CLEAR:
		return "=";
	case OP_SET_REMOVE:
		return "-=";
	case OP_SET_ADD:
	case OP_COUNT:
	case OP_LOG:
		return "+=";
	}
	return "";
}

static bool has_change(const struct show_step *step, struct bytes text)
{
	uint32_t i;

	for (i = 0; i < step->changes_count; i++) {
		if (bytes_equal(step->changes[i], text)) {
			return true;
		}
	}
	return false;
}

static enum rc add_change(struct show *s, struct show_step *step, const struct op *op)
{
	const struct schema_field *f =
		s->record.kind == NULL ? NULL : schema_field_by_number(s->record.kind, op->field);
	char text[LIMIT_NAME_BYTES_MAX + 16];
	struct bytes *wider = NULL;

	if (op->field == FIELD_HOME) {
		return RC_OK;
	}
	if (f == NULL) {
		(void)snprintf(text, sizeof(text), "field %u%s", op->field, sign_of(op->code));
	} else {
		(void)snprintf(text, sizeof(text), "%s%s", f->name, sign_of(op->code));
	}
	if (has_change(step, bytes_of(text))) {
		return RC_OK;
	}
	if (step->changes_count == step->changes_max) {
		step->changes_max = step->changes_max == 0 ? 8 : 2 * step->changes_max;
		wider = arena_take(s->arena, step->changes_max * sizeof(*wider));
		if (wider == NULL) {
			return RC_NOMEM;
		}
		if (step->changes_count > 0) {
			memcpy(wider, step->changes, step->changes_count * sizeof(*wider));
		}
		step->changes = wider;
	}
	step->changes[step->changes_count] = arena_copy(s->arena, bytes_of(text));
	return step->changes[step->changes_count++].p == NULL ? RC_NOMEM : RC_OK;
}

/* Adds what one entry did to the record. */
static enum rc add_entry(struct show *s, struct show_step *step, struct dot d)
{
	struct change change;
	struct entry e;
	uint32_t i, at = 0;
	enum rc rc = history_load(s->txn, d, s->arena, &e);

	while (rc == RC_OK) {
		rc = history_find_change(&e, s->record.kind_number, s->record.id, s->arena, &at,
					 &change);
		if (rc == RC_OK && change.life != LIFE_NONE) {
			step->life = change.life;
		}
		for (i = 0; rc == RC_OK && i < change.ops_count; i++) {
			rc = add_change(s, step, &change.ops[i]);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static struct show_step *find_step(struct show_step *steps, uint32_t count, const struct origin *o)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		uint64_t a = steps[i].origin.dot.feed, b = o->dot.feed;

		if (steps[i].origin.commit == o->commit && feed_office(a) == feed_office(b) &&
		    feed_incarnation(a) == feed_incarnation(b)) {
			return &steps[i];
		}
	}
	return NULL;
}

/* Puts the entries of one part into steps; new ones at the end. */
static enum rc add_part(struct show *s, const struct record_part *p, struct show_step *steps,
			uint32_t *count)
{
	struct history h;
	struct show_step *step = NULL;
	struct origin origin;
	uint32_t i;
	enum rc rc = history_get(s->txn, &s->record, p, s->arena, &h);

	for (i = 0; i < h.count && rc == RC_OK; i++) {
		rc = origin_get(s->store, s->txn, h.steps[i].dot, s->arena, &origin);
		if (rc != RC_OK) {
			break;
		}
		step = find_step(steps, *count, &origin);
		if (step == NULL) {
			step = &steps[(*count)++];
			memset(step, 0, sizeof(*step));
			step->origin = origin;
		}
		rc = add_entry(s, step, h.steps[i].dot);
	}
	return rc;
}

/* How many steps there can be: one for each dot. */
static enum rc count_dots(struct show *s, uint32_t *count)
{
	size_t mark = arena_mark(s->arena);
	struct history h;
	enum rc rc = RC_OK;
	uint32_t i;

	*count = 0;
	for (i = 0; i < s->record.parts_count && rc == RC_OK; i++) {
		rc = history_get(s->txn, &s->record, &s->record.parts[i], s->arena, &h);
		*count += rc == RC_OK ? h.count : 0;
	}
	arena_release(s->arena, mark);
	return rc;
}

enum rc show_history(struct show *s, struct show_step **steps, uint32_t *count)
{
	const struct record_part *existence = find_existence(&s->record);
	uint32_t i, max = 0;
	enum rc rc = count_dots(s, &max);

	*count = 0;
	*steps = arena_take(s->arena, max * sizeof(**steps));
	if (rc != RC_OK || *steps == NULL) {
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	rc = existence == NULL ? RC_OK : add_part(s, existence, *steps, count);
	for (i = 0; i < s->record.parts_count && rc == RC_OK; i++) {
		if (&s->record.parts[i] != existence) {
			rc = add_part(s, &s->record.parts[i], *steps, count);
		}
	}
	return rc;
}
