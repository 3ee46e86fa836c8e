#include "node/store/heal.h"

#include <inttypes.h>
#include <string.h>

#include "node/base/log.h"
#include "node/store/damage.h"
#include "node/store/feeds.h"
#include "node/store/floor.h"
#include "proto/entry_codec.h"

/* --- asking ---------------------------------------------------------------------- */

static bool may_have(const struct store *s, uint16_t peer, uint64_t feed)
{
	return catalog_is_member(s->catalog, peer, feed_scope(feed)) &&
	       catalog_is_member(s->catalog, s->info.number, feed_scope(feed));
}

bool heal_is_shared(const struct store *s, uint64_t feed)
{
	const struct scope_info *i = catalog_scope(s->catalog, feed_scope(feed));

	return i == NULL || i->reach != REACH_OFFICE;
}

enum rc heal_list(const struct store *s, struct kv_txn *t, uint16_t peer, struct span *out,
		  uint32_t *count, uint64_t *notes)
{
	struct dot d = { 0, 0 };
	enum damage_what what;
	enum rc rc = RC_OK;

	*count = 0;
	*notes = 0;
	for (; rc == RC_OK; d.seq++) {
		struct span *last = *count == 0 ? NULL : &out[*count - 1];
		uint64_t seq, gone = 0;

		rc = damage_next(t, d, &d, &what);
		if (rc == RC_OK) {
			rc = floor_gone(t, d.feed, &gone);
		}
		if (rc == RC_OK && gone > 0 && d.seq <= gone) {
			continue; /* a base stands for it: nobody has it any more */
		}
		seq = d.seq == 0 ? 1 : d.seq; /* a genesis comes with entry 1 */
		if (rc != RC_OK || !may_have(s, peer, d.feed)) {
			continue;
		}
		(*notes)++;
		if (last != NULL && last->feed == d.feed && last->last + 1 >= seq) {
			last->last = seq;
		} else if (*count < HEAL_SPANS_MAX) {
			out[(*count)++] = (struct span){ d.feed, seq, seq };
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc heal_give(struct store *s, struct kv_txn *t, const struct span *want, struct send *send)
{
	struct send_gift gift = { .feed = want->feed, .is_span = true };
	struct feed_state f;
	uint64_t gone = 0;
	enum rc rc = may_have(s, send->peer, want->feed) && want->first > 0 ? RC_OK : RC_DENIED;

	if (rc == RC_OK) {
		rc = feeds_get(t, want->feed, &f);
	}
	if (rc == RC_OK) {
		rc = floor_gone(t, want->feed, &gone);
	}
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	gift.after = want->first > gone ? want->first - 1 : gone;
	gift.upto = want->last < f.head ? want->last : f.head;
	return send_give(send, &gift);
}

/* --- taking ---------------------------------------------------------------------- */

/* A run beside what is held. */
struct healing {
	struct work *w;
	const struct run *run;
	struct feed_state state;                  /* as it is here; its genesis in the arena */
	bool has_genesis;                         /* the run's is another one than is here */
	uint64_t held;                            /* the last seq of the run that is held */
	uint8_t before[HASH_LEN], hash[HASH_LEN]; /* of the chain: at the beginning, and on */
	uint64_t changes;
	uint64_t healed;
};

static bool is_note(struct healing *h, uint64_t seq)
{
	struct dot d = { h->run->feed, seq }, found;
	enum damage_what what;

	return damage_next(h->w->txn, d, &found, &what) == RC_OK && dot_equal(d, found);
}

/* Whether the run has anything that is here otherwise, or noted. */
static bool is_needed(struct healing *h)
{
	bool needed = h->has_genesis;
	uint64_t seq;

	for (seq = h->run->first_seq; seq <= h->held && !needed; seq++) {
		struct feed_entry e;
		enum rc rc = feeds_get_entry(h->w->txn, (struct dot){ h->run->feed, seq }, &e);

		needed = rc != RC_OK || is_note(h, seq) ||
			 !bytes_equal(e.bytes, h->run->entries[seq - h->run->first_seq]);
	}
	return needed;
}

/* The chain before the run. RC_NOTFOUND: it is not known here. */
static enum rc find_beginning(struct healing *h)
{
	struct dot d = { h->run->feed, h->run->first_seq - 1 };
	struct feed_entry e;
	struct genesis g;
	enum rc rc = RC_OK;

	if (d.seq > 0) {
		rc = feeds_get_entry(h->w->txn, d, &e);
		if (rc == RC_OK) {
			memcpy(h->before, e.hash, HASH_LEN);
			h->changes = e.changes;
		}
		return rc;
	}
	rc = entry_decode_genesis(h->run->genesis, h->w->arena, &g);
	if (rc != RC_OK || g.feed != h->run->feed || h->run->genesis.len > FEEDS_GENESIS_MAX ||
	    memcmp(g.system, h->w->store->info.system, SYSTEM_LEN) != 0) {
		return rc == RC_NOMEM ? rc : RC_NOTFOUND;
	}
	memcpy(h->state.key, g.key, KEY_LEN);
	feed_chain_first(h->w->store->crypto, h->run->genesis, h->before);
	return RC_OK;
}

/* Whether what is held of the run's last entry has this hash. One that is gone
 * says nothing against it. */
static bool fits_held(struct healing *h, const uint8_t hash[HASH_LEN])
{
	struct feed_entry e;
	enum rc rc = feeds_get_entry(h->w->txn, (struct dot){ h->run->feed, h->held }, &e);

	if (h->held == h->state.head) {
		return memcmp(h->state.hash, hash, HASH_LEN) == 0;
	}
	return rc == RC_OK ? memcmp(e.hash, hash, HASH_LEN) == 0 : !h->has_genesis;
}

/* Whether the run, from what is known before it, leads to its seal and to what is
 * held. */
static enum rc prove(struct healing *h, bool *proved)
{
	struct work *w = h->w;
	uint8_t text[FEED_SEAL_TEXT_LEN];
	bool fits = true;
	uint32_t i;
	enum rc rc = RC_OK;

	*proved = false;
	memcpy(h->hash, h->before, HASH_LEN);
	for (i = 0; i < h->run->entries_count && fits; i++) {
		size_t mark = arena_mark(w->arena);
		uint64_t seq = h->run->first_seq + i;
		struct entry e;

		rc = entry_decode(h->run->entries[i], w->arena, &e);
		if (rc == RC_OK) {
			entry_chain(w->store->crypto, &e, h->hash, h->hash);
		}
		fits = rc == RC_OK && e.header.feed == h->run->feed && e.header.seq == seq &&
		       (seq != h->held || fits_held(h, h->hash));
		arena_release(w->arena, mark);
	}
	if (!fits) {
		return rc == RC_NOMEM ? rc : RC_OK;
	}
	feed_seal_text(w->store->info.system, h->run->feed,
		       h->run->first_seq + h->run->entries_count - 1, h->hash, text);
	*proved =
		w->store->crypto->verify(h->state.key, bytes_at(text, sizeof(text)), h->run->seal);
	return RC_OK;
}

/* Puts one entry in its place if another one stands there. */
static enum rc put_entry(struct healing *h, uint64_t seq, const struct entry *e)
{
	struct dot d = { h->run->feed, seq };
	struct feed_entry right = { .dot = d, .changes = h->changes, .commit = e->header.commit };
	struct feed_entry here;
	enum rc rc = feeds_get_entry(h->w->txn, d, &here);

	right.bytes = h->run->entries[seq - h->run->first_seq];
	memcpy(right.hash, h->hash, HASH_LEN);
	if (rc == RC_OK && bytes_equal(here.bytes, right.bytes) && here.changes == right.changes &&
	    here.commit == right.commit && memcmp(here.hash, right.hash, HASH_LEN) == 0) {
		return RC_OK;
	}
	if (rc != RC_OK && rc != RC_NOTFOUND && rc != RC_CORRUPT) {
		return rc;
	}
	log_warn("feed=%016" PRIx64 " seq=%" PRIu64 ": a damaged entry came back", d.feed, d.seq);
	h->healed++;
	return feeds_put_entry(h->w->txn, &right);
}

static enum rc put_entries(struct healing *h)
{
	struct work *w = h->w;
	uint64_t seq;
	enum rc rc = RC_OK;

	memcpy(h->hash, h->before, HASH_LEN);
	for (seq = h->run->first_seq; seq <= h->held && rc == RC_OK; seq++) {
		size_t mark = arena_mark(w->arena);
		struct entry e;

		rc = entry_decode(h->run->entries[seq - h->run->first_seq], w->arena, &e);
		if (rc == RC_OK) {
			entry_chain(w->store->crypto, &e, h->hash, h->hash);
			h->changes += e.header.touches;
			rc = put_entry(h, seq, &e);
		}
		if (rc == RC_OK) {
			rc = damage_clear(w->txn, (struct dot){ h->run->feed, seq });
		}
		arena_release(w->arena, mark);
	}
	return rc;
}

static enum rc put_genesis(struct healing *h)
{
	enum rc rc = damage_clear(h->w->txn, (struct dot){ h->run->feed, 0 });

	h->state.genesis = h->run->genesis;
	h->healed++;
	return rc == RC_OK ? feeds_put(h->w->txn, &h->state) : rc;
}

/* The seal of the last entry, if all of the run is held. */
static enum rc put_seal(struct healing *h)
{
	struct dot last = { h->run->feed, h->run->first_seq + h->run->entries_count - 1 };

	if (last.seq != h->held || feed_office(last.feed) == h->w->store->info.number) {
		return RC_OK;
	}
	return feeds_mend_seal(h->w->txn, last, h->run->seal);
}

static enum rc put_all(struct healing *h)
{
	enum rc rc = h->has_genesis ? put_genesis(h) : RC_OK;

	if (rc == RC_OK) {
		rc = put_entries(h);
	}
	return rc == RC_OK ? put_seal(h) : rc;
}

enum rc heal_take(struct work *w, const struct run *run, uint64_t *healed)
{
	struct healing h = { .w = w, .run = run };
	size_t mark = arena_mark(w->arena);
	uint64_t gone = 0;
	bool proved = false;
	enum rc rc = feeds_get(w->txn, run->feed, &h.state);

	if (rc == RC_OK) {
		rc = floor_gone(w->txn, run->feed, &gone);
	}
	/* What a base stands for is not put back beside it. */
	if (rc != RC_OK || run->first_seq == 0 || run->first_seq <= gone ||
	    run->first_seq > h.state.head) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	h.held = run->first_seq + run->entries_count - 1;
	h.held = h.held < h.state.head ? h.held : h.state.head;
	h.has_genesis = run->first_seq == 1 &&
			(!bytes_equal(run->genesis, h.state.genesis) || is_note(&h, 0));
	if (!is_needed(&h)) {
		return RC_OK;
	}
	h.state.genesis = arena_copy(w->arena, h.state.genesis);
	rc = h.state.genesis.p == NULL ? RC_NOMEM : find_beginning(&h);
	if (rc == RC_OK) {
		rc = prove(&h, &proved);
	}
	if (rc == RC_OK && proved) {
		rc = put_all(&h);
	}
	*healed += h.healed;
	if (h.healed > 0 && feed_scope(run->feed) == 0) {
		w->national_moved = true; /* the catalog is read again */
	}
	arena_release(w->arena, mark);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
