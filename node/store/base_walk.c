#include "node/store/base_walk.h"

#include <string.h>

#include "node/store/parts.h"

void base_walk_start(struct base_walk *w, struct kv_txn *t, const struct floor *f, struct arena *a,
		     const struct base_place *from)
{
	memset(w, 0, sizeof(*w));
	w->txn = t;
	w->floor = f;
	w->arena = a;
	w->place.sort = BASE_FEED;
	if (from != NULL) {
		w->place = *from;
	}
}

void base_walk_end(struct base_walk *w)
{
	kv_cursor_close(w->cursor);
	w->cursor = NULL;
}

static void keep_key(struct key *out, struct bytes k)
{
	out->len = k.len < sizeof(out->b) ? k.len : sizeof(out->b);
	memcpy(out->b, k.p, out->len);
}

/* The first row of a table behind a key, or at its prefix, that begins with the
 * prefix. The result lives in a. RC_NOTFOUND. */
static enum rc find_behind(struct kv_txn *t, enum kv_table table, const struct key *prefix,
			   const struct key *behind, struct arena *a, struct bytes *k,
			   struct bytes *v)
{
	struct key from = behind->len == 0 ? *prefix : *behind;
	struct kv_cursor *c = kv_cursor_open(t, table);
	enum rc rc = c == NULL ? RC_NOMEM : RC_OK;

	if (behind->len > 0) {
		from.b[from.len++] = 0; /* keys here have less than the most bytes */
	}
	rc = rc == RC_OK ? kv_cursor_seek(c, key_bytes(&from), k, v) : rc;
	if (rc == RC_OK && !key_has_prefix(*k, prefix)) {
		rc = RC_NOTFOUND;
	}
	if (rc == RC_OK) {
		*k = arena_copy(a, *k);
		*v = arena_copy(a, *v);
		rc = k->p == NULL || v->p == NULL ? RC_NOMEM : RC_OK;
	}
	kv_cursor_close(c);
	return rc;
}

struct dot base_dot(struct bytes key)
{
	struct bytes_reader r = bytes_reader_init(key);
	struct dot d = { .feed = bytes_get_be64(&r) };

	d.seq = bytes_get_be64(&r);
	return d;
}

static uint64_t seq_of(struct bytes key)
{
	return base_dot(key).seq;
}

/* The first row of a feed in a table, from a seq on. RC_NOTFOUND: none upto. */
static enum rc find_from(struct kv_txn *t, enum kv_table table, struct dot from, uint64_t upto,
			 uint64_t *seq)
{
	struct key first = key_dot(from), prefix = key_feed(from.feed);
	struct kv_cursor *c = kv_cursor_open(t, table);
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&first), &k, &v);

	if (rc == RC_OK) {
		*seq = seq_of(k);
		rc = key_has_prefix(k, &prefix) && *seq <= upto ? RC_OK : RC_NOTFOUND;
	}
	kv_cursor_close(c);
	return rc;
}

enum rc base_keeps_entry(struct kv_txn *t, struct dot d, uint64_t anchor, bool *out)
{
	uint64_t seq = 0;
	enum rc rc = RC_OK;

