/* The centre's side of apply.h: an office's entries, and the cuts for them. */
#include <stdlib.h>
#include <string.h>

#include "node/store/apply_priv.h"
#include "node/store/author.h"
#include "node/store/epoch.h"
#include "node/store/follows.h"
#include "node/store/key.h"
#include "node/store/line.h"
#include "node/store/replaced.h"
#include "node/store/succeed.h"

void apply_cuts_free(struct apply_cuts *cuts)
{
	free(cuts->items);
	memset(cuts, 0, sizeof(*cuts));
}

enum rc apply_note_cut(struct work *w, struct apply_cuts *cuts, uint64_t feed, uint64_t seq)
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

/* How many entries of cuts stand before the one of this feed in its scope. */
static uint32_t count_entries_before(const struct apply_cuts *cuts, uint64_t feed)
{
	uint32_t i, n = 0;

	for (i = 0; i < cuts->count && cuts->items[i].feed != feed; i++) {
		n += feed_scope(cuts->items[i].feed) == feed_scope(feed);
	}
	return n / LIMIT_CUTS_PER_ENTRY_MAX;
}

/*
 * The cut must be known before a record is looked at: what is shown depends
 * on it. It will stand in one of the centre's next entries of the scope. Of
 * several cuts in one work only the last is written, as in the entry itself.
 */
enum rc apply_foresee_cut(struct work *w, const struct apply_cuts *cuts, uint64_t feed,
			  uint64_t from, uint64_t upto)
{
	struct feed_state centre;
	struct feed_cut cut = { .seq = upto }, last;
	struct dot next = { store_centre_feed(w->store, feed_scope(feed)), 0 };
	struct key k;
	enum rc rc = feeds_get(w->txn, next.feed, &centre);

	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	next.seq = (rc == RC_OK ? centre.head : 0) + 1 + count_entries_before(cuts, feed);
	rc = line_place(w->txn, next, &cut.centre_seq);
	if (rc == RC_OK) {
		rc = author_time(w, &cut.time_ms);
	}
	if (rc == RC_OK && feeds_cut_last(w->txn, feed, &last) == RC_OK &&
	    last.centre_seq == cut.centre_seq && last.seq == from) {
		k = key_dot((struct dot){ feed, from });
		cut.time_ms = last.time_ms;
		rc = kv_del(w->txn, KV_CUT, key_bytes(&k));
	}
	return rc == RC_OK ? feeds_put_cut(w->txn, feed, &cut) : rc;
}

/* Whether an entry of the nation that an author knew is known here too. */
static enum rc check_epoch(struct work *w, const struct header *h)
{
	struct epoch epoch = { h->epoch_incarnation, h->epoch_seq };
	bool knows = false;
	enum rc rc = epoch_is_here(w->store, w->txn, &epoch, &knows);

	if (rc == RC_OK && knows) {
		rc = succeed_has(w, feed_pack(0, 0, epoch.incarnation), epoch.seq, &knows);
	}
	return rc == RC_OK && !knows ? RC_GAP : rc;
}

/* The same for all that the author knew. */
static enum rc check_known(struct work *w, const struct header *h)
{
	uint64_t centre = feed_pack(0, feed_scope(h->feed), h->epoch_incarnation);
	bool knows = false;
	enum rc rc = check_epoch(w, h);

	if (rc == RC_OK) {
		rc = succeed_has(w, centre, h->seen_centre, &knows);
		rc = rc == RC_OK && !knows ? RC_GAP : rc;
	}
	return rc;
}

/* What an entry of an earlier incarnation of the centre had cut is cut again
 * before it: so the order in which it was written stays. */
static enum rc check_branch_cuts(struct work *w, const struct header *h)
{
	enum rc rc = feed_scope(h->feed) == 0 ? RC_OK : check_epoch(w, h);
	uint32_t i;

