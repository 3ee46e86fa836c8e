/*
 * Putting a base in place, within one transaction:
 *
 *   clear    what the scope held goes: own entries of which it cannot be told
 *            whether the base has them are set aside first
 *   rows     feeds at their anchors, contexts, cuts, records
 *   again    own entries behind the anchors are applied anew
 *
 * Entries below the anchors that are still here are left to compact_drop.
 */
#include <stdlib.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/store/apply_priv.h"
#include "node/store/base.h"
#include "node/store/base_take.h"
#include "node/store/rejoin.h"
#include "proto/entry_codec.h"

/* A feed of the base, or one that was here. */
struct put_feed {
	uint64_t feed, anchor;
	uint8_t hash[HASH_LEN]; /* at the anchor */
	bool was_here;
	uint64_t applied; /* before */
};

struct put {
	struct work *w;
	uint16_t scope;
	const struct base_stand *stand;
	struct put_feed *feeds; /* own memory */
	uint32_t count, max;
};

static struct put_feed *find_feed(struct put *p, uint64_t feed)
{
	uint32_t i;

	for (i = 0; i < p->count; i++) {
		if (p->feeds[i].feed == feed) {
			return &p->feeds[i];
		}
	}
	return NULL;
}

static enum rc add_feed(struct put *p, uint64_t feed, uint64_t anchor)
{
	struct put_feed *f = NULL;

	if (p->count == p->max) {
		uint32_t max = p->max == 0 ? 16 : 2 * p->max;
		struct put_feed *wider = realloc(p->feeds, max * sizeof(*wider));

		if (wider == NULL) {
			return RC_NOMEM;
		}
		p->feeds = wider;
		p->max = max;
	}
	f = &p->feeds[p->count++];
	memset(f, 0, sizeof(*f));
	f->feed = feed;
	f->anchor = anchor;
	return RC_OK;
}

/* Calls a function for each row of the base. */
static enum rc for_each(struct put *p, enum rc (*each)(struct put *p, const struct base_row *row))
{
	struct base_reader r;
	struct base_row row;
	struct arena memory = { NULL, 0, 0 };
	enum rc rc = mem_arena_open(&memory, LIMIT_STEP_ARENA_BYTES);

	base_reader_start(&r, p->w->txn, &memory, p->stand, p->scope);
	while (rc == RC_OK) {
		mem_arena_reset(&memory);
		rc = base_reader_next(&r, &row);
		if (rc == RC_OK) {
			rc = each(p, &row);
		}
	}
	base_reader_end(&r);
	mem_arena_close(&memory);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The feeds of the base, with the hashes at their anchors. */
static enum rc list_feeds(struct put *p, const struct base_row *row)
{
	struct bytes_reader r = bytes_reader_init(row->value);
	struct put_feed *f = NULL;

