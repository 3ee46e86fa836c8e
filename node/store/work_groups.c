/*
 * Doubles in figures, while records change.
 *
 * A group counts once (doubles.h), so that a change of one record can make
 * another one count or not. What a record counted before is taken back when it
 * is loaded; at that time, and until anything is written, the store still has
 * everything as it was: so *before* is looked up in the store alone, *after*
 * among what was touched first.
 *
 * Whose turn it is can change only in groups, before or after, of a *trigger*: a
 * record that changed its links or its life, or one whose link with such a record
 * came or went. When the work is flushed, all members of those are looked at, one
 * after the other: who was not touched adds or takes back what is its own. So
 * memory is needed for the triggers and the cells alone, however many records the
 * groups hold. Groups that are too large are left alone, since there everybody
 * counts whoever else is in them.
 */
#include <stdlib.h>
#include <string.h>

#include "node/store/doubles.h"
#include "node/store/work_priv.h"

/* The store as it is before the flush. */
static struct doubles_store stored_of(struct work *w)
{
	struct doubles_store s = { w->txn, w->store->catalog };
	return s;
}

static enum rc find_now(void *ctx, uint16_t kind, struct uuid id, struct arena *a,
			const struct record **out)
{
	struct work *w = ctx;
	const struct work_record *r = work_find(w, kind, id);
	struct doubles_store s = stored_of(w);
	struct doubles_source source = doubles_stored(&s);

	if (r == NULL) {
		return source.find(source.ctx, kind, id, a, out);
	}
	*out = r->record.parts_count > 0 ? &r->record : NULL;
	return RC_OK;
}

static struct doubles_source now_of(struct work *w)
{
	struct doubles_source source = { .ctx = w, .find = find_now };
	return source;
}

static bool is_live(const struct record *r)
{
	struct record_life life = view_life(r);

	return life.exists && !life.deleted;
}

static bool has_doubles(const struct work_record *r)
{
	return r->record.kind != NULL && r->record.kind->doubles.is_set;
}

/* The values stay where they are, but the list of them may be changed. */
enum rc work_groups_remember(struct work *w, struct work_record *r)
{
	struct values named = { NULL, 0 };
	struct bytes *copy = NULL;
	enum rc rc = RC_OK;

	if (!has_doubles(r)) {
		return RC_OK;
	}
	r->was_live = is_live(&r->record);
	if (!doubles_has_links(&r->record)) {
		return RC_OK;
	}
	rc = doubles_named(&r->record, schema_doubles_same(r->record.kind), w->arena, &named);
	copy = arena_take(w->arena, named.count * sizeof(*copy));
	if (rc != RC_OK || copy == NULL) {
		return rc != RC_OK ? rc : RC_NOMEM;
	}
	memcpy(copy, named.items, named.count * sizeof(*copy));
	r->links = (struct values){ copy, named.count };
	return RC_OK;
}

enum rc work_groups_was_counted(struct work *w, const struct work_record *r, bool *out)
{
	struct doubles_store s = stored_of(w);
	struct doubles_source before = doubles_stored(&s);

	return doubles_is_counted(&before, &r->record, w->arena, out);
}

enum rc work_groups_is_counted(struct work *w, const struct work_record *r, bool *out)
{
	struct doubles_source now = now_of(w);

	return doubles_is_counted(&now, &r->record, w->arena, out);
}

/* Whether the other names the record, on one side. */
static enum rc is_named_by(struct work *w, const struct doubles_source *side,
			   const struct record *r, struct uuid other, bool *out)
{
	size_t mark = arena_mark(w->arena);
	const struct record *o = NULL;
	enum rc rc = side->find(side->ctx, r->kind_number, other, w->arena, &o);

	*out = rc == RC_OK && o != NULL && doubles_names(o, schema_doubles_same(r->kind), r->id);
	arena_release(w->arena, mark);
	return rc;
}

/* --- who changed the groups ------------------------------------------------------- */

/* A record whose groups may not be what they were. */
struct trigger {
	uint16_t kind;
	struct uuid id;
	uint32_t order; /* in which they are gone through */
};

struct triggers {
	struct trigger *items; /* in the arena, by kind and id */
	uint32_t count, max;
};

static enum rc add_trigger(struct work *w, struct triggers *t, uint16_t kind, struct uuid id)
{
	uint32_t max = t->max == 0 ? 64 : 2 * t->max;
	struct trigger *items = t->items;

	if (t->count == t->max) {
		items = arena_take(w->arena, max * sizeof(*items));
		if (items == NULL) {
			return RC_NOMEM;
		}
		if (t->count > 0) {
			memcpy(items, t->items, t->count * sizeof(*items));
		}
		t->items = items;
		t->max = max;
	}
	t->items[t->count] = (struct trigger){ kind, id, 0 };
	t->count++;
	return RC_OK;
}

