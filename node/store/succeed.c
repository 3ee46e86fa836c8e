#include "node/store/succeed.h"

#include <inttypes.h>
#include <string.h>

#include "node/base/log.h"
#include "node/store/author.h"
#include "node/store/derive.h"
#include "node/store/feeds.h"
#include "node/store/line.h"
#include "node/store/restored.h"

static const char meta_centre_life[] = "centre_life";

enum { SHARED_MAX = 3 };

enum rc succeed_load(struct kv_txn *t, uint32_t *incarnation)
{
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_centre_life), &v);

	if (rc == RC_OK) {
		r = bytes_reader_init(v);
		*incarnation = bytes_get_be32(&r);
		rc = r.rc;
	}
	return rc;
}

bool succeed_is_later(struct work *w)
{
	struct line l;

	return line_get(w->txn, 0, &l) == RC_OK && l.count > 0;
}

/* --- the centre ------------------------------------------------------------ */

/* An entry that says nothing: with it the feed begins. */
static enum rc begin_in(struct work *w, uint16_t scope)
{
	static const struct bytes none = { NULL, 0 };
	struct author_scope *s = NULL;
	struct author a;
	bool moved = false;
	struct dot d;
	enum rc rc = author_begin(&a, w, none, none);

	if (rc == RC_OK) {
		rc = author_open(&a, scope, &s);
	}
	if (rc == RC_OK) {
		rc = author_cut(&a, s, NULL, 0, &d);
	}
	if (rc == RC_OK) {
		rc = author_finish(&a);
	}
	return rc == RC_OK ? line_switch(w->txn, w->arena, d.feed, w->life.before, &moved) : rc;
}

/* Begins in every scope that is known and has no feed of this incarnation. */
static enum rc begin_missing(struct work *w)
{
	const struct catalog *c = w->store->catalog;
	struct feed_state f;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; rc == RC_OK && i < c->scopes_count; i++) {
		uint16_t scope = c->scopes[i].scope;

		if (c->scopes[i].reach == REACH_OFFICE) {
			continue;
		}
		rc = feeds_get(w->txn, store_own_feed(w->store, scope), &f);
		rc = rc == RC_NOTFOUND ? begin_in(w, scope) : rc;
		/* The nation is the first one: the others know of it. */
		if (rc == RC_OK && c->national_seq == 0) {
			w->store->catalog->national_seq = 1;
		}
	}
	return rc;
}

enum rc succeed_begin(struct work *w)
{
	enum rc rc = RC_OK;

	if (!w->store->info.is_centre || !w->life.is_new || w->life.has_begun) {
		return RC_OK;
	}
	w->life.has_begun = true;
	w->catalog_moved = true;
	rc = line_skip(w->txn, LINE_SCOPES, w->store->info.incarnation,
		       w->store->catalog->scope_next);
	if (rc == RC_OK) {
		rc = line_skip(w->txn, LINE_NUMBERS, w->store->info.incarnation,
			       schema_last_number(&w->store->catalog->own));
	}
	if (rc == RC_OK) {
		rc = line_skips(w->txn, LINE_SCOPES, &w->store->catalog->scope_next);
	}
	/* What is in force is the same, under another number. */
	w->store->catalog->centre_incarnation = w->store->info.centre_incarnation;
	w->store->catalog->national_seq = w->store->catalog->last_change = 0;
	return rc == RC_OK ? begin_missing(w) : rc;
}

enum rc succeed_begin_late(struct work *w)
{
	return w->catalog_moved && succeed_is_later(w) ? begin_missing(w) : RC_OK;
}

enum rc succeed_look(struct work *w)
{
	uint64_t commit = 0;
	enum rc rc = author_last_commit(w->txn, &commit);

	if (rc == RC_OK) {
		rc = life_look(w, &commit);
	}
	return rc == RC_OK ? succeed_begin(w) : rc;
}

enum rc succeed_now(struct work *w)
{
	struct restored r;
	enum rc rc = restored_open(w->txn, RESTORED_COPY, w->store->world->now_ms(), &r);

	if (rc == RC_OK) {
		rc = restored_store(w->txn, &r);
	}
	if (rc == RC_OK) {
		rc = life_leave(w);
	}
	if (rc == RC_OK) {
		rc = life_renew(w);
	}
	return rc == RC_OK ? succeed_begin(w) : rc;
}

enum rc succeed_is_cut(struct work *w, struct dot d, bool *out)
{
	struct feed_state own;
	struct feed_cut cut;
	uint64_t place = 0;
	enum rc rc = feeds_cut_of(w->txn, d, &cut);

