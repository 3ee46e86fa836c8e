/*
 * One transaction that moves the floor of a scope (compact.h):
 *
 *   1. each record: its state at the new floor, from the one at the old floor
 *      and the entries between the two; the table `base` keeps it only where
 *      the record has entries above the floor
 *   2. contexts: the headers of the entries of which something is live in these
 *      states, and of the centre's entries that bound their times
 *   3. measuring; at the centre the entry that states it
 */
#include <string.h>

#include "node/base/mem.h"
#include "node/store/author.h"
#include "node/store/compact.h"
#include "node/store/dots.h"
#include "node/store/history.h"
#include "node/store/parts.h"
#include "node/store/replay.h"
#include "proto/entry_codec.h"

struct step {
	struct work *w;
	struct kv_txn *txn;
	struct floor next; /* its anchors are in `memory` */
	struct arena memory;
	struct arena *arena; /* of the row at hand */
	struct replay replay;
	struct dots live;
};

static enum rc note_live(struct step *s, const struct part *p)
{
	enum rc rc = RC_OK;
	uint32_t i, k;

	for (i = 0; i < p->heads_count && rc == RC_OK; i++) {
		rc = dots_add(&s->live, p->heads[i].dot);
	}
	for (i = 0; i < p->fields_count; i++) {
		const struct part_field *f = &p->fields[i];

		for (k = 0; k < f->items_count && rc == RC_OK && f->class != CLASS_COUNTER; k++) {
			rc = dots_add(&s->live, f->items[k].dot);
		}
	}
	return rc;
}

static enum rc put_state(struct step *s, enum kv_table table, const struct key *k,
			 const struct part *p)
{
	struct bytes_writer w =
		bytes_writer_init(s->arena->p + s->arena->used, s->arena->max - s->arena->used);

	part_encode(p, &w);
	return w.rc == RC_OK ? kv_put(s->txn, table, key_bytes(k), bytes_written(&w)) : RC_NOMEM;
}

/* The state at the new floor of a record that has entries above it. */
static enum rc replay_to(struct step *s, struct record *r, struct part *out)
{
	struct record_part *now = &r->parts[0];
	struct history h;
	uint32_t i;
	enum rc rc = floor_part(s->txn, r->kind_number, r->id, now->scope, s->arena, out);

	if (rc == RC_OK) {
		rc = history_get(s->txn, r, now, s->arena, &h);
	}
	for (i = 0; rc == RC_OK && i < h.count; i++) {
		bool has = false;

		rc = floor_has(s->txn, &s->next, r->kind_number, r->id, h.steps[i].dot, &has);
		if (rc == RC_OK && has) {
			rc = replay_apply(&s->replay, r, h.steps[i].dot, s->arena, out);
		}
	}
	return rc == RC_NOTFOUND ? RC_CORRUPT : rc;
}

/* A row of the table `record`: its key is k. */
static enum rc step_record(struct step *s, struct record *r, const struct key *k,
			   struct bytes value)
{
	bool refers = value.len > 0 && value.p[0] == 0;
	struct part base;
	enum rc rc = parts_read(s->txn, value, s->arena, &r->parts[0].part);

	if (rc == RC_OK && floor_covers_all(&s->next, &r->parts[0].part.vector)) {
		rc = note_live(s, &r->parts[0].part);
		rc = rc == RC_OK ? kv_del(s->txn, KV_BASE, key_bytes(k)) : rc;
		/* The entry that it refers to will be gone. */
		return rc == RC_OK && refers ? put_state(s, KV_RECORD, k, &r->parts[0].part) : rc;
	}
	if (rc == RC_OK) {
		rc = replay_to(s, r, &base);
	}
	if (rc != RC_OK || base.vector.count == 0) {
		return rc;
	}
	rc = note_live(s, &base);
	return rc == RC_OK ? put_state(s, KV_BASE, k, &base) : rc;
}

