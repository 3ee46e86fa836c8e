#include "node/store/send.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "node/store/feeds.h"
#include "node/store/line.h"
#include "proto/entry_codec.h"
#include "proto/wire.h"

enum {
	LEN_BYTES = 1 + 3, /* tag and length of a message of at most a frame */
	CHUNK_BYTES_MAX = LIMIT_FRAME_BYTES_MAX - LEN_BYTES,
	RUNS_MAX = 64,
	RUN_ENTRIES_MAX = 4096
};

void send_init(struct send *s, uint16_t peer, struct send_signer signer)
{
	memset(s, 0, sizeof(*s));
	s->peer = peer;
	s->signer = signer;
}

void send_fini(struct send *s)
{
	free(s->relayed.dots);
	memset(&s->relayed, 0, sizeof(s->relayed));
}

enum rc send_set_lane(struct send *s, uint64_t feed, uint64_t next)
{
	uint32_t i;

	for (i = 0; i < s->dropped_count; i++) {
		if (s->dropped[i] == feed_incarnation(feed)) {
			return RC_OK;
		}
	}
	for (i = 0; i < s->lanes_count && s->lanes[i].feed != feed; i++) {
	}
	if (i == LIMIT_SCOPES_PER_SESSION_MAX) {
		return RC_LIMIT;
	}
	s->lanes_count += i == s->lanes_count;
	s->lanes[i] = (struct send_lane){ feed, next, false };
	return RC_OK;
}

void send_drop_lanes(struct send *s, uint32_t incarnation)
{
	uint32_t i, kept = 0;

	for (i = 0; i < s->lanes_count; i++) {
		if (feed_incarnation(s->lanes[i].feed) != incarnation) {
			s->lanes[kept++] = s->lanes[i];
		}
	}
	s->lanes_count = kept;
	if (s->dropped_count < SEND_OWN_MAX) {
		s->dropped[s->dropped_count++] = incarnation;
	}
}

static bool is_peers_own(const struct send *s, uint64_t feed)
{
	uint32_t i;

	for (i = 0; i < s->own_count && feed_office(feed) == s->peer; i++) {
		if (s->own[i] == feed_incarnation(feed)) {
			return true;
		}
	}
	return false;
}

void send_note_own(struct send *s, uint32_t incarnation)
{
	uint32_t i;

	for (i = 0; i < s->own_count && s->own[i] != incarnation; i++) {
	}
	if (i == s->own_count && i < SEND_OWN_MAX && incarnation != 0) {
		s->own[s->own_count++] = incarnation;
	}
}

enum rc send_give(struct send *s, const struct send_gift *gift)
{
	uint32_t i;

	for (i = 0; i < s->own_count && !gift->is_span; i++) {
		if (s->own[i] == feed_incarnation(gift->feed)) {
			s->own[i] = s->own[--s->own_count];
			break;
		}
	}
	if (gift->after >= gift->upto) {
		return RC_OK;
	}
	if (s->gifts_count == SEND_GIFTS_MAX) {
		return RC_LIMIT;
	}
	s->gifts[s->gifts_count++] = *gift;
	return RC_OK;
}

enum rc send_return(struct send *s, const struct send_return *r)
{
	if (s->returns_count < SEND_RETURNS_MAX) {
		s->returns[s->returns_count++] = *r;
	}
	return RC_OK;
}

enum rc send_note_held(struct send *s, struct dot d)
{
	struct vv *v = &s->relayed;

	if (v->count == v->max && vv_get(v, d.feed) == 0) {
		uint32_t max = v->max == 0 ? 8 : 2 * v->max;
		struct dot *wider = realloc(v->dots, max * sizeof(*wider));

		if (wider == NULL) {
			return RC_NOMEM;
		}
		v->dots = wider;
		v->max = max;
	}
	return vv_raise(v, d);
}

/* What a field of bytes takes: tag, length, bytes. */
static size_t field_len(size_t len)
{
	return 1 + wire_varint_len(len) + len;
}

/*
 * What a run takes without its entries. Lengths are exact: a frame that an
 * office filled to the brim comes in one run, has one seal at its end, and
 * must fit a frame again.
 */
