#include "node/store/rebuild.h"

#include <string.h>

#include "node/store/floor.h"
#include "node/store/history.h"
#include "node/store/key.h"
#include "node/store/replay.h"

/* What goes wrong here leaves the part half changed. */
static enum rc fail(const struct rebuild *r, enum rc rc)
{
	if (rc != RC_OK && r->work->rc == RC_OK) {
		r->work->rc = rc;
	}
	return rc;
}

static struct part *open_part(const struct rebuild *r, enum rc *rc)
{
	return work_open_part(r->work, r->kind, r->id, r->scope, rc);
}

static bool has_row(const struct rebuild *r, struct dot d, enum rc *rc)
{
	struct key k = key_record_dot(r->kind, r->id, d);
	struct bytes v;

	*rc = kv_get(r->work->txn, KV_DOT, key_bytes(&k), &v);
	if (*rc == RC_NOTFOUND) {
		*rc = RC_OK;
		return false;
	}
	return *rc == RC_OK;
}

enum rc rebuild_has(const struct rebuild *r, struct dot d, bool *out)
{
	const struct record *record = work_record(r->work, r->kind, r->id);
	uint32_t i;
	enum rc rc = RC_OK;

	*out = false;
	if (record == NULL) {
		return r->work->rc;
	}
	for (i = 0; i < record->parts_count && !*out; i++) {
		*out = record->parts[i].scope == r->scope &&
		       vv_get(&record->parts[i].part.vector, d.feed) == d.seq;
	}
	if (!*out) {
		*out = has_row(r, d, &rc);
	}
	return rc;
}

static enum rc put_row(const struct rebuild *r, struct dot d)
{
	struct key k = key_record_dot(r->kind, r->id, d);

	return kv_put(r->work->txn, KV_DOT, key_bytes(&k), bytes_at(NULL, 0));
}

static enum rc raise(const struct rebuild *r, struct vv *v, struct dot d)
{
	struct vv wider = { arena_take(r->work->arena, (v->count + 1) * sizeof(*wider.dots)),
			    v->count, v->count + 1 };

	if (wider.dots == NULL) {
		return RC_NOMEM;
	}
	if (v->count > 0) {
		memcpy(wider.dots, v->dots, v->count * sizeof(*wider.dots));
	}
	*v = wider;
	return vv_raise(v, d);
}

enum rc rebuild_add(const struct rebuild *r, struct dot d)
{
	enum rc rc = RC_OK;
	struct part *part = open_part(r, &rc);
	struct dot last = { d.feed, part == NULL ? 0 : vv_get(&part->vector, d.feed) };

	if (part == NULL || last.seq == d.seq) {
		return rc;
	}
	if (last.seq > d.seq) {
		return fail(r, put_row(r, d));
	}
	if (last.seq > 0) {
		rc = put_row(r, last);
	}
	return fail(r, rc == RC_OK ? raise(r, &part->vector, d) : rc);
}

/* The last of the earlier entries of d's feed: RC_NOTFOUND, or its seq. */
static enum rc find_before(const struct rebuild *r, struct dot d, uint64_t *seq)
{
	struct dot before = { d.feed, d.seq - 1 }, first = { d.feed, 0 };
	struct key from = key_record_dot(r->kind, r->id, before);
	struct key prefix = key_record_dot(r->kind, r->id, first);
	struct kv_cursor *c = kv_cursor_open(r->work->txn, KV_DOT);
	struct bytes_reader reader;
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek_back(c, key_bytes(&from), &k, &v);

	prefix.len -= sizeof(uint64_t);
	if (rc == RC_OK && !key_has_prefix(k, &prefix)) {
		rc = RC_NOTFOUND;
	}
	if (rc == RC_OK) {
		reader = bytes_reader_init(bytes_at(k.p + prefix.len, k.len - prefix.len));
		*seq = bytes_get_be64(&reader);
	}
	kv_cursor_close(c);
	return rc;
}

/* The vector names the entry before d instead of d, or that feed no more. */
static enum rc lower(const struct rebuild *r, struct vv *v, struct dot d)
{
	struct dot before = { d.feed, 0 };
	struct key k;
	uint32_t i, kept = 0;
	enum rc rc = find_before(r, d, &before.seq);

	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	for (i = 0; i < v->count; i++) {
		struct dot dot = v->dots[i].feed == d.feed ? before : v->dots[i];

		if (dot.seq > 0) {
			v->dots[kept++] = dot;
		}
	}
	v->count = kept;
	k = key_record_dot(r->kind, r->id, before);
	return before.seq > 0 ? kv_del(r->work->txn, KV_DOT, key_bytes(&k)) : RC_OK;
}

enum rc rebuild_drop(const struct rebuild *r, struct dot d)
{
	enum rc rc = RC_OK;
	struct part *part = open_part(r, &rc);
	struct key k = key_record_dot(r->kind, r->id, d);

	if (part == NULL) {
		return rc;
	}
	if (vv_get(&part->vector, d.feed) == d.seq) {
		return fail(r, lower(r, &part->vector, d));
	}
	return fail(r, kv_del(r->work->txn, KV_DOT, key_bytes(&k)));
}

static enum rc replay(const struct rebuild *r, const struct record *record, struct part *part)
{
	struct record_part whole = { .scope = r->scope, .part = *part };
	struct replay p = { .txn = r->work->txn };
	struct history h;
	uint32_t i;
	enum rc rc = history_get(p.txn, record, &whole, r->work->arena, &h);

	if (rc == RC_OK) {
		rc = floor_part(p.txn, r->kind, r->id, r->scope, r->work->arena, part);
	}
	for (i = 0; rc == RC_OK && i < h.count; i++) {
		rc = replay_apply(&p, record, h.steps[i].dot, r->work->arena, part);
	}
	replay_close(&p);
	return rc == RC_NOTFOUND ? RC_CORRUPT : rc;
}

enum rc rebuild_part(const struct rebuild *r)
{
	enum rc rc = RC_OK;
	struct part *part = open_part(r, &rc);
	const struct record *record = part == NULL ? NULL : work_record(r->work, r->kind, r->id);

	if (record == NULL) {
		return rc;
	}
	rc = fail(r, replay(r, record, part));
	work_close_part(r->work, r->kind, r->id);
	return rc;
}
