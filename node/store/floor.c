#include "node/store/floor.h"

#include <stdio.h>
#include <string.h>

#include "node/store/key.h"
#include "node/store/parts.h"
#include "node/store/quarantine.h"

enum { FIXED = 8 + 8 + HASH_LEN, ANCHOR_LEN = 16, NAME_MAX_LEN = 24 };

static struct bytes name_of(uint16_t scope, enum floor_sort sort, char name[NAME_MAX_LEN])
{
	(void)snprintf(name, NAME_MAX_LEN, "%s %u", sort == FLOOR_SAID ? "floor" : "base", scope);
	return bytes_of(name);
}

enum rc floor_get(struct kv_txn *t, uint16_t scope, enum floor_sort sort, struct floor *out)
{
	char name[NAME_MAX_LEN];
	struct bytes v, root;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, name_of(scope, sort, name), &v);

	if (rc != RC_OK) {
		return rc;
	}
	r = bytes_reader_init(v);
	out->scope = scope;
	out->point.seq = bytes_get_be64(&r);
	out->point.bytes = bytes_get_be64(&r);
	root = bytes_get(&r, HASH_LEN);
	if (r.rc != RC_OK || (size_t)(r.end - r.p) % ANCHOR_LEN != 0) {
		return RC_CORRUPT;
	}
	memcpy(out->point.root, root.p, HASH_LEN);
	out->anchors = bytes_at(r.p, (size_t)(r.end - r.p));
	return RC_OK;
}

enum rc floor_put(struct kv_txn *t, enum floor_sort sort, const struct floor *f)
{
	char name[NAME_MAX_LEN];
	uint8_t buffer[FIXED + ANCHOR_LEN * LIMIT_VECTOR_FEEDS_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be64(&w, f->point.seq);
	bytes_put_be64(&w, f->point.bytes);
	bytes_put(&w, f->point.root, HASH_LEN);
	bytes_put(&w, f->anchors.p, f->anchors.len);
	return w.rc == RC_OK ?
		       kv_put(t, KV_META, name_of(f->scope, sort, name), bytes_written(&w)) :
		       w.rc;
}

enum rc floor_forget(struct kv_txn *t, uint16_t scope)
{
	char name[NAME_MAX_LEN];

	return kv_del(t, KV_META, name_of(scope, FLOOR_HERE, name));
}

/* The last cut of a feed at or below a seq of the centre's. RC_NOTFOUND. */
static enum rc find_anchor(struct kv_txn *t, uint64_t feed, uint64_t seq, uint64_t *out)
{
	struct feed_cut cut;
	enum rc rc = feeds_cut_last(t, feed, &cut);

	while (rc == RC_OK && cut.centre_seq > seq) {
		rc = cut.seq == 1 ? RC_NOTFOUND :
				    feeds_cut_below(t, (struct dot){ feed, cut.seq - 1 }, &cut);
	}
	*out = rc == RC_OK ? cut.seq : 0;
	return rc;
}

enum rc floor_list(struct kv_txn *t, uint64_t centre_feed, uint64_t seq, struct arena *a,
		   struct bytes *anchors)
{
	size_t max = ANCHOR_LEN * LIMIT_VECTOR_FEEDS_MAX;
	uint8_t *p = arena_take(a, max);
	struct bytes_writer w = bytes_writer_init(p, p == NULL ? 0 : max);
	struct feed_state s;
	uint64_t from = feed_pack(1, 0, 0), anchor = 0;
	enum rc rc = p == NULL ? RC_NOMEM : RC_OK;