static size_t run_len(const struct feed_state *state, uint64_t first_seq)
{
	size_t genesis = first_seq == 1 ? field_len(state->genesis.len) : 0;

	return LEN_BYTES + genesis + 1 + 8 + 1 + wire_varint_len(first_seq) + field_len(SIG_LEN);
}

/* The chunk being made. */
struct making {
	struct send *send;
	struct store *store;
	struct kv_txn *txn;
	struct run *runs;
	struct bytes **entries; /* the list of each run, writable */
	uint32_t runs_count;
	size_t len;
	bool met_damage;
};

/* The run of a feed that would go on at seq, or a new one. NULL: no room. */
static struct run *open_run(struct making *m, uint64_t feed, uint64_t seq,
			    const struct feed_state *state)
{
	struct run *run = NULL;
	size_t len = run_len(state, seq);
	uint32_t i;

	for (i = 0; i < m->runs_count; i++) {
		run = &m->runs[i];
		if (run->feed == feed && run->first_seq + run->entries_count == seq) {
			return run;
		}
	}
	if (m->runs_count == RUNS_MAX || m->len + len > CHUNK_BYTES_MAX) {
		return NULL;
	}
	run = &m->runs[m->runs_count];
	memset(run, 0, sizeof(*run));
	run->feed = feed;
	run->first_seq = seq;
	run->genesis = seq == 1 ? state->genesis : bytes_at(NULL, 0);
	m->entries[m->runs_count] =
		arena_take(&m->store->arena, RUN_ENTRIES_MAX * sizeof(struct bytes));
	run->entries = m->entries[m->runs_count];
	if (run->entries == NULL) {
		return NULL;
	}
	m->len += len;
	m->runs_count++;
	return run;
}

/* Whether an entry is what its author wrote, as far as its chain tells. */
static enum rc check_sound(struct making *m, const struct feed_entry *e)
{
	struct arena *a = &m->store->arena;
	size_t mark = arena_mark(a);
	struct dot before = { e->dot.feed, e->dot.seq - 1 };
	uint8_t hash[HASH_LEN];
	struct entry decoded;
	enum rc rc = feeds_hash_at(m->txn, before, m->store->crypto, hash);

	if (rc == RC_OK) {
		rc = entry_decode(e->bytes, a, &decoded);
	}
	if (rc == RC_OK) {
		entry_chain(m->store->crypto, &decoded, hash, hash);
		rc = memcmp(hash, e->hash, HASH_LEN) == 0 ? RC_OK : RC_CORRUPT;
	}
	arena_release(a, mark);
	if (rc == RC_NOTFOUND || rc == RC_CORRUPT || rc == RC_LIMIT) {
		log_warn("feed=%016" PRIx64 " seq=%" PRIu64
			 ": the entry is damaged and is not sent: see `kerwen verify`",
			 e->dot.feed, e->dot.seq);
		return RC_CORRUPT;
	}
	return rc;
}

/* Adds one entry. RC_LIMIT: the chunk is full; RC_CORRUPT: the entry is damaged. */
static enum rc add_entry(struct making *m, const struct feed_state *state, uint64_t seq)
{
	struct feed_entry e;
	struct run *run = NULL;
	enum rc rc = feeds_get_entry(m->txn, (struct dot){ state->feed, seq }, &e);

	if (rc == RC_OK) {
		rc = check_sound(m, &e);
	}
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_CORRUPT : rc;
	}
	run = open_run(m, state->feed, seq, state);
	if (run == NULL || run->entries_count == RUN_ENTRIES_MAX ||
	    m->len + field_len(e.bytes.len) > CHUNK_BYTES_MAX) {
		if (run != NULL && run->entries_count == 0) {
			m->runs_count--;
		}
		return RC_LIMIT;
	}
	m->entries[run - m->runs][run->entries_count++] = e.bytes;
	m->len += field_len(e.bytes.len);
	return RC_OK;
}

/* How much of the chunk the entries after `from` up to `upto` take. */
static size_t measure(const struct making *m, const struct feed_state *state, uint64_t from,
		      uint64_t upto)
{
	size_t len = run_len(state, from + 1);

	while (from < upto && len <= CHUNK_BYTES_MAX) {
		struct feed_entry e;

		if (feeds_get_entry(m->txn, (struct dot){ state->feed, ++from }, &e) == RC_OK) {
			len += field_len(e.bytes.len);
		}
	}
	return len;
}

