#include "node/store/line.h"

#include <string.h>

#include "node/store/key.h"
#include "proto/entry_codec.h"

enum { PIECE_LEN = 4 + 8 + 8, GENESIS_ROOM = 65536 };

static struct key line_key(uint16_t scope)
{
	static const char name[] = "line";
	struct key k = { .len = sizeof(name) - 1 + 2 };

	memcpy(k.b, name, sizeof(name) - 1);
	k.b[sizeof(name) - 1] = (uint8_t)(scope >> 8);
	k.b[sizeof(name)] = (uint8_t)scope;
	return k;
}

static struct key branch_key(struct dot d, uint32_t incarnation)
{
	struct key k = { .len = 0 };
	struct bytes_writer w = bytes_writer_init(k.b, sizeof(k.b));

	bytes_put_be64(&w, d.feed);
	bytes_put_be32(&w, incarnation);
	bytes_put_be64(&w, d.seq);
	k.len = w.len;
	return k;
}

enum rc line_get(struct kv_txn *t, uint16_t scope, struct line *out)
{
	struct key k = line_key(scope);
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, key_bytes(&k), &v);

	out->count = 0;
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	r = bytes_reader_init(v);
	while (r.p < r.end && r.rc == RC_OK && out->count < LINE_MAX) {
		struct line_piece *p = &out->items[out->count++];

		p->incarnation = bytes_get_be32(&r);
		p->base = bytes_get_be64(&r);
		p->upto = bytes_get_be64(&r);
	}
	return bytes_is_done(&r) ? RC_OK : RC_CORRUPT;
}

static enum rc put(struct kv_txn *t, uint16_t scope, const struct line *l)
{
	uint8_t buffer[LINE_MAX * PIECE_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	struct key k = line_key(scope);
	uint32_t i;

	for (i = 0; i < l->count; i++) {
		bytes_put_be32(&w, l->items[i].incarnation);
		bytes_put_be64(&w, l->items[i].base);
		bytes_put_be64(&w, l->items[i].upto);
	}
	return kv_put(t, KV_META, key_bytes(&k), bytes_written(&w));
}

static const struct line_piece *find(const struct line *l, uint32_t incarnation)
{
	uint32_t i;

	for (i = 0; i < l->count; i++) {
		if (l->items[i].incarnation == incarnation) {
			return &l->items[i];
		}
	}
	return NULL;
}

static uint64_t end_of(const struct line_piece *p)
{
	return p->upto == UINT64_MAX ? UINT64_MAX : p->upto - p->base;
}

enum rc line_end(struct kv_txn *t, uint64_t feed, uint64_t *out)
{
	struct line l;
	enum rc rc = line_get(t, feed_scope(feed), &l);
	const struct line_piece *p = rc == RC_OK ? find(&l, feed_incarnation(feed)) : NULL;

	*out = UINT64_MAX;
	if (rc == RC_OK && l.count > 0) {
		*out = p == NULL ? 0 : end_of(p);
	}
	return rc;
}

enum rc line_place(struct kv_txn *t, struct dot d, uint64_t *out)
{
	struct line l;
	enum rc rc = line_get(t, feed_scope(d.feed), &l);
	const struct line_piece *p = rc == RC_OK ? find(&l, feed_incarnation(d.feed)) : NULL;

	*out = d.seq;
	if (rc != RC_OK || l.count == 0) {
		return rc;
	}
	*out = p == NULL ? 0 : p->base + d.seq;
	return p == NULL || d.seq > end_of(p) ? RC_NOTFOUND : RC_OK;
}

enum rc line_parent(struct kv_txn *t, uint64_t feed, struct cut *out)
{
	_Alignas(max_align_t) uint8_t room[GENESIS_ROOM];
	struct arena a = arena_init(room, sizeof(room));
	struct feed_state s;
	struct genesis g;
	enum rc rc = feeds_get(t, feed, &s);

