/*
 * What a change replaced, found by applying the changes of a part once more,
 * as sync/part does, and looking at what goes. Counters and logs replace
 * nothing.
 *
 * Two who replace one value without knowing of each other both name it: what
 * is gone is kept with those who replaced it, and a change that had seen it
 * but none of them replaced it, too. That is looked for only by changes that
 * something stands beside, so that a long history of one author stays cheap.
 */
#include <string.h>

#include "node/cmd/show_history.h"
#include "sync/part.h"

/* A change that replaced an item. */
struct replacer {
	struct dot dot;
	struct replacer *next;
};

struct show_live {
	enum { LIVE_REGISTER, LIVE_SET, LIVE_HEAD } type;
	uint16_t field;
	bool deleted;       /* heads: a deletion; sets: a removal, and no member */
	struct bytes value; /* sets */
	struct dot dot;
	uint32_t step;
	struct replacer *replacers; /* of what is gone */
};

enum { LIST_START = 32 };

static enum rc push(struct show_items *list, struct show_live item, struct arena *a)
{
	struct show_live *wider = NULL;
	uint32_t max = list->max == 0 ? LIST_START : 2 * list->max;

	if (list->count == list->max) {
		wider = arena_take(a, max * sizeof(*wider));
		if (wider == NULL) {
			return RC_NOMEM;
		}
		if (list->count > 0) {
			memcpy(wider, list->items, list->count * sizeof(*wider));
		}
		list->items = wider;
		list->max = max;
	}
	list->items[list->count++] = item;
	return RC_OK;
}

static enum rc add_replacer(struct show_live *item, struct dot dot, struct arena *a)
{
	struct replacer *r = arena_take(a, sizeof(*r));

	if (r == NULL) {
		return RC_NOMEM;
	}
	*r = (struct replacer){ dot, item->replacers };
	item->replacers = r;
	return RC_OK;
}

/* Whether an item is one that `like` may replace. */
static bool is_target(const struct show_live *item, const struct show_live *like)
{
	return item->type == like->type && item->field == like->field &&
	       (item->type != LIVE_SET || bytes_equal(item->value, like->value));
}

/* Whether readers care: a touch replaces in their eyes only what said
 * otherwise - an edit takes back a deletion, a deletion the edits. */
static bool is_told(const struct show_live *item, const struct show_live *like)
{
	switch (item->type) {
	case LIVE_REGISTER:
		break;
	case LIVE_SET:
		if (item->deleted) {
			return false;
		}
		break;
	case LIVE_HEAD:
		if (item->deleted == like->deleted) {
			return false;
		}
		break;
	}
	return item->step != like->step;
}

/* One replay of one operation, or of a touch. */
struct drop {
	struct show_replay *replay;
	const struct show_live *like; /* what it leaves */
	const struct seen *seen;
	struct show_step *step;
	uint32_t replaced;
};

static enum rc tell(struct drop *d, const struct show_live *item)
{
	if (!is_told(item, d->like)) {
		return RC_OK;
	}
	d->replaced++;
	return show_places_add(&d->step->superseded, item->step, d->replay->arena);
}

static bool covers(const struct drop *d, struct dot dot)
{
	return d->seen->covers(d->seen->ctx, dot);
}

/* What was seen goes. *beside: something was not seen. */
static enum rc drop_live(struct drop *d, bool *beside)
{
	struct show_items *live = &d->replay->live;
	uint32_t i, kept = 0;
	enum rc rc = RC_OK;

	for (i = 0; i < live->count; i++) {
		struct show_live item = live->items[i];

		if (rc != RC_OK || !is_target(&item, d->like) || !covers(d, item.dot)) {
			*beside = *beside || is_target(&item, d->like);
			live->items[kept++] = item;
			continue;
		}
		rc = tell(d, &item);
		if (rc == RC_OK) {
			rc = add_replacer(&item, d->like->dot, d->replay->arena);
		}
		if (rc == RC_OK) {
			rc = push(&d->replay->gone, item, d->replay->arena);
		}
	}
	live->count = kept;
	return rc;
}

/* Whether the author had seen the item, and nobody who replaced it. */
static bool replaces_too(const struct drop *d, const struct show_live *item)
{
	const struct replacer *r = NULL;

	for (r = item->replacers; r != NULL; r = r->next) {
		if (dot_equal(r->dot, d->like->dot) || covers(d, r->dot)) {
			return false;
		}
	}
	return covers(d, item->dot);
}

static enum rc look_at_gone(struct drop *d)
{
	struct show_items *gone = &d->replay->gone;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < gone->count && rc == RC_OK; i++) {
		struct show_live *item = &gone->items[i];

		if (is_target(item, d->like) && replaces_too(d, item)) {
			rc = tell(d, item);
			rc = rc == RC_OK ? add_replacer(item, d->like->dot, d->replay->arena) : rc;
		}
	}
	return rc;
}

static enum rc replace(struct show_replay *r, struct show_step *step, const struct show_live *like,
		       const struct seen *seen, uint32_t *replaced)
{
	struct drop d = { .replay = r, .like = like, .seen = seen, .step = step };
	bool beside = false;
	enum rc rc = drop_live(&d, &beside);

	if (rc == RC_OK && beside) {
		rc = look_at_gone(&d);
	}
	*replaced = d.replaced;
	return rc == RC_OK ? push(&r->live, *like, r->arena) : rc;
}

static enum rc replay_op(struct show_replay *r, struct show_step *step, const struct op *op,
			 struct show_live like, const struct seen *seen, uint32_t *replaced)
{
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
		like.deleted = op->code == OP_SET_REMOVE;
		break;
	case OP_COUNT:
	case OP_LOG:
		return RC_OK;
	}
	return replace(r, step, &like, seen, replaced);
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
		rc = replace(r, step, &like, seen, &replaced);
	}
	return rc;
}
