/* Planning, and what backups hold; compact_step.c and compact_drop.c do it. */
#include "node/store/compact.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/base/mem.h"
#include "node/store/confirm.h"
#include "node/store/history.h"

enum { NAME_MAX_LEN = 24, PLAN_ARENA = 16 << 20 };

static struct bytes backup_name(uint16_t scope, char name[NAME_MAX_LEN])
{
	(void)snprintf(name, NAME_MAX_LEN, "backup %u", scope);
	return bytes_of(name);
}

/* How far the last backup holds the centre's feed of a scope. */
static enum rc get_backed_up(struct kv_txn *t, uint16_t scope, uint64_t *out)
{
	char name[NAME_MAX_LEN];
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, backup_name(scope, name), &v);

	*out = 0;
	if (rc == RC_OK) {
		r = bytes_reader_init(v);
		*out = bytes_get_be64(&r);
		rc = r.rc;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static void hold(struct compact_plan *p, uint64_t seq, enum compact_hold why, uint16_t office)
{
	if (seq < p->target) {
		p->target = seq;
		p->hold = why;
		p->office = office;
	}
}

/* Living: not closed. One that was never here starts with a base. */
static enum rc plan_centre(struct store *s, struct kv_txn *t, struct compact_plan *p)
{
	const struct catalog *c = s->catalog;
	uint64_t seq = 0;
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < c->offices_count && rc == RC_OK; i++) {
		const struct office_info *o = &c->offices[i];

		if (!o->is_closed && o->has_key && catalog_is_member(c, o->number, p->scope)) {
			rc = confirm_seen(t, o->number, p->scope, &seq);
			hold(p, seq, COMPACT_OFFICE, o->number);
		}
	}
	if (rc == RC_OK) {
		rc = get_backed_up(t, p->scope, &seq);
		hold(p, seq, COMPACT_BACKUP, 0);
	}
	return rc;
}

/* The least that the authors of a feed's entries behind a seq had applied. */
static enum rc find_least(struct kv_txn *t, const struct feed_state *f, uint64_t after,
			  struct arena *a, uint64_t *least)
{
	enum rc rc = RC_OK;
	uint64_t seq;

	for (seq = after + 1; seq <= f->applied && rc == RC_OK; seq++) {
		size_t mark = arena_mark(a);
		struct entry e;

		rc = history_load(t, (struct dot){ f->feed, seq }, a, &e);
		if (rc == RC_OK && e.header.seen_centre < *least) {
			*least = e.header.seen_centre;
		}
		arena_release(a, mark);
	}
	return rc;
}

/* The same over all offices, behind the anchors of a floor. */
static enum rc find_least_above(struct kv_txn *t, uint64_t centre_feed, uint64_t seq,
				struct arena *a, uint64_t *least)
{
	struct floor f = { .scope = feed_scope(centre_feed) };
	struct feed_state s;
	uint64_t from = feed_pack(1, 0, 0);
	enum rc rc = floor_list(t, centre_feed, seq, a, &f.anchors);

