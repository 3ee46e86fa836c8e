/* Every part of every record, made anew from its entries; and the digests. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/store/feeds.h"
#include "node/store/floor.h"
#include "node/store/history.h"
#include "node/store/key.h"
#include "node/store/parts.h"
#include "node/store/verify_run.h"

/* One part under way. The key is a copy: the walk goes on behind it. */
struct rebuild {
	struct verify *v;
	struct record record; /* kind and id; one part */
	struct record_part one;
	struct key key;
	struct bytes stored; /* its bytes; of the transaction */
	struct part part;    /* made anew */
};

/* Reports, and makes the part anew in a run that repairs. */
static enum rc part_differs(struct rebuild *r, const char *how)
{
	uint16_t scope = r->record.parts[0].scope;

	return verify_differs(r->v, "%s: its state in scope %u %s",
			      verify_record_name(r->v, r->record.kind_number, r->record.id).text,
			      scope, how) ?
		       verify_mend_part(r->v, r->record.kind_number, r->record.id, scope) :
		       RC_OK;
}

/* Whether an entry was applied at all. */
static enum rc is_applied(struct rebuild *r, struct dot d, bool *out)
{
	struct feed_state s;
	enum rc rc = feeds_get(r->v->txn, d.feed, &s);

	*out = rc == RC_OK && d.seq <= s.applied;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Merges one step. *wrong: what cannot be, or NULL. */
static enum rc replay_step(struct rebuild *r, const struct history *h, uint32_t i,
			   const char **wrong)
{
	struct dot d = h->steps[i].dot;
	bool applied = false;
	enum rc rc = is_applied(r, d, &applied);

	if (feed_scope(d.feed) != r->record.parts[0].scope) {
		*wrong = "names an entry of another scope";
	} else if (rc == RC_OK && !applied) {
		*wrong = "names an entry that is not applied";
	} else if (i > 0 && dot_equal(h->steps[i - 1].dot, d)) {
		*wrong = "names an entry twice";
	} else if (rc == RC_OK) {
		rc = replay_apply(&r->v->replay, &r->record, d, &r->v->arena, &r->part);
	}
	if (rc == RC_NOTFOUND) {
		*wrong = "names an entry that has no change of it";
	} else if (rc == RC_CORRUPT || rc == RC_LIMIT) {
		*wrong = "names an entry that does not decode";
	}
	return *wrong != NULL ? RC_OK : rc;
}

static enum rc replay(struct rebuild *r, const char **wrong)
{
	struct history h;
	uint32_t i;
	enum rc rc = history_get(r->v->txn, &r->record, &r->record.parts[0], &r->v->arena, &h);

	if (rc == RC_OK) {
		rc = floor_part(r->v->txn, r->record.kind_number, r->record.id,
				r->record.parts[0].scope, &r->v->arena, &r->part);
	}
	for (i = 0; rc == RC_OK && i < h.count && *wrong == NULL; i++) {
		rc = replay_step(r, &h, i, wrong);
	}
	return rc;
}

static enum rc compare(struct rebuild *r, const char **wrong)
{
	struct arena *a = &r->v->arena;
	struct bytes_writer w = bytes_writer_init(a->p + a->used, a->max - a->used);

	part_encode(&r->part, &w);
	if (w.rc != RC_OK) {
		return RC_NOMEM;
	}
	if (!bytes_equal(bytes_written(&w), r->stored)) {
		*wrong = "is not that of its entries";
	}
	return RC_OK;
}

static struct verify_scope *take_scope(struct verify *v, uint16_t scope)
{
	struct verify_scope *wider = NULL;
	uint32_t i = v->scopes_count;

	while (i > 0 && v->scopes[i - 1].scope >= scope) {
		i--;
	}
	if (i < v->scopes_count && v->scopes[i].scope == scope) {
		return &v->scopes[i];
	}
	if (v->scopes_count == v->scopes_max) {
		uint32_t max = v->scopes_max == 0 ? 16 : 2 * v->scopes_max;

		wider = realloc(v->scopes, max * sizeof(*wider));
		if (wider == NULL) {
			return NULL;
		}
		v->scopes = wider;
		v->scopes_max = max;
	}
	memmove(&v->scopes[i + 1], &v->scopes[i], (v->scopes_count - i) * sizeof(*v->scopes));
	memset(&v->scopes[i], 0, sizeof(v->scopes[i]));
	v->scopes[i].scope = scope;
	v->scopes_count++;
	return &v->scopes[i];
}

static enum rc add_digest(struct rebuild *r)
{
	struct verify_scope *s = take_scope(r->v, r->record.parts[0].scope);
	struct bytes pieces[3];

	if (s == NULL) {
		return RC_NOMEM;
	}
	pieces[0] = bytes_at(s->digest, HASH_LEN);
	pieces[1] = bytes_at(r->key.b, r->key.len - 2); /* without the scope */
	pieces[2] = r->stored;
	r->v->store->crypto->hash(s->digest, pieces, 3);
	s->parts++;
	return RC_OK;
}

static enum rc check_part(struct rebuild *r)
{
	const char *wrong = NULL;
	enum rc rc = part_decode(r->stored, &r->v->arena, &r->record.parts[0].part);

