#include "node/store/replay.h"

#include <string.h>

#include "node/base/mem.h"
#include "node/store/context.h"
#include "node/store/floor.h"
#include "node/store/history.h"
#include "node/store/key.h"
#include "node/store/quarantine.h"
#include "sync/feed.h"

static bool is_same_dot(struct dot a, struct dot b)
{
	return a.feed == b.feed && a.seq == b.seq;
}

/* An entry, from among the last ones used or the store. */
static enum rc take_entry(struct replay *p, struct dot d, struct replay_entry **out)
{
	struct replay_entry *e = NULL;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < REPLAY_ENTRIES_KEPT; i++) {
		if (is_same_dot(p->entries[i].dot, d)) {
			*out = &p->entries[i];
			return RC_OK;
		}
	}
	e = &p->entries[p->entries_next];
	p->entries_next = (p->entries_next + 1) % REPLAY_ENTRIES_KEPT;
	*out = e;
	e->dot = (struct dot){ 0, 0 };
	e->at = 0;
	if (e->arena.p == NULL) {
		rc = mem_arena_open(&e->arena, LIMIT_STEP_ARENA_BYTES);
	} else {
		mem_arena_reset(&e->arena);
	}
	if (rc == RC_OK) {
		rc = history_load(p->txn, d, &e->arena, &e->entry);
	}
	if (rc == RC_OK) {
		e->dot = d;
	}
	return rc;
}

/* The change of the record that is in force, from e->at on. */
static enum rc find_from(struct replay *p, struct replay_entry *e, const struct record *r,
			 struct arena *a, struct change *out)
{
	bool in_force = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !in_force) {
		rc = history_find_change(&e->entry, r->kind_number, r->id, a, &e->at, out);
		if (rc == RC_OK) {
			rc = quarantine_in_force(p->txn, e->dot, e->at - 1, &in_force);
		} else if (rc != RC_NOTFOUND && rc != RC_NOMEM && e->at <= e->entry.changes_count) {
			/* One that does not decode is nobody's, if it was put aside. */
			enum rc why = rc;

			rc = quarantine_in_force(p->txn, e->dot, e->at - 1, &in_force);
			rc = rc == RC_OK && in_force ? why : rc;
		}
	}
	return rc;
}

/* Behind the last one found, else from the start. */
static enum rc find_change(struct replay *p, struct replay_entry *e, const struct record *r,
			   struct arena *a, struct change *out)
{
	enum rc rc = find_from(p, e, r, a, out);

	if (rc == RC_NOTFOUND) {
		e->at = 0;
		rc = find_from(p, e, r, a, out);
	}
	return rc;
}

/* A ruling that accepted a change of the record touches it, and no more. */
static enum rc find_ruling(struct replay *p, const struct replay_entry *e, const struct record *r,
			   struct change *out)
{
	const struct header *h = &e->entry.header;
	struct dot ruling;
	uint32_t i;
	enum rc rc = RC_NOTFOUND;

	for (i = 0; i < h->rulings_count && rc == RC_NOTFOUND; i++) {
		rc = quarantine_get_accepted(p->txn, h->rulings[i].dot, r->kind_number, r->id,
					     &ruling);
		rc = rc == RC_OK && !dot_equal(ruling, e->dot) ? RC_NOTFOUND : rc;
	}
	*out = (struct change){ .kind = r->kind_number, .id = r->id };
	return rc;
}

/* The values outlive the entry, which may be put out of the list. */
static enum rc keep_values(struct change *c, struct arena *a)
{
	struct op *ops = arena_take(a, c->ops_count * sizeof(*ops));
	uint32_t i;

	for (i = 0; i < c->ops_count && ops != NULL; i++) {
		ops[i] = c->ops[i];
		ops[i].value = arena_copy(a, ops[i].value);
		if (ops[i].value.p == NULL) {
			return RC_NOMEM;
		}
	}
	c->ops = ops;
	return ops == NULL ? RC_NOMEM : RC_OK;
}

/* Loads what entry d says of a record; the header is the kept entry's. */
static enum rc load_change(struct replay *p, const struct record *r, struct dot d, struct arena *a,
			   struct change *change, const struct header **header)
{
	struct replay_entry *e = NULL;
	enum rc rc = take_entry(p, d, &e);

