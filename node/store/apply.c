/*
 * The road of an entry from "held" to "applied":
 *
 *   next entry of a lane -> is its commit complete, its epoch known, what its
 *   author saw applied here? -> rights of each change -> merge -> mark
 *
 * A lane is one feed with its `applied` mark. No progress on any lane ends
 * the step; the entries that wait are looked at again when something arrives.
 */
#include "node/store/apply.h"

#include <stdlib.h>
#include <string.h>

#include "node/store/author.h"
#include "node/store/context.h"
#include "node/store/key.h"
#include "proto/entry_codec.h"
#include "sync/rights.h"

enum { LANES_MAX = LIMIT_PARTS_PER_COMMIT_MAX * 2 };

void apply_cuts_free(struct apply_cuts *cuts)
{
	free(cuts->items);
	memset(cuts, 0, sizeof(*cuts));
}

static bool same_parts(const struct header *a, const struct header *b)
{
	uint32_t i;

	for (i = 0; i < a->parts_count && i < b->parts_count; i++) {
		if (a->parts[i].scope != b->parts[i].scope ||
		    a->parts[i].last_seq != b->parts[i].last_seq) {
			return false;
		}
	}
	return a->parts_count == b->parts_count;
}

enum rc apply_check_header(const struct header *h, const struct header *before)
{
	bool named = h->parts_count == 0;
	uint32_t i;

	if (h->cuts_count > 0 && (feed_office(h->feed) != 0 || h->changes_count > 0)) {
		return RC_CORRUPT;
	}
	for (i = 0; i < h->parts_count; i++) {
		const struct commit_part *p = &h->parts[i];

		named = named || (p->scope == feed_scope(h->feed) && p->last_seq >= h->seq);
	}
	if (!named || (before == NULL) != (h->seq == 1)) {
		return RC_CORRUPT;
	}
	if (before == NULL || h->commit > before->commit) {
		return RC_OK;
	}
	/* One more entry of the same commit: it must say the same. */
	return h->commit == before->commit && h->parts_count > 0 && same_parts(h, before) &&
			       h->seen_centre == before->seen_centre &&
			       h->epoch_seq == before->epoch_seq &&
			       h->epoch_incarnation == before->epoch_incarnation ?
		       RC_OK :
		       RC_CORRUPT;
}

static struct rights rights_of(const struct work *w, const struct header *h, uint16_t kind)
{
	const struct catalog *c = w->store->catalog;
	uint16_t office = feed_office(h->feed), scope = feed_scope(h->feed);
	const struct scope_info *info = catalog_scope(c, scope);
	struct rights r = {
		.kind = schema_kind_by_number(&c->schema, kind),
		.scope = info == NULL ? REACH_OFFICE : info->reach,
		.is_centre = office == 0,
		.is_member = catalog_is_member(c, office, scope),
	};
	return r;
}

static enum rc apply_change(struct work *w, const struct entry *e, uint32_t place)
{
	struct dot dot = { e->header.feed, e->header.seq };
	struct change change;
	struct context context = { .txn = w->txn, .header = &e->header, .change = &change };
	struct seen seen = { .ctx = &context, .covers = context_covers };
	struct rights rights;
	enum rc rc = entry_decode_change(e, place, w->arena, &change);

	if (rc == RC_OK) {
		rights = rights_of(w, &e->header, change.kind);
		rc = rights_judge(&rights, &change);
	}
	if (rc == RC_OK) {
		rc = work_apply(w, &change, dot, &seen);
		if (context.rc != RC_OK && w->rc == RC_OK) {
			w->rc = context.rc;
		}
		if (rc != RC_OK && w->rc == RC_OK) {
			return work_quarantine(w, dot, place, rc);
		}
		return w->rc;
	}
	return rc == RC_NOMEM ? rc : work_quarantine(w, dot, place, rc);
}

/* Loads an entry into the arena: it outlives the next put. */
static enum rc load_entry(struct work *w, struct dot d, struct entry *out)
{
	struct feed_entry stored;
	struct bytes copy;
	enum rc rc = feeds_get_entry(w->txn, d, &stored);

