/* An office's side of apply.h: the centre's entries, and what their cuts let
 * in. */
#include <string.h>

#include "node/base/log.h"
#include "node/store/apply_priv.h"
#include "node/store/conflicts.h"
#include "node/store/epoch.h"
#include "node/store/key.h"
#include "node/store/line.h"
#include "node/store/parts.h"
#include "node/store/rejoin.h"
#include "node/store/setaside.h"
#include "node/store/succeed.h"

static bool is_own(const struct work *w, uint64_t feed)
{
	return feed_office(feed) == w->store->info.number;
}

/* A cut of an own entry that is not here, or is another one: it may have been
 * set aside; else it is still to come from the centre. */
static enum rc find_own(struct work *w, const struct cut *c)
{
	struct feed_cut last = { .seq = 0 };
	enum rc rc = setaside_return(w, c->feed, c->seq, c->hash);

	if (rc != RC_NOTFOUND) {
		return rc;
	}
	rc = feeds_cut_last(w->txn, c->feed, &last);
	w->want = (struct dot){ c->feed, last.seq };
	return rc == RC_OK || rc == RC_NOTFOUND ? RC_GAP : rc;
}

/* Whether a cut can be applied: what it names is here, and is the same. */
static enum rc check_cut(struct work *w, const struct cut *c)
{
	uint8_t hash[HASH_LEN];
	struct feed_state state;
	enum rc rc = feeds_get(w->txn, c->feed, &state);