	*out = false;
	if (rc == RC_OK) {
		rc = feeds_get(w->txn, store_centre_feed(w->store, feed_scope(d.feed)), &own);
	}
	if (rc == RC_OK) {
		rc = line_place(w->txn, (struct dot){ own.feed, own.applied }, &place);
	}
	*out = rc == RC_OK && cut.centre_seq <= place;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc succeed_has(struct work *w, uint64_t feed, uint64_t seq, bool *out)
{
	struct feed_state s;
	uint64_t end = 0;
	enum rc rc = seq == 0 ? RC_NOTFOUND : feeds_get(w->txn, feed, &s);

	*out = seq == 0;
	if (rc == RC_OK) {
		rc = line_end(w->txn, feed, &end);
	}
	if (rc == RC_OK && seq <= end) {
		*out = s.applied >= seq;
	} else if (rc == RC_OK) {
		rc = succeed_is_cut(w, (struct dot){ feed, seq }, out);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* --- an office ------------------------------------------------------------- */

static uint32_t list_scopes(const struct store *s, uint16_t out[SHARED_MAX])
{
	const struct office_info *o = catalog_office(s->catalog, s->info.number);

	out[0] = 0;
	if (o != NULL) {
		out[1] = o->scope_centre;
		out[2] = o->scope_region;
	}
	return o == NULL ? 1 : SHARED_MAX;
}

/* Whether what the feed follows is applied, and the same. RC_GAP: not yet. */
static enum rc check_parent(struct work *w, uint64_t feed)
{
	uint8_t hash[HASH_LEN];
	struct feed_state s;
	struct cut parent;
	enum rc rc = feeds_get(w->txn, feed, &s);

	rc = rc == RC_OK ? line_parent(w->txn, feed, &parent) : RC_GAP;
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	rc = feeds_get(w->txn, parent.feed, &s);
	rc = rc == RC_NOTFOUND || (rc == RC_OK && s.applied < parent.seq) ? RC_GAP : rc;
	if (rc == RC_OK) {
		rc = feeds_hash_at(w->txn, (struct dot){ parent.feed, parent.seq },
				   w->store->crypto, hash);
	}
	return rc == RC_OK && memcmp(hash, parent.hash, HASH_LEN) != 0 ? RC_FORK : rc;
}

static enum rc put_life(struct work *w, uint32_t life)
{
	uint8_t value[4];
	struct bytes_writer v = bytes_writer_init(value, sizeof(value));

	bytes_put_be32(&v, life);
	w->store->info.centre_incarnation = life;
	w->catalog_moved = true;
	return kv_put(w->txn, KV_META, bytes_of(meta_centre_life), bytes_written(&v));
}

static enum rc follow(struct work *w, uint32_t life)
{
	uint16_t scopes[SHARED_MAX];
	uint32_t i, count = list_scopes(w->store, scopes);
	bool moved = false;
	enum rc rc = RC_OK;

	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = check_parent(w, feed_pack(0, scopes[i], life));
	}
	if (rc == RC_OK) {
		rc = work_flush(w);
	}
	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = line_switch(w->txn, w->arena, feed_pack(0, scopes[i], life),
				 w->store->info.centre_incarnation, &moved);
	}
	if (rc == RC_OK) {
		rc = put_life(w, life);
	}
	if (rc == RC_OK) {
		rc = store_refresh(w->store);
	}
	if (rc == RC_OK && moved) {
		/* Places changed: what records show may, too. */
		log_warn("the centre was restored from an old backup: what it had confirmed since "
			 "is sent to it again, and counts as not confirmed until it has it");
		rc = derive_rebuild(w);
	}
	return rc;
}

/* An incarnation that follows the known one in the nation. RC_NOTFOUND. */
static enum rc find_next(struct work *w, uint32_t *life)
{
	uint64_t from = feed_pack(0, 0, 0);
	struct feed_state s;
	enum rc rc = RC_OK;

	for (;;) {
		struct cut parent = { .feed = 0 };

		rc = feeds_next(w->txn, from, &s);
		if (rc != RC_OK || feed_office(s.feed) != 0 || feed_scope(s.feed) != 0) {
			return rc == RC_OK ? RC_NOTFOUND : rc;
		}
		from = s.feed + 1;
		if (line_parent(w->txn, s.feed, &parent) == RC_OK &&
		    parent.feed == store_centre_feed(w->store, 0)) {
			*life = feed_incarnation(s.feed);
			return RC_OK;
		}
	}
}

static bool is_on_line(const struct work *w, const struct line *l, uint32_t life)
{
	uint32_t i;

	for (i = 0; i < l->count && l->items[i].incarnation != life; i++) {
	}
	return i < l->count || life == w->store->info.centre_incarnation;
}

enum rc succeed_follow(struct work *w, uint32_t told, bool *followed)
{
	uint32_t life = told, i;
	struct line line;
	struct cut parent;
	enum rc rc = RC_OK;

	*followed = false;
	if (life == 0 || life == w->store->info.centre_incarnation) {
		rc = find_next(w, &life);
	}
	if (rc == RC_OK) {
		rc = line_get(w->txn, 0, &line);
	}
	/* One that was missed comes first. */
	for (i = 0; rc == RC_OK && !*followed && i < LINE_MAX && !is_on_line(w, &line, life); i++) {
		rc = follow(w, life);
		*followed = rc == RC_OK;
		if (rc == RC_GAP) {
			rc = line_parent(w->txn, feed_pack(0, 0, life), &parent);
			life = rc == RC_OK ? feed_incarnation(parent.feed) : life;
		}
	}
	return rc == RC_GAP || rc == RC_NOTFOUND ? RC_OK : rc;
}