	bytes_put_be64(&w, centre_feed);
	bytes_put_be64(&w, seq);
	while (rc == RC_OK && from != 0) {
		rc = feeds_next(t, from, &s);
		from = rc == RC_OK ? s.feed + 1 : 0;
		if (rc != RC_OK || feed_scope(s.feed) != feed_scope(centre_feed)) {
			continue;
		}
		rc = find_anchor(t, s.feed, seq, &anchor);
		if (rc == RC_OK) {
			bytes_put_be64(&w, s.feed);
			bytes_put_be64(&w, anchor);
		}
		rc = rc == RC_NOTFOUND ? RC_OK : rc;
	}
	*anchors = bytes_at(w.p, w.len);
	rc = rc == RC_NOTFOUND ? RC_OK : rc;
	return rc == RC_OK ? w.rc : rc;
}

uint32_t floor_count(const struct floor *f)
{
	return (uint32_t)(f->anchors.len / ANCHOR_LEN);
}

struct dot floor_anchor(const struct floor *f, uint32_t i)
{
	struct bytes_reader r =
		bytes_reader_init(bytes_at(f->anchors.p + (size_t)i * ANCHOR_LEN, ANCHOR_LEN));
	struct dot d = { .feed = bytes_get_be64(&r) };

	d.seq = bytes_get_be64(&r);
	return d;
}

uint64_t floor_of_feed(const struct floor *f, uint64_t feed)
{
	uint32_t low = 0, high = floor_count(f);

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		struct dot d = floor_anchor(f, mid);

		if (d.feed == feed) {
			return d.seq;
		}
		if (d.feed < feed) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return 0;
}

bool floor_covers(const struct floor *f, struct dot d)
{
	return d.seq <= floor_of_feed(f, d.feed);
}

enum rc floor_has(struct kv_txn *t, const struct floor *f, uint16_t kind, struct uuid id,
		  struct dot d, bool *out)
{
	struct dot ruling;
	enum rc rc = RC_NOTFOUND;

