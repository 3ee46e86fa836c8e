/* Every feed from its genesis: chain, seals, counts, and that what was applied
 * is in the records. */
#include <inttypes.h>
#include <string.h>

#include "node/store/appoint.h"
#include "node/store/feeds.h"
#include "node/store/key.h"
#include "node/store/parts.h"
#include "node/store/quarantine.h"
#include "node/store/replaced.h"
#include "node/store/verify_run.h"
#include "proto/entry_codec.h"

/* One feed under way; nothing in it borrows from a transaction. */
struct walk {
	struct verify *v;
	uint64_t feed, head, applied;
	uint8_t key[KEY_LEN];
	uint8_t hash[HASH_LEN]; /* of the entry before */
	uint64_t changes;
	uint64_t seal_seq; /* of the next seal; 0: none follows */
	uint8_t seal[SIG_LEN];
};

static void find_seal(struct walk *w, uint64_t from)
{
	struct dot d = { w->feed, from };

	if (feeds_get_seal(w->v->txn, d, &w->seal_seq, w->seal) != RC_OK) {
		w->seal_seq = 0;
	}
}

static void check_seal(struct walk *w, uint64_t seq)
{
	const struct store *s = w->v->store;
	uint8_t text[FEED_SEAL_TEXT_LEN];

	feed_seal_text(s->info.system, w->feed, seq, w->hash, text);
	if (!s->crypto->verify(w->key, bytes_at(text, sizeof(text)), w->seal) &&
	    !(feed_office(w->feed) == 0 &&
	      appoint_has_sealed(s, w->v->txn, bytes_at(text, sizeof(text)), w->seal))) {
		verify_differs(w->v, "feed %016" PRIx64 ": the seal at %" PRIu64 " does not fit",
			       w->feed, seq);
	}
	w->v->report.seals++;
	find_seal(w, seq + 1);
}

/* Whether the record's part, or its older dots, name the entry. */
static enum rc is_in_record(struct walk *w, const struct change *c, struct dot d, bool *out)
{
	struct key k = key_part(c->kind, c->id, feed_scope(d.feed));
	struct part part;
	struct bytes v;
	uint64_t last = 0;
	enum rc rc = kv_get(w->v->txn, KV_RECORD, key_bytes(&k), &v);

	*out = false;
	if (rc == RC_OK) {
		rc = parts_read(w->v->txn, v, &w->v->arena, &part);
		/* A part that does not decode is the next stage's to report. */
		last = rc == RC_OK ? vv_get(&part.vector, d.feed) : 0;
		rc = rc == RC_CORRUPT ? RC_NOTFOUND : rc;
	}
	if (rc == RC_OK && last > d.seq) {
		k = key_record_dot(c->kind, c->id, d);
		rc = kv_get(w->v->txn, KV_DOT, key_bytes(&k), &v);
		*out = rc == RC_OK;
	} else if (rc == RC_OK) {
		*out = last == d.seq;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Whether a change must be in its record: unless it was put aside. */
static bool is_in_force(const struct walk *w, struct dot d, uint32_t place)
{
	bool in_force = true;

	return quarantine_in_force(w->v->txn, d, place, &in_force) != RC_OK || in_force;
}

/* What the centre ruled must be what became of the change. */
static void check_rulings(struct walk *w, const struct header *h)
{
	struct quarantine q;
	uint32_t i;

	for (i = 0; i < h->rulings_count; i++) {
		const struct ruling *r = &h->rulings[i];

		if (quarantine_get(w->v->txn, r->dot, r->place, &q) == RC_OK && !r->accept &&
		    q.state == QUARANTINE_WAITING) {
			verify_differs(w->v,
				       "change %u of entry %016" PRIx64 ":%" PRIu64
				       " was discarded, but still waits",
				       r->place, r->dot.feed, r->dot.seq);
		}
	}
}

static enum rc check_changes(struct walk *w, const struct entry *e, struct dot d)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < e->changes_count && rc == RC_OK; i++) {
		size_t mark = arena_mark(&w->v->arena);
		struct change c;
		bool found = false;

		w->v->report.changes++;
		if (!is_in_force(w, d, i)) {
			continue;
		}
		rc = entry_decode_change(e, i, &w->v->arena, &c);
		if (rc == RC_OK) {
			rc = is_in_record(w, &c, d, &found);
		}
		if (rc == RC_OK && !found) {
			verify_differs(w->v,
				       "%s: the change in entry %016" PRIx64 ":%" PRIu64
				       " is not in the record",
				       verify_record_name(w->v, c.kind, c.id).text, d.feed, d.seq);
		} else if (rc == RC_CORRUPT || rc == RC_LIMIT) {
			verify_differs(w->v,
				       "entry %016" PRIx64 ":%" PRIu64
				       ": change %u does not decode",
				       d.feed, d.seq, i);
			rc = RC_OK;
		}
		arena_release(&w->v->arena, mark);
	}
	return rc;
}