/* A seal that is passed on must fit. */
static enum rc check_seal(struct making *m, const struct feed_state *state, uint64_t seq,
			  const uint8_t seal[SIG_LEN])
{
	uint8_t text[FEED_SEAL_TEXT_LEN];
	struct feed_entry e;
	enum rc rc = feeds_get_entry(m->txn, (struct dot){ state->feed, seq }, &e);

	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_CORRUPT : rc;
	}
	feed_seal_text(m->store->info.system, state->feed, seq, e.hash, text);
	if (m->store->crypto->verify(state->key, bytes_at(text, sizeof(text)), seal)) {
		return RC_OK;
	}
	log_warn("feed=%016" PRIx64 " seq=%" PRIu64 ": the seal is damaged: see `kerwen verify`",
		 state->feed, seq);
	return RC_CORRUPT;
}

/* Relays an office's entries behind *at up to the first seal at or behind
 * `upto`; *at moves. RC_LIMIT: the chunk is full before that. */
static enum rc relay_from(struct making *m, uint64_t feed, uint64_t *at, uint64_t upto)
{
	struct feed_state state;
	uint64_t seal_seq = 0, from = *at;
	enum rc rc = feeds_get(m->txn, feed, &state);

	while (rc == RC_OK && from < upto) {
		struct run *run = NULL;
		uint8_t seal[SIG_LEN];

		rc = feeds_get_seal(m->txn, (struct dot){ feed, from + 1 }, &seal_seq, seal);
		if (rc == RC_OK) {
			rc = check_seal(m, &state, seal_seq, seal);
		}
		if (rc == RC_OK && m->runs_count > 0 &&
		    m->len + measure(m, &state, from, seal_seq) > CHUNK_BYTES_MAX) {
			return RC_LIMIT;
		}
		while (rc == RC_OK && from < seal_seq) {
			rc = add_entry(m, &state, from + 1);
			from += rc == RC_OK;
		}
		if (rc == RC_OK) {
			run = open_run(m, feed, from + 1, &state);
			memcpy(run->seal, seal, SIG_LEN);
			rc = send_note_held(m->send, (struct dot){ feed, from });
			*at = from;
		}
	}
	return rc;
}

/* What a cut covers, behind the last cut before it up to a place, or what the peer
 * holds. */
static enum rc relay(struct making *m, const struct cut *cut, uint64_t place)
{
	struct feed_cut before = { .seq = cut->seq };
	uint64_t from = vv_get(&m->send->relayed, cut->feed);
	enum rc rc = RC_OK;

	do {
		rc = feeds_cut_below(m->txn, (struct dot){ cut->feed, before.seq - 1 }, &before);
	} while (rc == RC_OK && before.centre_seq > place && before.seq > from);
	if (rc == RC_OK && before.seq > from) {
		from = before.seq;
	}
	return relay_from(m, cut->feed, &from, cut->seq);
}

/* Entries of this node's own, which it seals anew. */
static enum rc add_own(struct making *m, struct send_gift *g)
{
	struct feed_state state;
	enum rc rc = feeds_get(m->txn, g->feed, &state);

	while (rc == RC_OK && g->after < g->upto) {
		rc = add_entry(m, &state, g->after + 1);
		g->after += rc == RC_OK;
	}
	return rc;
}

/* What the peer asked for, as far as it is sound here. */
static enum rc fill_gifts(struct making *m)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && m->send->gifts_count > 0) {
		struct send_gift *g = &m->send->gifts[m->send->gifts_count - 1];

		rc = feed_office(g->feed) == m->store->info.number ?
			     add_own(m, g) :
			     relay_from(m, g->feed, &g->after, g->upto);
		rc = rc == RC_CORRUPT || rc == RC_NOTFOUND ? RC_OK : rc;
		m->send->gifts_count -= rc == RC_OK;
	}
	return rc;
}

