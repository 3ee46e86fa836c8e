#include "node/store/receive.h"

#include <string.h>

#include "node/store/appoint.h"
#include "node/store/closing.h"
#include "node/store/equivocation.h"
#include "node/store/follows.h"
#include "node/store/heal.h"
#include "node/store/rejoin.h"
#include "node/store/setaside.h"
#include "node/store/succeed.h"
#include "proto/entry_codec.h"

bool receive_is_refusal(enum rc rc)
{
	switch (rc) {
	case RC_CORRUPT:
	case RC_BADSIG:
	case RC_DENIED:
	case RC_GAP:
	case RC_FORK:
	case RC_SYSTEM:
	case RC_LIMIT:
	case RC_INVALID:
		return true;
	case RC_OK:
	case RC_NOMEM:
	case RC_NOTFOUND:
	case RC_EXISTS:
	case RC_FULL:
	case RC_IO:
	case RC_BUSY:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
	case RC_VERSION:
	case RC_UNKNOWN:
		return false;
	}
	return false;
}

/* Whether this peer may send this feed to this node. */
static enum rc check_sender(struct work *w, uint16_t from, uint64_t feed)
{
	const struct store *s = w->store;
	uint16_t author = feed_office(feed);

	if (s->info.is_centre) {
		const struct office_info *o = catalog_office(s->catalog, from);
		/* In the nation only the centre speaks. What it lost it takes back from
		 * whoever has it: the seals of the authors vouch for that. */
		bool speaks = author == from && author != 0 && feed_scope(feed) != 0;
		bool returns = catalog_is_member(s->catalog, from, feed_scope(feed)) &&
			       (author == 0 || (feed_scope(feed) != 0 && succeed_is_later(w)));

		if (o != NULL && o->is_closed) {
			return RC_DENIED;
		}
		return (speaks || returns) && catalog_is_member(s->catalog, 0, feed_scope(feed)) ?
			       RC_OK :
			       RC_DENIED;
	}
	return from == 0 && catalog_is_member(s->catalog, s->info.number, feed_scope(feed)) ?
		       RC_OK :
		       RC_DENIED;
}

/*
 * The key that a feed's genesis must name; NULL: any. An office takes the
 * feeds of others from its centre, whose cuts vouch for them by their hash:
 * an office that got a new key has older feeds under the old one.
 */
static enum rc find_key(const struct work *w, uint16_t author, const uint8_t **key)
{
	const struct office_info *o = catalog_office(w->store->catalog, author);

	*key = author == 0 ? w->store->info.centre_key : NULL;
	if (author == 0 || !w->store->info.is_centre) {
		return author == 0 || o != NULL ? RC_OK : RC_GAP;
	}
	*key = o == NULL ? NULL : o->key;
	return o != NULL && o->has_key ? RC_OK : RC_GAP;
}

/* Whether a feed may be under a key: that which its author has, or which the
 * centre had (appoint.h). */
static bool is_key_of(const struct work *w, uint64_t feed, const uint8_t *of, const uint8_t *key)
{
	return key == NULL || memcmp(of, key, KEY_LEN) == 0 ||
	       (feed_office(feed) == 0 && appoint_is_former(w->txn, of));
}

/* The state of a feed that begins with this run. */
static enum rc begin_feed(const struct work *w, const struct run *run, const uint8_t *key,
			  struct feed_state *state)
{
	struct genesis g;
	enum rc rc = entry_decode_genesis(run->genesis, w->arena, &g);

	if (run->first_seq != 1 || run->genesis.len == 0) {
		return RC_GAP;
	}
	if (run->genesis.len > FEEDS_GENESIS_MAX) {
		return RC_LIMIT;
	}
	if (rc != RC_OK) {
		return rc;
	}
	if (g.feed == run->feed && follows_check_form(&g) != RC_OK) {
		return RC_CORRUPT;
	}
	if (memcmp(g.system, w->store->info.system, SYSTEM_LEN) != 0) {
		return RC_SYSTEM;
	}
	if (g.feed != run->feed || !is_key_of(w, run->feed, g.key, key)) {
		return RC_BADSIG;
	}
	memset(state, 0, sizeof(*state));
	state->feed = run->feed;
	state->genesis = run->genesis;
	memcpy(state->key, g.key, KEY_LEN);
	feed_chain_first(w->store->crypto, run->genesis, state->hash);
	return RC_OK;
}