	for (i = 0; i < h->cuts_count && rc == RC_OK; i++) {
		struct dot d = { h->cuts[i].feed, h->cuts[i].seq };
		bool is_cut = false;

		rc = succeed_is_cut(w, d, &is_cut);
		rc = rc == RC_OK && !is_cut ? RC_GAP : rc;
	}
	return rc;
}

/* An entry that something else stands for since this very work waits for the
 * next, so that the two are never cut together. */
static enum rc check_replaced(struct work *w, struct dot d)
{
	bool skips = false;
	enum rc rc = w->has_replaced ? replaced_skips_entry(w->txn, d, &skips) : RC_OK;

	return rc == RC_OK && skips ? RC_GAP : rc;
}

/* A feed waits for what it continues; one that continues what is not so never
 * gets further. */
static enum rc check_branch(struct work *w, const struct feed_state *feed)
{
	enum rc rc = RC_OK;

	if (feed->applied == 0) {
		rc = follows_check_held(w->txn, w->store->crypto, feed->genesis);
		rc = rc == RC_FORK ? RC_GAP : rc;
	}
	return rc == RC_OK ? check_replaced(w, (struct dot){ feed->feed, feed->applied + 1 }) : rc;
}

/* The same for one that stands for an entry for which, since this very work,
 * another one stands. */
static enum rc check_stand(struct work *w, const struct header *h)
{
	struct dot old = { h->replaces.feed, h->replaces.seq };
	bool taken = false;
	enum rc rc = RC_OK;

	if (w->has_replaced && h->has_replaces) {
		rc = replaced_skips(w->txn, old, h->replaces.hash, &taken);
	}
	return rc == RC_OK && taken ? RC_GAP : rc;
}

/* Whether a feed's next entry can be applied, as far as its author's sight goes. */
static enum rc check_next(struct work *w, uint64_t feed, const struct header *h)
{
	struct feed_state state;
	enum rc rc = check_known(w, h);

	if (rc == RC_OK) {
		rc = check_stand(w, h);
	}
	if (rc == RC_OK) {
		rc = feeds_get(w->txn, feed, &state);
	}
	return rc == RC_OK ? check_branch(w, &state) : rc;
}

/* The same for the other scopes of the commit, which is complete. */
static enum rc check_parts(struct work *w, const struct header *h)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < h->parts_count && rc == RC_OK; i++) {
		uint64_t feed = feed_pack(feed_office(h->feed), h->parts[i].scope,
					  feed_incarnation(h->feed));
		struct feed_state state;
		struct entry e;

		if (feed == h->feed ||
		    !catalog_is_member(w->store->catalog, 0, h->parts[i].scope)) {
			continue;
		}
		rc = feeds_get(w->txn, feed, &state);
		if (rc == RC_OK) {
			rc = apply_load(w, (struct dot){ feed, state.applied + 1 }, &e);
		}
		if (rc == RC_OK) {
			rc = check_next(w, feed, &e.header);
		}
	}
	return rc;
}

/* Whether the centre had applied a commit before it was restored. It was complete
 * then; now its parts may come from several offices, and wait for none. */
static enum rc had_commit(struct work *w, const struct header *h, bool *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	*out = false;
	for (i = 0; i < h->parts_count && rc == RC_OK && !*out; i++) {
		struct dot d = { feed_pack(feed_office(h->feed), h->parts[i].scope,
					   feed_incarnation(h->feed)),
				 h->parts[i].last_seq };

		rc = line_was_cut(w->txn, d, out);
	}
	return rc;
}

/* Tries the next commit of a lane. RC_GAP: it has to wait. */
static enum rc try_lane(struct work *w, struct apply_lanes *l, struct feed_state *lane,
			struct apply_cuts *cuts)
{
	struct dot next = { lane->feed, lane->applied + 1 };
	bool had = false;
	struct entry e;
	uint64_t last = UINT64_MAX;
	enum rc rc = apply_settle(w);

