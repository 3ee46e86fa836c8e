/*
 * Strays (react_move.h): what somebody of the old home wrote before hearing
 * that the record had left.
 *
 * Values go with an empty form, so that they stand beside what is there: the
 * new home has to look at them. What was replaced again in the old part by the
 * time it is carried does not go; that it was taken out of a set takes effect
 * for what the old home could have seen.
 */
#include <string.h>

#include "node/store/carry.h"
#include "node/store/history.h"
#include "node/store/react_move.h"
#include "node/store/records.h"
#include "proto/entry_codec.h"
#include "sync/feed.h"

static const char system_author[] = "kerwen";
static const char no_reason[] = "written before the move was known";

/* A change on its way to where the record is now. */
struct stray {
	struct work *w;
	const struct react_change *name;
	const struct record *record;
	struct view_source source;
	struct author_origin origin;
	struct bytes reason;
	struct change change;
	uint16_t from, to; /* scopes */
	struct commit commit;
};

static const struct part *find_part(const struct record *r, uint16_t scope)
{
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		if (r->parts[i].scope == scope) {
			return &r->parts[i].part;
		}
	}
	return NULL;
}

/* Where the scope of the change has gone with the record. */
static enum rc find_scope(struct stray *s)
{
	const struct catalog *c = s->w->store->catalog;
	const struct scope_info *from = catalog_scope(c, s->from);
	uint16_t office = 0, region_scope = 0;

	if (s->record->kind == NULL || !view_home(s->record, &office, &region_scope)) {
		return RC_NOTFOUND;
	}
	/* A scope that is no more was a region's: see records_settle. */
	return catalog_scope_of(c, from == NULL ? REACH_REGION : from->reach, office, region_scope,
				&s->to);
}

static enum rc load(struct stray *s)
{
	struct entry e;
	enum rc rc = history_load(s->w->txn, s->name->dot, s->w->arena, &e);

	if (rc == RC_OK) {
		s->reason = e.header.reason.len > 0 ? e.header.reason : bytes_of(no_reason);
		rc = entry_decode_change(&e, s->name->place, s->w->arena, &s->change);
	}
	if (rc == RC_OK) {
		s->record = work_record(s->w, s->name->kind, s->name->id);
		rc = s->record == NULL ? s->w->rc : find_scope(s);
	}
	return rc == RC_OK ?
		       carry_origin(s->w->txn, s->name->dot, &s->source, s->w->arena, &s->origin) :
		       rc;
}

/* Whether what an op said still stands in the old part. */
static bool is_live(const struct stray *s, const struct op *op)
{
	const struct part *p = find_part(s->record, s->from);
	const struct part_field *f = p == NULL ? NULL :
						 part_find(p, op->field, part_class_of(op->code));
	uint32_t i;

	for (i = 0; f != NULL && i < f->items_count; i++) {
		if (dot_equal(f->items[i].dot, s->name->dot) &&
		    (f->class == CLASS_REGISTER || bytes_equal(f->items[i].value, op->value))) {
			return true;
		}
	}
	return false;
}

/* Whether the deletion still stands there. */
static bool is_deletion_live(const struct stray *s)
{
	const struct part *p = find_part(s->record, s->from);
	uint32_t i;

	for (i = 0; p != NULL && i < p->heads_count; i++) {
		if (p->heads[i].deleted && dot_equal(p->heads[i].dot, s->name->dot)) {
			return true;
		}
	}
	return false;
}

static bool goes(const struct stray *s, const struct op *op)
{
	switch (op->code) {
	case OP_PUT:
	case OP_CLEAR:
	case OP_SET_ADD:
		return op->field != FIELD_HOME && is_live(s, op);
	case OP_SET_REMOVE:
		return false; /* by itself: see remove_member */
	case OP_COUNT:
	case OP_LOG:
		return true;
	}
	return false;
}

/* Whether an office could write in the scope that the change comes from. */
static bool is_of_old_home(const struct stray *s, uint16_t office)
{
	return office == 0 || catalog_is_member(s->w->store->catalog, office, s->from);
}

static bool has_member(const struct part *p, const struct op *op)
{
	const struct part_field *f = p == NULL ? NULL : part_find(p, op->field, CLASS_SET);
	uint32_t i;

	for (i = 0; f != NULL && i < f->items_count; i++) {
		if (bytes_equal(f->items[i].value, op->value)) {
			return true;
		}
	}
	return false;
}

/*
 * The last of the dots by which the member was carried here from the old home.
 * Whatever the author of the removal had not seen keeps it in the old part, or
 * was added here by others, by dots of their own.
 */
static enum rc find_carried(struct stray *s, const struct op *op, struct dot *last)
{
	const struct part *p = find_part(s->record, s->to);
	const struct part_field *f = p == NULL ? NULL : part_find(p, op->field, CLASS_SET);
	enum rc rc = RC_OK;
	uint32_t i;

