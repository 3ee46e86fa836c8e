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

static enum rc put_claim(struct verify *v, const struct claims *c, uint32_t i)
{
	verify_touch(v);
	return unique_put(v->txn, &c->keys[i], &c->holder);
}

static enum rc check_claims(struct verify *v, const struct record *r, const struct claims *c)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < c->count && rc == RC_OK; i++) {
		if (c->has[i] && !unique_has(v->txn, &c->keys[i], &c->holder) &&
		    verify_differs(v, "%s is not in the index of unique fields",
				   verify_record_name(v, r->kind_number, r->id).text)) {
			rc = put_claim(v, c, i);
		}
	}
	return rc;
}

static enum rc check_conflict(struct verify *v, const struct record *r, const struct claims *c)
{
	struct records_stamps stamps = stamps_of(v);
	struct view_source source = records_source(&stamps);
	struct key k = key_record(r->kind_number, r->id);
	struct bytes stored;
	bool shares = false, stands = false, right = false;
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
	if (rc != RC_OK || (bits != 0) == stands) {
		right = rc != RC_OK || !stands || bytes_equal(stored, bytes_at(&bits, 1));
	}
	if (right || !verify_differs(v, "%s: the table of conflicts is wrong about it",
				     verify_record_name(v, r->kind_number, r->id).text)) {
		return rc;
	}
	verify_touch(v);
	return conflicts_put(v->txn, r->kind_number, r->id, bits);
}

/* The keys of all records are looked at before what they share is: a key that was
 * put back may be another record's, too. */
static enum rc check_record(struct verify *v, const struct record *r, bool conflicts)
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
		rc = conflicts ? check_conflict(v, r, &c) : check_claims(v, r, &c);
	}
	return rc;
}

static enum rc on_claims(void *ctx, const struct record *r)
{
	return check_record(ctx, r, false);
}

static enum rc on_conflicts(void *ctx, const struct record *r)
{
	return check_record(ctx, r, true);
}

static enum rc walk_kinds(struct verify *v, enum rc (*each)(void *ctx, const struct record *r))
{
	struct verify_walker w = { .ctx = v, .each = each };
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < v->store->catalog->schema.kinds_count && rc == RC_OK; i++) {
		rc = verify_walk_records(v, v->store->catalog->schema.kinds[i].number, &w);
	}
	return rc;
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

static enum rc del_key(struct verify *v, enum kv_table table, struct bytes key)
{
	struct key k = { .len = key.len };

	memcpy(k.b, key.p, key.len);
	return verify_del(v, table, &k);
}

static enum rc check_unique_key(struct verify *v, struct bytes key, struct bytes value)
{
	struct record *r = arena_take(&v->arena, sizeof(*r));
	struct uuid id = { { 0 } };
	uint16_t kind = 0;
	bool found = false;
	enum rc rc = RC_NOTFOUND;

	(void)value;
	v->report.uniques++;
	if (r == NULL) {
		return RC_NOMEM;
	}
	if (key.len > UUID_LEN && read_name(key, key.len - UUID_LEN, &kind, &id)) {
		rc = records_get(v->txn, v->store->catalog, kind, id, &v->arena, r);
	}
	if (rc == RC_OK) {
		rc = has_claim(v, r, key, &found);
	}
	if ((rc == RC_OK || rc == RC_NOTFOUND) && !found &&
	    verify_differs(v, "%s is in the index of unique fields with values that it has not",
			   verify_record_name(v, kind, id).text)) {
		rc = del_key(v, KV_UNIQUE, key);
	}
	return rc == RC_NOTFOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

static enum rc check_conflict_key(struct verify *v, struct bytes key, struct bytes value)
{
	struct record *r = arena_take(&v->arena, sizeof(*r));
	struct uuid id;
	uint16_t kind = 0;
	enum rc rc = RC_NOTFOUND;

	(void)value;
	if (r == NULL) {
		return RC_NOMEM;
	}
	if (read_name(key, 2, &kind, &id)) {
		rc = records_get(v->txn, v->store->catalog, kind, id, &v->arena, r);
	}
	if (rc == RC_NOTFOUND &&
	    verify_differs(v, "the table of conflicts names a record that is not here")) {
		rc = del_key(v, KV_CONFLICT, key);
	}
	/* Whether it says the right thing was seen from the record's side. */
	return rc == RC_NOTFOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

enum rc verify_indexes(struct verify *v)
{
	enum rc rc = RC_OK;

	if (v->store->catalog->is_partial) {
		verify_differs(v, "the schema or the list of offices cannot be read as a whole: "
				  "indexes and figures are not looked at");
		return RC_OK;
	}
	rc = walk_kinds(v, on_claims);

	if (rc == RC_OK) {
		rc = verify_walk_table(v, KV_UNIQUE, check_unique_key);
	}
	if (rc == RC_OK) {
		rc = walk_kinds(v, on_conflicts);
	}
	return rc == RC_OK ? verify_walk_table(v, KV_CONFLICT, check_conflict_key) : rc;
}