	if (rc == RC_OK) {
		*header = &e->entry.header;
		rc = e->entry.header.rulings_count > 0 ? find_ruling(p, e, r, change) :
							 find_change(p, e, r, a, change);
	}
	return rc;
}

enum rc replay_apply(struct replay *p, const struct record *r, struct dot d, struct arena *a,
		     struct part *part)
{
	struct change change;
	struct context context = { .txn = p->txn, .change = &change };
	struct seen seen = { .ctx = &context, .covers = context_covers };
	enum rc rc = load_change(p, r, d, a, &change, &context.header);

	if (rc == RC_OK) {
		rc = keep_values(&change, a);
	}
	if (rc == RC_OK) {
		rc = part_apply(part, &change, d, &seen, a);
	}
	return rc == RC_OK ? context.rc : rc;
}

/* Whether an entry touched the record: then it is the last one of its feed, or
 * the index has it. */
static enum rc is_touch(const struct replay *p, const struct record *r, struct dot d, bool *out)
{
	struct key k = key_record_dot(r->kind_number, r->id, d);
	struct bytes v;
	enum rc rc = RC_OK;
	uint32_t i;

	*out = false;
	for (i = 0; i < r->parts_count && !*out; i++) {
		*out = vv_get(&r->parts[i].part.vector, d.feed) == d.seq;
	}
	if (!*out) {
		rc = kv_get(p->txn, KV_DOT, key_bytes(&k), &v);
		*out = rc == RC_OK;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Clears out when a version lacks what the writer of d had of a part. What the
 * writer's form left out is no matter: the record on that disk had it. */
static enum rc is_closed_under(struct replay *p, const struct record *r, const struct history *h,
			       struct dot d, const struct vv *version, bool *out)
{
	struct change plain = { .kind = r->kind_number, .id = r->id };
	struct context context = { .txn = p->txn, .change = &plain };
	struct replay_entry *e = NULL;
	enum rc rc = take_entry(p, d, &e);
	uint32_t i;

	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	context.header = &e->entry.header;
	for (i = 0; i < h->count && *out; i++) {
		*out = vv_covers(version, h->steps[i].dot) ||
		       !context_covers(&context, h->steps[i].dot);
	}
	return context.rc;
}

/* Clears out when a version is none of this part; touched: it has dots of it. */
static enum rc judge_part(struct replay *p, const struct record *r, uint32_t part,
			  const struct vv *version, struct arena *a, bool *touched, bool *out)
{
	size_t mark = arena_mark(a);
	struct history h;
	enum rc rc = history_get(p->txn, r, &r->parts[part], a, &h);
	uint32_t i;

	*touched = false;
	for (i = 0; i < version->count && rc == RC_OK && *out; i++) {
		if (feed_scope(version->dots[i].feed) == r->parts[part].scope) {
			*touched = true;
			rc = is_closed_under(p, r, &h, version->dots[i], version, out);
		}
	}
	arena_release(a, mark);
	return rc;
}

enum rc replay_had(struct replay *p, const struct record *r, const struct vv *version,
		   struct arena *a, bool *out)
{
	bool lives = false, touched = false;
	enum rc rc = RC_OK;
	uint32_t i;

	*out = true;
	for (i = 0; i < version->count && rc == RC_OK && *out; i++) {
		rc = is_touch(p, r, version->dots[i], out);
	}
	for (i = 0; i < r->parts_count && rc == RC_OK && *out; i++) {
		rc = judge_part(p, r, i, version, a, &touched, out);
		lives = lives || (touched && r->parts[i].part.heads_count > 0);
	}
	*out = *out && lives;
	return rc;
}

enum rc replay_as_of(struct replay *p, const struct record *r, const struct vv *version,
		     struct arena *a, struct record *out)
{
	struct quarantine_version v = { p->txn, r->kind_number, r->id, version };
	enum rc rc = RC_OK;
	uint32_t i, k;

	*out = *r;
	out->parts = arena_take(a, r->parts_count * sizeof(*out->parts));
	out->parts_max = r->parts_count;
	if (out->parts == NULL) {
		return RC_NOMEM;
	}
	if (r->parts_count > 0) {
		memcpy(out->parts, r->parts, r->parts_count * sizeof(*out->parts));
	}
	for (i = 0; i < r->parts_count && rc == RC_OK; i++) {
		struct history h;
		bool covered = false;

		rc = floor_part(p->txn, r->kind_number, r->id, r->parts[i].scope, a,
				&out->parts[i].part);
		if (rc != RC_OK) {
			return rc;
		}
		rc = history_get(p->txn, r, &r->parts[i], a, &h);
		for (k = 0; rc == RC_OK && k < h.count; k++) {
			rc = quarantine_version_covers(&v, h.steps[k].dot, &covered);
			if (rc == RC_OK && covered) {
				rc = replay_apply(p, r, h.steps[k].dot, a, &out->parts[i].part);
			}
		}
	}
	return rc;
}

/* Whether the author of a change had seen what the version covers of a part,
 * and nothing else of it. */
static bool is_said_of(struct context *context, const struct history *h,
		       const struct quarantine_version *v)
{
	bool covered = false;
	uint32_t i = 0;

	while (i < h->count && context->rc == RC_OK) {
		context->rc = quarantine_version_covers(v, h->steps[i].dot, &covered);
		if (context_covers(context, h->steps[i].dot) != covered) {
			break;
		}
		i++;
	}
	return i == h->count && context->rc == RC_OK;
}

/* Appends the operations of a change; there are few of these. */
static enum rc add_ops(struct replay_ops *ops, const struct change *c, struct arena *a)
{
	struct op *wider = arena_take(a, (ops->count + c->ops_count) * sizeof(*wider));
	uint32_t i;

	if (wider == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < ops->count; i++) {
		wider[i] = ops->items[i];
	}
	for (i = 0; i < c->ops_count; i++) {
		wider[ops->count + i] = c->ops[i];
	}
	ops->items = wider;
	ops->count += c->ops_count;
	return RC_OK;
}

/* What an author said, while it is looked for. */
struct said {
	struct replay *replay;
	const struct record *r;
	const struct vv *version;
	struct replay_author author;
	struct arena *arena;
	struct replay_ops *out;
};

/* What one entry of a part's history adds to the list. */
static enum rc add_said(const struct said *s, const struct history *h, struct dot d)
{
	struct change change;
	struct context context = { .txn = s->replay->txn, .change = &change };
	struct quarantine_version v = { s->replay->txn, s->r->kind_number, s->r->id, s->version };
	enum rc rc = RC_OK;

	if (feed_office(d.feed) != s->author.office || vv_covers(s->version, d)) {
		return RC_OK;
	}
	rc = load_change(s->replay, s->r, d, s->arena, &change, &context.header);
	if (rc != RC_OK || !bytes_equal(context.header->author, s->author.name) ||
	    !is_said_of(&context, h, &v)) {
		return rc == RC_OK ? context.rc : rc;
	}
	rc = keep_values(&change, s->arena);
	return rc == RC_OK ? add_ops(s->out, &change, s->arena) : rc;
}

enum rc replay_said(struct replay *p, const struct record *r, const struct vv *version,
		    struct replay_author author, struct arena *a, struct replay_ops *out)
{
	struct said s = { p, r, version, author, a, out };
	enum rc rc = RC_OK;
	uint32_t i, k;

	out->items = NULL;
	out->count = 0;
	for (i = 0; i < r->parts_count && rc == RC_OK; i++) {
		struct history h;

		rc = history_get(p->txn, r, &r->parts[i], a, &h);
		for (k = 0; rc == RC_OK && k < h.count; k++) {
			rc = add_said(&s, &h, h.steps[k].dot);
		}
	}
	return rc;
}

void replay_forget(struct replay *p)
{
	uint32_t i;

	for (i = 0; i < REPLAY_ENTRIES_KEPT; i++) {
		p->entries[i].dot = (struct dot){ 0, 0 };
	}
}

void replay_close(struct replay *p)
{
	uint32_t i;

	for (i = 0; i < REPLAY_ENTRIES_KEPT; i++) {
		mem_arena_close(&p->entries[i].arena);
		p->entries[i].arena = (struct arena){ NULL, 0, 0 };
	}
	replay_forget(p);
}