	*out = d.seq == anchor;
	if (!*out) {
		rc = find_from(t, KV_QUARANTINE, d, d.seq, &seq);
		*out = rc == RC_OK;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc base_keeps_cut(struct kv_txn *t, struct dot cut, uint64_t before, uint64_t anchor,
		       bool *out)
{
	struct dot from = { cut.feed, before + 1 };
	uint64_t seq = 0;
	enum rc rc = RC_OK;

	*out = cut.seq == anchor;
	if (!*out) {
		rc = find_from(t, KV_CONTEXT, from, cut.seq, &seq);
		if (rc == RC_NOTFOUND) {
			rc = find_from(t, KV_QUARANTINE, from, cut.seq, &seq);
		}
		*out = rc == RC_OK;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* --- the sorts -------------------------------------------------------------------- */

/* The next row of the feed at hand; RC_NOTFOUND: no more of it. */
typedef enum rc next_of_feed(struct base_walk *w, struct dot anchor, struct base_row *out);

static enum rc next_feed(struct base_walk *w, struct dot anchor, struct base_row *out)
{
	struct key k = key_feed(anchor.feed);
	struct feed_state s;
	struct bytes_writer v;
	uint8_t *p = NULL;
	enum rc rc = w->place.behind.len > 0 ? RC_NOTFOUND : feeds_get(w->txn, anchor.feed, &s);

	if (rc != RC_OK) {
		return rc;
	}
	p = arena_take(w->arena, 8 + s.genesis.len);
	v = bytes_writer_init(p, p == NULL ? 0 : 8 + s.genesis.len);
	bytes_put_be64(&v, anchor.seq);
	bytes_put(&v, s.genesis.p, s.genesis.len);
	out->key = arena_copy(w->arena, key_bytes(&k));
	out->value = bytes_written(&v);
	return v.rc == RC_OK && out->key.p != NULL ? RC_OK : RC_NOMEM;
}

/* The next key of a table for this feed, up to its anchor. */
static enum rc next_in(struct base_walk *w, enum kv_table table, struct dot anchor,
		       struct base_row *out)
{
	struct key prefix = key_feed(anchor.feed);
	enum rc rc = find_behind(w->txn, table, &prefix, &w->place.behind, w->arena, &out->key,
				 &out->value);

	return rc == RC_OK && seq_of(out->key) > anchor.seq ? RC_NOTFOUND : rc;
}

/* Whole entries: those with changes in quarantine, then the anchor. */
static enum rc next_entry(struct base_walk *w, struct dot anchor, struct base_row *out)
{
	struct dot d = { anchor.feed, 0 };
	struct key k;
	struct bytes v;
	enum rc rc = RC_OK;

	if (w->place.behind.len > 0) {
		d.seq = seq_of(key_bytes(&w->place.behind));
	}
	if (d.seq == anchor.seq) {
		return RC_NOTFOUND;
	}
	d.seq++;
	rc = find_from(w->txn, KV_QUARANTINE, d, anchor.seq, &d.seq);
	d.seq = rc == RC_NOTFOUND ? anchor.seq : d.seq;
	k = key_dot(d);
	rc = rc == RC_NOTFOUND ? RC_OK : rc;
	if (rc == RC_OK) {
		rc = kv_get(w->txn, KV_ENTRY, key_bytes(&k), &v);
		rc = rc == RC_NOTFOUND ? RC_CORRUPT : rc;
	}
	if (rc == RC_OK) {
		out->key = arena_copy(w->arena, key_bytes(&k));
		out->value = arena_copy(w->arena, v);
		rc = out->key.p == NULL || out->value.p == NULL ? RC_NOMEM : RC_OK;
	}
	return rc;
}

static enum rc next_context(struct base_walk *w, struct dot anchor, struct base_row *out)
{
	return next_in(w, KV_CONTEXT, anchor, out);
}

static enum rc next_cut(struct base_walk *w, struct dot anchor, struct base_row *out)
{
	bool keeps = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !keeps) {
		uint64_t before = w->place.behind.len > 0 ? seq_of(key_bytes(&w->place.behind)) : 0;

		rc = next_in(w, KV_CUT, anchor, out);
		if (rc == RC_OK) {
			rc = base_keeps_cut(w->txn, (struct dot){ anchor.feed, seq_of(out->key) },
					    before, anchor.seq, &keeps);
			keep_key(&w->place.behind, out->key);
		}
	}
	return rc;
}

static enum rc next_quarantine(struct base_walk *w, struct dot anchor, struct base_row *out)
{
	struct bytes_reader r;
	uint8_t *row = NULL;
	uint8_t why = 0;
	enum rc rc = next_in(w, KV_QUARANTINE, anchor, out);

	if (rc != RC_OK) {
		return rc;
	}
	r = bytes_reader_init(out->value);
	why = bytes_get_u8(&r);
	(void)bytes_get_u8(&r);
	(void)bytes_get_be64(&r);
	/* What was ruled above the floor: in the base it waits. */
	if (bytes_get_be64(&r) > w->floor->point.seq) {
		row = arena_take_zeroed(w->arena, 1, out->value.len);
		if (row == NULL) {
			return RC_NOMEM;
		}
		row[0] = why;
		out->value.p = row;
	}
	return r.rc;
}

static enum rc next_accept(struct base_walk *w, struct dot anchor, struct base_row *out)
{
	bool is_below = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !is_below) {
		rc = next_in(w, KV_ACCEPT, anchor, out);
		if (rc == RC_OK) {
			is_below = seq_of(out->value) <= w->floor->point.seq;
			keep_key(&w->place.behind, out->key);
		}
	}
	return rc;
}

static next_of_feed *const by_feed[BASE_SORTS] = {
	[BASE_FEED] = next_feed, [BASE_ENTRY] = next_entry,           [BASE_CONTEXT] = next_context,
	[BASE_CUT] = next_cut,   [BASE_QUARANTINE] = next_quarantine, [BASE_ACCEPT] = next_accept,
};

/* Moves a cursor over the records behind the place. */
static enum rc step_records(struct base_walk *w)
{
	struct key from = w->place.behind;

	if (w->cursor != NULL) {
		return kv_cursor_next(w->cursor, &w->k, &w->v);
	}
	w->cursor = kv_cursor_open(w->txn, KV_RECORD);
	if (from.len > 0) {
		from.b[from.len++] = 0;
	}
	return w->cursor == NULL ? RC_NOMEM :
				   kv_cursor_seek(w->cursor, key_bytes(&from), &w->k, &w->v);
}

/* The state of a record in the base; RC_NOTFOUND: it is not in it. */
static enum rc find_state(struct base_walk *w, struct bytes *out)
{
	struct bytes kept;
	struct part part;
	enum rc rc = kv_get(w->txn, KV_BASE, w->k, &kept);

	if (rc == RC_OK) {
		*out = arena_copy(w->arena, kept);
		return out->p == NULL ? RC_NOMEM : RC_OK;
	}
	if (rc == RC_NOTFOUND) {
		rc = parts_read(w->txn, w->v, w->arena, &part);
	}
	if (rc == RC_OK) {
		rc = floor_covers_all(w->floor, &part.vector) ? RC_OK : RC_NOTFOUND;
	}
	return rc == RC_OK ? parts_canonical(w->txn, w->v, w->arena, out) : rc;
}

static enum rc next_record(struct base_walk *w, struct base_row *out)
{
	enum rc rc = RC_NOTFOUND;

	while (rc == RC_NOTFOUND) {
		size_t mark = arena_mark(w->arena);

		rc = step_records(w);
		if (rc != RC_OK) {
			return rc;
		}
		rc = RC_NOTFOUND;
		if (w->k.len == 2 + UUID_LEN + 2 &&
		    (w->k.p[18] << 8 | w->k.p[19]) == w->floor->scope) {
			rc = find_state(w, &out->value);
		}
		if (rc == RC_NOTFOUND) {
			arena_release(w->arena, mark);
		}
	}
	out->key = w->k;
	return rc;
}

enum rc base_walk_next(struct base_walk *w, struct base_row *out)
{
	enum rc rc = RC_NOTFOUND;

	while (rc == RC_NOTFOUND && w->place.sort < BASE_RECORD) {
		if (w->place.feed == floor_count(w->floor)) {
			w->place = (struct base_place){ .sort = w->place.sort + 1 };
			continue;
		}
		rc = by_feed[w->place.sort](w, floor_anchor(w->floor, w->place.feed), out);
		if (rc == RC_NOTFOUND) {
			w->place.feed++;
			w->place.behind.len = 0;
		}
	}
	if (rc == RC_NOTFOUND) {
		rc = next_record(w, out);
	}
	if (rc == RC_OK) {
		out->sort = w->place.sort;
		keep_key(&w->place.behind, out->key);
	}
	return rc;
}

void base_row_put(struct bytes_writer *w, const struct base_row *row)
{
	bytes_put_u8(w, (uint8_t)row->sort);
	bytes_put_block(w, row->key);
	bytes_put_block(w, row->value);
}