	if (rc != RC_OK) {
		return rc;
	}
	copy = arena_copy(w->arena, stored.bytes);
	return copy.p == NULL ? RC_NOMEM : entry_decode(copy, w->arena, out);
}

/* Between commits the catalog follows the national scope, before anything
 * more is judged by it. */
static enum rc settle(struct work *w)
{
	enum rc rc = RC_OK;

	if (w->national_moved || work_is_large(w)) {
		rc = work_flush(w);
	}
	if (rc == RC_OK && w->national_moved) {
		w->national_moved = false;
		w->catalog_moved = true;
		rc = store_refresh(w->store);
	}
	return rc;
}

static enum rc apply_entry(struct work *w, struct dot d)
{
	struct entry e;
	enum rc rc = work_is_large(w) ? work_flush(w) : RC_OK;
	uint32_t i;

	if (rc == RC_OK) {
		rc = load_entry(w, d, &e);
	}
	for (i = 0; rc == RC_OK && i < e.changes_count; i++) {
		rc = apply_change(w, &e, i);
	}
	return rc;
}

/* Moves a feed's mark; everything up to seq was applied. */
static enum rc mark_applied(struct work *w, uint64_t feed, uint64_t seq)
{
	struct feed_state state;
	struct bytes genesis;
	enum rc rc = feeds_get(w->txn, feed, &state);

	if (rc != RC_OK) {
		return rc;
	}
	genesis = arena_copy(w->arena, state.genesis);
	if (genesis.p == NULL) {
		return RC_NOMEM;
	}
	state.genesis = genesis;
	state.applied = seq;
	return feeds_put(w->txn, &state);
}

/* The lanes of one author: its feeds that have something to apply. */
struct lanes {
	struct feed_state items[LANES_MAX];
	uint32_t count;
};

static enum rc find_lanes(struct work *w, uint16_t office, struct lanes *l)
{
	uint64_t from = feed_pack(office, 0, 0);
	enum rc rc = RC_OK;

