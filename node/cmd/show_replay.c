/*
 * What a change replaced, found by applying the changes of a part once more,
 * as sync/part does, and looking at what goes. Counters and logs replace
 * nothing.
 */
#include <string.h>

#include "node/cmd/show_history.h"
#include "sync/part.h"

struct show_live {
	enum { LIVE_REGISTER, LIVE_SET, LIVE_HEAD } type;
	uint16_t field;
	bool deleted;       /* heads */
	struct bytes value; /* sets */
	struct dot dot;
	uint32_t step;
};

enum { LIVE_START = 32 };

static enum rc push(struct show_replay *r, struct show_live item)
{
	struct show_live *wider = NULL;
	uint32_t max = r->max == 0 ? LIVE_START : 2 * r->max;

	if (r->count == r->max) {
		wider = arena_take(r->arena, max * sizeof(*wider));
		if (wider == NULL) {
			return RC_NOMEM;
		}
		if (r->count > 0) {
			memcpy(wider, r->items, r->count * sizeof(*wider));
		}
		r->items = wider;
		r->max = max;
	}
	r->items[r->count++] = item;
	return RC_OK;
}

/* Whether an item is one that `like` may replace. */
static bool is_target(const struct show_live *item, const struct show_live *like)
{
	return item->type == like->type && item->field == like->field &&
	       (item->type != LIVE_SET || bytes_equal(item->value, like->value));
}

/* Drops what was seen. A touch replaces in a reader's eyes only what said
 * otherwise: an edit takes back a deletion, a deletion the edits. */
static enum rc drop_seen(struct show_replay *r, const struct show_live *like,
			 const struct seen *seen, struct show_step *step, uint32_t *replaced)
{
	uint32_t i, kept = 0;
	enum rc rc = RC_OK;

	for (i = 0; i < r->count; i++) {
		const struct show_live *item = &r->items[i];

		if (!is_target(item, like) || !seen->covers(seen->ctx, item->dot)) {
			r->items[kept++] = *item;
			continue;
		}
		if (item->step == like->step ||
		    (item->type == LIVE_HEAD && item->deleted == like->deleted)) {
			continue;
		}
		++*replaced;
		if (rc == RC_OK) {
			rc = show_places_add(&step->superseded, item->step, r->arena);
		}
	}
	r->count = kept;
	return rc;
}

static enum rc replay_op(struct show_replay *r, struct show_step *step, const struct op *op,
			 struct show_live like, const struct seen *seen, uint32_t *replaced)
{
	enum rc rc = RC_OK;

	like.field = op->field;
	like.value = op->value;
	switch (op->code) {
	case OP_PUT:
	case OP_CLEAR:
		like.type = LIVE_REGISTER;
		break;
	case OP_SET_ADD:
	case OP_SET_REMOVE:
		like.type = LIVE_SET;
		break;
	case OP_COUNT:
	case OP_LOG:
		return RC_OK;
	}
	rc = drop_seen(r, &like, seen, step, replaced);
	return rc == RC_OK && op->code != OP_SET_REMOVE ? push(r, like) : rc;
}

enum rc show_replay_change(struct show_replay *r, struct show_step *steps, uint32_t at,
			   const struct change *c, struct dot dot, const struct seen *seen)
{
	struct show_live like = { .type = LIVE_HEAD, .dot = dot, .step = at };
	struct show_step *step = &steps[at];
	uint32_t i, n = step->changes_count, replaced = 0;
	enum rc rc = RC_OK;

	/* The step's last changes are those of c, but for the home. */
	for (i = c->ops_count; i > 0 && rc == RC_OK; i--) {
		bool is_shown = c->ops[i - 1].field != FIELD_HOME;

		replaced = 0;
		rc = replay_op(r, step, &c->ops[i - 1], like, seen, &replaced);
		if (is_shown && n > 0) {
			step->changes[--n].replaced = replaced;
		}
	}
	if (rc == RC_OK && c->life != LIFE_NONE) {
		like.deleted = c->life == LIFE_DELETED;
		rc = drop_seen(r, &like, seen, step, &replaced);
		rc = rc == RC_OK ? push(r, like) : rc;
	}
	return rc;
}