	r->v->report.parts++;
	if (rc == RC_CORRUPT) {
		wrong = "does not decode";
		rc = RC_OK;
	} else if (rc == RC_OK) {
		rc = replay(r, &wrong);
	}
	if (rc == RC_OK && wrong == NULL) {
		rc = compare(r, &wrong);
	}
	if (rc == RC_OK) {
		rc = add_digest(r);
	}
	return rc == RC_OK && wrong != NULL ? part_differs(r, wrong) : rc;
}

/* Reads the key of a part. */
static bool read_key(struct rebuild *r, struct bytes key)
{
	struct bytes_reader reader = bytes_reader_init(key);
	struct bytes id;

	r->record.parts = &r->one;
	r->record.kind_number = bytes_get_be16(&reader);
	id = bytes_get(&reader, UUID_LEN);
	r->record.parts[0].scope = bytes_get_be16(&reader);
	r->record.parts_count = 1;
	if (!bytes_is_done(&reader)) {
		return false;
	}
	memcpy(r->record.id.b, id.p, UUID_LEN);
	return true;
}

static enum rc check_key(struct rebuild *r, struct bytes key, struct bytes value)
{
	size_t mark = arena_mark(&r->v->arena);
	enum rc rc = RC_OK;

	memcpy(r->key.b, key.p, key.len);
	r->key.len = key.len;
	if (!read_key(r, key)) {
		return verify_differs(r->v, "the table of records has a key that is none") ?
			       verify_del(r->v, KV_RECORD, &r->key) :
			       RC_OK;
	}
	r->stored = value;
	rc = parts_canonical(r->v->txn, value, &r->v->arena, &r->stored);
	if (rc == RC_OK || rc == RC_CORRUPT) {
		rc = check_part(r);
	}
	arena_release(&r->v->arena, mark);
	return rc;
}

/* Opens a cursor at the first key, or behind the last one. */
static enum rc open_cursor(struct rebuild *r, struct kv_cursor **c, struct bytes *k,
			   struct bytes *v)
{
	struct key first = key_kind(0);
	bool begun = r->key.len > 0;
	enum rc rc = RC_NOMEM;

	*c = kv_cursor_open(r->v->txn, KV_RECORD);
	if (*c != NULL) {
		rc = kv_cursor_seek(*c, begun ? key_bytes(&r->key) : key_bytes(&first), k, v);
	}
	if (rc == RC_OK && begun && bytes_equal(*k, key_bytes(&r->key))) {
		rc = kv_cursor_next(*c, k, v);
	}
	return rc;
}

enum rc verify_records(struct verify *v)
{
	struct rebuild *r = calloc(1, sizeof(*r));
	struct kv_cursor *c = NULL;
	struct bytes key, value;
	enum rc rc = RC_NOMEM;

	if (r == NULL) {
		return RC_NOMEM;
	}
	r->v = v;
	rc = open_cursor(r, &c, &key, &value);
	while (rc == RC_OK) {
		rc = check_key(r, key, value);
		if (rc != RC_OK) {
			break;
		}
		if (!verify_is_due(v)) {
			rc = kv_cursor_next(c, &key, &value);
			continue;
		}
		kv_cursor_close(c);
		c = NULL;
		rc = verify_renew(v);
		if (rc == RC_OK) {
			rc = open_cursor(r, &c, &key, &value);
		}
	}
	kv_cursor_close(c);
	free(r);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* --- the table of older dots ----------------------------------------------------- */

/* A dot of a part that is not there: those of the others were looked at with
 * them. */
static enum rc check_dot(struct verify *v, struct bytes key, struct bytes value)
{
	struct bytes_reader r = bytes_reader_init(key);
	uint16_t kind = bytes_get_be16(&r);
	struct bytes id = bytes_get(&r, UUID_LEN), stored;
	struct dot d = { .feed = bytes_get_be64(&r) };
	struct key at = { .len = key.len }, part;
	struct uuid name;

	(void)value;
	d.seq = bytes_get_be64(&r);
	memcpy(at.b, key.p, key.len);
	if (!bytes_is_done(&r)) {
		return verify_differs(v, "the table of dots has a key that is none") ?
			       verify_del(v, KV_DOT, &at) :
			       RC_OK;
	}
	memcpy(name.b, id.p, UUID_LEN);
	part = key_part(kind, name, feed_scope(d.feed));
	if (kv_get(v->txn, KV_RECORD, key_bytes(&part), &stored) == RC_OK) {
		return RC_OK;
	}
	return verify_differs(v, "%s: entry %016" PRIx64 ":%" PRIu64 " is not in the record",
			      verify_record_name(v, kind, name).text, d.feed, d.seq) ?
		       verify_mend_part(v, kind, name, feed_scope(d.feed)) :
		       RC_OK;
}

enum rc verify_dots(struct verify *v)
{
	return verify_walk_table(v, KV_DOT, check_dot);
}
