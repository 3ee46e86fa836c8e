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

#include <string.h>

#include "node/store/apply_priv.h"
#include "node/store/aside.h"
#include "node/store/context.h"
#include "node/store/epoch.h"
#include "node/store/home.h"
#include "node/store/line.h"
#include "node/store/rejoin.h"
#include "node/store/replaced.h"
#include "node/store/ruling.h"
#include "proto/entry_codec.h"

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

/* A scope has one end. */
static bool names_scope_twice(const struct header *h)
{
	uint32_t i, k;

	for (i = 1; i < h->parts_count; i++) {
		for (k = 0; k < i; k++) {
			if (h->parts[i].scope == h->parts[k].scope) {
				return true;
			}
		}
	}
	return false;
}

/* Rulings are the centre's, stand alone, and concern their own scope. */
static bool may_judge(const struct header *h)
{
	uint32_t i = 0;

	while (i < h->rulings_count && feed_scope(h->rulings[i].dot.feed) == feed_scope(h->feed)) {
		i++;
	}
	return i == h->rulings_count &&
	       (i == 0 || (feed_office(h->feed) == 0 && h->changes_count + h->cuts_count == 0));
}

enum rc apply_check_header(const struct header *h, const struct header *before)
{
	bool named = h->parts_count == 0;
	uint32_t i;