/* The next record row behind a key; *value borrows. */
static enum rc find_record(struct step *s, struct key *at, struct bytes *value)
{
	struct kv_cursor *c = kv_cursor_open(s->txn, KV_RECORD);
	struct key from = *at;
	struct bytes k;
	enum rc rc = c == NULL ? RC_NOMEM : RC_OK;

	if (from.len > 0) {
		from.b[from.len++] = 0;
	}
	rc = rc == RC_OK ? kv_cursor_seek(c, key_bytes(&from), &k, value) : rc;
	while (rc == RC_OK &&
	       (k.len != 2 + UUID_LEN + 2 || (k.p[18] << 8 | k.p[19]) != s->next.scope)) {
		rc = kv_cursor_next(c, &k, value);
	}
	if (rc == RC_OK) {
		memcpy(at->b, k.p, k.len);
		at->len = k.len;
	}
	kv_cursor_close(c);
	return rc;
}

static enum rc step_records(struct step *s)
{
	struct record_part part = { .scope = s->next.scope };
	struct record r = { .parts = &part, .parts_count = 1, .parts_max = 1 };
	struct key at = { .len = 0 };
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		size_t mark = arena_mark(s->arena);
		struct bytes value;

		rc = find_record(s, &at, &value);
		if (rc == RC_OK) {
			r.kind_number = (uint16_t)(at.b[0] << 8 | at.b[1]);
			memcpy(r.id.b, at.b + 2, UUID_LEN);
			rc = step_record(s, &r, &at, value);
		}
		arena_release(s->arena, mark);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* --- contexts ------------------------------------------------------------------------- */

/* Adds the centre's entries that bound the times of those that are live. */
static enum rc add_bounds(struct step *s)
{
	uint64_t feed = store_centre_feed(s->w->store, s->next.scope);
	uint32_t i, count = 0;
	enum rc rc = RC_OK;

	dots_sort(&s->live);
	count = s->live.count;
	for (i = 0; i < count && rc == RC_OK; i++) {
		size_t mark = arena_mark(s->arena);
		struct entry e;

		if (feed_office(s->live.items[i].feed) == 0) {
			continue;
		}
		rc = history_load(s->txn, s->live.items[i], s->arena, &e);
		if (rc == RC_OK && e.header.seen_centre > 0 &&
		    e.header.seen_centre <= s->next.point.seq) {
			rc = dots_add(&s->live, (struct dot){ feed, e.header.seen_centre });
		}
		rc = rc == RC_NOTFOUND ? RC_OK : rc;
		arena_release(s->arena, mark);
	}
	dots_sort(&s->live);
	return rc;
}

/* Puts the header of an entry into the table, unless it is there. */
static enum rc put_context(struct step *s, struct dot d)
{
	struct key k = key_dot(d);
	struct bytes_writer w;
	struct feed_entry stored;
	struct bytes v;
	struct entry e;
	size_t max = 0;
	enum rc rc = kv_get(s->txn, KV_CONTEXT, key_bytes(&k), &v);

	if (rc == RC_OK) {
		return RC_OK;
	}
	rc = feeds_get_entry(s->txn, d, &stored);
	rc = rc == RC_OK ? entry_decode(stored.bytes, s->arena, &e) : rc;
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	max = HASH_LEN + 16 + stored.bytes.len;
	w = bytes_writer_init(arena_take(s->arena, max), max);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	bytes_put(&w, stored.hash, HASH_LEN);
	bytes_put_be64(&w, stored.changes);
	bytes_put_be64(&w, stored.commit);
	entry_encode(e.header_bytes, bytes_at(NULL, 0), NULL, 0, &w);
	return w.rc == RC_OK ? kv_put(s->txn, KV_CONTEXT, key_bytes(&k), bytes_written(&w)) : w.rc;
}

/* Deletes the contexts of a feed that are not needed any more. */
static enum rc drop_contexts(struct step *s, uint64_t feed)
{
	struct key at = key_feed(feed), prefix = at;
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		struct kv_cursor *c = kv_cursor_open(s->txn, KV_CONTEXT);
		struct dot d = { feed, 0 };
		struct bytes_reader r;
		struct bytes k, v;

		rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&at), &k, &v);
		if (rc == RC_OK && !key_has_prefix(k, &prefix)) {
			rc = RC_NOTFOUND;
		}
		if (rc == RC_OK) {
			r = bytes_reader_init(bytes_at(k.p + prefix.len, k.len - prefix.len));
			d.seq = bytes_get_be64(&r);
		}
		kv_cursor_close(c);
		if (rc == RC_OK && !dots_has(&s->live, d)) {
			at = key_dot(d);
			rc = kv_del(s->txn, KV_CONTEXT, key_bytes(&at));
		}
		at = key_dot((struct dot){ feed, d.seq + 1 });
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc step_contexts(struct step *s)
{
	uint32_t i;
	enum rc rc = add_bounds(s);

	for (i = 0; i < floor_count(&s->next) && rc == RC_OK; i++) {
		rc = drop_contexts(s, floor_anchor(&s->next, i).feed);
	}
	for (i = 0; i < s->live.count && rc == RC_OK; i++) {
		size_t mark = arena_mark(s->arena);

		rc = put_context(s, s->live.items[i]);
		arena_release(s->arena, mark);
	}
	return rc;
}

/* --- the statement --------------------------------------------------------------------- */

static enum rc write_entry(struct step *s)
{
	struct author_scope *scope = NULL;
	struct author a;
	struct dot d;
	enum rc rc = author_begin(&a, s->w, bytes_at(NULL, 0), bytes_at(NULL, 0));

	if (rc == RC_OK) {
		rc = author_open(&a, s->next.scope, &scope);
	}
	if (rc == RC_OK) {
		rc = author_floor(&a, scope, &s->next.point, &d);
	}
	if (rc == RC_OK) {
		rc = author_finish(&a);
	}
	return rc == RC_OK ? floor_put(s->txn, FLOOR_SAID, &s->next) : rc;
}

/* An office: whether its base is the one that the centre stated. */
static enum rc compare(struct step *s)
{
	struct floor said;
	enum rc rc = floor_get(s->txn, s->next.scope, FLOOR_SAID, &said);

	if (rc != RC_OK) {
		return rc;
	}
	return said.point.seq == s->next.point.seq && said.point.bytes == s->next.point.bytes &&
			       memcmp(said.point.root, s->next.point.root, HASH_LEN) == 0 ?
		       RC_OK :
		       RC_FORK;
}

static enum rc run(struct step *s)
{
	const struct store *store = s->w->store;
	enum rc rc = floor_list(s->txn, store_centre_feed(store, s->next.scope), s->next.point.seq,
				&s->memory, &s->next.anchors);

	if (rc == RC_OK) {
		rc = step_records(s);
	}
	if (rc == RC_OK) {
		rc = step_contexts(s);
	}
	if (rc == RC_OK) {
		rc = base_measure(s->w->store, s->txn, &s->next, s->arena, store->info.is_centre);
	}
	if (rc == RC_OK) {
		rc = store->info.is_centre ? write_entry(s) : compare(s);
	}
	return rc == RC_OK ? floor_put(s->txn, FLOOR_HERE, &s->next) : rc;
}

enum rc compact_step(struct store *store, const struct compact_plan *p)
{
	struct work w;
	struct step s = { .w = &w, .arena = &store->arena };
	enum rc rc = mem_arena_open(&s.memory, LIMIT_STEP_ARENA_BYTES / 64);

	if (rc == RC_OK) {
		rc = work_begin(store, &w);
	}
	if (rc != RC_OK) {
		mem_arena_close(&s.memory);
		return rc;
	}
	s.txn = s.replay.txn = w.txn;
	s.next = (struct floor){ .scope = p->scope, .point = { .seq = p->target } };
	rc = run(&s);
	if (rc == RC_OK) {
		rc = work_commit(&w);
	} else {
		work_abort(&w);
	}
	replay_close(&s.replay);
	dots_free(&s.live);
	mem_arena_close(&s.memory);
	return rc;
}