static enum rc find_feed(const struct work *w, const struct run *run, struct feed_state *state)
{
	const uint8_t *key = NULL;
	enum rc rc = find_key(w, feed_office(run->feed), &key);

	if (rc != RC_OK) {
		return rc;
	}
	rc = feeds_get(w->txn, run->feed, state);
	if (rc == RC_NOTFOUND) {
		return begin_feed(w, run, key, state);
	}
	if (rc == RC_OK) {
		state->genesis = arena_copy(w->arena, state->genesis);
		rc = state->genesis.p == NULL ? RC_NOMEM : RC_OK;
	}
	return rc == RC_OK && !is_key_of(w, run->feed, state->key, key) ? RC_BADSIG : rc;
}

/* The header of the feed's head, to which the next entry must fit. */
static enum rc load_before(struct work *w, const struct feed_state *state, struct entry *e)
{
	struct feed_entry stored;
	struct bytes copy;
	enum rc rc = feeds_get_entry(w->txn, (struct dot){ state->feed, state->head }, &stored);

	if (rc != RC_OK) {
		return rc;
	}
	copy = arena_copy(w->arena, stored.bytes);
	return copy.p == NULL ? RC_NOMEM : entry_decode(copy, w->arena, e);
}

/* Verifies the entries from `skip` on; fills in what is to be stored. state
 * moves to the end of the run. */
static enum rc check_entries(struct work *w, const struct run *run, uint32_t skip,
			     struct feed_state *state, struct feed_entry *stored)
{
	struct entry e, last;
	enum rc rc = state->head == 0 ? RC_OK : load_before(w, state, &last);
	uint32_t i;

	for (i = skip; i < run->entries_count && rc == RC_OK; i++) {
		struct feed_entry *s = &stored[i - skip];

		rc = entry_decode(run->entries[i], w->arena, &e);
		if (rc != RC_OK) {
			break;
		}
		if (e.header.feed != run->feed || e.header.seq != state->head + 1) {
			return RC_CORRUPT;
		}
		rc = apply_check_header(&e.header, state->head == 0 ? NULL : &last.header);
		entry_chain(w->store->crypto, &e, state->hash, state->hash);
		state->head++;
		state->changes += e.header.touches;
		s->dot = (struct dot){ run->feed, state->head };
		s->changes = state->changes;
		s->commit = e.header.commit;
		memcpy(s->hash, state->hash, HASH_LEN);
		s->bytes = run->entries[i];
		last = e;
	}
	return rc;
}

static enum rc check_seal(const struct work *w, const struct run *run,
			  const struct feed_state *state)
{
	const uint8_t *key = state->key;
	uint8_t text[FEED_SEAL_TEXT_LEN];

	feed_seal_text(w->store->info.system, run->feed, state->head, state->hash, text);
	if (feed_office(run->feed) == 0) {
		key = w->store->info.centre_key; /* whatever key it began under */
	}
	return w->store->crypto->verify(key, bytes_at(text, sizeof(text)), run->seal) ? RC_OK :
											RC_BADSIG;
}

static enum rc store_run(struct work *w, const struct run *run, const struct feed_state *state,
			 const struct feed_entry *stored, uint32_t count)
{
	struct dot last = { state->feed, state->head };
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = feeds_put_entry(w->txn, &stored[i]);
	}
	if (rc == RC_OK) {
		rc = feeds_put(w->txn, state);
	}
	return rc == RC_OK ? feeds_put_seal(w->txn, last, run->seal) : rc;
}

/* A run that is looked at: its feed as it will be, and what is to be stored. */
struct taking {
	const struct run *run;
	struct feed_state state;
	uint64_t first;            /* the seq of the first that is new */
	bool differs;              /* another entry is here at that seq */
	struct feed_entry *stored; /* in the arena, like the genesis of state */
	uint32_t count;            /* from `first` on */
	uint64_t changes;          /* that are new */
};

/* The first entry of the run that is here otherwise; the head's next if none is. */
static enum rc find_fork(struct work *w, struct taking *t)
{
	const struct run *run = t->run;
	struct dot d = { run->feed, run->first_seq - 1 };
	uint8_t hash[HASH_LEN];
	enum rc rc = feeds_hash_at(w->txn, d, w->store->crypto, hash);
	uint32_t i;