	*last = (struct dot){ 0, 0 };
	for (i = 0; f != NULL && i < f->items_count && rc == RC_OK; i++) {
		size_t mark = arena_mark(s->w->arena);
		struct dot d = f->items[i].dot;
		struct entry e;

		if (feed_office(d.feed) != 0 || d.seq <= last->seq ||
		    !bytes_equal(f->items[i].value, op->value)) {
			continue;
		}
		rc = history_load(s->w->txn, d, s->w->arena, &e);
		if (rc == RC_OK && e.header.is_carried &&
		    is_of_old_home(s, e.header.carried_office)) {
			*last = d;
		}
		arena_release(s->w->arena, mark);
	}
	return rc;
}

/* The touch that goes with every change where existence lives. */
static enum life touch_of(const struct stray *s)
{
	return s->change.life == LIFE_NONE ? LIFE_NONE : LIFE_ALIVE;
}

/* The deletion that a form up to `last` covers there; NULL: none. */
static const struct head *find_deletion(const struct stray *s, struct dot last)
{
	const struct part *p = find_part(s->record, s->to);
	uint32_t i;

	for (i = 0; p != NULL && i < p->heads_count; i++) {
		if (p->heads[i].deleted && p->heads[i].dot.feed == last.feed &&
		    p->heads[i].dot.seq <= last.seq) {
			return &p->heads[i];
		}
	}
	return NULL;
}

/* A removal touches the record with its form; it decides nothing about a
 * deletion that stands there. */
static enum rc put_deletion(struct stray *s, struct dot deletion)
{
	struct author_origin *origin = arena_take(s->w->arena, sizeof(*origin));
	struct change out = {
		.kind = s->change.kind, .id = s->change.id, .life = LIFE_DELETED, .has_form = true
	};
	enum rc rc = origin == NULL ?
			     RC_NOMEM :
			     carry_origin(s->w->txn, deletion, &s->source, s->w->arena, origin);

	return rc == RC_OK ? commit_put(&s->commit, s->to, &out, origin) : rc;
}

static enum rc remove_member(struct stray *s, const struct op *op)
{
	struct dot last;
	struct change out = { .kind = s->change.kind,
			      .id = s->change.id,
			      .life = touch_of(s),
			      .ops = op,
			      .ops_count = 1,
			      .has_form = true };
	const struct head *deletion = NULL;
	struct dot deleted = { 0, 0 };
	enum rc rc = RC_OK;

	if (has_member(find_part(s->record, s->from), op)) {
		return RC_OK;
	}
	rc = find_carried(s, op, &last);
	if (rc != RC_OK || last.seq == 0) {
		return rc;
	}
	deletion = find_deletion(s, last);
	if (deletion != NULL) {
		deleted = deletion->dot;
	}
	out.form = (struct vv){ &last, 1, 1 };
	rc = commit_put(&s->commit, s->to, &out, &s->origin);
	return rc == RC_OK && deleted.seq > 0 ? put_deletion(s, deleted) : rc;
}

static enum rc put_rest(struct stray *s)
{
	struct op *ops = arena_take(s->w->arena, s->change.ops_count * sizeof(*ops));
	struct change out = { .kind = s->change.kind,
			      .id = s->change.id,
			      .life = touch_of(s),
			      .ops = ops,
			      .has_form = true };
	uint32_t i;

	if (ops == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < s->change.ops_count; i++) {
		if (goes(s, &s->change.ops[i])) {
			ops[out.ops_count++] = s->change.ops[i];
		}
	}
	if (s->change.life == LIFE_DELETED && is_deletion_live(s)) {
		out.life = LIFE_DELETED;
	}
	return out.ops_count == 0 && out.life == LIFE_NONE ?
		       RC_OK :
		       commit_put(&s->commit, s->to, &out, &s->origin);
}

static enum rc write(struct stray *s)
{
	enum rc rc = commit_join(&s->commit, s->w, bytes_of(system_author), s->reason);
	uint32_t i;

	for (i = 0; i < s->change.ops_count && rc == RC_OK; i++) {
		if (s->change.ops[i].code == OP_SET_REMOVE) {
			rc = remove_member(s, &s->change.ops[i]);
		}
	}
	if (rc == RC_OK) {
		rc = put_rest(s);
	}
	return rc == RC_OK ? commit_end(&s->commit) : rc;
}

enum rc react_stray(struct work *w, const struct react_change *name)
{
	struct records_stamps stamps = { w->txn, w->store->info.centre_incarnation, w->arena };
	struct stray s = { .w = w, .name = name, .source = records_source(&stamps) };
	enum rc rc = RC_OK;

	s.from = feed_scope(name->dot.feed);
	rc = load(&s);
	if (rc == RC_NOTFOUND || (rc == RC_OK && s.to == s.from)) {
		return RC_OK; /* it is back where it was */
	}
	return rc == RC_OK ? write(&s) : rc;
}