	if (rc == RC_NOTFOUND || (rc == RC_OK && state.head < c->seq)) {
		return is_own(w, c->feed) ? find_own(w, c) : RC_GAP;
	}
	if (rc == RC_OK) {
		rc = feeds_hash_at(w->txn, (struct dot){ c->feed, c->seq }, w->store->crypto, hash);
	}
	if (rc == RC_OK && memcmp(hash, c->hash, HASH_LEN) != 0) {
		return is_own(w, c->feed) ? find_own(w, c) : RC_FORK;
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

/* Records whose place moves, listed before anything is touched. */
struct moved {
	const struct moved *next;
	uint16_t kind;
	struct uuid id;
};

/* Whether the record was touched behind `last` of its own feed here: else all
 * that it has of that has its place already. */
static enum rc is_moved(struct work *w, uint16_t kind, struct uuid id, struct dot last, bool *out)
{
	struct key k = key_part(kind, id, feed_scope(last.feed));
	size_t mark = arena_mark(w->arena);
	struct part part = part_init();
	struct bytes state;
	enum rc rc = kv_get(w->txn, KV_RECORD, key_bytes(&k), &state);

	if (rc == RC_OK) {
		rc = parts_read(w->txn, state, w->arena, &part);
	}
	*out = rc == RC_OK && vv_get(&part.vector, last.feed) > last.seq;
	arena_release(w->arena, mark);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Puts the record that a key of the table names in front, if its place moves. */
static enum rc add_moved(struct work *w, struct bytes key, struct dot last,
			 const struct moved **list)
{
	struct bytes_reader r = bytes_reader_init(key);
	struct moved m = { .next = *list, .kind = bytes_get_be16(&r) }, *copy = NULL;
	struct bytes id = bytes_get(&r, UUID_LEN);
	bool moved = false;
	enum rc rc = bytes_is_done(&r) ? RC_OK : RC_CORRUPT;

	if (rc == RC_OK) {
		memcpy(m.id.b, id.p, UUID_LEN);
		rc = is_moved(w, m.kind, m.id, last, &moved);
	}
	if (rc == RC_OK && moved) {
		copy = arena_take(w->arena, sizeof(*copy));
		rc = copy == NULL ? RC_NOMEM : RC_OK;
	}
	if (copy != NULL) {
		*copy = m;
		*list = copy;
	}
	return rc;
}

static enum rc list_moved(struct work *w, struct dot last, const struct moved **out)
{
	struct kv_cursor *c = kv_cursor_open(w->txn, KV_CONFLICT);
	struct key first = key_kind(0);
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&first), &k, &v);

	while (rc == RC_OK) {
		if (v.len == 1 && (v.p[0] & CONFLICTS_SIBLINGS) != 0) {
			rc = add_moved(w, k, last, out);
		}
		rc = rc == RC_OK ? kv_cursor_next(c, &k, &v) : rc;
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/*
 * A cut of what is applied here already - of this node's own feed, or of what an
 * earlier incarnation of the centre had cut - gives entries their place among others,
 * which may change what records with siblings show: those that have such an
 * entry are looked at before and after it.
 */
static enum rc touch_moved(struct work *w, uint64_t feed)
{
	const struct moved *m = NULL;
	struct feed_cut last = { .seq = 0 };
	enum rc rc = feeds_cut_last(w->txn, feed, &last);

	if (rc == RC_OK || rc == RC_NOTFOUND) {
		rc = list_moved(w, (struct dot){ feed, last.seq }, &m);
	}
	for (; rc == RC_OK && m != NULL; m = m->next) {
		rc = work_record(w, m->kind, m->id) == NULL ? w->rc : RC_OK;
	}
	return rc;
}

/* Whether something of a feed is applied that no cut covers. */
static bool is_cut_later(struct work *w, const struct feed_state *s)
{
	struct feed_cut last = { .seq = 0 };
	uint64_t end = 0;

	(void)feeds_cut_last(w->txn, s->feed, &last);
	if (feed_office(s->feed) == 0) {
		(void)line_end(w->txn, s->feed, &end);
	}
	return s->applied > last.seq && s->applied > end;
}

/* The centre's entry that holds a cut. */
struct cutting {
	uint64_t place;
	int64_t time_ms;
	struct epoch epoch;
};

/* What is applied here of what a cut covers: before its place is known. */
static enum rc prepare_applied(struct work *w, const struct cut *c)
{
	struct feed_state state;
	enum rc rc = feeds_get(w->txn, c->feed, &state);

	if (rc == RC_OK && is_cut_later(w, &state)) {
		rc = touch_moved(w, c->feed);
	}
	return rc == RC_OK && is_own(w, c->feed) ? rejoin_prefer(w, c->feed, c->seq) : rc;
}

/* What was applied here before this cut let it in: own entries, and what an earlier
 * incarnation of the centre had cut. */
static enum rc judge_applied(struct work *w, const struct cut *c, const struct epoch *epoch)
{
	struct work_span span = { c->feed, 0, 0 };
	struct feed_cut last = { .seq = 0 };
	struct feed_state state = { .applied = 0 };
	enum rc rc = feeds_get(w->txn, c->feed, &state);

	if (rc == RC_OK) {
		rc = feeds_cut_last(w->txn, c->feed, &last);
	}
	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	span.first = last.seq + 1;
	span.last = state.applied < c->seq ? state.applied : c->seq;
	return apply_judge(w, &span, epoch);
}

/* Takes in what one cut covers. */
static enum rc apply_cut(struct work *w, const struct cut *c, const struct cutting *by)
{
	struct feed_cut cut = { .seq = c->seq, .centre_seq = by->place, .time_ms = by->time_ms };
	struct feed_state state;
	enum rc rc = prepare_applied(w, c);

	if (rc == RC_OK && feed_office(c->feed) != 0) {
		rc = judge_applied(w, c, &by->epoch);
	}
	if (rc == RC_OK) {
		rc = feeds_put_cut(w->txn, c->feed, &cut);
	}
	if (rc == RC_OK) {
		rc = feeds_get(w->txn, c->feed, &state);
	}
	return rc == RC_OK && state.applied < c->seq ?
		       apply_lane(w, &state, c->seq, &by->epoch, NULL) :
		       rc;
}

static enum rc apply_cuts_of(struct work *w, struct feed_state *lane, const struct header *h)
{
	struct cut cuts[LIMIT_CUTS_PER_ENTRY_MAX];
	struct cutting by = { 0, h->time_ms, { h->epoch_incarnation, h->epoch_seq } };
	uint64_t seq = h->seq;
	uint32_t i, count = h->cuts_count;
	enum rc rc = check_cuts(w, h);

	if (rc == RC_OK) {
		rc = line_place(w->txn, (struct dot){ lane->feed, seq }, &by.place);
	}
	if (rc != RC_OK) {
		return rc;
	}
	memcpy(cuts, h->cuts, count * sizeof(*cuts));
	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = apply_cut(w, &cuts[i], &by);
	}
	if (rc == RC_OK) {
		rc = apply_mark(w, lane->feed, seq);
		lane->applied = seq;
	}
	return rc;
}

/* What an entry says, and what its cuts let in, is judged by what the nation had
 * said at its epoch: it waits for that. */
static enum rc check_epoch(struct work *w, const struct header *h)
{
	struct epoch epoch = { h->epoch_incarnation, h->epoch_seq };
	bool here = false;
	enum rc rc = RC_OK;

	if (feed_scope(h->feed) == 0) {
		return RC_OK; /* what it knows stands before it */
	}
	rc = epoch_is_here(w->store, w->txn, &epoch, &here);
	return rc == RC_OK && !here ? RC_GAP : rc;
}

/* Tries the next entry of one of the centre's feeds. */
static enum rc try_centre(struct work *w, struct apply_lanes *l, struct feed_state *lane)
{
	struct entry e;
	enum rc rc = apply_settle(w);

	if (rc == RC_OK) {
		rc = apply_load(w, (struct dot){ lane->feed, lane->applied + 1 }, &e);
	}
	if (rc == RC_OK) {
		rc = check_epoch(w, &e.header);
	}
	if (rc == RC_OK && e.header.cuts_count > 0) {
		return apply_cuts_of(w, lane, &e.header);
	}
	if (rc == RC_OK) {
		rc = apply_check_complete(w, l, &e.header);
	}
	return rc == RC_OK ? apply_commit(w, l, &e.header, lane, NULL) : rc;
}

/* Applies what can be of the feeds of the centre's incarnation. */
static enum rc apply_line(struct work *w)
{
	struct apply_lanes l;
	bool moved = true;
	enum rc rc = apply_find_lanes(w, 0, &l);
	uint32_t i;

	while (rc == RC_OK && moved) {
		moved = false;
		for (i = 0; i < l.count && rc == RC_OK; i++) {
			/* What is not on the line waits for a cut. */
			if (l.items[i].applied == l.items[i].head ||
			    feed_incarnation(l.items[i].feed) !=
				    w->store->info.centre_incarnation) {
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

enum rc apply_centre(struct work *w, uint32_t told)
{
	bool followed = true;
	enum rc rc = RC_OK;

	while (rc == RC_OK && followed) {
		rc = apply_line(w);
		if (rc == RC_OK) {
			rc = succeed_follow(w, told, &followed);
		}
	}
	return rc;
}
