#include "node/cmd/show_history.h"

#include <stdlib.h>
#include <string.h>

#include "node/store/context.h"
#include "node/store/feeds.h"
#include "node/store/floor.h"
#include "node/store/history.h"
#include "node/store/parts.h"
#include "node/store/quarantine.h"
#include "proto/entry_codec.h"
#include "sync/feed.h"

/* Which step an author's commit has. */
struct named {
	uint16_t office;
	uint32_t incarnation;
	uint64_t commit;
	struct dot carried; /* what is said again is a step of its own; else 0 */
	uint32_t step;
};

/* The history while it is gathered. */
struct gather {
	struct show *show;
	struct show_step *steps;
	uint32_t count;
	struct named *names; /* of the existence part, sorted once that is read */
	uint32_t names_count;
	struct show_replay replay; /* of the part at hand */
};

/* The part where existence lives, at the present home if that is known here;
 * the first one when none is known. */
static const struct record_part *find_existence(const struct record *r)
{
	const struct record_part *found = NULL;
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		if (r->parts[i].part.heads_count > 0 && (found == NULL || !r->parts[i].left)) {
			found = &r->parts[i];
		}
	}
	return found != NULL || r->parts_count == 0 ? found : &r->parts[0];
}

static struct named name_of(const struct show_step *s, uint32_t step)
{
	static const struct dot none;

	return (struct named){ feed_office(s->origin.dot.feed),
			       feed_incarnation(s->origin.dot.feed), s->origin.commit,
			       s->origin.is_carried ? s->origin.dot : none, step };
}

static int compare_names(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->office != y->office) {
		return x->office < y->office ? -1 : 1;
	}
	if (x->incarnation != y->incarnation) {
		return x->incarnation < y->incarnation ? -1 : 1;
	}
	if (x->commit != y->commit) {
		return x->commit < y->commit ? -1 : 1;
	}
	return dot_compare(x->carried, y->carried);
}

static enum rc sort_names(struct gather *g)
{
	uint32_t i;

	g->names = arena_take(g->show->arena, g->count * sizeof(*g->names));
	if (g->names == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < g->count; i++) {
		g->names[i] = name_of(&g->steps[i], i);
	}
	g->names_count = g->count;
	if (g->count > 1) {
		qsort(g->names, g->count, sizeof(*g->names), compare_names);
	}
	return RC_OK;
}

/* The step that has this commit already, or a new one at the end. */
static uint32_t find_step(struct gather *g, const struct show_step *made)
{
	struct named wanted = name_of(made, 0);
	uint32_t i = g->count > g->names_count ? g->count - 1 : 0;

	if (g->names_count > 0) {
		const struct named *found = bsearch(&wanted, g->names, g->names_count,
						    sizeof(*g->names), compare_names);

		if (found != NULL) {
			return found->step;
		}
	}
	if (g->count > g->names_count) {
		struct named last = name_of(&g->steps[i], i);

		if (compare_names(&last, &wanted) == 0) {
			return i;
		}
	}
	g->steps[g->count] = *made;
	return g->count++;
}

/* Adds the operations of a change to a step, but for the home. */
static enum rc add_changes(struct show *s, struct show_step *step, const struct change *c)
{
	size_t max = (size_t)step->changes_count + c->ops_count;
	struct show_change *wider = arena_take(s->arena, max * sizeof(*wider));
	uint32_t i;

	if (wider == NULL) {
		return RC_NOMEM;
	}
	if (step->changes_count > 0) {
		memcpy(wider, step->changes, step->changes_count * sizeof(*wider));
	}
	step->changes = wider;
	for (i = 0; i < c->ops_count; i++) {
		const struct op *op = &c->ops[i];
		struct show_change change = { .number = op->field, .code = op->code };

		if (op->field != FIELD_HOME) {
			change.field = s->record.kind == NULL ?
					       NULL :
					       schema_field_by_number(s->record.kind, op->field);
			change.value = op->value;
			step->changes[step->changes_count++] = change;
		}
	}
	return RC_OK;
}

/* Whether a change was put aside, and not accepted since. */
static bool is_aside(struct kv_txn *t, struct dot d, uint32_t place)
{
	bool in_force = true;

	return quarantine_in_force(t, d, place, &in_force) == RC_OK && !in_force;
}

/* Adds what one change of an entry did to the record. */
static enum rc take_change(struct gather *g, uint32_t at, const struct header *h,
			   const struct change *c)
{
	struct show_step *step = &g->steps[at];
	struct context context = { .txn = g->show->txn, .header = h, .change = c };
	struct seen seen = { .ctx = &context, .covers = context_covers };
	struct dot dot = { h->feed, h->seq };
	enum rc rc = RC_OK;

	if (c->life != LIFE_NONE) {
		step->life = c->life;
		step->has_form = c->has_form;
		step->form = c->form;
	}
	rc = add_changes(g->show, step, c);
	if (rc == RC_OK) {
		rc = show_replay_change(&g->replay, g->steps, at, c, dot, &seen);
	}
	return rc == RC_OK ? context.rc : rc;
}