static enum rc check_decoded(struct walk *w, const struct entry *e, const struct feed_entry *stored)
{
	struct dot d = stored->dot;
	bool passed_over = false;
	enum rc rc = RC_OK;

	if (e->header.feed != d.feed || e->header.seq != d.seq ||
	    e->header.commit != stored->commit) {
		verify_differs(w->v, "entry %016" PRIx64 ":%" PRIu64 " is another one", d.feed,
			       d.seq);
	}
	entry_chain(w->v->store->crypto, e, w->hash, w->hash);
	w->changes += e->header.touches;
	if (memcmp(w->hash, stored->hash, HASH_LEN) != 0 || w->changes != stored->changes) {
		verify_differs(w->v, "entry %016" PRIx64 ":%" PRIu64 ": the chain is broken here",
			       d.feed, d.seq);
		/* What follows is judged by itself. */
		memcpy(w->hash, stored->hash, HASH_LEN);
		w->changes = stored->changes;
	}
	if (w->seal_seq == d.seq) {
		check_seal(w, d.seq);
	}
	rc = replaced_skips(w->v->txn, d, stored->hash, &passed_over);
	if (rc != RC_OK || passed_over || d.seq > w->applied) {
		return rc;
	}
	check_rulings(w, &e->header);
	return check_changes(w, e, d);
}

static enum rc check_entry(struct walk *w, uint64_t seq)
{
	struct dot d = { w->feed, seq };
	size_t mark = arena_mark(&w->v->arena);
	struct feed_entry stored;
	struct entry e;
	enum rc rc = feeds_get_entry(w->v->txn, d, &stored);

	w->v->report.entries++;
	if (rc == RC_OK) {
		rc = entry_decode(stored.bytes, &w->v->arena, &e);
	}
	if (rc == RC_OK) {
		rc = check_decoded(w, &e, &stored);
	} else if (rc == RC_NOTFOUND || rc == RC_CORRUPT || rc == RC_LIMIT) {
		verify_differs(w->v, "entry %016" PRIx64 ":%" PRIu64 " %s", d.feed, d.seq,
			       rc == RC_NOTFOUND ? "is missing" : "does not decode");
		rc = RC_OK;
	}
	arena_release(&w->v->arena, mark);
	return rc;
}

static void check_genesis(struct walk *w, const struct feed_state *s)
{
	size_t mark = arena_mark(&w->v->arena);
	struct genesis g;

	if (entry_decode_genesis(s->genesis, &w->v->arena, &g) != RC_OK || g.feed != s->feed ||
	    memcmp(g.key, s->key, KEY_LEN) != 0 ||
	    memcmp(g.system, w->v->store->info.system, SYSTEM_LEN) != 0) {
		verify_differs(w->v, "feed %016" PRIx64 ": its genesis does not fit", s->feed);
	}
	arena_release(&w->v->arena, mark);
}

static enum rc check_feed(struct verify *v, const struct feed_state *s)
{
	struct walk w = { .v = v, .feed = s->feed, .head = s->head, .applied = s->applied };
	uint8_t head_hash[HASH_LEN];
	uint64_t seq, head_changes = s->changes;
	enum rc rc = RC_OK;

	memcpy(w.key, s->key, KEY_LEN);
	memcpy(head_hash, s->hash, HASH_LEN);
	feed_chain_first(v->store->crypto, s->genesis, w.hash);
	check_genesis(&w, s);
	find_seal(&w, 1);
	v->report.feeds++;
	if (s->applied > s->head) {
		verify_differs(v, "feed %016" PRIx64 ": more is applied than held", w.feed);
	}
	for (seq = 1; seq <= w.head && rc == RC_OK; seq++) {
		rc = check_entry(&w, seq);
		if (rc == RC_OK && verify_is_due(v)) {
			rc = verify_renew(v);
		}
	}
	if (rc == RC_OK &&
	    (memcmp(w.hash, head_hash, HASH_LEN) != 0 || w.changes != head_changes)) {
		verify_differs(v, "feed %016" PRIx64 ": its head is not its last entry", w.feed);
	}
	return rc;
}

enum rc verify_feeds(struct verify *v)
{
	struct feed_state s;
	uint64_t from = 0;
	enum rc rc = feeds_next(v->txn, from, &s);

	while (rc == RC_OK) {
		from = s.feed;
		rc = check_feed(v, &s);
		if (rc == RC_OK) {
			rc = from == UINT64_MAX ? RC_NOTFOUND : feeds_next(v->txn, from + 1, &s);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