	if (rc == RC_OK) {
		rc = epoch_closing(w->store, lane->feed, NULL, &last);
	}
	/* What may not stand waits for nothing else. */
	if (rc == RC_OK && next.seq > last) {
		rc = check_replaced(w, next);
		return rc == RC_OK ? apply_lane(w, lane, next.seq, NULL, cuts) : rc;
	}
	if (rc == RC_OK) {
		rc = apply_load(w, next, &e);
	}
	if (rc == RC_OK && feed_office(lane->feed) == 0) {
		/* Who gives it back may not have the other scopes of a commit. */
		rc = line_note_branch(w->txn, &e.header);
		if (rc == RC_OK) {
			rc = apply_load(w, next, &e);
		}
		rc = rc == RC_OK ? check_branch_cuts(w, &e.header) : rc;
		return rc == RC_OK ? apply_lane(w, lane, next.seq, NULL, cuts) : rc;
	}
	if (rc == RC_OK) {
		rc = check_next(w, lane->feed, &e.header);
	}
	if (rc == RC_OK) {
		rc = had_commit(w, &e.header, &had);
	}
	if (rc == RC_OK) {
		rc = apply_check_complete(w, l, &e.header);
	}
	if (rc == RC_OK) {
		rc = check_parts(w, &e.header);
	}
	if (rc == RC_GAP && had) {
		return apply_lane(w, lane, next.seq, NULL, cuts);
	}
	return rc == RC_OK ? apply_commit(w, l, &e.header, lane, cuts) : rc;
}

enum rc apply_office(struct work *w, uint16_t office, struct apply_cuts *cuts)
{
	struct apply_lanes l;
	enum rc rc = apply_find_lanes(w, office, &l);
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

enum rc apply_returned(struct work *w, struct apply_cuts *cuts)
{
	uint32_t i;
	enum rc rc = RC_OK;

	do {
		if (cuts->count > 0) {
			rc = apply_write_cuts(w, cuts);
			cuts->count = 0;
		}
		rc = rc == RC_OK ? apply_office(w, 0, cuts) : rc;
		for (i = 0; rc == RC_OK && i < w->store->catalog->offices_count; i++) {
			rc = apply_office(w, w->store->catalog->offices[i].number, cuts);
		}
	} while (rc == RC_OK && cuts->count > 0);
	return rc;
}

/* One entry of cuts, a commit of its own. */
static enum rc write_entry(struct work *w, uint16_t scope, const struct cut *list, uint32_t count)
{
	struct author_scope *s = NULL;
	struct author a;
	struct dot d;
	enum rc rc = author_begin(&a, w, bytes_at(NULL, 0), bytes_at(NULL, 0));

	w->national_moved = w->national_moved || scope == 0; /* epochs know it */
	if (rc == RC_OK) {
		rc = author_open(&a, scope, &s);
	}
	if (rc == RC_OK) {
		rc = author_cut(&a, s, list, count, &d);
	}
	return rc == RC_OK ? author_finish(&a) : rc;
}

/* The cuts of one scope, in as many entries as foreseen. */
static enum rc write_scope(struct work *w, const struct apply_cuts *cuts, uint32_t from)
{
	uint16_t scope = feed_scope(cuts->items[from].feed);
	struct cut *list = arena_take(w->arena, LIMIT_CUTS_PER_ENTRY_MAX * sizeof(*list));
	uint32_t i, count = 0;
	enum rc rc = list == NULL ? RC_NOMEM : RC_OK;

	for (i = from; i < cuts->count && rc == RC_OK; i++) {
		if (feed_scope(cuts->items[i].feed) != scope) {
			continue;
		}
		list[count++] = cuts->items[i];
		if (count == LIMIT_CUTS_PER_ENTRY_MAX) {
			rc = write_entry(w, scope, list, count);
			count = 0;
		}
	}
	return rc == RC_OK && count > 0 ? write_entry(w, scope, list, count) : rc;
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
			rc = write_scope(w, cuts, i);
		}
	}
	return rc;
}
