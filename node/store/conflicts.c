#include "node/store/conflicts.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/store/bounds.h"
#include "node/store/derive.h"
#include "node/store/key.h"
#include "node/store/records.h"
#include "sync/view_policy.h"

enum rc conflicts_judge(const struct record *r, const struct view_source *src, struct arena *a,
			uint8_t *bits)
{
	size_t mark = arena_mark(a);
	bool open = false, siblings = derive_is_contended(r);
	bool over = bounds_of(r, a).kind != BOUNDS_NONE;
	enum rc rc = siblings || over ? view_has_conflict(r, src, a, &open) : RC_OK;

	*bits = (uint8_t)((open ? CONFLICTS_OPEN : 0) | (over ? CONFLICTS_OVERSIZE : 0) |
			  (siblings ? CONFLICTS_SIBLINGS : 0));
	arena_release(a, mark);
	return rc;
}

uint8_t conflicts_get(struct kv_txn *t, uint16_t kind, struct uuid id)
{
	struct key k = key_record(kind, id);
	struct bytes v;

	return kv_get(t, KV_CONFLICT, key_bytes(&k), &v) == RC_OK && v.len == 1 ? v.p[0] : 0;
}

enum rc conflicts_put(struct kv_txn *t, uint16_t kind, struct uuid id, uint8_t bits)
{
	struct key k = key_record(kind, id);

	return bits == 0 ? kv_del(t, KV_CONFLICT, key_bytes(&k)) :
			   kv_put(t, KV_CONFLICT, key_bytes(&k), bytes_at(&bits, 1));
}

enum rc conflicts_mark(struct kv_txn *t, uint16_t kind, struct uuid id, uint8_t bit, bool on)
{
	uint8_t before = conflicts_get(t, kind, id);
	uint8_t after = (uint8_t)(on ? before | bit : before & ~bit);

	return after == before ? RC_OK : conflicts_put(t, kind, id, after);
}

/* --- walking -------------------------------------------------------------------- */

static enum rc step(struct conflicts_walk *w)
{
	enum rc rc = kv_cursor_next(w->cursor, &w->key, &w->value);

