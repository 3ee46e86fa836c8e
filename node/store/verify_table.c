/* Walking tables and records while transactions are renewed. */
#include <string.h>

#include "node/store/key.h"
#include "node/store/verify_run.h"

enum rc verify_walk_table(struct verify *v, enum kv_table table,
			  enum rc (*each)(struct verify *v, struct bytes key, struct bytes value))
{
	struct key at = { .b = { 0 }, .len = 1 };
	struct kv_cursor *c = kv_cursor_open(v->txn, table);
	struct bytes k, value;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&at), &k, &value);

	while (rc == RC_OK) {
		size_t mark = arena_mark(&v->arena);

		memcpy(at.b, k.p, k.len);
		at.len = k.len;
		rc = each(v, k, value);
		arena_release(&v->arena, mark);
		if (rc == RC_OK && verify_is_due(v)) {
			kv_cursor_close(c);
			c = NULL;
			rc = verify_renew(v);
			if (rc == RC_OK) {
				c = kv_cursor_open(v->txn, table);
				rc = c == NULL ? RC_NOMEM :
						 kv_cursor_seek(c, key_bytes(&at), &k, &value);
			}
			if (rc == RC_OK && !bytes_equal(k, key_bytes(&at))) {
				continue; /* the one before is gone */
			}
		}
		if (rc == RC_OK) {
			rc = kv_cursor_next(c, &k, &value);
		}
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The first record of a kind behind a place. *corrupt: it cannot be read. */
struct record_at {
	struct verify *v;
	uint16_t kind;
	struct uuid last;
	bool begun;
};

static enum rc find_next(struct record_at *w, struct uuid *id)
{
	struct key k = w->begun ? key_record(w->kind, w->last) : key_kind(w->kind);
	struct key prefix = key_kind(w->kind);
	struct kv_cursor *c = kv_cursor_open(w->v->txn, KV_RECORD);
	struct bytes key, value;
	enum rc rc = RC_NOMEM;

	if (w->begun) {
		k.b[k.len++] = 0xff; /* behind all of its parts, but the last */
		k.b[k.len++] = 0xff;
		k.b[k.len++] = 0;
	}
	if (c != NULL) {
		rc = kv_cursor_seek(c, key_bytes(&k), &key, &value);
	}
	if (rc == RC_OK && (!key_has_prefix(key, &prefix) || key.len < prefix.len + UUID_LEN)) {
		rc = RC_NOTFOUND;
	}
	if (rc == RC_OK) {
		memcpy(id->b, key.p + prefix.len, UUID_LEN);
	}
	kv_cursor_close(c);
	return rc;
}

enum rc verify_walk_records(struct verify *v, uint16_t kind, const struct verify_walker *w)
{
	struct record_at at = { .v = v, .kind = kind };
	struct record *r = NULL;
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		size_t mark = arena_mark(&v->arena);

		rc = find_next(&at, &at.last);
		at.begun = true;
		r = arena_take(&v->arena, sizeof(*r));
		if (rc == RC_OK && r == NULL) {
			rc = RC_NOMEM;
		}
		if (rc == RC_OK) {
			rc = records_get(v->txn, v->store->catalog, kind, at.last, &v->arena, r);
			/* One that cannot be read was reported before. */
			rc = rc == RC_OK                           ? w->each(w->ctx, r) :
			     rc == RC_NOTFOUND || rc == RC_CORRUPT ? RC_OK :
								     rc;
		}
		arena_release(&v->arena, mark);
		if (rc == RC_OK && verify_is_due(v)) {
			if (v->due && w->before_renewal != NULL) {
				rc = w->before_renewal(w->ctx, kind, at.last);
			}
			rc = rc == RC_OK ? verify_renew(v) : rc;
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