	for (i = 0; rc == RC_OK && i < run->entries_count && d.seq < t->state.head; i++) {
		size_t mark = arena_mark(w->arena);
		struct feed_entry here;
		struct entry e;

		rc = entry_decode(run->entries[i], w->arena, &e);
		if (rc == RC_OK) {
			entry_chain(w->store->crypto, &e, hash, hash);
			d.seq++;
			rc = feeds_get_entry(w->txn, d, &here);
		}
		arena_release(w->arena, mark);
		if (rc == RC_OK && memcmp(hash, here.hash, HASH_LEN) != 0) {
			t->differs = true;
			t->first = d.seq;
			return RC_OK;
		}
	}
	return rc;
}

/* The feed as if it ended before the first that differs. */
static enum rc step_back(struct work *w, struct taking *t)
{
	struct dot d = { t->run->feed, t->first - 1 };
	struct feed_entry last = { .changes = 0 };
	enum rc rc = feeds_hash_at(w->txn, d, w->store->crypto, t->state.hash);

	if (rc == RC_OK && d.seq > 0) {
		rc = feeds_get_entry(w->txn, d, &last);
	}
	t->state.head = d.seq;
	t->state.changes = last.changes;
	return rc;
}

/* A feed of an earlier incarnation of the centre, at the centre. */
static bool is_own_past(const struct work *w, uint64_t feed)
{
	return w->store->info.is_centre && feed_office(feed) == 0;
}

static bool is_own_office(const struct work *w, uint64_t feed)
{
	return !w->store->info.is_centre && feed_office(feed) == w->store->info.number;
}

/* Verifies a run whole; nothing is stored. count 0: nothing of it is new. */
static enum rc check_run(struct work *w, const struct run *run, struct taking *t)
{
	uint64_t changes = 0, skip = 0;
	enum rc rc = RC_OK;

	memset(t, 0, sizeof(*t));
	t->run = run;
	rc = find_feed(w, run, &t->state);
	if (rc != RC_OK) {
		return rc;
	}
	if (run->first_seq > t->state.head + 1) {
		return RC_GAP;
	}
	t->first = t->state.head + 1;
	if (run->first_seq <= t->state.head &&
	    (w->store->info.is_centre || is_own_office(w, run->feed))) {
		rc = find_fork(w, t);
	}
	if (rc == RC_OK && t->differs) {
		rc = step_back(w, t);
	}
	skip = t->first - run->first_seq;
	if (rc != RC_OK || skip >= run->entries_count) {
		return rc;
	}
	t->count = run->entries_count - (uint32_t)skip;
	changes = t->state.changes;
	t->stored = arena_take(w->arena, t->count * sizeof(*t->stored));
	rc = t->stored == NULL ? RC_NOMEM :
				 check_entries(w, run, (uint32_t)skip, &t->state, t->stored);
	t->changes = t->state.changes - changes;
	return rc == RC_OK ? check_seal(w, run, &t->state) : rc;
}

/* Entries of this office's own that came back. */
static enum rc note_returns(struct work *w, const struct taking *t)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < t->count && rc == RC_OK; i++) {
		bool known = false;
		struct entry e;

		rc = setaside_forget(w, t->stored[i].dot, t->stored[i].hash, &known);
		if (rc == RC_OK) {
			rc = entry_decode(t->stored[i].bytes, w->arena, &e);
		}
		if (rc == RC_OK) {
			rc = rejoin_note_return(w, t->run->feed, &e.header, known);
		}
	}
	return rc;
}

/* What the feed continues must not contradict what is here. */
static enum rc check_begin(struct work *w, const struct taking *t)
{
	enum rc rc = RC_OK;

	if (t->first != 1 || !w->store->info.is_centre) {
		return RC_OK;
	}
	rc = follows_check_held(w->txn, w->store->crypto, t->state.genesis);
	return rc == RC_GAP ? RC_OK : rc; /* it waits: apply_office.c */
}

/* Whether a run of a feed of this office's own only shows that the feed is not
 * here as far, or is in another branch here than the centre's just before it. */
