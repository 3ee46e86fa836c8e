/* The bases that stand for the entries below the floors: measured again, and
 * compared with what the centre signed. Each in one transaction that reads. */
#include <stdlib.h>
#include <string.h>

#include "node/store/base.h"
#include "node/store/verify_run.h"

bool verify_base_is_sound(const struct verify *v, uint16_t scope)
{
	uint32_t i = 0;

	while (i < v->broken_count && v->broken[i] != scope) {
		i++;
	}
	return i == v->broken_count;
}

bool verify_is_below(const struct verify *v, struct dot d)
{
	uint64_t gone = 0;

	return floor_gone(v->txn, d.feed, &gone) == RC_OK && gone > 0 && d.seq <= gone;
}

static enum rc note_broken(struct verify *v, uint16_t scope, uint64_t seq)
{
	uint16_t *wider = realloc(v->broken, (v->broken_count + 1) * sizeof(*wider));

	if (wider == NULL) {
		return RC_NOMEM;
	}
	v->broken = wider;
	v->broken[v->broken_count++] = scope;
	verify_differs(v,
		       "scope %u: what stands for its entries up to %llu is not the base that the "
		       "centre signed",
		       scope, (unsigned long long)seq);
	return RC_OK;
}

static enum rc check_base(struct verify *v, uint16_t scope)
{
	struct floor f, now;
	size_t mark = arena_mark(&v->arena);
	enum rc rc = floor_get(v->txn, scope, FLOOR_HERE, &f);

	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc == RC_CORRUPT ? note_broken(v, scope, 0) : rc;
	}
	now = f;
	rc = base_measure(v->store, v->txn, &now, &v->arena, false);
	arena_release(&v->arena, mark);
	if (rc == RC_CORRUPT || rc == RC_NOTFOUND ||
	    (rc == RC_OK && (now.point.bytes != f.point.bytes ||
			     memcmp(now.point.root, f.point.root, HASH_LEN) != 0))) {
		rc = note_broken(v, scope, f.point.seq);
	}
	return rc;
}

/* A record of a base that was touched since is in both tables: its row is made
 * anew before the base, which is read along the records, is measured. */
static enum rc check_kept(struct verify *v, struct bytes key, struct bytes value)
{
	struct bytes_reader r = bytes_reader_init(key);
	uint16_t kind = bytes_get_be16(&r), scope = 0;
	struct bytes id = bytes_get(&r, UUID_LEN), row;
	struct uuid uuid;
	enum rc rc = kv_get(v->txn, KV_RECORD, key, &row);

	(void)value;
	scope = bytes_get_be16(&r);
	if (rc != RC_NOTFOUND || !bytes_is_done(&r)) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	memcpy(uuid.b, id.p, UUID_LEN);
	return verify_differs(v, "%s: its state in scope %u is missing",
			      verify_record_name(v, kind, uuid).text, scope) ?
		       verify_mend_part(v, kind, uuid, scope) :
		       RC_OK;
}

enum rc verify_bases(struct verify *v)
{
	uint32_t i;
	enum rc rc = verify_walk_table(v, KV_BASE, check_kept);

	if (rc == RC_OK) {
		rc = verify_restart(v, false); /* measuring takes long, and others write */
	}
	for (i = 0; rc == RC_OK && i < v->store->catalog->scopes_count; i++) {
		rc = check_base(v, v->store->catalog->scopes[i].scope);
		if (rc == RC_OK && verify_is_due(v)) {
			rc = verify_renew(v);
		}
	}
	return rc == RC_OK ? verify_restart(v, v->repairs) : rc;
}