	if (row->sort == BASE_FEED) {
		return add_feed(p, base_dot(row->key).feed, bytes_get_be64(&r));
	}
	if (row->sort == BASE_ENTRY) {
		f = find_feed(p, base_dot(row->key).feed);
		if (f != NULL && f->anchor == base_dot(row->key).seq) {
			memcpy(f->hash, row->value.p, HASH_LEN);
		}
	}
	return RC_OK;
}

/* And those that were here before. */
static enum rc list_old(struct put *p)
{
	struct feed_state s;
	uint64_t from = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		rc = feeds_next(p->w->txn, from, &s);
		if (rc != RC_OK) {
			break;
		}
		from = s.feed + 1;
		if (feed_scope(s.feed) == p->scope) {
			if (find_feed(p, s.feed) == NULL) {
				rc = add_feed(p, s.feed, 0);
			}
			if (rc == RC_OK) {
				find_feed(p, s.feed)->was_here = true;
				find_feed(p, s.feed)->applied = s.applied;
			}
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* --- clear ------------------------------------------------------------------------------ */

static bool is_own(const struct put *p, uint64_t feed)
{
	return feed_office(feed) == p->w->store->info.number;
}

/* The feed ends with a seq: what is held behind it comes again. */
static enum rc cut_head(struct put *p, uint64_t feed, uint64_t seq)
{
	struct feed_state s;
	struct feed_entry last = { .changes = 0 };
	uint64_t i, head = 0;
	enum rc rc = feeds_get(p->w->txn, feed, &s);

	if (rc != RC_OK || s.head <= seq) {
		return rc;
	}
	head = s.head;
	s.genesis = arena_copy(p->w->arena, s.genesis);
	if (s.genesis.p == NULL) {
		return RC_NOMEM;
	}
	feed_chain_first(p->w->store->crypto, s.genesis, s.hash);
	if (seq > 0 && feeds_get_entry(p->w->txn, (struct dot){ feed, seq }, &last) == RC_OK) {
		memcpy(s.hash, last.hash, HASH_LEN);
	}
	s.head = seq;
	s.changes = last.changes;
	rc = feeds_put(p->w->txn, &s);
	for (i = seq + 1; i <= head && rc == RC_OK; i++) {
		struct key k = key_dot((struct dot){ feed, i });

		rc = kv_del(p->w->txn, KV_ENTRY, key_bytes(&k));
		rc = rc == RC_OK ? kv_del(p->w->txn, KV_SEAL, key_bytes(&k)) : rc;
	}
	return rc;
}

/* Whether what is here of a feed is what the base has up to its anchor. */
static bool is_same(const struct put *p, const struct put_feed *f)
{
	uint8_t hash[HASH_LEN];

	return feeds_hash_at(p->w->txn, (struct dot){ f->feed, f->anchor }, p->w->store->crypto,
			     hash) == RC_OK &&
	       memcmp(hash, f->hash, HASH_LEN) == 0;
}

/* An own feed: what no cut covers here, and may or may not be in the base. */
static enum rc set_aside(struct put *p, struct put_feed *f)
{
	struct feed_cut cut = { .seq = 0 };
	enum rc rc = RC_OK;

	(void)feeds_cut_last(p->w->txn, f->feed, &cut);
	if (f->anchor <= cut.seq || is_same(p, f)) {
		return RC_OK;
	}
	rc = cut_head(p, f->feed, f->applied);
	if (rc == RC_OK && f->applied > cut.seq) {
		rc = rejoin_meet(p->w, f->feed, cut.seq + 1);
		f->applied = cut.seq;
	}
	return rc;
}

static enum rc clear_feeds(struct put *p)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < p->count && rc == RC_OK; i++) {
		if (p->feeds[i].was_here && is_own(p, p->feeds[i].feed)) {
			rc = set_aside(p, &p->feeds[i]);
		}
	}
	return rc;
}

/* Deletes the rows of a table whose keys have this scope at a place. */
static enum rc clear_table(struct put *p, enum kv_table table, size_t place)
{
	struct key at = { .len = 0 };
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		struct kv_cursor *c = kv_cursor_open(p->w->txn, table);
		struct bytes k, v;

		rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&at), &k, &v);
		while (rc == RC_OK &&
		       (k.len < place + 2 || (k.p[place] << 8 | k.p[place + 1]) != p->scope)) {
			rc = kv_cursor_next(c, &k, &v);
		}
		if (rc == RC_OK) {
			memcpy(at.b, k.p, k.len);
			at.len = k.len;
		}
		kv_cursor_close(c);
		rc = rc == RC_OK ? kv_del(p->w->txn, table, key_bytes(&at)) : rc;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Makes a part empty, or what state says. */
static enum rc put_part(struct put *p, struct bytes key, struct bytes state)
{
	struct work *w = p->w;
	uint16_t kind = (uint16_t)(key.p[0] << 8 | key.p[1]);
	struct part *part = NULL;
	struct uuid id;
	struct bytes copy;
	enum rc rc = work_is_large(w) ? work_flush(w) : RC_OK;

	memcpy(id.b, key.p + 2, UUID_LEN);
	if (rc != RC_OK) {
		return rc;
	}
	part = work_open_part(w, kind, id, p->scope, &rc);
	if (part == NULL) {
		return rc;
	}
	*part = part_init();
	if (state.len > 0) {
		copy = arena_copy(w->arena, state);
		rc = copy.p == NULL ? RC_NOMEM : part_decode(copy, w->arena, part);
	}
	work_close_part(w, kind, id);
	return rc;
}

