/* The unique index and the table of open conflicts, both ways: what records
 * say stands there, and what stands there records say. */
#include <string.h>

#include "node/store/claims.h"
#include "node/store/conflicts.h"
#include "node/store/key.h"
#include "node/store/notice.h"
#include "node/store/verify_run.h"

static struct records_stamps stamps_of(struct verify *v)
{
	struct records_stamps stamps = {
		.txn = v->txn,
		.centre_incarnation = v->store->info.centre_incarnation,
		.scratch = &v->arena,
	};
	return stamps;
}

static void check_claims(struct verify *v, const struct record *r, const struct claims *c)
{
	uint32_t i;

	for (i = 0; i < c->count; i++) {
		if (c->has[i] && !unique_has(v->txn, &c->keys[i], &c->holder)) {
			verify_differs(v, "%s is not in the index of unique fields",
				       verify_record_name(v, r->kind_number, r->id).text);
		}
	}
}

static enum rc check_conflict(struct verify *v, const struct record *r, const struct claims *c)
{
	struct records_stamps stamps = stamps_of(v);
	struct view_source source = records_source(&stamps);
	struct key k = key_record(r->kind_number, r->id);
	struct bytes stored;
	bool shares = false, stands = false;
	uint8_t bits = 0;
	enum rc rc = conflicts_judge(r, &source, &v->arena, &bits);

	if (rc == RC_OK) {
		rc = claims_share(v->txn, r, c, &shares);
	}
	bits = (uint8_t)(bits | (shares ? CONFLICTS_SHARED : 0));
	if (!v->store->info.is_centre && notice_stands(v->store, v->txn, r->id)) {
		bits |= CONFLICTS_NOTICED;
	}
	v->report.conflicts += (bits & CONFLICTS_ANY) != 0;
	stands = kv_get(v->txn, KV_CONFLICT, key_bytes(&k), &stored) == RC_OK;
	if (rc == RC_OK &&
	    ((bits != 0) != stands || (stands && !bytes_equal(stored, bytes_at(&bits, 1))))) {
		verify_differs(v, "%s: the table of conflicts is wrong about it",
			       verify_record_name(v, r->kind_number, r->id).text);
	}
	return rc;
}

static enum rc check_record(struct verify *v, const struct record *r)
{
	struct records_stamps stamps = stamps_of(v);
	struct view_source source = records_source(&stamps);
	struct claims c;
	enum rc rc = RC_OK;

	if (r->kind == NULL) {
		return RC_OK;
	}
	rc = claims_of(v->store->crypto, r, &source, NULL, &v->arena, &c);
	if (rc == RC_OK) {
		check_claims(v, r, &c);
		rc = check_conflict(v, r, &c);
	}
	return rc;
}

/* Records that do not decode were reported by the stage before. */
static enum rc check_kind(struct verify *v, uint16_t kind)
{
	struct records_walk w;
	struct record r;
	struct uuid last;
	bool begun = false;
	enum rc rc = records_walk_start(&w, v->txn, v->store->catalog, kind, NULL);

	while (rc == RC_OK) {
		size_t mark = arena_mark(&v->arena);

		rc = records_walk_next(&w, &v->arena, &r);
		if (rc == RC_OK && !(begun && uuid_equal(r.id, last))) {
			rc = check_record(v, &r);
		}
		arena_release(&v->arena, mark);
		if (rc != RC_OK) {
			break;
		}
		last = r.id;
		begun = true;
		if (!verify_is_due(v)) {
			continue;
		}
		records_walk_end(&w);
		rc = verify_renew(v);
		if (rc == RC_OK) {
			rc = records_walk_start(&w, v->txn, v->store->catalog, kind, &last);
		}
	}
	records_walk_end(&w);
	return rc == RC_NOTFOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

/* --- the other way -------------------------------------------------------------- */

/* Whether a record makes this very claim. */
static enum rc has_claim(struct verify *v, const struct record *r, struct bytes key, bool *out)
{
	struct records_stamps stamps = stamps_of(v);
	struct view_source source = records_source(&stamps);
	struct unique_holder h;
	struct claims c;
	enum rc rc = claims_of(v->store->crypto, r, &source, NULL, &v->arena, &c);
	uint32_t i;

	*out = false;
	for (i = 0; rc == RC_OK && i < c.count && !*out; i++) {
		*out = c.has[i] && unique_split(key, &c.keys[i], &h) &&
		       h.deleted == c.holder.deleted && h.office == c.holder.office;
	}
	return rc;
}

/* The kind at the start of a key, and the id at `at`. */
static bool read_name(struct bytes key, size_t at, uint16_t *kind, struct uuid *id)
{
	if (key.len < at + UUID_LEN || key.len < 2) {
		return false;
	}
	*kind = (uint16_t)(key.p[0] << 8 | key.p[1]);
	memcpy(id->b, key.p + at, UUID_LEN);
	return true;
}

static enum rc check_unique_key(struct verify *v, struct bytes key)
{
	struct record r;
	struct uuid id;
	uint16_t kind = 0;
	bool found = false;
	enum rc rc = RC_NOTFOUND;

	v->report.uniques++;
	if (key.len > UUID_LEN && read_name(key, key.len - UUID_LEN, &kind, &id)) {
		rc = records_get(v->txn, v->store->catalog, kind, id, &v->arena, &r);
	}
	if (rc == RC_OK) {
		rc = has_claim(v, &r, key, &found);
	}
	if ((rc == RC_OK || rc == RC_NOTFOUND) && !found) {
		verify_differs(v, "%s is in the index of unique fields with values that it has not",
			       verify_record_name(v, kind, id).text);
	}
	return rc == RC_NOTFOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

static enum rc check_conflict_key(struct verify *v, struct bytes key)
{
	struct record r;
	struct uuid id;
	uint16_t kind = 0;
	enum rc rc = RC_NOTFOUND;

	if (read_name(key, 2, &kind, &id)) {
		rc = records_get(v->txn, v->store->catalog, kind, id, &v->arena, &r);
	}
	if (rc == RC_NOTFOUND) {
		verify_differs(v, "the table of conflicts names a record that is not here");
	}
	/* Whether it says the right thing was seen from the record's side. */
	return rc == RC_NOTFOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

/* Calls each for every key of a table, with the transaction renewed. */
static enum rc walk_table(struct verify *v, enum kv_table table,
			  enum rc (*each)(struct verify *v, struct bytes key))
{
	struct key at = { .b = { 0 }, .len = 1 };
	struct kv_cursor *c = kv_cursor_open(v->txn, table);
	struct bytes k, value;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&at), &k, &value);

	while (rc == RC_OK) {
		size_t mark = arena_mark(&v->arena);

		memcpy(at.b, k.p, k.len);
		at.len = k.len;
		rc = each(v, k);
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
		}
		if (rc == RC_OK && bytes_equal(k, key_bytes(&at))) {
			rc = kv_cursor_next(c, &k, &value);
		}
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc verify_indexes(struct verify *v)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < v->store->catalog->schema.kinds_count && rc == RC_OK; i++) {
		rc = check_kind(v, v->store->catalog->schema.kinds[i].number);
	}
	if (rc == RC_OK) {
		rc = walk_table(v, KV_UNIQUE, check_unique_key);
	}
	return rc == RC_OK ? walk_table(v, KV_CONFLICT, check_conflict_key) : rc;
}