	*out = floor_covers(f, d);
	if (*out && kv_count(t, KV_ACCEPT) > 0) {
		rc = quarantine_get_accepted(t, d, kind, id, &ruling);
		*out = rc == RC_NOTFOUND || (rc == RC_OK && ruling.seq <= f->point.seq);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

bool floor_covers_all(const struct floor *f, const struct vv *v)
{
	uint32_t i = 0;

	while (i < v->count && floor_covers(f, v->dots[i])) {
		i++;
	}
	return i == v->count;
}

enum rc floor_gone(struct kv_txn *t, uint64_t feed, uint64_t *out)
{
	struct floor f;
	enum rc rc = floor_get(t, feed_scope(feed), FLOOR_HERE, &f);

	*out = rc == RC_OK ? floor_of_feed(&f, feed) : 0;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The row of a part that is its state in the base; RC_NOTFOUND: there is none.
 * *kept: it stands in the table `base`. */
static enum rc find_row(struct kv_txn *t, const struct key *part, const struct floor *f,
			struct arena *a, struct part *out, bool *kept)
{
	struct bytes v;
	enum rc rc = kv_get(t, KV_BASE, key_bytes(part), &v);

	*kept = rc == RC_OK;
	if (rc == RC_NOTFOUND) {
		rc = kv_get(t, KV_RECORD, key_bytes(part), &v);
	}
	if (rc == RC_OK) {
		rc = parts_read(t, v, a, out);
	}
	return rc == RC_OK && !*kept && !floor_covers_all(f, &out->vector) ? RC_NOTFOUND : rc;
}

enum rc floor_part(struct kv_txn *t, uint16_t kind, struct uuid id, uint16_t scope, struct arena *a,
		   struct part *out)
{
	struct key k = key_part(kind, id, scope);
	struct floor f;
	bool kept = false;
	enum rc rc = floor_get(t, scope, FLOOR_HERE, &f);

	if (rc == RC_OK) {
		rc = find_row(t, &k, &f, a, out, &kept);
	}
	if (rc == RC_NOTFOUND) {
		*out = part_init();
		rc = RC_OK;
	}
	return rc;
}

enum rc floor_keep(struct kv_txn *t, const struct key *part, uint16_t scope, struct arena *a)
{
	size_t mark = arena_mark(a);
	struct bytes_writer w;
	struct floor f;
	struct part old;
	bool kept = false;
	enum rc rc = floor_get(t, scope, FLOOR_HERE, &f);

	if (rc == RC_OK) {
		rc = find_row(t, part, &f, a, &old, &kept);
	}
	if (rc == RC_OK && !kept) {
		w = bytes_writer_init(a->p + a->used, a->max - a->used);
		part_encode(&old, &w);
		rc = w.rc == RC_OK ? kv_put(t, KV_BASE, key_bytes(part), bytes_written(&w)) :
				     RC_NOMEM;
	}
	arena_release(a, mark);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* --- who may only propose ----------------------------------------------------- */

/* Whether one of the earlier entries of a record is below the floor. */
static enum rc has_older(struct kv_txn *t, const struct change *c, const struct floor *f, bool *out)
{
	struct key prefix = key_record(c->kind, c->id);
	struct kv_cursor *cursor = kv_cursor_open(t, KV_DOT);
	struct bytes k, v;
	enum rc rc = cursor == NULL ? RC_NOMEM : kv_cursor_seek(cursor, key_bytes(&prefix), &k, &v);

	while (rc == RC_OK && !*out && key_has_prefix(k, &prefix)) {
		struct bytes_reader r =
			bytes_reader_init(bytes_at(k.p + prefix.len, k.len - prefix.len));
		struct dot d = { .feed = bytes_get_be64(&r) };

		d.seq = bytes_get_be64(&r);
		*out = floor_covers(f, d);
		rc = kv_cursor_next(cursor, &k, &v);
	}
	kv_cursor_close(cursor);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Whether a record has an entry below the floor. Older ones may be gone: then
 * the base that is here has the record. */
static enum rc is_in_base(struct work *w, const struct change *c, const struct floor *f, bool *out)
{
	struct key k = key_part(c->kind, c->id, f->scope);
	const struct record *r = work_record(w, c->kind, c->id);
	uint32_t i, n;
	struct bytes v;
	enum rc rc = r == NULL ? w->rc : RC_OK;

	*out = false;
	for (i = 0; rc == RC_OK && i < r->parts_count; i++) {
		const struct vv *vector = &r->parts[i].part.vector;

		for (n = 0; n < vector->count && r->parts[i].scope == f->scope; n++) {
			*out = *out || floor_covers(f, vector->dots[n]);
		}
	}
	if (rc == RC_OK && !*out) {
		rc = has_older(w->txn, c, f, out);
	}
	if (rc == RC_OK && !*out) {
		rc = kv_get(w->txn, KV_BASE, key_bytes(&k), &v);
		*out = rc == RC_OK;
		rc = rc == RC_NOTFOUND ? RC_OK : rc;
	}
	return rc;
}

enum rc floor_bars(struct work *w, const struct header *h, const struct change *c, bool *out)
{
	struct floor f;
	enum rc rc = RC_OK;

	*out = false;
	if (feed_office(h->feed) == 0 || feed_scope(h->feed) == 0) {
		return RC_OK;
	}
	rc = floor_get(w->txn, feed_scope(h->feed), FLOOR_SAID, &f);
	if (rc != RC_OK || h->seen_centre >= f.point.seq) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	return is_in_base(w, c, &f, out);
}

enum rc floor_say(struct work *w, const struct header *h)
{
	struct floor f = { .scope = feed_scope(h->feed), .point = h->floor }, last;
	uint64_t feed = h->feed;
	enum rc rc = floor_get(w->txn, f.scope, FLOOR_SAID, &last);

	if (rc == RC_OK && last.point.seq >= f.point.seq) {
		return RC_OK; /* a floor never sinks */
	}
	if (rc == RC_OK || rc == RC_NOTFOUND) {
		rc = work_flush(w);
	}
	if (rc == RC_OK) {
		rc = floor_list(w->txn, feed, f.point.seq, w->arena, &f.anchors);
	}
	return rc == RC_OK ? floor_put(w->txn, FLOOR_SAID, &f) : rc;
}