/* Everything that the centre's entry lets in must go before it. */
static enum rc relay_covered(struct making *m, uint64_t feed, uint64_t seq, uint64_t place)
{
	size_t mark = arena_mark(&m->store->arena);
	struct feed_entry stored;
	struct entry e;
	enum rc rc = feeds_get_entry(m->txn, (struct dot){ feed, seq }, &stored);
	uint32_t i;

	if (rc == RC_OK) {
		rc = entry_decode(stored.bytes, &m->store->arena, &e);
	}
	for (i = 0; rc == RC_OK && i < e.header.cuts_count; i++) {
		if (!is_peers_own(m->send, e.header.cuts[i].feed) &&
		    (m->store->info.is_centre ||
		     feed_office(e.header.cuts[i].feed) != m->store->info.number)) {
			rc = relay(m, &e.header.cuts[i], place);
		}
	}
	if (m->runs_count == 0) {
		arena_release(&m->store->arena, mark);
	}
	return rc;
}

/* A lane that meets something damaged is held; the others go on. */
static enum rc hold_damaged(struct making *m, struct send_lane *lane, enum rc rc)
{
	if (rc != RC_CORRUPT) {
		return rc;
	}
	lane->is_held = m->met_damage = true;
	return RC_OK;
}

static enum rc fill_from_centre(struct making *m, struct send_lane *lane)
{
	struct feed_state state;
	enum rc rc = feeds_get(m->txn, lane->feed, &state);

	uint64_t end = 0;

	if (rc == RC_OK) {
		rc = line_end(m->txn, lane->feed, &end);
	}
	while (rc == RC_OK && lane->next <= state.head && lane->next <= end && !lane->is_held) {
		rc = relay_covered(m, lane->feed, lane->next, UINT64_MAX);
		if (rc == RC_OK) {
			rc = add_entry(m, &state, lane->next);
		}
		lane->next += rc == RC_OK;
		rc = hold_damaged(m, lane, rc);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* What the centre lost: its own entries first, then what they cut. */
static enum rc fill_returns(struct making *m)
{
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; rc == RC_OK && i < m->send->returns_count; i++) {
		struct send_return *r = &m->send->returns[i];
		uint64_t at = r->next - 1;

		rc = at < r->upto ? relay_from(m, r->feed, &at, r->upto) : RC_OK;
		r->next = at + 1;
	}
	for (i = 0; rc == RC_OK && i < m->send->returns_count; i++) {
		struct send_return *r = &m->send->returns[i];

		while (rc == RC_OK && r->relayed <= r->upto) {
			rc = relay_covered(m, r->feed, r->relayed, r->place);
			r->relayed += rc == RC_OK;
		}
	}
	m->send->returns_count = rc == RC_OK ? 0 : m->send->returns_count;
	return rc;
}

/* The lane whose next entry belongs to the earliest commit; NULL: none. */
static struct send_lane *choose_lane(struct making *m, const struct feed_state *states)
{
	struct send_lane *best = NULL;
	uint64_t commit = 0;
	uint32_t i;

	for (i = 0; i < m->send->lanes_count; i++) {
		struct send_lane *lane = &m->send->lanes[i];
		struct feed_entry e;

		if (lane->is_held || lane->next > states[i].head ||
		    feeds_get_entry(m->txn, (struct dot){ lane->feed, lane->next }, &e) != RC_OK) {
			continue;
		}
		if (best == NULL || e.commit < commit) {
			best = lane;
			commit = e.commit;
		}
	}
	return best;
}

static enum rc fill_from_office(struct making *m)
{
	struct feed_state states[LIMIT_SCOPES_PER_SESSION_MAX];
	struct send_lane *lane = NULL;
	enum rc rc = RC_OK;
	uint32_t i;