static bool is_behind(struct work *w, const struct run *run, enum rc rc)
{
	struct feed_cut cut = { .seq = 0 };
	struct feed_state s;

	if (!is_own_office(w, run->feed)) {
		return false;
	}
	(void)feeds_cut_last(w->txn, run->feed, &cut);
	return rc == RC_GAP || (feeds_get(w->txn, run->feed, &s) == RC_OK &&
				run->first_seq > cut.seq + 1 && run->first_seq <= s.head + 1);
}

/* What fails while applying is this node's trouble, whatever its code says of
 * input: nothing of the work may stay. */
static enum rc fail_work(struct work *w, enum rc rc)
{
	if (w->rc == RC_OK) {
		w->rc = rc;
	}
	return receive_is_refusal(rc) ? RC_IO : rc;
}

/* It is what is here, and the peer may have it: it was asked for (heal.h). */
static bool is_all_held(struct work *w, uint16_t from, const struct run *run)
{
	bool same = catalog_is_member(w->store->catalog, from, feed_scope(run->feed));
	uint32_t i;

	for (i = 0; i < run->entries_count && same; i++) {
		struct feed_entry e;

		same = feeds_get_entry(w->txn, (struct dot){ run->feed, run->first_seq + i }, &e) ==
			       RC_OK &&
		       bytes_equal(e.bytes, run->entries[i]);
	}
	return same;
}

static enum rc receive_run(struct work *w, uint16_t from, const struct receive_down *down,
			   const struct run *run, struct receive_result *out)
{
	bool restored = down != NULL && down->is_restored;
	struct taking t;
	uint64_t healed = out->healed;
	enum rc rc = heal_take(w, run, &out->healed);

	if (rc == RC_OK && check_sender(w, from, run->feed) != RC_OK && is_all_held(w, from, run)) {
		return RC_OK; /* somebody else's: only what is damaged is taken from it */
	}
	if (rc == RC_OK && out->healed > healed && feed_scope(run->feed) == 0) {
		rc = work_flush(w);
		rc = rc == RC_OK ? store_refresh(w->store) : rc;
	}
	if (rc == RC_OK && w->store->catalog->is_partial) {
		return out->healed > healed ? RC_OK : fail_work(w, RC_CORRUPT);
	}
	if (rc == RC_OK && out->healed == healed) {
		rc = check_sender(w, from, run->feed);
	}

	if (rc == RC_OK && (run->entries_count == 0 || run->first_seq == 0)) {
		rc = RC_CORRUPT;
	}
	if (rc == RC_OK) {
		rc = check_run(w, run, &t);
	}
	if ((rc == RC_GAP || rc == RC_BADSIG) &&
	    (is_behind(w, run, rc) || (restored && rc == RC_GAP))) {
		return RC_OK; /* what is missing was asked for, or told of: it all comes again */
	}
	if (rc != RC_OK || t.count == 0) {
		return rc; /* or there is nothing that is not here */
	}
	if (t.differs && w->store->info.is_centre) {
		return RC_FORK;
	}
	if (run->feed == store_own_feed(w->store, feed_scope(run->feed)) &&
	    w->store->info.is_centre) {
		/* More of its own than it has itself: it was restored. */
		rc = succeed_now(w);
		rc = rc == RC_OK ? check_run(w, run, &t) : rc;
	}
	if (rc != RC_OK) {
		return rc;
	}
	if (is_own_office(w, run->feed)) {
		rc = rejoin_meet(w, run->feed, t.first);
		rc = rc == RC_OK ? check_run(w, run, &t) : rc; /* the arena was emptied */
	}
	if (rc == RC_OK) {
		rc = check_begin(w, &t);
	}
	if (rc != RC_OK) {
		return rc;
	}
	out->entries += t.count;
	out->changes += t.changes;
	rc = store_run(w, run, &t.state, t.stored, t.count);
	return rc == RC_OK && (is_own_office(w, run->feed) || is_own_past(w, run->feed)) ?
		       note_returns(w, &t) :
		       rc;
}

/* --- incarnations that are passed over ------------------------------------- */

static bool is_down(const struct receive_down *down, uint64_t feed)
{
	uint32_t i;

	for (i = 0; i < down->count; i++) {
		if (down->items[i] == feed_incarnation(feed)) {
			return true;
		}
	}
	return false;
}

/* Whether a run may fork: it goes back behind the head, or begins a feed. What
 * it is, is verified only then: mostly runs continue. */
static bool may_fork(struct work *w, const struct run *run)
{
	struct feed_state s;

	return feeds_get(w->txn, run->feed, &s) != RC_OK || run->first_seq <= s.head;
}

