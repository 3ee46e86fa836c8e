#include "node/store/places.h"

#include <string.h>

#include "node/store/feeds.h"
#include "node/store/heads.h"
#include "node/store/line.h"
#include "node/store/past.h"
#include "node/store/rejoin.h"

enum { HELLO_SCOPES_MAX = LIMIT_SCOPES_PER_SESSION_MAX };

/* A feed of this office in a scope, and what of it is confirmed. */
struct own_feed {
	struct feed_state state;
	uint64_t cut;
};

/* The next one at or after `from`, which moves. RC_NOTFOUND: that was all. */
static enum rc next_own(struct kv_txn *t, uint64_t *from, uint16_t scope, struct own_feed *out)
{
	uint16_t office = feed_office(*from);
	struct feed_cut cut = { .seq = 0 };
	enum rc rc = feeds_next(t, *from, &out->state);

	if (rc == RC_OK &&
	    (feed_office(out->state.feed) != office || feed_scope(out->state.feed) != scope)) {
		return RC_NOTFOUND;
	}
	if (rc != RC_OK) {
		return rc;
	}
	*from = out->state.feed + 1;
	rc = feeds_cut_last(t, out->state.feed, &cut);
	out->cut = cut.seq;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* One place for each incarnation with entries in the scope; at least one. */
static enum rc add_places(struct store *s, struct kv_txn *t, const struct session_place *scope,
			  struct session_place *out, uint32_t *count)
{
	uint64_t from = feed_pack(s->info.number, scope->scope, 0);
	uint32_t first = *count;
	struct own_feed own;
	enum rc rc = RC_OK;