static int compare_triggers(const void *a, const void *b)
{
	const struct trigger *x = a, *y = b;

	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : uuid_compare(x->id, y->id);
}

/* Puts them in order, each once. */
static void settle_triggers(struct triggers *t)
{
	uint32_t i, kept = 0;

	if (t->count > 0) {
		qsort(t->items, t->count, sizeof(*t->items), compare_triggers);
	}
	for (i = 0; i < t->count; i++) {
		if (kept == 0 || compare_triggers(&t->items[kept - 1], &t->items[i]) != 0) {
			t->items[kept] = t->items[i];
			t->items[kept].order = kept;
			kept++;
		}
	}
	t->count = kept;
}

/* If the link with the other came or went, the other, too. */
static enum rc watch_other(struct work *w, struct triggers *t, const struct work_record *r,
			   struct bytes value, bool named_before, bool names_now)
{
	struct doubles_store s = stored_of(w);
	struct doubles_source before = doubles_stored(&s), now = now_of(w);
	bool was = false, is = false;
	struct uuid other;
	enum rc rc = RC_OK;

	if (!doubles_other(&r->record, value, &other)) {
		return RC_OK;
	}
	if (named_before) {
		rc = is_named_by(w, &before, &r->record, other, &was);
	}
	if (rc == RC_OK && names_now) {
		rc = is_named_by(w, &now, &r->record, other, &is);
	}
	return rc == RC_OK && was != is ? add_trigger(w, t, r->record.kind_number, other) : rc;
}

/* The members of a set stand by value, once: what both name is in no need of a look. */
static enum rc watch_others(struct work *w, struct triggers *t, const struct work_record *r,
			    const struct values *now)
{
	uint32_t i = 0, k = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK && (i < r->links.count || k < now->count)) {
		int order = i == r->links.count ? 1 :
			    k == now->count     ? -1 :
						  bytes_compare(r->links.items[i], now->items[k]);

		if (order == 0) {
			rc = watch_other(w, t, r, now->items[k], true, true);
		} else {
			rc = watch_other(w, t, r, order < 0 ? r->links.items[i] : now->items[k],
					 order<0, order> 0);
		}
		i += order <= 0;
		k += order >= 0;
	}
	return rc;
}

static bool is_same(const struct values *a, const struct values *b)
{
	uint32_t i;

	for (i = 0; i < a->count && a->count == b->count; i++) {
		if (!bytes_equal(a->items[i], b->items[i])) {
			return false;
		}
	}
	return a->count == b->count;
}

/* If the record's links or life changed. */
static enum rc watch_record(struct work *w, struct triggers *t, const struct work_record *r)
{
	struct values now = { NULL, 0 };
	const struct trigger *items = t->items;
	size_t mark = arena_mark(w->arena);
	enum rc rc = RC_OK;

	if (r->is_derived || !has_doubles(r) ||
	    (r->links.count == 0 && !doubles_has_links(&r->record))) {
		return RC_OK;
	}
	rc = doubles_named(&r->record, schema_doubles_same(r->record.kind), w->arena, &now);
	if (rc == RC_OK &&
	    !(r->existed && r->was_live == is_live(&r->record) && is_same(&r->links, &now))) {
		rc = add_trigger(w, t, r->record.kind_number, r->record.id);
		rc = rc == RC_OK ? watch_others(w, t, r, &now) : rc;
	}
	if (t->items == items) { /* else they lie behind what was taken */
		arena_release(w->arena, mark);
	}
	return rc;
}

static enum rc list_triggers(struct work *w, struct triggers *t)
{
	const struct work_record *r = NULL;
	enum rc rc = RC_OK;

	for (r = w->records; r != NULL && rc == RC_OK; r = r->hh.next) {
		rc = watch_record(w, t, r);
	}
	settle_triggers(t);
	return rc;
}

/* --- counting their groups anew ---------------------------------------------------- */

/* The first trigger in a group; UINT32_MAX: none, or the group is too large. */
static uint32_t first_trigger(const struct triggers *t, uint16_t kind,
			      const struct doubles_group *g)
{
	uint32_t i, first = UINT32_MAX;

	for (i = 0; i < g->count && !doubles_is_large(g); i++) {
		struct trigger key = { .kind = kind, .id = g->members[i].id };
		const struct trigger *found =
			bsearch(&key, t->items, t->count, sizeof(*t->items), compare_triggers);

		first = found != NULL && found->order < first ? found->order : first;
	}
	return first;
}