/* Looks whether a run that forks proves that its author was told. */
static enum rc look_at_fork(struct work *w, const struct taking *t, struct receive_result *out)
{
	struct equivocation_run r = { .run = t->run, .fork = t->first, .head = t->state.head };
	bool found = false;
	enum rc rc;

	memcpy(r.hash, t->state.hash, HASH_LEN);
	rc = equivocation_look(w, &r, &found);
	if (found) {
		out->proven = feed_incarnation(t->run->feed);
	}
	return rc;
}

/* Adds those of which a run of the chunk forks. What is wrong with a run
 * otherwise is found when it is received. */
static enum rc find_down(struct work *w, uint16_t from, const struct chunk *c,
			 struct receive_down *down, struct receive_result *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < c->runs_count && rc == RC_OK; i++) {
		const struct run *run = &c->runs[i];
		size_t mark = arena_mark(w->arena);
		struct taking t;
		bool forks = false;

		/* If the centre's own forks, that is no office's doing. */
		if (feed_office(run->feed) == 0 || check_sender(w, from, run->feed) != RC_OK ||
		    run->entries_count == 0 || run->first_seq == 0 || !may_fork(w, run)) {
			continue;
		}
		if (check_run(w, run, &t) == RC_OK) {
			forks = t.differs || (t.count > 0 && check_begin(w, &t) == RC_FORK);
			rc = t.differs && feed_office(run->feed) == from ?
				     look_at_fork(w, &t, out) :
				     RC_OK;
		}
		arena_release(w->arena, mark);
		if (forks && !is_down(down, run->feed) && down->count < RECEIVE_DOWN_MAX) {
			out->forked = feed_incarnation(run->feed);
			down->items[down->count++] = out->forked;
		}
	}
	return rc == RC_OK && out->proven != 0 ? closing_incarnation(w, from, out->proven) : rc;
}

/* Applies what can be now. */
static enum rc apply_all(struct work *w, uint16_t from, const struct receive_down *down,
			 struct apply_cuts *cuts, const struct receive_result *out)
{
	enum rc rc = RC_OK;

	if (!w->store->info.is_centre) {
		return apply_centre(w, down == NULL ? 0 : down->centre_life);
	}
	if (out->entries > 0) {
		rc = succeed_look(w);
	}
	if (rc == RC_OK) {
		rc = apply_office(w, from, cuts);
	}
	if (rc != RC_OK || !succeed_is_later(w)) {
		return rc;
	}
	rc = apply_returned(w, cuts);
	return rc == RC_OK ? succeed_begin_late(w) : rc;
}

enum rc receive_chunk(struct work *w, uint16_t from, const struct receive_down *down,
		      const struct chunk *c, struct apply_cuts *cuts, struct receive_result *out)
{
	struct receive_down all = { .count = 0 };
	enum rc refused = RC_OK, rc = RC_OK;
	uint32_t i;

	memset(out, 0, sizeof(*out));
	if (w->store->info.is_centre) {
		all = down == NULL ? all : *down;
		rc = find_down(w, from, c, &all, out);
		if (rc != RC_OK) {
			return fail_work(w, rc);
		}
	}
	for (i = 0; i < c->runs_count && refused == RC_OK; i++) {
		if (is_down(&all, c->runs[i].feed)) {
			continue;
		}
		refused = receive_run(w, from, down, &c->runs[i], out);
		out->feed = c->runs[i].feed;
		if (refused != RC_OK && !receive_is_refusal(refused)) {
			return refused;
		}
		if (refused == RC_OK && w->store->catalog->is_partial) {
			continue; /* what is damaged comes first */
		}
		/* What the nation says must be in force for what follows it. */
		if (refused == RC_OK && feed_scope(c->runs[i].feed) == 0) {
			rc = apply_all(w, from, down, cuts, out);
			if (rc != RC_OK) {
				return fail_work(w, rc);
			}
		}
	}
	if (w->store->catalog->is_partial) {
		return refused;
	}
	rc = apply_all(w, from, down, cuts, out);
	if (rc == RC_OK && !w->store->info.is_centre) {
		rc = setaside_drop_confirmed(w);
	}
	out->want = w->want;
	return rc == RC_OK ? refused : fail_work(w, rc);
}
