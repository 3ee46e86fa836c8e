#include "node/store/places.h"

#include <string.h>

#include "node/store/feeds.h"

enum { HELLO_SCOPES_MAX = LIMIT_SCOPES_PER_SESSION_MAX, SHARED_MAX = 3 };

/* The scopes that an office shares with its centre. */
static uint32_t list_scopes(const struct store *s, uint16_t office, uint16_t out[SHARED_MAX])
{
	const struct office_info *o = catalog_office(s->catalog, office);
	uint32_t count = 0;

	out[count++] = 0;
	if (o != NULL) {
		out[count++] = o->scope_centre;
		out[count++] = o->scope_region;
	}
	return count;
}

/* A feed's state; zeroes when there is none. */
static enum rc get_state(struct kv_txn *t, uint64_t feed, struct feed_state *out)
{
	enum rc rc = feeds_get(t, feed, out);

	if (rc == RC_NOTFOUND) {
		memset(out, 0, sizeof(*out));
		return RC_OK;
	}
	return rc;
}

enum rc places_get(struct store *s, struct kv_txn *t, struct session_place *out, uint32_t *count)
{
	uint16_t scopes[SHARED_MAX];
	uint32_t i, n = list_scopes(s, s->info.number, scopes);
	enum rc rc = RC_OK;

