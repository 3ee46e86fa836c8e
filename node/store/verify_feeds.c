/* Every feed from its genesis, as far as it went when the run began: chain, rows,
 * seals. What entries say of records is verify_changes.c's. */
#include <inttypes.h>
#include <string.h>

#include "node/store/appoint.h"
#include "node/store/feeds.h"
#include "node/store/floor.h"
#include "node/store/replaced.h"
#include "node/store/verify_walk.h"
#include "proto/entry_codec.h"

/* Between two seals of a feed of others there are at most so many bytes. */
enum { UNSEALED_MAX = LIMIT_FRAME_BYTES_MAX };

static bool is_own(const struct walk *w)
{
	return feed_office(w->feed) == w->v->store->info.number;
}

static void find_seal(struct walk *w, uint64_t from)
{
	struct dot d = { w->feed, from };

	if (feeds_get_seal(w->v->txn, d, &w->seal_seq, w->seal) != RC_OK) {
		w->seal_seq = 0;
	}
}

static bool is_sealed(struct walk *w, uint64_t seq, const uint8_t hash[HASH_LEN])
{
	const struct store *s = w->v->store;
	uint8_t text[FEED_SEAL_TEXT_LEN];

	feed_seal_text(s->info.system, w->feed, seq, hash, text);
	return s->crypto->verify(w->key, bytes_at(text, sizeof(text)), w->seal) ||
	       (feed_office(w->feed) == 0 &&
		appoint_has_sealed(s, w->v->txn, bytes_at(text, sizeof(text)), w->seal));
}

/* A seal of an own feed is made when it is needed; another one is fetched. */
static enum rc check_seal(struct walk *w, uint64_t seq)
{
	struct key k = key_dot((struct dot){ w->feed, seq });
	enum rc rc = RC_OK;

	w->v->report.seals++;
	w->unsealed = 0;
	if (!is_sealed(w, seq, w->hash)) {
		bool repairs = verify_differs(w->v,
					      "feed %016" PRIx64 ": the seal at %" PRIu64
					      " does not fit",
					      w->feed, seq);

		if (!is_own(w)) {
			verify_damaged(w->v, (struct dot){ w->feed, seq }, DAMAGE_SEAL);
		} else if (repairs) {
			rc = verify_del(w->v, KV_SEAL, &k);
		}
	}
	find_seal(w, seq + 1);
	return rc;
}

/* What others wrote came with seals, so that it can be passed on. */
static void check_unsealed(struct walk *w, uint64_t seq, size_t len)
{
	w->unsealed += len;
	if (!is_own(w) && (w->unsealed > UNSEALED_MAX || seq == w->head) && w->seal_seq != seq) {
		verify_differs(w->v,
			       "feed %016" PRIx64 ": the seal for entry %" PRIu64 " is missing",
			       w->feed, seq);
		verify_damaged(w->v, (struct dot){ w->feed, seq }, DAMAGE_SEAL);
		w->unsealed = 0;
	}
}

/* --- one entry ----------------------------------------------------------------- */

static enum rc entry_is_damaged(struct walk *w, uint64_t seq, const char *how)
{
	verify_differs(w->v, "entry %016" PRIx64 ":%" PRIu64 " %s", w->feed, seq, how);
	verify_damaged(w->v, (struct dot){ w->feed, seq }, DAMAGE_ENTRY);
	return RC_OK;
}

/* Whether what comes behind entry seq goes on from this hash: then it is the row
 * that is wrong, not the entry. */