	l->count = 0;
	while (l->count < LANES_MAX) {
		struct feed_state *s = &l->items[l->count];

		rc = feeds_next(w->txn, from, s);
		if (rc != RC_OK || feed_office(s->feed) != office) {
			break;
		}
		from = s->feed + 1;
		l->count++;
		if (from == 0) {
			break;
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static struct feed_state *find_lane(struct lanes *l, uint16_t scope, uint32_t incarnation)
{
	uint32_t i;

	for (i = 0; i < l->count; i++) {
		if (feed_scope(l->items[i].feed) == scope &&
		    feed_incarnation(l->items[i].feed) == incarnation) {
			return &l->items[i];
		}
	}
	return NULL;
}

/* Whether what the author knew is known here too. */
static enum rc check_known(struct work *w, const struct header *h)
{
	uint16_t scope = feed_scope(h->feed);
	struct feed_state centre;
	enum rc rc = RC_OK;

	if (feed_office(h->feed) == 0) {
		return RC_OK;
	}
	if (h->epoch_seq > w->store->catalog->national_seq) {
		return RC_GAP;
	}
	rc = feeds_get(w->txn, store_centre_feed(w->store, scope), &centre);
	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	return h->seen_centre > (rc == RC_OK ? centre.applied : 0) ? RC_GAP : RC_OK;
}

/* Whether every part of the commit that this node may have is here, and next. */
static enum rc check_complete(struct work *w, struct lanes *l, const struct header *h)
{
	uint32_t i;

	for (i = 0; i < h->parts_count; i++) {
		const struct commit_part *p = &h->parts[i];
		const struct feed_state *lane = NULL;
		struct feed_entry next;

		if (!catalog_is_member(w->store->catalog, w->store->info.number, p->scope)) {
			continue;
		}
		lane = find_lane(l, p->scope, feed_incarnation(h->feed));
		if (lane == NULL || lane->head < p->last_seq) {
			return RC_GAP;
		}
		if (feeds_get_entry(w->txn, (struct dot){ lane->feed, lane->applied + 1 }, &next) !=
			    RC_OK ||
		    next.commit != h->commit) {
			return RC_GAP;
		}
	}
	return RC_OK;
}

static enum rc note_cut(struct work *w, struct apply_cuts *cuts, uint64_t feed, uint64_t seq)
{
	struct cut *c = NULL;
	uint32_t i;

	for (i = 0; i < cuts->count && cuts->items[i].feed != feed; i++) {
	}
	if (i == cuts->max) {
		uint32_t max = cuts->max == 0 ? 16 : 2 * cuts->max;
		struct cut *wider = realloc(cuts->items, max * sizeof(*wider));

		if (wider == NULL) {
			return RC_NOMEM;
		}
		cuts->items = wider;
		cuts->max = max;
	}
	c = &cuts->items[i];
	cuts->count += i == cuts->count;
	c->feed = feed;
	c->seq = seq;
	return feeds_hash_at(w->txn, (struct dot){ feed, seq }, w->store->crypto, c->hash);
}

/*
 * The cut must be known before a record is looked at: what is shown depends
 * on it. It will stand in the centre's next entry of the scope. Of several
 * cuts in one step only the last is written, as in the entry itself.
 */
static enum rc foresee_cut(struct work *w, uint64_t feed, uint64_t from, uint64_t upto)
{
	struct feed_state centre;
	struct feed_cut cut = { .seq = upto }, last;
	struct key k;
	enum rc rc = feeds_get(w->txn, store_centre_feed(w->store, feed_scope(feed)), &centre);

	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	cut.centre_seq = (rc == RC_OK ? centre.head : 0) + 1;
	rc = author_time(w, &cut.time_ms);
	if (rc == RC_OK && feeds_cut_last(w->txn, feed, &last) == RC_OK &&
	    last.centre_seq == cut.centre_seq && last.seq == from) {
		k = key_dot((struct dot){ feed, from });
		cut.time_ms = last.time_ms;
		rc = kv_del(w->txn, KV_CUT, key_bytes(&k));
	}
	return rc == RC_OK ? feeds_put_cut(w->txn, feed, &cut) : rc;
}

/* Applies one lane's entries up to seq. cuts: NULL where none are owed. */
static enum rc apply_lane(struct work *w, struct feed_state *lane, uint64_t upto,
			  struct apply_cuts *cuts)
{
	uint64_t from = lane->applied, seq = lane->applied;
	enum rc rc = RC_OK;

	if (cuts != NULL) {
		rc = foresee_cut(w, lane->feed, from, upto);
	}
	while (rc == RC_OK && seq < upto) {
		rc = apply_entry(w, (struct dot){ lane->feed, ++seq });
	}
	if (rc == RC_OK) {
		rc = mark_applied(w, lane->feed, upto);
		lane->applied = upto;
	}
	if (rc == RC_OK && cuts != NULL) {
		rc = note_cut(w, cuts, lane->feed, upto);
	}
	return rc;
}

static enum rc apply_commit(struct work *w, struct lanes *l, const struct header *h,
			    struct feed_state *lane, struct apply_cuts *cuts)
{
	uint32_t incarnation = feed_incarnation(h->feed), i, count = h->parts_count;
	struct commit_part parts[LIMIT_PARTS_PER_COMMIT_MAX];
	enum rc rc = RC_OK;

	if (count == 0) {
		return apply_lane(w, lane, lane->applied + 1, cuts);
	}
	/* The header may go with a flush; its list of parts must not. */
	memcpy(parts, h->parts, count * sizeof(*parts));
	for (i = 0; i < count && rc == RC_OK; i++) {
		struct feed_state *other = find_lane(l, parts[i].scope, incarnation);

		if (other != NULL &&
		    catalog_is_member(w->store->catalog, w->store->info.number, parts[i].scope)) {
			rc = apply_lane(w, other, parts[i].last_seq, cuts);
		}
	}
	return rc;
}

/* Tries the next commit of a lane. RC_GAP: it has to wait. */
static enum rc try_lane(struct work *w, struct lanes *l, struct feed_state *lane,
			struct apply_cuts *cuts)
{
	struct entry e;
	enum rc rc = settle(w);

	if (rc == RC_OK) {
		rc = load_entry(w, (struct dot){ lane->feed, lane->applied + 1 }, &e);
	}
	if (rc == RC_OK) {
		rc = check_known(w, &e.header);
	}
	if (rc == RC_OK) {
		rc = check_complete(w, l, &e.header);
	}
	return rc == RC_OK ? apply_commit(w, l, &e.header, lane, cuts) : rc;
}

enum rc apply_office(struct work *w, uint16_t office, struct apply_cuts *cuts)
{
	struct lanes l;
	enum rc rc = find_lanes(w, office, &l);
	bool moved = true;
	uint32_t i;

	while (rc == RC_OK && moved) {
		moved = false;
		for (i = 0; i < l.count && rc == RC_OK; i++) {
			if (l.items[i].applied == l.items[i].head) {
				continue;
			}
			rc = try_lane(w, &l, &l.items[i], cuts);
			moved = moved || rc == RC_OK;
			rc = rc == RC_GAP ? RC_OK : rc;
		}
	}
	return rc;
}

/* One entry of cuts; scopes are not tied to each other. */
static enum rc write_cuts_of(struct work *w, const struct apply_cuts *cuts, uint32_t from)
{
	uint16_t scope = feed_scope(cuts->items[from].feed);
	struct cut *list = arena_take(w->arena, cuts->count * sizeof(*list));
	struct author_scope *s = NULL;
	struct author a;
	struct dot d;
	uint32_t i, count = 0;
	enum rc rc = author_begin(&a, w, bytes_at(NULL, 0), bytes_at(NULL, 0));

	for (i = from; i < cuts->count && list != NULL; i++) {
		if (feed_scope(cuts->items[i].feed) == scope) {
			list[count++] = cuts->items[i];
		}
	}
	if (rc == RC_OK) {
		rc = list == NULL ? RC_NOMEM : author_open(&a, scope, &s);
	}
	if (rc == RC_OK) {
		rc = author_cut(&a, s, list, count, &d);
	}
	return rc == RC_OK ? author_finish(&a) : rc;
}

enum rc apply_write_cuts(struct work *w, const struct apply_cuts *cuts)
{
	uint32_t i, k;
	enum rc rc = RC_OK;

	for (i = 0; i < cuts->count && rc == RC_OK; i++) {
		uint16_t scope = feed_scope(cuts->items[i].feed);

		for (k = 0; k < i && feed_scope(cuts->items[k].feed) != scope; k++) {
		}
		if (k == i) {
			rc = write_cuts_of(w, cuts, i);
		}
	}
	return rc;
}

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

/* Names of contended records, copied before anything is touched. */
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
		if (k.len == 2 + UUID_LEN) {
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
		rc = mark_applied(w, lane->feed, seq);
		lane->applied = seq;
	}
	return rc;
}

/* Tries the next entry of one of the centre's feeds. */
static enum rc try_centre(struct work *w, struct lanes *l, struct feed_state *lane)
{
	struct entry e;
	enum rc rc = settle(w);

	if (rc == RC_OK) {
		rc = load_entry(w, (struct dot){ lane->feed, lane->applied + 1 }, &e);
	}
	if (rc == RC_OK && e.header.cuts_count > 0) {
		return apply_cuts_of(w, lane, &e.header);
	}
	if (rc == RC_OK) {
		rc = check_complete(w, l, &e.header);
	}
	return rc == RC_OK ? apply_commit(w, l, &e.header, lane, NULL) : rc;
}

enum rc apply_centre(struct work *w)
{
	struct lanes l;
	enum rc rc = find_lanes(w, 0, &l);
	bool moved = true;
	uint32_t i;

	while (rc == RC_OK && moved) {
		moved = false;
		for (i = 0; i < l.count && rc == RC_OK; i++) {
			if (l.items[i].applied == l.items[i].head) {
				continue;
			}
			rc = try_centre(w, &l, &l.items[i]);
			moved = moved || rc == RC_OK;
			rc = rc == RC_GAP || rc == RC_FORK ? RC_OK : rc;
		}
	}
	return rc == RC_OK ? settle(w) : rc;
}