	memset(states, 0, sizeof(states));
	for (i = 0; i < m->send->lanes_count; i++) {
		rc = feeds_get(m->txn, m->send->lanes[i].feed, &states[i]);
		if (rc != RC_OK && rc != RC_NOTFOUND) {
			return rc;
		}
	}
	rc = RC_OK;
	while (rc == RC_OK) {
		lane = choose_lane(m, states);
		if (lane == NULL) {
			return RC_OK;
		}
		rc = add_entry(m, &states[lane - m->send->lanes], lane->next);
		lane->next += rc == RC_OK;
		rc = hold_damaged(m, lane, rc);
	}
	return rc;
}

/* Seals the runs of this node's own feeds. */
static enum rc seal_runs(struct making *m)
{
	const struct store_info *me = &m->store->info;
	uint8_t text[FEED_SEAL_TEXT_LEN];
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < m->runs_count && rc == RC_OK; i++) {
		struct run *run = &m->runs[i];
		struct feed_entry e;

		if (feed_office(run->feed) != me->number) {
			continue;
		}
		rc = feeds_get_entry(m->txn,
				     (struct dot){ run->feed,
						   run->first_seq + run->entries_count - 1 },
				     &e);
		if (rc == RC_OK) {
			feed_seal_text(me->system, run->feed, e.dot.seq, e.hash, text);
			m->send->signer.sign(m->send->signer.ctx, bytes_at(text, sizeof(text)),
					     run->seal);
		}
	}
	return rc;
}

void send_set_waits(struct send *s, bool waits)
{
	s->waits = waits;
}

static enum rc fill_lanes(struct making *m)
{
	struct send *s = m->send;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < s->lanes_count && !s->waits; i++) {
		s->lanes[i].is_held = false; /* it may be sound by now */
	}
	if (!m->store->info.is_centre) {
		rc = fill_returns(m);
		return rc == RC_OK ? fill_from_office(m) : rc;
	}
	for (i = 0; i < s->lanes_count && rc == RC_OK; i++) {
		rc = fill_from_centre(m, &s->lanes[i]);
	}
	return rc;
}

enum rc send_next(struct send *s, struct store *store, struct kv_txn *t, struct chunk *out)
{
	struct making m = { .send = s, .store = store, .txn = t };
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	m.runs = arena_take(&store->arena, RUNS_MAX * sizeof(*m.runs));
	m.entries = arena_take(&store->arena, RUNS_MAX * sizeof(*m.entries));
	if (m.runs == NULL || m.entries == NULL) {
		return RC_NOMEM;
	}
	rc = fill_gifts(&m);
	out->is_end = rc == RC_OK && s->owes_end && m.runs_count == 0;
	s->owes_end = s->owes_end && !out->is_end;
	if (rc == RC_OK && !out->is_end && !s->owes_end) {
		rc = fill_lanes(&m);
	}
	if (rc == RC_OK && m.runs_count == 0 && m.met_damage && !s->waits) {
		rc = RC_CORRUPT;
	}
	if (rc == RC_OK || (rc == RC_LIMIT && m.runs_count > 0)) {
		rc = seal_runs(&m);
	}
	out->runs = m.runs;
	out->runs_count = rc == RC_OK ? m.runs_count : 0;
	return rc;
}

bool send_has_gifts(const struct send *s)
{
	return s->gifts_count > 0 || s->owes_end;
}

bool send_has_more(const struct send *s, struct kv_txn *t)
{
	uint32_t i;

	if (send_has_gifts(s) || s->returns_count > 0) {
		return true;
	}
	for (i = 0; i < s->lanes_count; i++) {
		struct feed_state state;
		uint64_t end = UINT64_MAX;

		if (feed_office(s->lanes[i].feed) == 0 &&
		    line_end(t, s->lanes[i].feed, &end) != RC_OK) {
			end = UINT64_MAX;
		}
		if (feeds_get(t, s->lanes[i].feed, &state) == RC_OK &&
		    s->lanes[i].next <= state.head && s->lanes[i].next <= end &&
		    !(s->lanes[i].is_held && s->waits)) {
			return true;
		}
	}
	return false;
}

bool send_is_small(const struct send *s, struct kv_txn *t)
{
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < s->lanes_count; i++) {
		struct dot d = { s->lanes[i].feed, s->lanes[i].next };
		struct feed_state state;
		struct feed_entry e;

		if (feeds_get(t, d.feed, &state) == RC_OK) {
			len += run_len(&state, d.seq);
		}
		for (; len <= CHUNK_BYTES_MAX && feeds_get_entry(t, d, &e) == RC_OK; d.seq++) {
			len += field_len(e.bytes.len);
		}
	}
	return len <= CHUNK_BYTES_MAX;
}