	while (rc == RC_OK && *count < PLACES_MAX) {
		rc = next_own(t, &from, scope->scope, &own);
		/* What is all confirmed is no goal; the last one stands for the scope. */
		if (rc == RC_OK) {
			struct session_place *p = &out[*count];

			*p = *scope;
			p->incarnation = feed_incarnation(own.state.feed);
			p->own_head = own.state.head;
			p->own_receipt = own.cut;
			*count += own.cut < own.state.head || p->incarnation == s->info.incarnation;
		}
	}
	if (*count == first && first < PLACES_MAX) {
		out[*count] = *scope;
		out[(*count)++].incarnation = s->info.incarnation;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc places_get(struct store *s, struct kv_txn *t, struct session_place *out, uint32_t *count)
{
	uint16_t scopes[PAST_SCOPES_MAX];
	uint32_t i, n = past_scopes(s, s->info.number, scopes);
	enum rc rc = RC_OK;

	*count = 0;
	for (i = 0; i < n && rc == RC_OK; i++) {
		struct session_place p = { .scope = scopes[i] };
		struct feed_state centre;

		rc = past_state(t, store_centre_feed(s, scopes[i]), &centre);
		p.centre_applied = centre.applied;
		p.centre_incarnation = s->info.centre_incarnation;
		if (rc == RC_OK) {
			rc = add_places(s, t, &p, out, count);
		}
	}
	return rc;
}

/* Record changes of one feed: held, and those with a receipt. */
static enum rc count_feed(struct kv_txn *t, const struct own_feed *own, uint64_t *written,
			  uint64_t *confirmed)
{
	struct feed_entry e;
	enum rc rc = RC_NOTFOUND;

	*written += own->state.changes;
	if (own->cut > 0) {
		rc = feeds_get_entry(t, (struct dot){ own->state.feed, own->cut }, &e);
	}
	*confirmed += rc == RC_OK ? e.changes : 0;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc places_count_own(struct store *s, struct kv_txn *t, uint64_t *written, uint64_t *confirmed)
{
	uint16_t scopes[PAST_SCOPES_MAX];
	uint32_t i, n = past_scopes(s, s->info.number, scopes);
	enum rc rc = RC_OK;

	*written = *confirmed = 0;
	for (i = 0; i < n && rc == RC_OK; i++) {
		uint64_t from = feed_pack(s->info.number, scopes[i], 0);
		struct own_feed own;

		while (rc == RC_OK) {
			rc = next_own(t, &from, scopes[i], &own);
			rc = rc == RC_OK ? count_feed(t, &own, written, confirmed) : rc;
		}
		rc = rc == RC_NOTFOUND ? RC_OK : rc;
	}
	return rc;
}

static void fill_centre(struct scope_head *h, const struct store *s,
			const struct feed_state *centre)
{
	h->centre_incarnation = s->info.centre_incarnation;
	h->centre_seq = centre->head;
	memcpy(h->centre_hash, centre->hash, MESSAGE_HASH_LEN);
}

static void fill_office(struct scope_head *h, uint64_t feed, const struct feed_state *office)
{
	h->office_incarnation = feed_incarnation(feed);
	h->office_seq = office->head;
	memcpy(h->office_hash, office->hash, MESSAGE_HASH_LEN);
}

/* Whether an office has more of a feed than the line of the centre tells. */
static bool is_held_ahead(const struct store *s, struct kv_txn *t, const struct feed_state *f,
			  const struct line *line)
{
	struct feed_cut cut = { .seq = 0 };
	uint64_t end = 0;

	if (feed_office(f->feed) == 0 && (feed_incarnation(f->feed) == s->info.centre_incarnation ||
					  line_end(t, f->feed, &end) != RC_OK || f->head <= end)) {
		return false;
	}
	if (line->count == 0) {
		return f->head > f->applied;
	}
	(void)feeds_cut_last(t, f->feed, &cut);
	return feed_office(f->feed) != s->info.number && f->head > cut.seq;
}

/* Feeds of others that an office holds ahead of a cut. */
static enum rc list_held(struct store *s, struct kv_txn *t, struct scope_head *h)
{
	struct dot *held = arena_take(&s->arena, LIMIT_HELD_PER_SCOPE_MAX * sizeof(*held));
	struct feed_state state;
	struct line line = { .count = 0 };
	uint64_t from = feed_pack(0, 0, 0);
	enum rc rc = held == NULL ? RC_NOMEM : line_get(t, h->scope, &line);

	while (rc == RC_OK && h->held_count < LIMIT_HELD_PER_SCOPE_MAX) {
		rc = feeds_next(t, from, &state);
		if (rc != RC_OK) {
			break;
		}
		from = state.feed + 1;
		if (feed_scope(state.feed) == h->scope && is_held_ahead(s, t, &state, &line)) {
			held[h->held_count++] = (struct dot){ state.feed, state.head };
		}
	}
	h->held = held;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Whether the office speaks of an incarnation: the one that it writes to, and
 * those with entries that are still to be confirmed. */
static enum rc is_spoken_of(struct store *s, struct kv_txn *t, const struct own_feed *own,
			    bool *out)
{
	uint32_t incarnation = feed_incarnation(own->state.feed);
	bool torn = false;
	enum rc rc = rejoin_is_torn(t, incarnation, &torn);

	*out = !torn && own->state.head > 0 &&
	       (own->state.applied > own->cut ||
		(incarnation == s->info.incarnation && !s->life.is_left));
	return rc;
}

/* An office: one head for each of those, the first also with the centre's. */
static enum rc hello_of_office(struct store *s, struct kv_txn *t, uint16_t scope,
			       struct scope_head *list, uint32_t *count)
{
	struct scope_head *h = &list[*count];
	struct feed_state centre;
	struct own_feed own;
	uint64_t from = feed_pack(s->info.number, scope, 0);
	uint32_t first = *count;
	bool spoken_of = false;
	enum rc rc = past_state(t, store_centre_feed(s, scope), &centre);

	if (rc != RC_OK) {
		return rc;
	}
	h->scope = scope;
	fill_centre(h, s, &centre);
	if (scope == 0 && !s->life.is_left) {
		h->office_incarnation = s->info.incarnation; /* who is calling */
	}
	rc = list_held(s, t, h);
	while (rc == RC_OK) {
		bool present = false;

		rc = next_own(t, &from, scope, &own);
		if (rc == RC_OK) {
			present = feed_incarnation(own.state.feed) == s->info.incarnation;
			rc = is_spoken_of(s, t, &own, &spoken_of);
		}
		/* One place is for the one that is written to. */
		if (rc == RC_OK && spoken_of && (present || *count - first < HEADS_MAX - 1U)) {
			list[*count].scope = scope;
			fill_office(&list[(*count)++], own.state.feed, &own.state);
		}
	}
	*count += *count == first;
	rc = rc == RC_NOTFOUND ? RC_OK : rc;
	return rc == RC_OK ? past_hello(s, t, scope, list, count) : rc;
}

/* The centre: one head for each incarnation of the office that it knows, as far
 * as there is room. */
static enum rc hello_of_centre(struct store *s, struct kv_txn *t, uint16_t peer, uint16_t scope,
			       struct scope_head *list, uint32_t *count)
{
	struct feed_state centre, feeds[HEADS_MAX];
	uint32_t i, n = 0;
	enum rc rc = past_state(t, store_centre_feed(s, scope), &centre);

	if (rc == RC_OK) {
		rc = heads_newest(t, peer, scope, feeds, &n);
	}
	for (i = 0; rc == RC_OK && (i == 0 || i < n); i++) {
		struct scope_head *h = &list[(*count)++];

		h->scope = scope;
		fill_centre(h, s, &centre);
		if (n > 0) {
			fill_office(h, feeds[i].feed, &feeds[i]);
		}
	}
	return rc == RC_OK ? past_hello(s, t, scope, list, count) : rc;
}

enum rc places_hello(struct store *s, struct kv_txn *t, uint16_t peer, struct hello *out)
{
	uint16_t scopes[PAST_SCOPES_MAX];
	uint32_t i, count = 0,
		    n = past_scopes(s, s->info.is_centre ? peer : s->info.number, scopes);
	struct scope_head *list = arena_take_zeroed(&s->arena, HELLO_SCOPES_MAX, sizeof(*list));
	enum rc rc = list == NULL ? RC_NOMEM : RC_OK;

	memset(out, 0, sizeof(*out));
	out->protocol = MESSAGE_PROTOCOL;
	memcpy(out->system, s->info.system, SYSTEM_LEN);
	out->office = s->info.number;
	out->credit = SESSION_CREDIT;
	for (i = 0; i < n && rc == RC_OK; i++) {
		if (s->info.is_centre) {
			rc = hello_of_centre(s, t, peer, scopes[i], list, &count);
		} else {
			rc = hello_of_office(s, t, scopes[i], list, &count);
		}
	}
	out->scopes = list;
	out->scopes_count = count;
	return rc;
}

/* Whether a feed, as far as it is here, has this hash at this seq. */
static enum rc check_head(struct store *s, struct kv_txn *t, struct dot d, const uint8_t *hash)
{
	uint8_t own[HASH_LEN];
	enum rc rc = RC_OK;

	if (d.seq == 0) {
		return RC_OK;
	}
	rc = feeds_hash_at(t, d, s->crypto, own);
	if (rc == RC_NOTFOUND) {
		return RC_OK;
	}
	return rc == RC_OK && memcmp(own, hash, MESSAGE_HASH_LEN) != 0 ? RC_FORK : rc;
}

enum rc places_check(struct store *s, struct kv_txn *t, uint16_t peer, const struct hello *h)
{
	enum rc rc = RC_OK;
	uint32_t i;

	if (memcmp(h->system, s->info.system, SYSTEM_LEN) != 0) {
		return RC_SYSTEM;
	}
	if (h->office != peer) {
		return RC_DENIED;
	}
	for (i = 0; i < h->scopes_count && rc == RC_OK; i++) {
		const struct scope_head *p = &h->scopes[i];
		struct dot centre = { feed_pack(0, p->scope, p->centre_incarnation),
				      p->centre_seq };

		/* Who is ahead gives: succeed.h. Those of the office may differ: see
		 * rejoin.h. */
		rc = check_head(s, t, centre, p->centre_hash);
	}
	return rc;
}

/* What the centre said that it holds of a feed. */
static uint64_t find_said(const struct hello *h, uint64_t feed)
{
	uint32_t i;

	for (i = 0; h != NULL && i < h->scopes_count; i++) {
		if (h->scopes[i].scope == feed_scope(feed) &&
		    h->scopes[i].office_incarnation == feed_incarnation(feed)) {
			return h->scopes[i].office_seq;
		}
	}
	return 0;
}

/* Lanes for the feeds with something to confirm, and the one that is written
 * to; none for what is torn. */
static enum rc start_scope(struct store *s, struct kv_txn *t, uint16_t scope, const struct hello *h,
			   struct send *send)
{
	bool behind = h != NULL && past_is_behind(s, t, h);
	uint64_t from = feed_pack(s->info.number, scope, 0);
	struct own_feed own;
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		uint64_t said;
		bool spoken_of = false;

		rc = next_own(t, &from, scope, &own);
		if (rc == RC_OK) {
			rc = is_spoken_of(s, t, &own, &spoken_of);
		}
		if (rc == RC_OK && behind && !spoken_of) {
			rc = rejoin_is_torn(t, feed_incarnation(own.state.feed), &spoken_of);
			spoken_of = !spoken_of; /* a restored centre may lack any */
		}
		if (rc != RC_OK || !spoken_of) {
			continue;
		}
		said = find_said(h, own.state.feed);
		if (!behind && own.cut > said) {
			said = own.cut;
		}
		rc = behind ? send_set_lane(send, own.state.feed, said + 1) :
			      past_raise_lane(send, own.state.feed, said + 1);
		rc = rc == RC_LIMIT ? RC_OK : rc; /* the next conversation sends the rest */
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc start_office(struct store *s, struct kv_txn *t, const struct hello *h,
			    struct send *send)
{
	uint16_t scopes[PAST_SCOPES_MAX];
	struct rejoin_plan plan;
	uint32_t i, n = past_scopes(s, s->info.number, scopes);
	enum rc rc = RC_OK;

	for (i = 0; i < n && rc == RC_OK && h != NULL; i++) {
		rc = past_return(s, t, scopes[i], h, send);
	}
	for (i = 1; i < n && rc == RC_OK; i++) {
		rc = start_scope(s, t, scopes[i], h, send);
	}
	if (rc == RC_OK && h != NULL) {
		rc = rejoin_judge(s, t, h, &plan);
		for (i = 0; rc == RC_OK && i < plan.torn_count; i++) {
			send_drop_lanes(send, plan.torn[i]);
		}
	}
	return rc;
}

enum rc places_give(struct store *s, struct kv_txn *t, struct dot want, struct send *send)
{
	struct feed_cut cut = { .seq = 0 };
	struct send_gift gift = { .feed = want.feed, .after = want.seq };
	enum rc rc = RC_OK;

	if (feed_office(want.feed) != send->peer ||
	    !catalog_is_member(s->catalog, send->peer, feed_scope(want.feed)) ||
	    !catalog_is_member(s->catalog, 0, feed_scope(want.feed))) {
		return RC_DENIED;
	}
	rc = feeds_cut_last(t, want.feed, &cut);
	gift.upto = cut.seq;
	return rc == RC_OK || rc == RC_NOTFOUND ? send_give(send, &gift) : rc;
}

/* The hello told the office of some of its feeds only. Of another one of which it
 * says less than is here, or something else, it gets all that is cut: so it learns
 * of it. */
static enum rc give_untold(struct store *s, struct kv_txn *t, const struct scope_head *p,
			   struct send *send)
{
	struct feed_state told[HEADS_MAX];
	struct dot d = { feed_pack(send->peer, p->scope, p->office_incarnation), p->office_seq };
	bool torn = false;
	uint32_t i, count = 0;
	enum rc rc = rejoin_is_other(s, t, d, p->office_hash, &torn);

	if (rc == RC_OK && torn) {
		rc = heads_newest(t, send->peer, p->scope, told, &count);
		for (i = 0; i < count && told[i].feed != d.feed; i++) {
		}
		d.seq = 0;
		rc = rc == RC_OK && i == count ? places_give(s, t, d, send) : rc;
	}
	return rc;
}

static enum rc start_centre(struct store *s, struct kv_txn *t, const struct hello *h,
			    struct send *send)
{
	struct dot own = { 0, UINT64_MAX };
	uint32_t i, k;
	enum rc rc = RC_OK;

	for (i = 0; i < h->scopes_count && rc == RC_OK; i++) {
		const struct scope_head *p = &h->scopes[i];

		send_note_own(send, p->office_incarnation);
		if (!catalog_is_member(s->catalog, send->peer, p->scope) ||
		    !catalog_is_member(s->catalog, 0, p->scope)) {
			continue;
		}
		rc = past_line(s, t, h, p->scope, send);
		if (rc == RC_OK) {
			/* What it writes in this life is its own; what it wrote in
			 * others it may have lost. */
			own.feed = feed_pack(send->peer, p->scope, p->office_incarnation);
			rc = send_note_held(send, own);
		}
		rc = rc == RC_OK ? give_untold(s, t, p, send) : rc;
		for (k = 0; k < p->held_count && rc == RC_OK; k++) {
			rc = send_note_held(send, p->held[k]);
		}
	}
	return rc;
}

enum rc places_start(struct store *s, struct kv_txn *t, const struct hello *h, struct send *send)
{
	if (!s->info.is_centre) {
		return start_office(s, t, h, send);
	}
	return h == NULL ? past_new_line(s, t, send) : start_centre(s, t, h, send);
}