	*least = UINT64_MAX;
	while (rc == RC_OK && from != 0) {
		rc = feeds_next(t, from, &s);
		from = rc == RC_OK ? s.feed + 1 : 0;
		if (rc == RC_OK && feed_scope(s.feed) == f.scope) {
			rc = find_least(t, &s, floor_of_feed(&f, s.feed), a, least);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/*
 * What was applied above the floor before it is stated must not be barred by
 * it, nor by an earlier one: who begins with the base goes by this floor from
 * the start. So whatever lies above it was written by somebody who had applied
 * it; else it is lowered.
 */
static enum rc settle(struct store *s, struct kv_txn *t, struct compact_plan *p)
{
	uint64_t feed = store_centre_feed(s, p->scope), least = 0;
	struct arena a = { NULL, 0, 0 };
	bool lowered = true;
	enum rc rc = mem_arena_open(&a, PLAN_ARENA);

	while (rc == RC_OK && lowered && p->target > p->floor) {
		mem_arena_reset(&a);
		rc = find_least_above(t, feed, p->target, &a, &least);
		lowered = rc == RC_OK && least < p->target;
		if (lowered) { /* and what was below it may lie above it now */
			p->target = least;
		}
	}
	mem_arena_close(&a);
	return rc;
}

static enum rc plan_office(struct kv_txn *t, struct compact_plan *p)
{
	struct floor said;
	enum rc rc = floor_get(t, p->scope, FLOOR_SAID, &said);

	if (rc == RC_OK || rc == RC_NOTFOUND) {
		hold(p, rc == RC_OK ? said.point.seq : 0, COMPACT_CENTRE, 0);
		rc = RC_OK;
	}
	return rc;
}

/* Whether the first entry of the centre's feed is still here. */
static bool has_first(struct kv_txn *t, uint64_t feed)
{
	struct key k = key_dot((struct dot){ feed, 1 });
	struct bytes v;

	return kv_get(t, KV_ENTRY, key_bytes(&k), &v) == RC_OK;
}

enum rc compact_plan(struct store *s, struct kv_txn *t, uint16_t scope, struct compact_plan *out)
{
	const struct scope_info *info = catalog_scope(s->catalog, scope);
	uint64_t feed = store_centre_feed(s, scope);
	struct feed_state centre;
	struct floor here;
	enum rc rc = RC_OK;

	*out = (struct compact_plan){ .scope = scope };
	if (scope == 0 || info == NULL || info->reach == REACH_OFFICE ||
	    !catalog_is_member(s->catalog, s->info.number, scope)) {
		return RC_NOTFOUND;
	}
	rc = feeds_get(t, feed, &centre);
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	out->head = out->target = centre.applied;
	rc = floor_get(t, scope, FLOOR_HERE, &here);
	if (rc == RC_OK) {
		out->floor = here.point.seq;
		out->lags = here.point.seq > 1 && has_first(t, feed);
	}
	if (rc == RC_OK || rc == RC_NOTFOUND) {
		rc = s->info.is_centre ? plan_centre(s, t, out) : plan_office(t, out);
	}
	if (rc == RC_OK && s->info.is_centre) {
		rc = settle(s, t, out);
	}
	if (rc != RC_OK) {
		return rc;
	}
	out->target = out->target < out->floor ? out->floor : out->target;
	return RC_OK;
}

enum rc compact_ask(struct store *s, const struct compact_plan *p)
{
	struct work w;
	enum rc rc = work_begin(s, &w);

	if (rc == RC_OK) {
		rc = confirm_ask(w.txn, p->scope, p->head);
	}
	if (rc == RC_OK) {
		return work_commit(&w);
	}
	work_abort(&w);
	return rc;
}

enum rc compact_read_heads(struct store *s, struct kv_txn *t, struct dot **heads, uint32_t *count)
{
	const struct catalog *c = s->catalog;
	uint32_t i;

	*count = 0;
	*heads = calloc(c->scopes_count + 1, sizeof(**heads));
	if (*heads == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < c->scopes_count && s->info.is_centre; i++) {
		struct feed_state state;
		enum rc rc = feeds_get(t, store_centre_feed(s, c->scopes[i].scope), &state);

		if (rc == RC_OK) {
			(*heads)[(*count)++] = (struct dot){ state.feed, state.applied };
		} else if (rc != RC_NOTFOUND) {
			return rc;
		}
	}
	return RC_OK;
}

static enum rc put_backed_up(struct kv_txn *t, struct dot head)
{
	char name[NAME_MAX_LEN];
	uint8_t buffer[8];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be64(&w, head.seq);
	return kv_put(t, KV_META, backup_name(feed_scope(head.feed), name), bytes_written(&w));
}

enum rc compact_note_backup(struct store *s, const struct dot *heads, uint32_t count)
{
	struct work w;
	uint32_t i;
	enum rc rc = count == 0 ? RC_OK : work_begin(s, &w);

	if (rc != RC_OK || count == 0) {
		return rc;
	}
	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = put_backed_up(w.txn, heads[i]);
	}
	if (rc == RC_OK) {
		return work_commit(&w);
	}
	work_abort(&w);
	return rc;
}