static bool goes_on(struct walk *w, uint64_t seq, const uint8_t hash[HASH_LEN])
{
	struct arena *a = &w->v->arena;
	size_t mark = arena_mark(a);
	uint8_t after[HASH_LEN];
	struct feed_state s;
	struct feed_entry next;
	struct entry e;
	bool result = false;

	if (feeds_get_entry(w->v->txn, (struct dot){ w->feed, seq + 1 }, &next) == RC_OK) {
		if (entry_decode(next.bytes, a, &e) == RC_OK) {
			entry_chain(w->v->store->crypto, &e, hash, after);
			result = memcmp(after, next.hash, HASH_LEN) == 0;
		}
	} else if (feeds_get(w->v->txn, w->feed, &s) == RC_OK) {
		result = s.head == seq && memcmp(s.hash, hash, HASH_LEN) == 0;
	}
	arena_release(a, mark);
	return result || (w->seal_seq == seq && is_sealed(w, seq, hash));
}

/* The row says hash, changes and commit of its entry. */
static enum rc check_row(struct walk *w, const struct entry *e, const struct feed_entry *stored)
{
	struct feed_entry right = *stored;
	struct bytes copy;

	if (memcmp(w->hash, stored->hash, HASH_LEN) == 0 && w->changes == stored->changes &&
	    e->header.commit == stored->commit) {
		return RC_OK;
	}
	if (!verify_differs(w->v, "entry %016" PRIx64 ":%" PRIu64 ": its row is not what it says",
			    w->feed, stored->dot.seq)) {
		return RC_OK;
	}
	copy = arena_copy(&w->v->arena, stored->bytes);
	if (copy.p == NULL) {
		return RC_NOMEM;
	}
	right.bytes = copy;
	right.changes = w->changes;
	right.commit = e->header.commit;
	memcpy(right.hash, w->hash, HASH_LEN);
	verify_touch(w->v);
	return feeds_put_entry(w->v->txn, &right);
}

/* Moves the chain over an entry. *sound: it is what its author wrote. */
static enum rc follow_chain(struct walk *w, const struct entry *e, const struct feed_entry *stored,
			    bool *sound)
{
	uint8_t hash[HASH_LEN];

	*sound = true;
	entry_chain(w->v->store->crypto, e, w->hash, hash);
	if (w->lost ||
	    (memcmp(hash, stored->hash, HASH_LEN) != 0 && !goes_on(w, stored->dot.seq, hash))) {
		*sound = w->lost;
		memcpy(w->hash, stored->hash, HASH_LEN); /* what follows is judged by itself */
		w->changes = stored->changes;
		w->lost = false;
		return *sound ? RC_OK :
				entry_is_damaged(
					w, stored->dot.seq,
					"is not what its author wrote: the chain is broken here");
	}
	memcpy(w->hash, hash, HASH_LEN);
	w->changes += e->header.touches;
	if (e->header.feed != w->feed || e->header.seq != stored->dot.seq) {
		verify_differs(w->v, "entry %016" PRIx64 ":%" PRIu64 " is another one", w->feed,
			       stored->dot.seq);
	}
	return check_row(w, e, stored);
}

static enum rc check_decoded(struct walk *w, const struct entry *e, const struct feed_entry *stored)
{
	struct dot d = stored->dot;
	size_t len = stored->bytes.len;
	bool sound = false, passed_over = false;
	enum rc rc = follow_chain(w, e, stored, &sound);

	if (rc == RC_OK && w->seal_seq == d.seq) {
		rc = check_seal(w, d.seq);
	} else {
		check_unsealed(w, d.seq, len);
	}
	if (rc == RC_OK && sound && d.seq <= w->applied) {
		rc = verify_replaces(w, e);
	}
	if (rc == RC_OK && sound && d.seq <= w->applied) {
		rc = replaced_skips(w->v->txn, d, w->hash, &passed_over);
	}
	return rc == RC_OK && sound && d.seq <= w->applied && !passed_over ? verify_changes(w, e) :
									     rc;
}