	if (rc == RC_OK) {
		rc = entry_decode_genesis(s.genesis, &a, &g);
	}
	if (rc == RC_OK && g.follows_count > 0) {
		*out = g.follows[0];
	}
	return rc == RC_OK && g.follows_count == 0 ? RC_NOTFOUND : rc;
}

/* Whether an entry of the branch that the seen one is on, up to it, had cut d. */
static enum rc branch_covers(struct kv_txn *t, struct dot seen, struct dot d, bool *out)
{
	struct key prefix = branch_key(d, feed_incarnation(seen.feed)), k = prefix;
	struct kv_cursor *c = kv_cursor_open(t, KV_BRANCH);
	struct bytes key, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&k), &key, &v);

	prefix.len -= 8;
	*out = false;
	if (rc == RC_OK && key_has_prefix(key, &prefix)) {
		struct bytes_reader r = bytes_reader_init(v);

		*out = bytes_get_be64(&r) <= seen.seq;
		rc = r.rc;
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc line_was_cut(struct kv_txn *t, struct dot d, bool *out)
{
	struct key prefix = key_feed(d.feed);
	struct kv_cursor *c = kv_cursor_open(t, KV_BRANCH);
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&prefix), &k, &v);

	*out = false;
	for (; rc == RC_OK && !*out && key_has_prefix(k, &prefix); rc = kv_cursor_next(c, &k, &v)) {
		struct bytes_reader r = bytes_reader_init(bytes_at(k.p + 12, k.len - 12));

		*out = bytes_get_be64(&r) >= d.seq;
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Whether a cut on the line, up to a place, covers d. */
static enum rc cut_covers(struct kv_txn *t, uint64_t place, struct dot d, bool *out)
{
	struct feed_cut cut;
	enum rc rc = feeds_cut_of(t, d, &cut);

	*out = rc == RC_OK && cut.centre_seq <= place;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* One step down: what was seen of one feed of the centre; *seen becomes what this
 * follows, seq 0: nothing. */
static enum rc step_covers(struct kv_txn *t, const struct line *l, struct dot *seen, struct dot d,
			   bool *out)
{
	const struct line_piece *p = find(l, feed_incarnation(seen->feed));
	struct cut parent = { .seq = 0 };
	enum rc rc = RC_OK;

	*out = d.feed == seen->feed && d.seq <= seen->seq;
	if (!*out && p != NULL) {
		uint64_t end = end_of(p);

		rc = cut_covers(t, p->base + (seen->seq < end ? seen->seq : end), d, out);
	}
	if (rc == RC_OK && !*out && (p == NULL || seen->seq > end_of(p))) {
		rc = branch_covers(t, *seen, d, out);
	}
	if (rc == RC_OK && !*out) {
		rc = line_parent(t, seen->feed, &parent);
		*seen = (struct dot){ parent.feed, rc == RC_OK ? parent.seq : 0 };
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc line_covers(struct kv_txn *t, struct dot seen, struct dot d, bool *out)
{
	struct line l;
	enum rc rc = line_get(t, feed_scope(seen.feed), &l);
	uint32_t i;

	*out = false;
	if (rc == RC_OK && l.count == 0) {
		*out = d.feed == seen.feed && d.seq <= seen.seq;
		return feed_office(d.feed) == 0 ? RC_OK : cut_covers(t, seen.seq, d, out);
	}
	for (i = 0; rc == RC_OK && !*out && seen.seq > 0 && i <= LINE_MAX; i++) {
		rc = step_covers(t, &l, &seen, d, out);
	}
	return rc;
}

enum rc line_first(struct kv_txn *t, uint64_t feed, struct dot d, uint64_t max, uint64_t *out)
{
	uint64_t low = 0, high = max + 1, at = 1; /* low is before it, high is not */
	enum rc rc = RC_OK;

	if (d.feed == feed) {
		*out = d.seq < high ? d.seq : high;
		return RC_OK;
	}
	/* Mostly it is the first one, that is what the feed follows, or none. */
	while (rc == RC_OK && high - low > 1) {
		bool covers = false;

		rc = line_covers(t, (struct dot){ feed, at }, d, &covers);
		low = covers ? low : at;
		high = covers ? at : high;
		at = at == 1 ? max : low + (high - low) / 2;
	}
	*out = high;
	return rc;
}

/* --- another piece --------------------------------------------------------- */

enum rc line_note(struct kv_txn *t, struct dot d, struct dot centre)
{
	uint8_t value[8];
	struct bytes_writer w = bytes_writer_init(value, sizeof(value));
	struct key k = branch_key(d, feed_incarnation(centre.feed));

	bytes_put_be64(&w, centre.seq);
	return kv_put(t, KV_BRANCH, key_bytes(&k), bytes_written(&w));
}

enum rc line_is_noted(struct kv_txn *t, struct dot d, struct dot centre, bool *out)
{
	struct key k = branch_key(d, feed_incarnation(centre.feed));
	struct bytes v = { NULL, 0 };
	enum rc rc = kv_get(t, KV_BRANCH, key_bytes(&k), &v);
	struct bytes_reader r;

	r = bytes_reader_init(v);
	*out = rc == RC_OK && bytes_get_be64(&r) == centre.seq && bytes_is_done(&r);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc line_note_branch(struct kv_txn *t, const struct header *h)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; rc == RC_OK && i < h->cuts_count; i++) {
		rc = line_note(t, (struct dot){ h->cuts[i].feed, h->cuts[i].seq },
			       (struct dot){ h->feed, h->seq });
	}
	return rc;
}

/* The entry of the centre at a place of the line. */
static struct dot at_place(const struct line *l, uint16_t scope, uint64_t place)
{
	uint32_t i = 0;

	while (i + 1 < l->count && place > l->items[i].upto) {
		i++;
	}
	return (struct dot){ feed_pack(0, scope, l->items[i].incarnation),
			     place - l->items[i].base };
}

/* A cut that is to go. */
struct gone {
	const struct gone *next;
	struct dot d;
	uint64_t place;
};

/* The cuts of the scope beyond a place. */
static enum rc list_gone(struct kv_txn *t, struct arena *a, uint16_t scope, uint64_t place,
			 const struct gone **out)
{
	static const uint8_t zero = 0;
	struct kv_cursor *c = kv_cursor_open(t, KV_CUT);
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, bytes_at(&zero, 1), &k, &v);

	*out = NULL;
	for (; rc == RC_OK; rc = kv_cursor_next(c, &k, &v)) {
		struct bytes_reader kr = bytes_reader_init(k), r = bytes_reader_init(v);
		struct gone g = { .next = *out, .d.feed = bytes_get_be64(&kr) }, *copy = NULL;

		g.d.seq = bytes_get_be64(&kr);
		g.place = bytes_get_be64(&r);
		if (feed_scope(g.d.feed) != scope || g.place <= place) {
			continue;
		}
		copy = arena_take(a, sizeof(*copy));
		if (copy == NULL) {
			rc = RC_NOMEM;
			break;
		}
		*copy = g;
		*out = copy;
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc move_cuts(struct kv_txn *t, struct arena *a, const struct line *old, uint16_t scope,
			 uint64_t place, bool *moved)
{
	const struct gone *g = NULL;
	enum rc rc = list_gone(t, a, scope, place, &g);

	for (; rc == RC_OK && g != NULL; g = g->next) {
		struct key k = key_dot(g->d);

		*moved = true;
		rc = line_note(t, g->d, at_place(old, scope, g->place));
		if (rc == RC_OK) {
			rc = kv_del(t, KV_CUT, key_bytes(&k));
		}
	}
	return rc;
}

/* Whether entries of the centre itself, beyond the place, are applied here. */
static bool reaches_beyond(struct kv_txn *t, const struct line *l, uint16_t scope, uint64_t place)
{
	const struct line_piece *p = &l->items[l->count - 1];
	struct feed_state s;

	return feeds_get(t, feed_pack(0, scope, p->incarnation), &s) == RC_OK &&
	       p->base + s.applied > place;
}

/* The line up to the entry that a feed follows, which is its last piece then. */
static enum rc fork_line(const struct cut *parent, struct line *l)
{
	uint32_t i;

	for (i = 0; i < l->count && l->items[i].incarnation != feed_incarnation(parent->feed);
	     i++) {
	}
	if (i == l->count || parent->seq > end_of(&l->items[i])) {
		return RC_GAP;
	}
	l->items[i].upto = l->items[i].base + parent->seq;
	l->count = i + 1;
	return l->count == LINE_MAX ? RC_LIMIT : RC_OK;
}

enum rc line_switch(struct kv_txn *t, struct arena *a, uint64_t feed, uint32_t before, bool *moved)
{
	uint16_t scope = feed_scope(feed);
	struct line old, new = { .count = 0 };
	struct cut parent;
	uint64_t place = 0;
	enum rc rc = line_get(t, scope, &old);

	if (rc == RC_OK && old.count == 0) {
		old.items[old.count++] = (struct line_piece){ before, 0, UINT64_MAX };
	}
	if (rc == RC_OK) {
		rc = line_parent(t, feed, &parent);
	}
	if (rc == RC_OK) {
		new = old;
		rc = fork_line(&parent, &new);
		place = rc == RC_OK ? new.items[new.count - 1].upto : 0;
	}
	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	*moved = *moved || reaches_beyond(t, &old, scope, place);
	new.items[new.count++] = (struct line_piece){ feed_incarnation(feed), place, UINT64_MAX };
	rc = move_cuts(t, a, &old, scope, place, moved);
	return rc == RC_OK ? put(t, scope, &new) : rc;
}

/* --- numbers --------------------------------------------------------------- */

enum { SKIP_LEAST = 256, SKIP_STEP = 64, SKIP_STEPS = 16 };

static struct bytes skip_key(enum line_number what)
{
	return bytes_of(what == LINE_SCOPES ? "scope_floor" : "schema_floor");
}

enum rc line_skip(struct kv_txn *t, enum line_number what, uint32_t incarnation, uint16_t next)
{
	uint32_t floor = next + SKIP_LEAST + SKIP_STEP * (incarnation % SKIP_STEPS);
	uint8_t value[2];
	struct bytes_writer w = bytes_writer_init(value, sizeof(value));

	bytes_put_be16(&w, (uint16_t)(floor > UINT16_MAX ? UINT16_MAX : floor));
	return kv_put(t, KV_META, skip_key(what), bytes_written(&w));
}

enum rc line_skips(struct kv_txn *t, enum line_number what, uint16_t *next)
{
	struct bytes v;
	struct bytes_reader r;
	uint16_t floor = 0;
	enum rc rc = kv_get(t, KV_META, skip_key(what), &v);

	if (rc == RC_OK) {
		r = bytes_reader_init(v);
		floor = bytes_get_be16(&r);
		*next = floor > *next ? floor : *next;
		rc = r.rc;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