/* What is needed of an entry: its header's numbers, and where the one change
 * of it lies that is about the record. */
struct found {
	struct header header; /* nothing that borrows */
	uint32_t place;
};

/* Looks into an entry, which may be large; the arena is given back. An entry
 * has one change of a record: a second one was put aside. */
static enum rc look_into(struct show *s, struct bytes entry, struct found *out)
{
	size_t mark = arena_mark(s->arena);
	struct change change;
	struct entry e;
	uint32_t at = 0;
	enum rc rc = entry_decode(entry, s->arena, &e);

	while (rc == RC_OK) {
		struct dot d = { e.header.feed, e.header.seq };

		rc = history_find_change(&e, s->record.kind_number, s->record.id, s->arena, &at,
					 &change);
		if (rc == RC_OK && !is_aside(s->txn, d, at - 1)) {
			break;
		}
	}
	if (rc == RC_OK) {
		out->header = (struct header){ .feed = e.header.feed,
					       .seq = e.header.seq,
					       .seen_centre = e.header.seen_centre,
					       .seen_own = e.header.seen_own };
		out->place = at - 1;
	}
	arena_release(s->arena, mark);
	return rc;
}

/* The bytes of a change, borrowed from the store. */
static enum rc find_bytes(struct show *s, struct bytes entry, uint32_t place, struct bytes *out)
{
	size_t mark = arena_mark(s->arena);
	struct parts_place *places = NULL;
	uint32_t count = 0;
	enum rc rc = parts_list(entry, s->arena, &places, &count);

	if (rc == RC_OK && place < count) {
		*out = bytes_at(entry.p + places[place].offset, places[place].len);
	}
	arena_release(s->arena, mark);
	return rc == RC_OK && place >= count ? RC_CORRUPT : rc;
}

static enum rc add_entry(struct gather *g, const struct history_step *h)
{
	struct show *s = g->show;
	struct show_step made = { .place = h->place };
	struct feed_entry stored;
	struct bytes bytes = { NULL, 0 };
	struct change change;
	struct found found;
	enum rc rc = feeds_get_entry(s->txn, h->dot, &stored);

	if (rc == RC_OK) {
		rc = look_into(s, stored.bytes, &found);
	}
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	rc = origin_get(s->store, s->txn, h->dot, s->arena, &made.origin);
	if (rc == RC_OK) {
		rc = find_bytes(s, stored.bytes, found.place, &bytes);
	}
	if (rc == RC_OK) {
		rc = entry_decode_ops(bytes, s->arena, &change);
		change.id = s->record.id;
	}
	if (rc == RC_OK) {
		made.seen_centre = found.header.seen_centre;
		made.seen_own = found.header.seen_own;
		rc = take_change(g, find_step(g, &made), &found.header, &change);
	}
	return rc;
}

static enum rc add_part(struct gather *g, const struct record_part *p)
{
	struct show *s = g->show;
	struct history h;
	enum rc rc = history_get(s->txn, &s->record, p, s->arena, &h);
	uint32_t i;

	g->replay = (struct show_replay){ .arena = s->arena };
	for (i = 0; i < h.count && rc == RC_OK; i++) {
		rc = add_entry(g, &h.steps[i]);
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
	struct gather g = { .show = s };
	uint32_t i, max = 0;
	enum rc rc = count_dots(s, &max);

	g.steps = arena_take(s->arena, max * sizeof(*g.steps));
	if (rc != RC_OK || g.steps == NULL) {
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	rc = existence == NULL ? RC_OK : add_part(&g, existence);
	if (rc == RC_OK) {
		rc = sort_names(&g);
	}
	for (i = 0; i < s->record.parts_count && rc == RC_OK; i++) {
		if (&s->record.parts[i] != existence) {
			rc = add_part(&g, &s->record.parts[i]);
		}
	}
	*steps = g.steps;
	*count = g.count;
	return rc == RC_OK ? show_beside(g.steps, g.names_count, s->arena) : rc;
}

enum rc show_history_is_cut(struct show *s, bool *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	*out = false;
	for (i = 0; i < s->record.parts_count && rc == RC_OK && !*out; i++) {
		size_t mark = arena_mark(s->arena);
		struct part base;

		rc = floor_part(s->txn, s->record.kind_number, s->record.id,
				s->record.parts[i].scope, s->arena, &base);
		*out = rc == RC_OK && base.vector.count > 0;
		arena_release(s->arena, mark);
	}
	return rc;
}