/* Entries are missing from seq on: the walk goes on at the next that is here. */
static enum rc pass_hole(struct walk *w, uint64_t *seq)
{
	struct kv_cursor *c = kv_cursor_open(w->v->txn, KV_ENTRY);
	struct key k = key_dot((struct dot){ w->feed, *seq });
	struct bytes key, value;
	struct feed_state s;
	uint64_t next = w->head + 1, at = *seq;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&k), &key, &value);

	if (rc == RC_OK) {
		struct bytes_reader r = bytes_reader_init(key);
		uint64_t feed = bytes_get_be64(&r), found = bytes_get_be64(&r);

		next = feed == w->feed && found < next ? found : next;
	}
	kv_cursor_close(c);
	if (next > w->head && feeds_get(w->v->txn, w->feed, &s) == RC_OK &&
	    memcmp(w->hash, s.hash, HASH_LEN) == 0) {
		w->head = *seq - 1; /* it is the head that is wrong: see check_head */
		return RC_OK;
	}
	for (; at < next && at - *seq < VERIFY_DAMAGED_MAX; at++) {
		(void)entry_is_damaged(w, at, "is missing");
	}
	*seq = next - 1;
	w->lost = true;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc check_entry(struct walk *w, uint64_t *seq)
{
	struct dot d = { w->feed, *seq };
	size_t mark = arena_mark(&w->v->arena);
	struct feed_entry stored = { .dot = d };
	struct entry e;
	enum rc rc = feeds_get_entry(w->v->txn, d, &stored);

	w->v->report.entries++;
	if (rc == RC_NOTFOUND) {
		return pass_hole(w, seq);
	}
	if (rc == RC_OK) {
		rc = entry_decode(stored.bytes, &w->v->arena, &e);
	}
	if (rc == RC_OK) {
		rc = check_decoded(w, &e, &stored);
	} else if (rc == RC_CORRUPT || rc == RC_LIMIT) {
		memcpy(w->hash, stored.hash, HASH_LEN);
		w->changes = stored.changes;
		rc = entry_is_damaged(w, d.seq, "does not decode");
	}
	arena_release(&w->v->arena, mark);
	return rc;
}

/* --- one feed ------------------------------------------------------------------- */

static enum rc put_state(struct walk *w, struct feed_state *s)
{
	s->genesis = arena_copy(&w->v->arena, s->genesis);
	if (s->genesis.p == NULL) {
		return RC_NOMEM;
	}
	verify_touch(w->v);
	return feeds_put(w->v->txn, s);
}

static enum rc check_genesis(struct walk *w, struct feed_state *s)
{
	const struct store *store = w->v->store;
	size_t mark = arena_mark(&w->v->arena);
	struct genesis g;
	enum rc rc = RC_OK;

	if (entry_decode_genesis(s->genesis, &w->v->arena, &g) != RC_OK || g.feed != s->feed ||
	    memcmp(g.system, store->info.system, SYSTEM_LEN) != 0) {
		verify_differs(w->v, "feed %016" PRIx64 ": its genesis does not fit", s->feed);
		verify_damaged(w->v, (struct dot){ s->feed, 0 }, DAMAGE_GENESIS);
		w->lost = true;
	} else if (memcmp(g.key, s->key, KEY_LEN) != 0) {
		memcpy(w->key, g.key, KEY_LEN);
		memcpy(s->key, g.key, KEY_LEN);
		if (verify_differs(w->v, "feed %016" PRIx64 ": its key is not its genesis's",
				   s->feed)) {
			rc = put_state(w, s);
		}
	}
	arena_release(&w->v->arena, mark);
	return rc;
}

/* How far a feed of another office is applied: as far as it is cut. */
static bool is_applied_right(struct walk *w, struct feed_state *s)
{
	struct feed_cut cut = { .seq = 0 };

	(void)feeds_cut_last(w->v->txn, s->feed, &cut);
	if (feed_office(s->feed) == 0 || is_own(w) ? s->applied <= s->head :
						     s->applied == cut.seq) {
		return true;
	}
	s->applied = feed_office(s->feed) == 0 || is_own(w) ? s->head : cut.seq;
	return false;
}

