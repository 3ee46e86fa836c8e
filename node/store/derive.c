#include "node/store/derive.h"

#include <string.h>

#include "node/store/key.h"
#include "node/store/react_unique.h"
#include "node/store/records.h"

static const char meta_derived[] = "derived";

enum { BATCH = 512 };

/* Empties a table a batch at a time: a cursor does not outlive deletions. */
static enum rc empty_table(struct kv_txn *t, enum kv_table table)
{
	static const uint8_t zero = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		struct kv_cursor *c = kv_cursor_open(t, table);
		struct key found;
		struct bytes k, v;

		rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, bytes_at(&zero, 1), &k, &v);
		if (rc == RC_OK) {
			memcpy(found.b, k.p, k.len);
			found.len = k.len;
		}
		kv_cursor_close(c);
		if (rc == RC_OK) {
			rc = kv_del(t, table, key_bytes(&found));
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Up to BATCH ids of a kind behind `after`. */
static enum rc list_ids(struct work *w, uint16_t kind, const struct uuid *after, struct uuid *ids,
			uint32_t *count)
{
	struct records_walk walk;
	struct record r;
	enum rc rc = records_walk_start(&walk, w->txn, w->store->catalog, kind, after);

	*count = 0;
	while (rc == RC_OK && *count < BATCH) {
		size_t mark = arena_mark(w->arena);

		rc = records_walk_next(&walk, w->arena, &r);
		arena_release(w->arena, mark);
		if (rc == RC_OK && (after == NULL || !uuid_equal(r.id, *after))) {
			ids[(*count)++] = r.id;
		}
	}
	records_walk_end(&walk);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc rebuild_kind(struct work *w, uint16_t kind)
{
	struct uuid ids[BATCH], last;
	uint32_t i, count = BATCH;
	bool first = true;
	enum rc rc = RC_OK;

	while (rc == RC_OK && count == BATCH) {
		rc = list_ids(w, kind, first ? NULL : &last, ids, &count);
		for (i = 0; i < count && rc == RC_OK; i++) {
			rc = work_is_large(w) ? work_flush(w) : RC_OK;
			rc = rc == RC_OK ? work_derive(w, kind, ids[i]) : rc;
		}
		if (rc == RC_OK && count > 0) {
			last = ids[count - 1];
			first = false;
			rc = work_flush(w);
		}
	}
	return rc;
}

enum rc derive_rebuild(struct work *w)
{
	static const enum kv_table tables[] = { KV_UNIQUE, KV_CONFLICT, KV_FIGURE };
	enum rc rc = work_flush(w);
	uint32_t i;

	if (rc == RC_OK) {
		rc = counting_drop(w->txn); /* what it counted means something else now */
		w->knows_counting = false;
	}
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]) && rc == RC_OK; i++) {
		rc = empty_table(w->txn, tables[i]);
	}
	for (i = 0; i < w->store->catalog->schema.kinds_count && rc == RC_OK; i++) {
		rc = rebuild_kind(w, w->store->catalog->schema.kinds[i].number);
	}
	if (rc == RC_OK && w->store->info.is_centre) {
		rc = react_unique_ask_all(w);
	}
	return rc == RC_OK ? kv_put(w->txn, KV_META, bytes_of(meta_derived),
				    bytes_at(w->store->catalog->schema_hash, HASH_LEN)) :
			     rc;
}

enum rc derive_follow_schema(struct work *w)
{
	struct bytes v;
	enum rc rc = kv_get(w->txn, KV_META, bytes_of(meta_derived), &v);

	if (w->store->catalog->is_partial) {
		return RC_OK; /* another schema it is not */
	}

	if (rc == RC_OK && v.len == HASH_LEN &&
	    memcmp(v.p, w->store->catalog->schema_hash, HASH_LEN) == 0) {
		return RC_OK;
	}
	return rc == RC_OK || rc == RC_NOTFOUND ? derive_rebuild(w) : rc;
}

bool derive_is_contended(const struct record *r)
{
	uint32_t i, k;

	for (i = 0; i < r->parts_count; i++) {
		const struct part *p = &r->parts[i].part;

		if (r->parts[i].left) {
			continue;
		}
		if (p->heads_count > 1) {
			return true;
		}
		for (k = 0; k < p->fields_count; k++) {
			if (p->fields[k].class == CLASS_REGISTER && p->fields[k].items_count > 1) {
				return true;
			}
		}
	}
	return false;
}