/* Takes all records out of the scope. */
static enum rc clear_records(struct put *p)
{
	struct key at = { .len = 0 };
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		struct kv_cursor *c = kv_cursor_open(p->w->txn, KV_RECORD);
		struct bytes k, v;

		if (at.len > 0) {
			at.b[at.len++] = 0;
		}
		rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&at), &k, &v);
		while (rc == RC_OK &&
		       (k.len != 2 + UUID_LEN + 2 || (k.p[18] << 8 | k.p[19]) != p->scope)) {
			rc = kv_cursor_next(c, &k, &v);
		}
		if (rc == RC_OK) {
			memcpy(at.b, k.p, k.len);
			at.len = k.len;
		}
		kv_cursor_close(c);
		rc = rc == RC_OK ? put_part(p, key_bytes(&at), bytes_at(NULL, 0)) : rc;
	}
	rc = rc == RC_NOTFOUND ? RC_OK : rc;
	return rc == RC_OK ? work_flush(p->w) : rc;
}

static enum rc clear(struct put *p)
{
	enum rc rc = clear_feeds(p);

	if (rc == RC_OK) {
		rc = clear_records(p);
	}
	/* From here on nothing goes by the old base. */
	if (rc == RC_OK) {
		rc = floor_forget(p->w->txn, p->scope);
	}
	if (rc == RC_OK) {
		rc = clear_table(p, KV_BASE, 2 + UUID_LEN);
	}
	if (rc == RC_OK) {
		rc = clear_table(p, KV_DOT, 2 + UUID_LEN + 2);
	}
	if (rc == RC_OK) {
		rc = clear_table(p, KV_CONTEXT, 2);
	}
	if (rc == RC_OK) {
		rc = clear_table(p, KV_ACCEPT, 2);
	}
	return rc == RC_OK ? clear_table(p, KV_QUARANTINE, 2) : rc;
}

/* --- rows --------------------------------------------------------------------------------- */

/* A feed that was not here; its end comes with its anchor. */
static enum rc put_feed(struct put *p, const struct base_row *row)
{
	struct feed_state s;
	struct genesis g;
	enum rc rc = RC_OK;

	if (find_feed(p, base_dot(row->key).feed)->was_here) {
		return RC_OK;
	}
	memset(&s, 0, sizeof(s));
	s.feed = base_dot(row->key).feed;
	s.genesis = bytes_at(row->value.p + 8, row->value.len - 8);
	rc = entry_decode_genesis(s.genesis, p->w->arena, &g);
	if (rc == RC_OK) {
		memcpy(s.key, g.key, KEY_LEN);
		rc = feeds_put(p->w->txn, &s);
	}
	return rc;
}

/* The anchor: the feed stands there, and goes on with what is held behind it. */
static enum rc put_anchor(struct put *p, const struct put_feed *f, const struct base_row *row)
{
	struct bytes_reader r = bytes_reader_init(bytes_at(row->value.p + HASH_LEN, 8));
	bool same = is_same(p, f);
	struct feed_state s;
	enum rc rc = feeds_get(p->w->txn, f->feed, &s);

	if (rc == RC_OK && s.head > f->anchor && !same) {
		rc = cut_head(p, f->feed, f->anchor);
		rc = rc == RC_OK ? feeds_get(p->w->txn, f->feed, &s) : rc;
	}
	if (rc != RC_OK) {
		return rc;
	}
	s.genesis = arena_copy(p->w->arena, s.genesis);
	if (s.genesis.p == NULL) {
		return RC_NOMEM;
	}
	s.applied = f->anchor;
	if (s.head <= f->anchor) {
		s.head = f->anchor;
		s.changes = bytes_get_be64(&r);
		memcpy(s.hash, f->hash, HASH_LEN);
	}
	return feeds_put(p->w->txn, &s);
}

static enum rc put_entry(struct put *p, const struct base_row *row)
{
	const struct put_feed *f = find_feed(p, base_dot(row->key).feed);
	enum rc rc = f->anchor == base_dot(row->key).seq ? put_anchor(p, f, row) : RC_OK;

	return rc == RC_OK ? kv_put(p->w->txn, KV_ENTRY, row->key, row->value) : rc;
}

