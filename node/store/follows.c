#include "node/store/follows.h"

#include <stddef.h>
#include <string.h>

#include "node/store/feeds.h"
#include "proto/entry_codec.h"

enum {
	GENESIS_ROOM = 65536, /* for decoding one */
	STEPS_MAX = 4096,     /* feeds looked at for one question */
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

/* Feeds of which none continues another. */
struct tips {
	struct kv_txn *txn;
	struct dot items[LIMIT_FOLLOWS_MAX];
	bool is_known[LIMIT_FOLLOWS_MAX]; /* confirmed: seen by its cut anyway */
	uint32_t count, known;
};

static void drop_tip(struct tips *tips, uint32_t i)
{
	tips->known -= tips->is_known[i];
	tips->count--;
	tips->items[i] = tips->items[tips->count];
	tips->is_known[i] = tips->is_known[tips->count];
}

/* Adds a feed, in place of those that it continues, if none continues it. What is
 * confirmed may be left out. */
static enum rc add_tip(struct tips *tips, struct dot d)
{
	struct feed_cut cut;
	bool known = feeds_cut_of(tips->txn, d, &cut) == RC_OK, covers = false;
	enum rc rc = RC_OK;
	uint32_t i = 0;

	while (rc == RC_OK && i < tips->count) {
		rc = follows_cover(tips->txn, tips->items[i].feed, d, &covers);
		if (rc != RC_OK || covers) {
			return rc;
		}
		rc = follows_cover(tips->txn, d.feed, tips->items[i], &covers);
		if (covers) {
			drop_tip(tips, i);
		} else {
			i++;
		}
	}
	if (rc != RC_OK || tips->count == LIMIT_FOLLOWS_MAX ||
	    (known && tips->known == KNOWN_MAX)) {
		return rc;
	}
	tips->items[tips->count] = d;
	tips->is_known[tips->count++] = known;
	tips->known += known;
	return RC_OK;
}

enum rc follows_list(struct kv_txn *t, uint64_t feed, struct arena *a, struct cut **out,
		     uint32_t *count)
{
	uint64_t from = feed_pack(feed_office(feed), feed_scope(feed), 0);
	struct cut *list = arena_take(a, LIMIT_FOLLOWS_MAX * sizeof(*list));
	struct tips tips = { .txn = t };
	struct feed_state s;
	enum rc rc = list == NULL ? RC_NOMEM : RC_OK;

	while (rc == RC_OK) {
		rc = feeds_next(t, from, &s);
		if (rc != RC_OK || s.feed >> 32 != feed >> 32) {
			break;
		}
		from = s.feed + 1;
		if (s.feed != feed && s.applied > 0) {
			rc = add_tip(&tips, (struct dot){ s.feed, s.applied });
		}
	}
	rc = rc == RC_NOTFOUND ? RC_OK : rc;
	for (*count = 0; rc == RC_OK && *count < tips.count; (*count)++) {
		struct cut *c = &list[*count];
		struct feed_entry e;

		rc = feeds_get_entry(t, tips.items[*count], &e);
		c->feed = tips.items[*count].feed;
		c->seq = tips.items[*count].seq;
		if (rc == RC_OK) {
			memcpy(c->hash, e.hash, HASH_LEN);
		}
	}
	*out = list;
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
			if (rc == RC_NOTFOUND) {
				rc = RC_OK; /* below the floor: it was compared before */
				continue;
			}
		}
		if (rc == RC_OK && memcmp(hash, g.follows[i].hash, HASH_LEN) != 0) {
			return RC_FORK;
		}
	}
	return rc == RC_OK && waits ? RC_GAP : rc;
}
