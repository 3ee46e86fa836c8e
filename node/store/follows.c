#include "node/store/follows.h"

#include <stddef.h>
#include <string.h>

#include "node/store/feeds.h"
#include "proto/entry_codec.h"

enum {
	GENESIS_ROOM = 65536, /* for decoding one */
	STEPS_MAX = 256,      /* feeds looked at for one question */
	KNOWN_MAX = 8         /* feeds named although all of them is confirmed */
};

/* One question, over all that is continued. */
struct walk {
	struct kv_txn *txn;
	struct dot d;
	uint64_t feeds[STEPS_MAX]; /* to be looked at, in turn */
	uint32_t count;
	bool found;
};

static void note(struct walk *w, uint64_t feed)
{
	uint32_t i;

	for (i = 0; i < w->count; i++) {
		if (w->feeds[i] == feed) {
			return;
		}
	}
	if (w->count < STEPS_MAX) {
		w->feeds[w->count++] = feed;
	}
}

static enum rc decode(struct bytes genesis, uint8_t *room, struct genesis *out)
{
	struct arena a = arena_init(room, GENESIS_ROOM);

	return entry_decode_genesis(genesis, &a, out);
}

/* Looks at what one feed continues. */
static enum rc look(struct walk *w, uint64_t by)
{
	_Alignas(max_align_t) uint8_t room[GENESIS_ROOM];
	struct feed_state state;
	struct genesis g;
	uint32_t i;
	enum rc rc = feeds_get(w->txn, by, &state);

	if (rc == RC_OK) {
		rc = decode(state.genesis, room, &g);
	}
	for (i = 0; rc == RC_OK && i < g.follows_count; i++) {
		const struct cut *f = &g.follows[i];

		w->found = w->found || (f->feed == w->d.feed && f->seq >= w->d.seq);
		note(w, f->feed);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc follows_cover(struct kv_txn *t, uint64_t by, struct dot d, bool *out)
{
	struct walk w = { .txn = t, .d = d, .feeds = { by }, .count = 1 };
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < w.count && rc == RC_OK && !w.found; i++) {
		rc = look(&w, w.feeds[i]);
	}
	*out = rc == RC_OK && w.found;
	return rc;
}

/* The other feeds of the same office and scope, as far as applied. */
static enum rc list_others(struct kv_txn *t, uint64_t feed, struct feed_state *out, uint32_t *count)
{
	uint64_t from = feed_pack(feed_office(feed), feed_scope(feed), 0);
	enum rc rc = RC_OK;

	*count = 0;
	while (*count < LIMIT_FOLLOWS_MAX) {
		struct feed_state *s = &out[*count];

		rc = feeds_next(t, from, s);
		if (rc != RC_OK || s->feed >> 32 != feed >> 32) {
			break;
		}
		from = s->feed + 1;
		*count += s->feed != feed && s->applied > 0;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc is_continued(struct kv_txn *t, const struct feed_state *all, uint32_t count,
			    uint32_t which, bool *out)
{
	struct dot d = { all[which].feed, all[which].applied };
	enum rc rc = RC_OK;
	uint32_t i;

	*out = false;
	for (i = 0; i < count && rc == RC_OK && !*out; i++) {
		if (i != which) {
			rc = follows_cover(t, all[i].feed, d, out);
		}
	}
	return rc;
}

static bool is_confirmed(struct kv_txn *t, const struct feed_state *s)
{
	struct feed_cut cut;

	return feeds_cut_of(t, (struct dot){ s->feed, s->applied }, &cut) == RC_OK;
}

enum rc follows_list(struct kv_txn *t, uint64_t feed, struct arena *a, struct cut **out,
		     uint32_t *count)
{
	struct feed_state all[LIMIT_FOLLOWS_MAX];
	struct cut *list = arena_take(a, LIMIT_FOLLOWS_MAX * sizeof(*list));
	uint32_t i, others = 0, known = 0;
	bool continued = false;
	enum rc rc = list == NULL ? RC_NOMEM : list_others(t, feed, all, &others);

	*count = 0;
	*out = list;
	for (i = 0; i < others && rc == RC_OK; i++) {
		struct feed_entry e;

		rc = is_continued(t, all, others, i, &continued);
		/* What is confirmed is seen by its cut anyway. */
		known += rc == RC_OK && !continued && is_confirmed(t, &all[i]);
		if (rc != RC_OK || continued || (is_confirmed(t, &all[i]) && known > KNOWN_MAX)) {
			continue;
		}
		rc = feeds_get_entry(t, (struct dot){ all[i].feed, all[i].applied }, &e);
		list[*count].feed = all[i].feed;
		list[*count].seq = all[i].applied;
		memcpy(list[*count].hash, e.hash, HASH_LEN);
		*count += rc == RC_OK;
	}
	return rc;
}

enum rc follows_check_form(const struct genesis *g)
{
	uint32_t i, k;

	for (i = 0; i < g->follows_count; i++) {
		uint64_t feed = g->follows[i].feed;

		if (feed >> 32 != g->feed >> 32 || feed == g->feed) {
			return RC_CORRUPT;
		}
		for (k = 0; k < i; k++) {
			if (g->follows[k].feed == feed) {
				return RC_CORRUPT;
			}
		}
	}
	return RC_OK;
}

enum rc follows_check_held(struct kv_txn *t, const struct crypto *c, struct bytes genesis)
{
	_Alignas(max_align_t) uint8_t room[GENESIS_ROOM];
	uint8_t hash[HASH_LEN];
	struct genesis g;
	bool waits = false;
	enum rc rc = decode(genesis, room, &g);
	uint32_t i;

	for (i = 0; rc == RC_OK && i < g.follows_count; i++) {
		struct dot d = { g.follows[i].feed, g.follows[i].seq };
		struct feed_state state;

		rc = feeds_get(t, d.feed, &state);
		waits = waits || rc == RC_NOTFOUND || (rc == RC_OK && state.applied < d.seq);
		if (rc == RC_NOTFOUND || (rc == RC_OK && state.head < d.seq)) {
			rc = RC_OK;
			continue;
		}
		if (rc == RC_OK) {
			rc = feeds_hash_at(t, d, c, hash);
		}
		if (rc == RC_OK && memcmp(hash, g.follows[i].hash, HASH_LEN) != 0) {
			return RC_FORK;
		}
	}
	return rc == RC_OK && waits ? RC_GAP : rc;
}