/* One side of the work, and what the other side is then. */
struct sides {
	const struct doubles_source *this, *other;
	bool is_before;
};

/* A member that nobody touched: it is what it was, but may count where it did
 * not, or the other way round. Who is in two groups, before and after, is looked at
 * from the one with the first trigger; from that before, if it is one for both. */
static enum rc recount_member(struct work *w, const struct triggers *t, const struct trigger *from,
			      const struct sides *sides, const struct doubles_group *group,
			      struct uuid id)
{
	struct doubles_group others;
	const struct record *r = NULL;
	uint32_t first = 0;
	bool here = doubles_counts(group, id), there = false;
	enum rc rc = sides->other->find(sides->other->ctx, from->kind, id, w->arena, &r);

	if (rc != RC_OK || r == NULL) {
		return rc;
	}
	rc = doubles_find_group(sides->other, r, w->arena, &others);
	if (rc != RC_OK) {
		return rc;
	}
	first = first_trigger(t, from->kind, &others);
	if (first < from->order || (first == from->order && !sides->is_before)) {
		return RC_OK;
	}
	there = doubles_counts(&others, id);
	return here == there ? RC_OK : work_count(w, r, here == sides->is_before ? -1 : 1);
}

static enum rc recount_group(struct work *w, const struct triggers *t, const struct trigger *from,
			     const struct sides *sides)
{
	struct doubles_group group = { .count = 0 };
	const struct record *r = NULL;
	size_t mark = arena_mark(w->arena);
	enum rc rc = sides->this->find(sides->this->ctx, from->kind, from->id, w->arena, &r);
	uint32_t i;

	if (rc == RC_OK && r != NULL) {
		rc = doubles_find_group(sides->this, r, w->arena, &group);
	}
	arena_release(w->arena, mark);
	if (first_trigger(t, from->kind, &group) != from->order) {
		return rc; /* too large; or it was looked at, or will be */
	}
	for (i = 0; rc == RC_OK && i < group.count; i++) {
		if (work_find(w, from->kind, group.members[i].id) == NULL) {
			rc = recount_member(w, t, from, sides, &group, group.members[i].id);
			rc = rc == RC_OK ? work_spill_cells(w, mark) : rc;
		}
	}
	return rc;
}

enum rc work_groups_recount(struct work *w)
{
	struct doubles_store s = stored_of(w);
	struct doubles_source before = doubles_stored(&s), now = now_of(w);
	const struct sides sides[] = { { &before, &now, true }, { &now, &before, false } };
	struct triggers t = { NULL, 0, 0 };
	enum rc rc = list_triggers(w, &t);
	uint32_t i, k;

	for (i = 0; i < t.count && rc == RC_OK; i++) {
		for (k = 0; k < 2 && rc == RC_OK; k++) {
			rc = recount_group(w, &t, &t.items[i], &sides[k]);
		}
	}
	return rc == RC_OK ? RC_OK : w->rc != RC_OK ? w->rc : rc;
}

static enum rc find_group_now(struct work *w, const struct record *r, struct doubles_group *out)
{
	struct doubles_source now = now_of(w);

	return doubles_find_group(&now, r, w->arena, out);
}

static uint32_t count_both(const struct doubles_group *a, const struct doubles_group *b)
{
	uint32_t i, k, count = a->count + b->count;

	for (i = 0; i < a->count; i++) {
		for (k = 0; k < b->count; k++) {
			count -= uuid_equal(a->members[i].id, b->members[k].id);
		}
	}
	return count;
}

enum rc work_group_with(struct work *w, const struct record *r, struct uuid other, uint32_t *count)
{
	struct doubles_group own, others;
	const struct record *o = NULL;
	size_t mark = arena_mark(w->arena);
	enum rc rc = find_now(w, r->kind_number, other, w->arena, &o);

	*count = 0;
	if (rc == RC_OK && o != NULL && doubles_names(o, schema_doubles_same(r->kind), r->id)) {
		rc = find_group_now(w, r, &own);
		if (rc == RC_OK) {
			rc = find_group_now(w, o, &others);
		}
		*count = rc == RC_OK ? count_both(&own, &others) : 0;
	}
	arena_release(w->arena, mark);
	return rc;
}

enum rc work_group_has(struct work *w, const struct record *r, struct uuid other, bool *out)
{
	struct doubles_group group;
	enum rc rc = find_group_now(w, r, &group);
	uint32_t i;

	*out = false;
	for (i = 0; rc == RC_OK && i < group.count; i++) {
		*out = *out || uuid_equal(group.members[i].id, other);
	}
	return rc;
}