static enum rc put_row(struct put *p, const struct base_row *row)
{
	switch (row->sort) {
	case BASE_FEED:
		return put_feed(p, row);
	case BASE_ENTRY:
		return put_entry(p, row);
	case BASE_CONTEXT:
		return kv_put(p->w->txn, KV_CONTEXT, row->key, row->value);
	case BASE_CUT:
		return kv_put(p->w->txn, KV_CUT, row->key, row->value);
	case BASE_QUARANTINE:
		return kv_put(p->w->txn, KV_QUARANTINE, row->key, row->value);
	case BASE_ACCEPT:
		return kv_put(p->w->txn, KV_ACCEPT, row->key, row->value);
	case BASE_RECORD:
		return put_part(p, row->key, row->value);
	case BASE_SORTS:
		break;
	}
	return RC_CORRUPT;
}

static enum rc put_floor(struct put *p)
{
	struct floor f = { .scope = p->scope, .point = p->stand->point }, said;
	uint8_t *list = arena_take(p->w->arena, (size_t)p->count * 16);
	struct bytes_writer w = bytes_writer_init(list, list == NULL ? 0 : (size_t)p->count * 16);
	uint32_t i;
	enum rc rc = list == NULL ? RC_NOMEM : RC_OK;

	for (i = 0; i < p->count && p->feeds[i].anchor > 0; i++) {
		bytes_put_be64(&w, p->feeds[i].feed);
		bytes_put_be64(&w, p->feeds[i].anchor);
	}
	f.anchors = bytes_written(&w);
	rc = rc == RC_OK ? floor_put(p->w->txn, FLOOR_HERE, &f) : rc;
	if (rc == RC_OK) {
		rc = floor_get(p->w->txn, p->scope, FLOOR_SAID, &said);
		if (rc == RC_NOTFOUND || (rc == RC_OK && said.point.seq < f.point.seq)) {
			rc = floor_put(p->w->txn, FLOOR_SAID, &f);
		}
	}
	return rc;
}

/* --- again ---------------------------------------------------------------------------------- */

/* The own feed whose next entry belongs to the earliest commit; NULL: none. */
static struct put_feed *choose(struct put *p, const uint64_t *at)
{
	struct put_feed *best = NULL;
	uint64_t commit = UINT64_MAX;
	uint32_t i;

	for (i = 0; i < p->count; i++) {
		struct put_feed *f = &p->feeds[i];
		struct feed_entry e;

		if (is_own(p, f->feed) && at[i] < f->applied &&
		    feeds_get_entry(p->w->txn, (struct dot){ f->feed, at[i] + 1 }, &e) == RC_OK &&
		    e.commit < commit) {
			commit = e.commit;
			best = f;
		}
	}
	return best;
}

static enum rc apply_again(struct put *p)
{
	uint64_t *at = calloc((size_t)p->count + 1, sizeof(*at));
	struct put_feed *f = NULL;
	uint32_t i;
	enum rc rc = at == NULL ? RC_NOMEM : RC_OK;

	for (i = 0; i < p->count && at != NULL; i++) {
		at[i] = p->feeds[i].anchor;
	}
	while (rc == RC_OK && (f = choose(p, at)) != NULL) {
		uint64_t seq = ++at[f - p->feeds];

		rc = apply_own(p->w, (struct dot){ f->feed, seq });
		rc = rc == RC_OK ? apply_mark(p->w, f->feed, seq) : rc;
	}
	free(at);
	return rc == RC_OK ? work_flush(p->w) : rc;
}

enum rc base_put(struct work *w, const struct base_stand *s, uint16_t scope)
{
	struct put p = { .w = w, .scope = scope, .stand = s };
	enum rc rc = for_each(&p, list_feeds);

	if (rc == RC_OK) {
		rc = list_old(&p);
	}
	if (rc == RC_OK) {
		rc = clear(&p);
	}
	if (rc == RC_OK) {
		rc = for_each(&p, put_row);
	}
	if (rc == RC_OK) {
		rc = work_flush(w);
	}
	if (rc == RC_OK) {
		rc = put_floor(&p);
	}
	if (rc == RC_OK) {
		rc = apply_again(&p);
	}
	free(p.feeds);
	/* What fails here is this node's trouble, not the peer's. */
	if (rc != RC_OK && w->rc == RC_OK) {
		w->rc = rc;
	}
	return rc;
}
