/*
 * Doubles in figures, while records change.
 *
 * A group counts once (doubles.h), so that a change of one record can make
 * another one count or not. What a record counted before is taken back when it
 * is loaded; at that time, and until anything is written, the store still has
 * everything as it was: so *before* is looked up in the store alone, *after*
 * among what was touched first.
 *
 * Whose turn it is can change only in groups, before or after, of a record that
 * changed its links or its life, or of one whose link with such a record came
 * or went. When the work is flushed, all members of those are touched: then
 * each takes back and adds what is its own. Groups that are too large are left
 * alone, since there everybody counts whoever else is in them.
 */
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

/* Touches all members of the record's group, on one side of the work. */
static enum rc pull_group(struct work *w, const struct doubles_source *side, uint16_t kind,
			  struct uuid id)
{
	struct doubles_group group = { .count = 0 };
	const struct record *r = NULL;
	size_t mark = arena_mark(w->arena);
	enum rc rc = side->find(side->ctx, kind, id, w->arena, &r);
	uint32_t i;

	if (rc == RC_OK && r != NULL) {
		rc = doubles_find_group(side, r, w->arena, &group);
	}
	arena_release(w->arena, mark);
	for (i = 0; rc == RC_OK && i < group.count && !doubles_is_large(&group); i++) {
		bool was_touched = work_find(w, kind, group.members[i].id) != NULL;
		struct work_record *member = work_touch(w, kind, group.members[i].id);

		if (member == NULL) {
			return w->rc;
		}
		member->is_pulled = member->is_pulled || !was_touched;
	}
	return rc;
}

static enum rc pull_both(struct work *w, uint16_t kind, struct uuid id)
{
	struct doubles_store s = stored_of(w);
	struct doubles_source before = doubles_stored(&s), now = now_of(w);
	enum rc rc = pull_group(w, &before, kind, id);

	return rc == RC_OK ? pull_group(w, &now, kind, id) : rc;
}

static bool lists(const struct values *v, struct bytes value)
{
	uint32_t i;

	for (i = 0; i < v->count; i++) {
		if (bytes_equal(v->items[i], value)) {
			return true;
		}
	}
	return false;
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

/* If the link with the other came or went, the other's groups, too. */
static enum rc pull_other(struct work *w, const struct work_record *r, struct bytes value,
			  bool named_before, bool names_now)
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
	return rc == RC_OK && was != is ? pull_both(w, r->record.kind_number, other) : rc;
}

static enum rc pull_others(struct work *w, const struct work_record *r, const struct values *now)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < r->links.count && rc == RC_OK; i++) {
		rc = pull_other(w, r, r->links.items[i], true, lists(now, r->links.items[i]));
	}
	for (i = 0; i < now->count && rc == RC_OK; i++) {
		if (!lists(&r->links, now->items[i])) {
			rc = pull_other(w, r, now->items[i], false, true);
		}
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
static enum rc pull_record(struct work *w, const struct work_record *r)
{
	struct values now = { NULL, 0 };
	enum rc rc = RC_OK;

	if (r->is_pulled || !has_doubles(r) ||
	    (r->links.count == 0 && !doubles_has_links(&r->record))) {
		return RC_OK;
	}
	rc = doubles_named(&r->record, schema_doubles_same(r->record.kind), w->arena, &now);
	if (rc != RC_OK ||
	    (r->existed && r->was_live == is_live(&r->record) && is_same(&r->links, &now))) {
		return rc;
	}
	rc = pull_both(w, r->record.kind_number, r->record.id);
	return rc == RC_OK ? pull_others(w, r, &now) : rc;
}

enum rc work_groups_pull(struct work *w)
{
	const struct work_record *r = NULL;
	enum rc rc = RC_OK;

	/* What is touched meanwhile stands at the end, and is passed over. */
	for (r = w->records; r != NULL && rc == RC_OK; r = r->hh.next) {
		rc = pull_record(w, r);
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