/* The feed's row names its last entry, as both are now. */
static enum rc check_head(struct walk *w)
{
	struct key k = key_dot((struct dot){ w->feed, UINT64_MAX });
	struct kv_cursor *c = kv_cursor_open(w->v->txn, KV_ENTRY);
	struct feed_entry last = { .changes = 0 };
	struct feed_state s;
	struct bytes key, value;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek_back(c, key_bytes(&k), &key, &value);
	bool right = false;

	if (rc == RC_OK) {
		struct bytes_reader r = bytes_reader_init(key);

		last.dot.feed = bytes_get_be64(&r);
		last.dot.seq = bytes_get_be64(&r);
	}
	kv_cursor_close(c);
	if (rc != RC_OK || last.dot.feed != w->feed) {
		return rc == RC_NOTFOUND ? RC_OK : rc; /* no entry: all were named */
	}
	rc = feeds_get(w->v->txn, w->feed, &s);
	if (rc == RC_OK) {
		rc = feeds_get_entry(w->v->txn, last.dot, &last);
	}
	if (rc != RC_OK || (last.dot.seq < s.head && memcmp(last.hash, s.hash, HASH_LEN) != 0)) {
		return rc; /* the last ones are missing, and were named */
	}
	right = s.head == last.dot.seq && memcmp(s.hash, last.hash, HASH_LEN) == 0 &&
		s.changes == last.changes;
	s.head = last.dot.seq;
	right = is_applied_right(w, &s) && right;
	if (right ||
	    !verify_differs(w->v, "feed %016" PRIx64 ": its row is not that of its entries",
			    w->feed)) {
		return RC_OK;
	}
	s.changes = last.changes;
	memcpy(s.hash, last.hash, HASH_LEN);
	return put_state(w, &s);
}

/* Where the walk begins: with the genesis; or behind the anchor, whose hash the
 * base vouches for. */
static enum rc begin_walk(struct walk *w, struct feed_state *s, uint64_t *first)
{
	struct feed_entry anchor;
	uint64_t gone = 0;
	enum rc rc = floor_gone(w->v->txn, w->feed, &gone);

	memcpy(w->key, s->key, KEY_LEN);
	feed_chain_first(w->v->store->crypto, s->genesis, w->hash);
	*first = gone + 1;
	find_seal(w, *first);
	if (rc != RC_OK || gone == 0) {
		return rc == RC_OK ? check_genesis(w, s) : rc;
	}
	rc = check_genesis(w, s);
	if (rc == RC_OK) {
		rc = feeds_get_entry(w->v->txn, (struct dot){ w->feed, gone }, &anchor);
	}
	if (rc == RC_OK) {
		memcpy(w->hash, anchor.hash, HASH_LEN);
		w->changes = anchor.changes;
		w->lost = false;
	} else if (rc == RC_NOTFOUND) {
		verify_differs(w->v, "entry %016" PRIx64 ":%" PRIu64 " is missing", w->feed, gone);
		w->lost = true;
		rc = RC_OK;
	}
	return rc;
}

static enum rc check_feed(struct verify *v, struct dot head)
{
	struct walk w = { .v = v, .feed = head.feed };
	struct feed_state s;
	uint64_t seq = 1;
	enum rc rc = feeds_get(v->txn, head.feed, &s);

	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	v->report.feeds++;
	w.applied = s.applied;
	/* Its own entries may have been set aside meanwhile. */
	w.head = s.head < head.seq ? s.head : head.seq;
	rc = begin_walk(&w, &s, &seq);
	for (; seq <= w.head && rc == RC_OK; seq++) {
		rc = check_entry(&w, &seq);
		if (rc == RC_OK && verify_is_due(v)) {
			rc = verify_renew(v);
		}
	}
	return rc == RC_OK ? check_head(&w) : rc;
}

enum rc verify_feeds(struct verify *v)
{
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < v->heads_count && rc == RC_OK; i++) {
		rc = check_feed(v, v->heads[i]);
		if (rc == RC_OK && verify_is_due(v)) {
			rc = verify_renew(v);
		}
	}
	return rc;
}
