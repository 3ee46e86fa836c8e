#include "node/store/past.h"

#include <string.h>

#include "node/store/heads.h"
#include "node/store/line.h"

/* The scopes that an office shares with its centre. */
uint32_t past_scopes(const struct store *s, uint16_t office, uint16_t out[PAST_SCOPES_MAX])
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
enum rc past_state(struct kv_txn *t, uint64_t feed, struct feed_state *out)
{
	enum rc rc = feeds_get(t, feed, out);

	if (rc == RC_NOTFOUND) {
		memset(out, 0, sizeof(*out));
		return RC_OK;
	}
	return rc;
}

enum rc past_raise_lane(struct send *send, uint64_t feed, uint64_t next)
{
	uint32_t i;

	for (i = 0; i < send->lanes_count; i++) {
		if (send->lanes[i].feed == feed && send->lanes[i].next > next) {
			return RC_OK;
		}
	}
	return send_set_lane(send, feed, next);
}

/* Heads of what the centre wrote before it was restored, the last ones first. */
enum rc past_hello(struct store *s, struct kv_txn *t, uint16_t scope, struct scope_head *list,
		   uint32_t *count)
{
	struct line line;
	uint32_t i;
	enum rc rc = line_get(t, scope, &line);

	for (i = 1; rc == RC_OK && i < line.count && i <= HEADS_LIVES_MAX; i++) {
		const struct line_piece *p = &line.items[line.count - 1 - i];
		struct dot d = { feed_pack(0, scope, p->incarnation), p->upto - p->base };
		struct dot *held = arena_take(&s->arena, sizeof(*held));
		struct scope_head *h = &list[(*count)++];
		uint8_t hash[HASH_LEN];
		struct feed_state past;

		rc = held == NULL ? RC_NOMEM : feeds_get(t, d.feed, &past);
		if (rc == RC_OK) {
			*held = (struct dot){ d.feed, past.head };
			rc = feeds_hash_at(t, d, s->crypto, hash);
		}
		h->scope = scope;
		h->centre_incarnation = p->incarnation;
		h->centre_seq = d.seq;
		memcpy(h->centre_hash, hash, MESSAGE_HASH_LEN);
		h->held = held;
		h->held_count = s->info.is_centre;
	}
	return rc;
}

/* What the other side said of a feed of the centre on its line; false: nothing. */
static bool find_said_of_past(const struct hello *h, uint64_t feed, uint64_t *out)
{
	uint32_t i;

	for (i = 0; i < h->scopes_count; i++) {
		if (h->scopes[i].scope == feed_scope(feed) &&
		    h->scopes[i].centre_incarnation == feed_incarnation(feed)) {
			*out = h->scopes[i].centre_seq;
			return true;
		}
	}
	return false;
}

/* Whether the centre counts this office among those of a scope: it may have been
 * moved since. */
static bool is_told(const struct hello *h, uint16_t scope)
{
	uint32_t i;

	for (i = 0; i < h->scopes_count && h->scopes[i].scope != scope; i++) {
	}
	return i < h->scopes_count;
}

/* What the centre said that it holds of a feed of its own. */
static uint64_t find_held(const struct hello *h, uint64_t feed)
{
	uint64_t held = 0;
	uint32_t i;

	(void)find_said_of_past(h, feed, &held);
	for (i = 0; i < h->scopes_count; i++) {
		const struct scope_head *p = &h->scopes[i];

		if (p->held_count > 0 && p->held[0].feed == feed && p->held[0].seq > held) {
			held = p->held[0].seq;
		}
	}
	return held;
}

bool past_is_ahead(struct kv_txn *t, const struct hello *h)
{
	uint32_t i;

	for (i = 0; i < h->scopes_count; i++) {
		const struct scope_head *p = &h->scopes[i];
		uint64_t feed = feed_pack(0, p->scope, p->centre_incarnation), end = 0;
		struct feed_state own;

		if (p->centre_seq > 0 &&
		    (feeds_get(t, feed, &own) != RC_OK || line_end(t, feed, &end) != RC_OK ||
		     p->centre_seq > own.head || p->centre_seq > end)) {
			return true;
		}
	}
	return false;
}