	*count = 0;
	for (i = 0; i < n && rc == RC_OK; i++) {
		struct session_place *p = &out[(*count)++];
		struct feed_state own, centre;
		struct feed_cut cut;

		memset(p, 0, sizeof(*p));
		p->scope = scopes[i];
		rc = get_state(t, store_own_feed(s, scopes[i]), &own);
		if (rc == RC_OK) {
			rc = get_state(t, store_centre_feed(s, scopes[i]), &centre);
		}
		if (rc == RC_OK && feeds_cut_last(t, store_own_feed(s, scopes[i]), &cut) == RC_OK) {
			p->own_receipt = cut.seq;
		}
		p->own_head = own.head;
		p->centre_applied = centre.applied;
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

/* Feeds of others that an office holds ahead of a cut. */
static enum rc list_held(struct store *s, struct kv_txn *t, struct scope_head *h)
{
	struct dot *held = arena_take(&s->arena, LIMIT_HELD_PER_SCOPE_MAX * sizeof(*held));
	struct feed_state state;
	uint64_t from = feed_pack(1, 0, 0);
	enum rc rc = held == NULL ? RC_NOMEM : RC_OK;

	while (rc == RC_OK && h->held_count < LIMIT_HELD_PER_SCOPE_MAX) {
		rc = feeds_next(t, from, &state);
		if (rc != RC_OK) {
			break;
		}
		from = state.feed + 1;
		if (feed_scope(state.feed) == h->scope && state.head > state.applied) {
			held[h->held_count++] = (struct dot){ state.feed, state.head };
		}
	}
	h->held = held;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc hello_of_office(struct store *s, struct kv_txn *t, struct scope_head *h)
{
	struct feed_state own, centre;
	enum rc rc = get_state(t, store_own_feed(s, h->scope), &own);

	if (rc == RC_OK) {
		rc = get_state(t, store_centre_feed(s, h->scope), &centre);
	}
	if (rc != RC_OK) {
		return rc;
	}
	fill_centre(h, s, &centre);
	h->office_incarnation = s->info.incarnation;
	if (own.head > 0) {
		fill_office(h, own.feed, &own);
	}
	return list_held(s, t, h);
}

/* The centre: one head for each incarnation of the office that it knows. */
static enum rc hello_of_centre(struct store *s, struct kv_txn *t, uint16_t peer, uint16_t scope,
			       struct scope_head *list, uint32_t *count)
{
	struct feed_state centre, office;
	uint64_t from = feed_pack(peer, scope, 0);
	uint32_t first = *count;
	enum rc rc = get_state(t, store_centre_feed(s, scope), &centre);

	while (rc == RC_OK && *count < HELLO_SCOPES_MAX) {
		struct scope_head *h = &list[*count];
		bool more = false;

		rc = feeds_next(t, from, &office);
		more = rc == RC_OK && feed_office(office.feed) == peer &&
		       feed_scope(office.feed) == scope;
		if ((rc != RC_OK && rc != RC_NOTFOUND) || (!more && *count > first)) {
			break;
		}
		memset(h, 0, sizeof(*h));
		h->scope = scope;
		fill_centre(h, s, &centre);
		if (more) {
			fill_office(h, office.feed, &office);
			from = office.feed + 1;
		}
		(*count)++;
		if (!more) {
			break;
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc places_hello(struct store *s, struct kv_txn *t, uint16_t peer, struct hello *out)
{
	uint16_t scopes[SHARED_MAX];
	uint32_t i, count = 0,
		    n = list_scopes(s, s->info.is_centre ? peer : s->info.number, scopes);
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
			list[count].scope = scopes[i];
			rc = hello_of_office(s, t, &list[count++]);
		}
	}
	out->scopes = list;
	out->scopes_count = count;
	return rc;
}

/* Whether a feed, as far as it is here, has this hash at this seq. */
static enum rc check_head(struct store *s, struct kv_txn *t, struct dot d, const uint8_t *hash,
			  bool may_be_ahead)
{
	uint8_t own[HASH_LEN];
	enum rc rc = RC_OK;

	if (d.seq == 0) {
		return RC_OK;
	}
	rc = feeds_hash_at(t, d, s->crypto, own);
	if (rc == RC_NOTFOUND) {
		return may_be_ahead ? RC_OK : RC_FORK;
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
		uint16_t office = s->info.is_centre ? peer : s->info.number;
		struct dot centre = { feed_pack(0, p->scope, p->centre_incarnation),
				      p->centre_seq };
		struct dot own = { feed_pack(office, p->scope, p->office_incarnation),
				   p->office_seq };

		/* Each side is ahead in its own feeds only. */
		rc = check_head(s, t, centre, p->centre_hash, !s->info.is_centre);
		if (rc == RC_OK &&
		    (s->info.is_centre || p->office_incarnation == s->info.incarnation)) {
			rc = check_head(s, t, own, p->office_hash, s->info.is_centre);
		}
	}
	return rc;
}

static enum rc raise_lane(struct send *send, uint64_t feed, uint64_t next)
{
	uint32_t i;

	for (i = 0; i < send->lanes_count; i++) {
		if (send->lanes[i].feed == feed && send->lanes[i].next > next) {
			return RC_OK;
		}
	}
	return send_set_lane(send, feed, next);
}

static enum rc start_office(struct store *s, struct kv_txn *t, const struct hello *h,
			    struct send *send)
{
	uint16_t scopes[SHARED_MAX];
	uint32_t i, k, n = list_scopes(s, s->info.number, scopes);
	enum rc rc = RC_OK;

	for (i = 1; i < n && rc == RC_OK; i++) {
		uint64_t feed = store_own_feed(s, scopes[i]), has = 0;
		struct feed_cut cut;

		if (feeds_cut_last(t, feed, &cut) == RC_OK) {
			has = cut.seq;
		}
		for (k = 0; h != NULL && k < h->scopes_count; k++) {
			if (h->scopes[k].scope == scopes[i] &&
			    h->scopes[k].office_incarnation == s->info.incarnation &&
			    h->scopes[k].office_seq > has) {
				has = h->scopes[k].office_seq;
			}
		}
		rc = raise_lane(send, feed, has + 1);
	}
	return rc;
}

static enum rc start_centre(struct store *s, const struct hello *h, struct send *send)
{
	struct dot own = { 0, UINT64_MAX };
	uint32_t i, k;
	enum rc rc = RC_OK;

	for (i = 0; i < h->scopes_count && rc == RC_OK; i++) {
		const struct scope_head *p = &h->scopes[i];

		if (!catalog_is_member(s->catalog, send->peer, p->scope) ||
		    !catalog_is_member(s->catalog, 0, p->scope)) {
			continue;
		}
		rc = raise_lane(send, store_centre_feed(s, p->scope), p->centre_seq + 1);
		if (rc == RC_OK) {
			/* What it writes in this life is its own; what it wrote in
			 * others it may have lost. */
			own.feed = feed_pack(send->peer, p->scope, p->office_incarnation);
			rc = send_note_held(send, own);
		}
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
	return h == NULL ? RC_OK : start_centre(s, h, send);
}