	if (rc != RC_OK) {
		w->key.p = NULL;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc conflicts_walk_start(struct conflicts_walk *w, struct kv_txn *t, const struct catalog *c,
			     uint16_t kind, struct conflicts_place after)
{
	struct key from = key_record(after.kind, after.id), first = key_kind(kind);
	bool is_before = bytes_compare(key_bytes(&from), key_bytes(&first)) < 0;
	enum rc rc = RC_OK;

	memset(w, 0, sizeof(*w));
	w->txn = t;
	w->catalog = c;
	w->kind = kind;
	w->cursor = kv_cursor_open(t, KV_CONFLICT);
	if (w->cursor == NULL) {
		return RC_NOMEM;
	}
	rc = kv_cursor_seek(w->cursor, key_bytes(is_before ? &first : &from), &w->key, &w->value);
	if (rc != RC_OK) {
		w->key.p = NULL;
	}
	if (rc == RC_OK && bytes_equal(w->key, key_bytes(&from))) {
		rc = step(w);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc conflicts_walk_next(struct conflicts_walk *w, uint8_t wanted, struct arena *a,
			    struct record *out, uint8_t *bits)
{
	while (w->key.p != NULL) {
		struct bytes_reader r = bytes_reader_init(w->key);
		uint16_t kind = bytes_get_be16(&r);
		struct bytes id_bytes = bytes_get(&r, UUID_LEN);
		struct uuid id;
		enum rc rc = bytes_is_done(&r) && w->value.len == 1 ? RC_OK : RC_CORRUPT;

		if (rc != RC_OK || (w->kind != 0 && kind != w->kind)) {
			return rc == RC_OK ? RC_NOTFOUND : rc;
		}
		memcpy(id.b, id_bytes.p, UUID_LEN);
		*bits = w->value.p[0];
		rc = step(w);
		if (rc != RC_OK) {
			return rc;
		}
		if ((*bits & wanted) != 0) {
			rc = records_get(w->txn, w->catalog, kind, id, a, out);
			return rc == RC_NOTFOUND ? RC_CORRUPT : rc;
		}
	}
	return RC_NOTFOUND;
}

void conflicts_walk_end(struct conflicts_walk *w)
{
	kv_cursor_close(w->cursor);
	w->cursor = NULL;
}

/* --- one record ----------------------------------------------------------------- */

enum rc conflicts_of(const struct record *r, const struct view_source *src, struct arena *a,
		     struct conflicts_list *out)
{
	struct record_life life = view_life(r);
	uint32_t i, max = r->kind == NULL || life.deleted ? 0 : r->kind->fields_count;
	enum rc rc = RC_OK;

	out->count = 0;
	out->life = life.conflict;
	out->fields = arena_take(a, max * sizeof(const struct schema_field *));
	if (out->fields == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < max && rc == RC_OK; i++) {
		const struct schema_field *f = &r->kind->fields[i];
		size_t mark = arena_mark(a);
		struct field_view v;

		if (f->closed || f->merge != MERGE_REGISTER) {
			continue;
		}
		rc = view_field(r, f, src, a, &v);
		if (rc == RC_OK && v.conflict) {
			out->fields[out->count++] = f;
		}
		arena_release(a, mark);
	}
	return rc;
}

bool conflicts_takes_part(const struct schema_field *f, const struct field_view *v, uint32_t i)
{
	if (!v->conflict || f->policy != POLICY_FLOW || v->shown >= v->count) {
		return v->conflict;
	}
	return view_policy_rank(f, v->items[i]) == view_policy_rank(f, v->items[v->shown]);
}

static enum rc since_field(const struct record *r, const struct schema_field *f,
			   const struct view_source *src, struct arena *a, int64_t *out)
{
	int64_t first = INT64_MAX, second = INT64_MAX;
	struct field_view v;
	struct stamp stamp;
	enum rc rc = view_field(r, f, src, a, &v);
	uint32_t i;

	for (i = 0; rc == RC_OK && i < v.count; i++) {
		if (!conflicts_takes_part(f, &v, i)) {
			continue;
		}
		rc = src->stamp(src->ctx, v.items[i]->dot, &stamp);
		if (rc == RC_OK && stamp.time_ms < first) {
			second = first;
			first = stamp.time_ms;
		} else if (rc == RC_OK && stamp.time_ms < second) {
			second = stamp.time_ms;
		}
	}
	*out = second < *out ? second : *out;
	return rc;
}

static enum rc since_life(const struct record *r, const struct view_source *src, int64_t *out)
{
	int64_t alive = INT64_MAX, deleted = INT64_MAX, both = 0;
	enum rc rc = RC_OK;
	uint32_t i, k;

	for (i = 0; i < r->parts_count; i++) {
		const struct part *p = &r->parts[i].part;

		for (k = 0; !r->parts[i].left && k < p->heads_count && rc == RC_OK; k++) {
			int64_t *first = p->heads[k].deleted ? &deleted : &alive;
			struct stamp stamp;

			rc = src->stamp(src->ctx, p->heads[k].dot, &stamp);
			if (rc == RC_OK && stamp.time_ms < *first) {
				*first = stamp.time_ms;
			}
		}
	}
	both = alive > deleted ? alive : deleted;
	*out = both < *out ? both : *out;
	return rc;
}

enum rc conflicts_since(const struct record *r, const struct view_source *src, struct arena *a,
			int64_t *out)
{
	size_t mark = arena_mark(a);
	struct conflicts_list list;
	enum rc rc = conflicts_of(r, src, a, &list);
	uint32_t i;

	*out = INT64_MAX;
	if (rc == RC_OK && list.life) {
		rc = since_life(r, src, out);
	}
	for (i = 0; rc == RC_OK && i < list.count; i++) {
		rc = since_field(r, list.fields[i], src, a, out);
	}
	arena_release(a, mark);
	return rc;
}

enum rc conflicts_find_oldest(struct kv_txn *t, const struct catalog *c,
			      const struct view_source *src, struct arena *a, uint64_t slice_ms,
			      struct conflicts_oldest *out)
{
	uint64_t end_ms = clock_monotonic_ms() + slice_ms;
	struct conflicts_walk w;
	struct record r;
	uint8_t bits = 0;
	int64_t since = 0;
	enum rc rc = conflicts_walk_start(&w, t, c, 0, out->place);

	do {
		size_t mark = arena_mark(a);

		rc = rc == RC_OK ? conflicts_walk_next(&w, CONFLICTS_OPEN, a, &r, &bits) : rc;
		if (rc == RC_OK) {
			rc = conflicts_since(&r, src, a, &since);
			out->place = (struct conflicts_place){ r.kind_number, r.id };
		}
		if (rc == RC_OK && (out->oldest_ms == 0 || since < out->oldest_ms)) {
			out->oldest_ms = since;
		}
		arena_release(a, mark);
	} while (rc == RC_OK && clock_monotonic_ms() < end_ms);
	conflicts_walk_end(&w);
	out->done = rc == RC_NOTFOUND;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
