#include "node/store/author.h"

#include <assert.h>
#include <string.h>

#include "node/store/follows.h"
#include "node/store/succeed.h"
#include "proto/entry_codec.h"

enum {
	/* What a header may take: name, reason, parts and fixed fields. */
	HEADER_RESERVE = 2560,
	CHANGES_BYTES_MAX = LIMIT_ENTRY_BYTES_MAX - HEADER_RESERVE,
	ELEMENT_BYTES = 4, /* tag and length of a change */
	GENESIS_BYTES_MAX = FEEDS_GENESIS_MAX
};

struct author_change {
	struct bytes bytes;
	struct author_change *next;
};

struct author_entry {
	struct author_change *first, *last;
	uint32_t changes_count, touches;
	size_t len;
	const struct cut *cuts;
	uint32_t cuts_count;
	const struct author_origin *origin;
	bool has_replaces;
	struct cut replaces;
	const struct ruling *rulings;
	uint32_t rulings_count;
	struct author_entry *next;
};

static const char meta_commit[] = "commit";
static const char meta_time[] = "time";

/* A number kept in the meta table; 0 when it is not there yet. */
static enum rc get_number(struct kv_txn *t, const char *name, uint64_t *out)
{
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, bytes_of(name), &v);

	*out = 0;
	if (rc == RC_OK) {
		r = bytes_reader_init(v);
		*out = bytes_get_be64(&r);
		rc = r.rc;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc put_number(struct kv_txn *t, const char *name, uint64_t v)
{
	uint8_t buffer[8];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be64(&w, v);
	return kv_put(t, KV_META, bytes_of(name), bytes_written(&w));
}

enum rc author_last_commit(struct kv_txn *t, uint64_t *out)
{
	return get_number(t, meta_commit, out);
}

enum rc author_time(struct work *w, int64_t *out)
{
	int64_t now = w->store->world->now_ms();
	uint64_t last = 0;
	enum rc rc = RC_OK;

	if (w->time_ms == 0) {
		w->time_ms = now < 1 ? 1 : now;
		if (w->store->info.is_centre) {
			rc = get_number(w->txn, meta_time, &last);
		}
		if (rc == RC_OK && (int64_t)last > w->time_ms) {
			w->time_ms = (int64_t)last;
		}
		if (rc == RC_OK && w->store->info.is_centre) {
			rc = put_number(w->txn, meta_time, (uint64_t)w->time_ms);
		}
	}
	*out = w->time_ms;
	return rc;
}

enum rc author_begin(struct author *a, struct work *w, struct bytes name, struct bytes reason)
{
	enum rc rc = RC_OK;

	memset(a, 0, sizeof(*a));
	a->work = w;
	a->name = name;
	a->reason = reason;
	if (name.len > LIMIT_AUTHOR_BYTES_MAX || reason.len > LIMIT_REASON_BYTES_MAX) {
		return RC_LIMIT;
	}
	if (w->store->catalog->is_partial) {
		return RC_CORRUPT;
	}
	a->scopes = arena_take_zeroed(w->arena, LIMIT_PARTS_PER_COMMIT_MAX, sizeof(*a->scopes));
	if (a->scopes == NULL) {
		return RC_NOMEM;
	}
	rc = author_time(w, &a->time_ms);
	if (rc == RC_OK) {
		rc = get_number(w->txn, meta_commit, &a->commit);
	}
	if (rc == RC_OK) {
		rc = life_look(w, &a->commit);
	}
	if (rc == RC_OK && w->store->info.is_centre && w->life.is_new && !w->life.has_begun) {
		rc = succeed_begin(w);
		rc = rc == RC_OK ? get_number(w->txn, meta_commit, &a->commit) : rc;
	}
	a->commit++;
	a->epoch_incarnation = w->store->info.centre_incarnation;
	a->epoch_seq = w->store->catalog->national_seq;
	return rc;
}

/* The centre's feed of the incarnation that ended in this work. */
static enum rc follow_before(struct author *a, uint16_t scope, struct cut **out, uint32_t *count)
{
	const struct work *w = a->work;
	struct cut *c = arena_take_zeroed(w->arena, 1, sizeof(*c));
	struct feed_state s;
	enum rc rc = c == NULL ? RC_NOMEM : RC_NOTFOUND;

	*out = c;
	*count = 0;
	if (c != NULL && w->life.is_new) {
		rc = feeds_get(w->txn, feed_pack(0, scope, w->life.before), &s);
	}
	if (rc == RC_OK) {
		c->feed = s.feed;
		c->seq = s.head;
		memcpy(c->hash, s.hash, HASH_LEN);
		*count = 1;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Begins this node's feed in a scope. */
static enum rc begin_feed(struct author *a, struct author_scope *s)
{
	const struct store *store = a->work->store;
	struct genesis g;
	struct bytes_writer w;
	struct cut *follows = NULL;
	uint8_t *buffer = arena_take(a->work->arena, GENESIS_BYTES_MAX);
	enum rc rc = buffer == NULL ? RC_NOMEM : RC_OK;

	memset(&g, 0, sizeof(g));
	if (rc == RC_OK && a->follows != NULL) {
		rc = a->follows(a->follows_ctx, s->scope, a->work->arena, &follows,
				&g.follows_count);
	} else if (rc == RC_OK && store->info.is_centre) {
		rc = follow_before(a, s->scope, &follows, &g.follows_count);
	} else if (rc == RC_OK) {
		rc = follows_list(a->work->txn, store_own_feed(store, s->scope), a->work->arena,
				  &follows, &g.follows_count);
	}
	if (rc != RC_OK) {
		return rc;
	}
	g.follows = follows;
	memcpy(g.system, store->info.system, SYSTEM_LEN);
	memcpy(g.key, store->info.key, KEY_LEN);
	g.feed = store_own_feed(store, s->scope);
	w = bytes_writer_init(buffer, GENESIS_BYTES_MAX);
	entry_encode_genesis(&g, &w);
	memset(&s->state, 0, sizeof(s->state));
	s->state.feed = g.feed;
	s->state.genesis = bytes_written(&w);
	memcpy(s->state.key, g.key, KEY_LEN);
	feed_chain_first(store->crypto, s->state.genesis, s->state.hash);
	return w.rc;
}

/* What this node has applied of the centre's feed in the scope. */
static enum rc find_seen(struct author *a, struct author_scope *s)
{
	struct feed_state centre;
	enum rc rc = feeds_get(a->work->txn, store_centre_feed(a->work->store, s->scope), &centre);

	s->seen_centre = rc == RC_OK ? centre.applied : 0;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc author_open(struct author *a, uint16_t scope, struct author_scope **out)
{
	struct author_scope *s = NULL;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < a->scopes_count; i++) {
		if (a->scopes[i].scope == scope) {
			*out = &a->scopes[i];
			return RC_OK;
		}
	}
	if (a->scopes_count == LIMIT_PARTS_PER_COMMIT_MAX) {
		return RC_LIMIT;
	}
	s = &a->scopes[a->scopes_count];
	s->scope = scope;
	rc = feeds_get(a->work->txn, store_own_feed(a->work->store, scope), &s->state);
	if (rc == RC_OK) {
		s->state.genesis = arena_copy(a->work->arena, s->state.genesis);
		rc = s->state.genesis.p == NULL ? RC_NOMEM : RC_OK;
	} else if (rc == RC_NOTFOUND) {
		rc = begin_feed(a, s);
	}
	if (rc == RC_OK) {
		rc = find_seen(a, s);
	}
	if (rc == RC_OK) {
		a->scopes_count++;
		*out = s;
	}
	return rc;
}

static struct author_entry *begin_entry(struct author *a, struct author_scope *s)
{
	struct author_entry *e = arena_take_zeroed(a->work->arena, 1, sizeof(*e));

	if (e == NULL) {
		return NULL;
	}
	if (s->last == NULL) {
		s->first = e;
	} else {
		s->last->next = e;
	}
	s->last = e;
	s->entries_count++;
	e->origin = s->origin;
	return e;
}

static struct dot last_dot(const struct author_scope *s)
{
	return (struct dot){ s->state.feed, s->state.head + s->entries_count };
}

enum rc author_add(struct author *a, struct author_scope *s, struct bytes change, bool touches,
		   bool apart, struct dot *out, uint32_t *place)
{
	struct author_change *c = arena_take_zeroed(a->work->arena, 1, sizeof(*c));
	struct author_entry *e = s->last;
	size_t len = change.len + ELEMENT_BYTES;

	if (len > CHANGES_BYTES_MAX || s->entries_count == LIMIT_COMMIT_ENTRIES_MAX) {
		return RC_LIMIT;
	}
	if (e == NULL || apart || e->origin != s->origin || e->cuts_count > 0 ||
	    e->rulings_count > 0 || e->len + len > CHANGES_BYTES_MAX ||
	    e->changes_count == LIMIT_CHANGES_PER_ENTRY_MAX) {
		e = begin_entry(a, s);
	}
	if (c == NULL || e == NULL) {
		return RC_NOMEM;
	}
	c->bytes = arena_copy(a->work->arena, change);
	if (c->bytes.p == NULL) {
		return RC_NOMEM;
	}
	if (e->last == NULL) {
		e->first = c;
	} else {
		e->last->next = c;
	}
	e->last = c;
	e->len += len;
	*place = e->changes_count++;
	e->touches += touches;
	*out = last_dot(s);
	return RC_OK;
}

void author_act_for(struct author *a, const struct header *h)
{
	a->time_ms = h->time_ms;
	a->epoch_incarnation = h->epoch_incarnation;
	a->epoch_seq = h->epoch_seq;
	a->has_base = h->has_base;
	a->base_id = h->base_id;
}

enum rc author_replace(struct author *a, struct author_scope *s, const struct cut *old,
		       struct dot *out)
{
	struct author_entry *e = begin_entry(a, s);

	if (e == NULL) {
		return RC_NOMEM;
	}
	e->has_replaces = true;
	e->replaces = *old;
	*out = last_dot(s);
	return RC_OK;
}

enum rc author_cut(struct author *a, struct author_scope *s, const struct cut *cuts, uint32_t count,
		   struct dot *out)
{
	struct author_entry *e = begin_entry(a, s);

	if (e == NULL) {
		return RC_NOMEM;
	}
	e->cuts = cuts;
	e->cuts_count = count;
	*out = last_dot(s);
	return RC_OK;
}

enum rc author_judge(struct author *a, struct author_scope *s, const struct ruling *rulings,
		     uint32_t count, struct dot *out)
{
	struct author_entry *e = begin_entry(a, s);

	if (e == NULL) {
		return RC_NOMEM;
	}
	e->rulings = rulings;
	e->rulings_count = count;
	*out = last_dot(s);
	return RC_OK;
}

/* The list that ties the scopes of a commit; none for a single entry. */
static enum rc list_parts(const struct author *a, const struct commit_part **out, uint32_t *count)
{
	struct commit_part *parts = NULL;
	uint32_t i;

	*out = NULL;
	*count = 0;
	if (a->scopes_count == 1 && a->scopes[0].entries_count == 1) {
		return RC_OK;
	}
	parts = arena_take(a->work->arena, a->scopes_count * sizeof(*parts));
	if (parts == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < a->scopes_count; i++) {
		parts[i].scope = a->scopes[i].scope;
		parts[i].last_seq = last_dot(&a->scopes[i]).seq;
	}
	*out = parts;
	*count = a->scopes_count;
	return RC_OK;
}

static void put_origin(const struct author *a, const struct author_origin *origin, struct header *h)
{
	h->is_carried = origin != NULL;
	h->author = origin == NULL ? a->name : origin->author;
	h->carried_office = origin == NULL ? 0 : origin->office;
	h->carried_ms = origin == NULL ? 0 : origin->time_ms;
}

/* Encodes the entry, chains it and stores it as the feed's new head. */
static enum rc write_entry(struct author *a, struct author_scope *s, const struct author_entry *e,
			   struct header *h)
{
	uint8_t header[LIMIT_ENTRY_BYTES_MAX], whole[LIMIT_ENTRY_BYTES_MAX];
	uint8_t salt[FEED_SALT_LEN];
	struct bytes changes[LIMIT_CHANGES_PER_ENTRY_MAX];
	struct bytes_writer hw = bytes_writer_init(header, sizeof(header));
	struct bytes_writer w = bytes_writer_init(whole, sizeof(whole));
	struct bytes salt_bytes = bytes_at(salt, e->changes_count == 0 ? 0 : FEED_SALT_LEN);
	const struct author_change *c = e->first;
	struct feed_entry stored;
	uint32_t i;

	for (i = 0; i < e->changes_count; i++, c = c->next) {
		changes[i] = c->bytes;
	}
	h->cuts = e->cuts;
	h->cuts_count = e->cuts_count;
	h->has_replaces = e->has_replaces;
	h->replaces = e->replaces;
	h->rulings = e->rulings;
	h->rulings_count = e->rulings_count;
	h->touches = e->touches;
	put_origin(a, e->origin, h);
	h->seq = s->state.head + 1;
	h->seen_own = s->state.head;
	a->work->store->world->random(salt, sizeof(salt));
	entry_encode_header(h, &hw);
	entry_encode(bytes_written(&hw), salt_bytes, changes, e->changes_count, &w);
	if (hw.rc != RC_OK || w.rc != RC_OK) {
		return RC_LIMIT;
	}
	feed_chain_next(a->work->store->crypto, s->state.hash, bytes_written(&hw), salt_bytes,
			changes, e->changes_count, s->state.hash);
	s->state.head = s->state.applied = h->seq;
	s->state.changes += e->touches;
	stored.dot = (struct dot){ s->state.feed, h->seq };
	stored.changes = s->state.changes;
	stored.commit = h->commit;
	memcpy(stored.hash, s->state.hash, HASH_LEN);
	stored.bytes = bytes_written(&w);
	return feeds_put_entry(a->work->txn, &stored);
}

static enum rc write_scope(struct author *a, struct author_scope *s, struct header *h)
{
	const struct author_entry *e = NULL;
	enum rc rc = RC_OK;

	h->feed = s->state.feed;
	h->seen_centre = s->seen_centre;
	for (e = s->first; e != NULL && rc == RC_OK; e = e->next) {
		rc = write_entry(a, s, e, h);
	}
	return rc == RC_OK ? feeds_put(a->work->txn, &s->state) : rc;
}

enum rc author_finish(struct author *a)
{
	struct header h;
	enum rc rc = RC_OK;
	uint32_t i;

	if (a->scopes_count == 0) {
		return RC_OK;
	}
	memset(&h, 0, sizeof(h));
	h.time_ms = a->time_ms;
	h.commit = a->commit;
	h.reason = a->reason;
	h.has_base = a->has_base;
	h.base_id = a->base_id;
	h.epoch_incarnation = a->epoch_incarnation;
	h.epoch_seq = a->epoch_seq;
	rc = list_parts(a, &h.parts, &h.parts_count);
	for (i = 0; i < a->scopes_count && rc == RC_OK; i++) {
		rc = write_scope(a, &a->scopes[i], &h);
	}
	if (rc == RC_OK) {
		rc = life_keep(a->work, a->commit);
	}
	return rc == RC_OK ? put_number(a->work->txn, meta_commit, a->commit) : rc;
}