bool past_is_behind(struct store *s, struct kv_txn *t, const struct hello *h)
{
	uint16_t scopes[PAST_SCOPES_MAX];
	uint32_t i, n = past_scopes(s, s->info.number, scopes);

	if (h->scopes_count > 0 && h->scopes[0].centre_incarnation != s->info.centre_incarnation) {
		return true;
	}
	for (i = 0; i < n; i++) {
		uint64_t feed = store_centre_feed(s, scopes[i]), said = 0;
		struct feed_state own;

		if (past_state(t, feed, &own) == RC_OK && own.head > 0 && is_told(h, scopes[i]) &&
		    (!find_said_of_past(h, feed, &said) || said < own.head)) {
			return true;
		}
	}
	return false;
}

/* How far the centre still is on the line that is known here. */
static enum rc find_shared(struct store *s, struct kv_txn *t, uint16_t scope, const struct hello *h,
			   uint64_t *place)
{
	struct line line;
	uint64_t said = 0;
	uint32_t i;
	enum rc rc = line_get(t, scope, &line);

	*place = 0;
	if (rc == RC_OK && line.count == 0) {
		line.items[line.count++] =
			(struct line_piece){ s->info.centre_incarnation, 0, UINT64_MAX };
	}
	for (i = 0; rc == RC_OK && i < line.count; i++) {
		const struct line_piece *p = &line.items[i];

		if (find_said_of_past(h, feed_pack(0, scope, p->incarnation), &said)) {
			*place = said < p->upto - p->base ? p->base + said : p->upto;
		}
	}
	return rc;
}

/* An office: what it has of the centre that the centre lost. */
enum rc past_return(struct store *s, struct kv_txn *t, uint16_t scope, const struct hello *h,
		    struct send *send)
{
	uint64_t from = feed_pack(0, scope, 0), place = 0;
	struct feed_state f;
	enum rc rc = is_told(h, scope) ? find_shared(s, t, scope, h, &place) : RC_NOTFOUND;

	while (rc == RC_OK) {
		struct send_return r = { .place = place };
		struct feed_cut cut = { .seq = 0 };
		uint64_t said = 0, end = 0;

		rc = feeds_next(t, from, &f);
		if (rc != RC_OK || feed_office(f.feed) != 0 || feed_scope(f.feed) != scope) {
			break;
		}
		from = f.feed + 1;
		(void)feeds_cut_last(t, f.feed, &cut);
		rc = line_end(t, f.feed, &end);
		if (rc != RC_OK || cut.seq >= f.head || (end >= f.head && end != UINT64_MAX)) {
			continue;
		}
		/* What is on the line here, and was not told, stands before what was. */
		if (!find_said_of_past(h, f.feed, &said) && end != UINT64_MAX) {
			said = end;
		}
		r.feed = f.feed;
		r.relayed = said + 1;
		r.next = find_held(h, f.feed) > said ? find_held(h, f.feed) + 1 : said + 1;
		r.upto = f.head;
		rc = said < f.head ? send_return(send, &r) : RC_OK;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The centre: its feeds along the line, from what the office has of each. */
enum rc past_line(struct store *s, struct kv_txn *t, const struct hello *h, uint16_t scope,
		  struct send *send)
{
	struct line line;
	uint64_t said = 0;
	uint32_t i, first = 0;
	enum rc rc = line_get(t, scope, &line);

	if (rc == RC_OK && line.count == 0) {
		line.count = 1;
		line.items[0].incarnation = s->info.centre_incarnation;
	}
	/* Of what stands before one that it follows, it has all that it needs. */
	for (i = 0; h != NULL && i < line.count; i++) {
		uint64_t feed = feed_pack(0, scope, line.items[i].incarnation);

		first = find_said_of_past(h, feed, &said) ? i : first;
	}
	for (i = first; i < line.count && rc == RC_OK; i++) {
		uint64_t feed = feed_pack(0, scope, line.items[i].incarnation);

		said = 0;
		if (h != NULL) {
			(void)find_said_of_past(h, feed, &said);
		}
		rc = past_raise_lane(send, feed, said + 1);
	}
	return rc;
}

/* An incarnation that began while the two speak: its feeds have lanes, too. */
enum rc past_new_line(struct store *s, struct kv_txn *t, struct send *send)
{
	uint32_t i, count = send->lanes_count;
	enum rc rc = RC_OK;

	for (i = 0; i < count && rc == RC_OK; i++) {
		if (feed_incarnation(send->lanes[i].feed) != s->info.centre_incarnation) {
			rc = past_line(s, t, NULL, feed_scope(send->lanes[i].feed), send);
		}
	}
	return rc;
}
