/* An office's side of apply.h: the centre's entries, and what their cuts let
 * in. */
#include <string.h>

#include "node/base/log.h"
#include "node/store/apply_priv.h"
#include "node/store/conflicts.h"
#include "node/store/key.h"

/* Whether a cut can be applied: what it names is here, and is the same. */
static enum rc check_cut(struct work *w, const struct cut *c)
{
	uint8_t hash[HASH_LEN];
	struct feed_state state;
	enum rc rc = feeds_get(w->txn, c->feed, &state);

	if (rc == RC_NOTFOUND || (rc == RC_OK && state.head < c->seq)) {
		return RC_GAP;
	}
	if (rc == RC_OK) {
		rc = feeds_hash_at(w->txn, (struct dot){ c->feed, c->seq }, w->store->crypto, hash);
	}
	if (rc == RC_OK && memcmp(hash, c->hash, HASH_LEN) != 0) {
		return RC_FORK;
	}
	return rc;
}

static enum rc check_cuts(struct work *w, const struct header *h)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < h->cuts_count && rc == RC_OK; i++) {
		rc = check_cut(w, &h->cuts[i]);
	}
	return rc;
}

/* Names of records with siblings, copied before anything is touched. */
struct names {
	struct key *items; /* in the arena */
	uint32_t count;
};

static enum rc list_contended(struct work *w, struct names *out)
{
	uint64_t max = kv_count(w->txn, KV_CONFLICT);
	struct kv_cursor *c = kv_cursor_open(w->txn, KV_CONFLICT);
	struct key first = key_kind(0);
	struct bytes k, v;
	enum rc rc = RC_OK;

	out->count = 0;
	out->items = arena_take(w->arena, (size_t)max * sizeof(*out->items));
	rc = c == NULL || out->items == NULL ? RC_NOMEM :
					       kv_cursor_seek(c, key_bytes(&first), &k, &v);
	while (rc == RC_OK && out->count < max) {
		if (k.len == 2 + UUID_LEN && v.len == 1 && (v.p[0] & CONFLICTS_SIBLINGS) != 0) {
			memcpy(out->items[out->count].b, k.p, k.len);
			out->items[out->count++].len = k.len;
		}
		rc = kv_cursor_next(c, &k, &v);
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/*
 * A cut of this node's own feed gives its entries their place among others,
 * which may change what contended records show: they are looked at before and
 * after it.
 */
static enum rc touch_contended(struct work *w)
{
	struct names names;
	uint32_t i;
	enum rc rc = list_contended(w, &names);

	for (i = 0; i < names.count && rc == RC_OK; i++) {
		const uint8_t *b = names.items[i].b;
		struct uuid id;

		memcpy(id.b, b + 2, UUID_LEN);
		if (work_record(w, (uint16_t)(b[0] << 8 | b[1]), id) == NULL) {
			rc = w->rc;
		}
	}
	return rc;
}

/* Takes in what one cut covers. */
static enum rc apply_cut(struct work *w, const struct cut *c, uint64_t centre_seq, int64_t time_ms)
{
	struct feed_cut cut = { .seq = c->seq, .centre_seq = centre_seq, .time_ms = time_ms };
	struct feed_state state;
	bool own = c->feed == store_own_feed(w->store, feed_scope(c->feed));
	enum rc rc = own ? touch_contended(w) : RC_OK;

	if (rc == RC_OK) {
		rc = feeds_put_cut(w->txn, c->feed, &cut);
	}
	if (rc == RC_OK) {
		rc = feeds_get(w->txn, c->feed, &state);
	}
	return rc == RC_OK && state.applied < c->seq ? apply_lane(w, &state, c->seq, NULL) : rc;
}

static enum rc apply_cuts_of(struct work *w, struct feed_state *lane, const struct header *h)
{
	struct cut cuts[LIMIT_CUTS_PER_ENTRY_MAX];
	uint64_t seq = h->seq;
	int64_t time_ms = h->time_ms;
	uint32_t i, count = h->cuts_count;
	enum rc rc = check_cuts(w, h);

	if (rc != RC_OK) {
		return rc;
	}
	memcpy(cuts, h->cuts, count * sizeof(*cuts));
	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = apply_cut(w, &cuts[i], seq, time_ms);
	}
	if (rc == RC_OK) {
		rc = apply_mark(w, lane->feed, seq);
		lane->applied = seq;
	}
	return rc;
}

/* Tries the next entry of one of the centre's feeds. */
static enum rc try_centre(struct work *w, struct apply_lanes *l, struct feed_state *lane)
{
	struct entry e;
	enum rc rc = apply_settle(w);

	if (rc == RC_OK) {
		rc = apply_load(w, (struct dot){ lane->feed, lane->applied + 1 }, &e);
	}
	if (rc == RC_OK && e.header.cuts_count > 0) {
		return apply_cuts_of(w, lane, &e.header);
	}
	if (rc == RC_OK) {
		rc = apply_check_complete(w, l, &e.header);
	}
	return rc == RC_OK ? apply_commit(w, l, &e.header, lane, NULL) : rc;
}

enum rc apply_centre(struct work *w)
{
	struct apply_lanes l;
	enum rc rc = apply_find_lanes(w, 0, &l);
	bool moved = true;
	uint32_t i;

	while (rc == RC_OK && moved) {
		moved = false;
		for (i = 0; i < l.count && rc == RC_OK; i++) {
			if (l.items[i].applied == l.items[i].head) {
				continue;
			}
			rc = try_centre(w, &l, &l.items[i]);
			if (rc == RC_FORK) {
				log_warn("feed=%016llx seq=%llu: a cut of the centre does not fit "
					 "what is here: one side was restored or cloned",
					 (unsigned long long)l.items[i].feed,
					 (unsigned long long)l.items[i].applied + 1);
			}
			moved = moved || rc == RC_OK;
			rc = rc == RC_GAP || rc == RC_FORK ? RC_OK : rc;
		}
	}
	return rc == RC_OK ? apply_settle(w) : rc;
}