	if (h->cuts_count > 0 && (feed_office(h->feed) != 0 || h->changes_count > 0)) {
		return RC_CORRUPT;
	}
	if (h->is_carried && feed_office(h->feed) != 0) {
		return RC_CORRUPT; /* an office speaks for itself */
	}
	if (!may_judge(h)) {
		return RC_CORRUPT;
	}
	for (i = 0; i < h->cuts_count; i++) {
		uint64_t feed = h->cuts[i].feed;

		/* Of its own feeds the centre cuts those of other incarnations. */
		if (feed_scope(feed) != feed_scope(h->feed) || feed == h->feed ||
		    (feed_office(feed) != 0 && feed_scope(feed) == 0)) {
			return RC_CORRUPT;
		}
	}
	for (i = 0; i < h->parts_count; i++) {
		const struct commit_part *p = &h->parts[i];

		named = named || (p->scope == feed_scope(h->feed) && p->last_seq >= h->seq);
	}
	if (!named || !replaced_is_form(h) || names_scope_twice(h) ||
	    (before == NULL) != (h->seq == 1)) {
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

/* Decodes a change and judges whether it may stand. RC_NOTFOUND: it may not,
 * *why tells. */
static enum rc judge_change(struct work *w, const struct entry *e, uint32_t place, uint64_t upto,
			    struct change *change, enum quarantine_reason *why)
{
	bool taken = false;
	enum rc rc = entry_decode_change(e, place, w->arena, change);

	if (rc == RC_NOMEM) {
		return rc;
	}
	*why = QUARANTINE_MALFORMED;
	if (rc == RC_OK && e->header.seq > upto) {
		*why = QUARANTINE_CLOSED;
		return RC_NOTFOUND;
	}
	rc = rc == RC_OK ? ruling_judge(w->store, &e->header, change, why) : RC_NOTFOUND;
	if (rc == RC_OK) {
		rc = home_is_taken(w, change, (struct dot){ e->header.feed, e->header.seq },
				   &taken);
		*why = QUARANTINE_DENIED;
	}
	return rc == RC_OK && taken ? RC_NOTFOUND : rc;
}

/* upto: the last seq of the feed that may stand. */
static enum rc apply_change(struct work *w, const struct entry *e, uint32_t place, uint64_t upto)
{
	struct dot dot = { e->header.feed, e->header.seq };
	struct change change;
	struct context context = { .txn = w->txn, .header = &e->header, .change = &change };
	struct seen seen = { .ctx = &context, .covers = context_covers };
	enum quarantine_reason why = QUARANTINE_MALFORMED;
	enum rc rc = judge_change(w, e, place, upto, &change, &why);

	if (rc == RC_NOTFOUND) {
		return work_quarantine(w, dot, place, why);
	}
	if (rc == RC_OK) {
		rc = work_apply(w, &change, dot, place, &seen);
	}
	if (context.rc != RC_OK && w->rc == RC_OK) {
		w->rc = context.rc;
	}
	if (rc == RC_INVALID && w->rc == RC_OK) {
		return work_quarantine(w, dot, place, QUARANTINE_TWICE);
	}
	return w->rc == RC_OK ? rc : w->rc;
}

/* Loads an entry into the arena: it outlives the next put. */
enum rc apply_load(struct work *w, struct dot d, struct entry *out)
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
enum rc apply_settle(struct work *w)
{
	enum rc rc = RC_OK;

	if (w->national_moved || work_is_large(w)) {
		rc = work_flush(w);
	}
	if (rc == RC_OK && w->national_moved) {
		w->national_moved = false;
		w->catalog_moved = true;
		rc = store_refresh(w->store);
		rc = rc == RC_OK ? rejoin_leave_closed(w) : rc;
	}
	return rc;
}

/* Whether an entry's changes are to be passed over: something else stands for
 * it, or it for nothing. */
static enum rc is_passed_over(struct work *w, struct dot d, const struct header *h, bool *out)
{
	enum rc rc = replaced_note(w, h, out);

	if (rc == RC_OK && h->has_replaces && !*out) {
		rc = rejoin_note_replaced(w, h);
	}
	return rc == RC_OK && !*out ? replaced_skips_entry(w->txn, d, out) : rc;
}

static enum rc apply_entry(struct work *w, struct dot d, uint64_t upto)
{
	struct entry e;
	bool passed_over = false, replaces = false;
	enum rc rc = work_is_large(w) ? work_flush(w) : RC_OK;
	uint32_t i;

	if (rc == RC_OK) {
		rc = apply_load(w, d, &e);
	}
	if (rc == RC_OK) {
		replaces = e.header.has_replaces;
		rc = is_passed_over(w, d, &e.header, &passed_over);
	}
	if (rc == RC_OK && replaces) {
		rc = apply_load(w, d, &e); /* the work may have been flushed */
	}
	if (rc == RC_OK && e.header.cuts_count > 0) {
		rc = line_note_branch(w->txn, &e.header);
	}
	if (rc != RC_OK || passed_over) {
		return rc;
	}
	for (i = 0; rc == RC_OK && i < e.changes_count; i++) {
		if (work_is_large(w)) {
			rc = work_flush(w);
			rc = rc == RC_OK ? apply_load(w, d, &e) : rc;
		}
		rc = rc == RC_OK ? apply_change(w, &e, i, upto) : rc;
	}
	return rc == RC_OK && e.header.rulings_count > 0 ? ruling_apply(w, &e.header) : rc;
}

/* What others put aside of an entry that is applied here already. */
static enum rc judge_entry(struct work *w, struct dot d, uint64_t upto)
{
	enum quarantine_reason why = QUARANTINE_MALFORMED;
	struct change change;
	struct entry e;
	bool passed_over = false;
	uint32_t i;
	enum rc rc = work_is_large(w) ? work_flush(w) : RC_OK;

	if (rc == RC_OK) {
		rc = apply_load(w, d, &e);
	}
	if (rc == RC_OK) {
		rc = replaced_skips_entry(w->txn, d, &passed_over);
	}
	for (i = 0; rc == RC_OK && !passed_over && i < e.changes_count; i++) {
		rc = judge_change(w, &e, i, upto, &change, &why);
		rc = rc == RC_NOTFOUND ? aside_put(w, &e, i, why) : rc;
	}
	return rc;
}

enum rc apply_judge(struct work *w, const struct work_span *span, const struct epoch *epoch)
{
	uint64_t seq, last = UINT64_MAX;
	enum rc rc = epoch_closing(w->store, span->feed, epoch, &last);

	for (seq = span->first; seq <= span->last && rc == RC_OK; seq++) {
		rc = judge_entry(w, (struct dot){ span->feed, seq }, last);
	}
	return rc;
}

enum rc apply_own(struct work *w, struct dot d)
{
	return apply_entry(w, d, UINT64_MAX);
}

/* Moves a feed's mark; everything up to seq was applied. */
enum rc apply_mark(struct work *w, uint64_t feed, uint64_t seq)
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

enum rc apply_find_lanes(struct work *w, uint16_t office, struct apply_lanes *l)
{
	uint64_t from = feed_pack(office, 0, 0);
	enum rc rc = RC_OK;

	l->count = 0;
	while (l->count < APPLY_LANES_MAX) {
		struct feed_state *s = &l->items[l->count];

		rc = feeds_next(w->txn, from, s);
		if (rc != RC_OK || feed_office(s->feed) != office) {
			break;
		}
		from = s->feed + 1;
		/* A restored office has old feeds in which nothing waits. */
		l->count += office == 0 || s->applied < s->head;
		if (from == 0) {
			break;
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static struct feed_state *find_lane(struct apply_lanes *l, uint16_t scope, uint32_t incarnation)
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

/* Whether every part of the commit that this node may have is here, and next. */
enum rc apply_check_complete(struct work *w, struct apply_lanes *l, const struct header *h)
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
		if (lane == NULL || lane->head < p->last_seq || p->last_seq <= lane->applied) {
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

/* Applies one lane's entries up to seq. cuts: NULL where none are owed. */
enum rc apply_lane(struct work *w, struct feed_state *lane, uint64_t upto,
		   const struct epoch *epoch, struct apply_cuts *cuts)
{
	uint64_t from = lane->applied, seq = lane->applied, last = UINT64_MAX;
	enum rc rc = epoch_closing(w->store, lane->feed, epoch, &last);

	if (rc == RC_OK && cuts != NULL) {
		rc = apply_foresee_cut(w, cuts, lane->feed, from, upto);
	}
	while (rc == RC_OK && seq < upto) {
		rc = apply_entry(w, (struct dot){ lane->feed, ++seq }, last);
	}
	if (rc == RC_OK) {
		rc = apply_mark(w, lane->feed, upto);
		lane->applied = upto;
	}
	if (rc == RC_OK && cuts != NULL) {
		rc = apply_note_cut(w, cuts, lane->feed, upto);
	}
	return rc;
}

enum rc apply_commit(struct work *w, struct apply_lanes *l, const struct header *h,
		     struct feed_state *lane, struct apply_cuts *cuts)
{
	uint32_t incarnation = feed_incarnation(h->feed), i, count = h->parts_count;
	struct commit_part parts[LIMIT_PARTS_PER_COMMIT_MAX];
	enum rc rc = RC_OK;

	if (count == 0) {
		return apply_lane(w, lane, lane->applied + 1, NULL, cuts);
	}
	/* The header may go with a flush; its list of parts must not. */
	memcpy(parts, h->parts, count * sizeof(*parts));
	for (i = 0; i < count && rc == RC_OK; i++) {
		struct feed_state *other = find_lane(l, parts[i].scope, incarnation);

		if (other != NULL &&
		    catalog_is_member(w->store->catalog, w->store->info.number, parts[i].scope)) {
			rc = apply_lane(w, other, parts[i].last_seq, NULL, cuts);
		}
	}
	return rc;
}
