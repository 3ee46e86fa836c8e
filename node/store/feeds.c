#include "node/store/feeds.h"

#include <string.h>

#include "node/store/key.h"

enum { STATE_FIXED = 8 + 8 + 8 + HASH_LEN + KEY_LEN, ENTRY_FIXED = HASH_LEN + 8 + 8, CUT_LEN = 16 };

static void take_bytes(struct bytes_reader *r, uint8_t *out, size_t len)
{
	struct bytes b = bytes_get(r, len);

	if (b.len == len) {
		memcpy(out, b.p, len);
	}
}

static enum rc decode_state(struct bytes key, struct bytes v, struct feed_state *out)
{
	struct bytes_reader kr = bytes_reader_init(key);
	struct bytes_reader r = bytes_reader_init(v);

	memset(out, 0, sizeof(*out));
	out->feed = bytes_get_be64(&kr);
	out->head = bytes_get_be64(&r);
	out->applied = bytes_get_be64(&r);
	out->changes = bytes_get_be64(&r);
	take_bytes(&r, out->hash, HASH_LEN);
	take_bytes(&r, out->key, KEY_LEN);
	out->genesis = bytes_at(r.p, (size_t)(r.end - r.p));
	return bytes_is_done(&kr) ? r.rc : RC_CORRUPT;
}

enum rc feeds_get(struct kv_txn *t, uint64_t feed, struct feed_state *out)
{
	struct key k = key_feed(feed);
	struct bytes v;
	enum rc rc = kv_get(t, KV_FEED, key_bytes(&k), &v);

	return rc == RC_OK ? decode_state(key_bytes(&k), v, out) : rc;
}

enum rc feeds_put(struct kv_txn *t, const struct feed_state *s)
{
	struct key k = key_feed(s->feed);
	uint8_t buffer[STATE_FIXED + FEEDS_GENESIS_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be64(&w, s->head);
	bytes_put_be64(&w, s->applied);
	bytes_put_be64(&w, s->changes);
	bytes_put(&w, s->hash, HASH_LEN);
	bytes_put(&w, s->key, KEY_LEN);
	bytes_put(&w, s->genesis.p, s->genesis.len);
	return w.rc == RC_OK ? kv_put(t, KV_FEED, key_bytes(&k), bytes_written(&w)) : w.rc;
}

enum rc feeds_next(struct kv_txn *t, uint64_t from, struct feed_state *out)
{
	struct key key = key_feed(from);
	struct kv_cursor *c = kv_cursor_open(t, KV_FEED);
	struct bytes k, v;
	enum rc rc = RC_NOMEM;

	if (c != NULL) {
		rc = kv_cursor_seek(c, key_bytes(&key), &k, &v);
	}
	if (rc == RC_OK) {
		rc = decode_state(k, v, out);
	}
	kv_cursor_close(c);
	return rc;
}

enum rc feeds_get_entry(struct kv_txn *t, struct dot d, struct feed_entry *out)
{
	struct key k = key_dot(d);
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_ENTRY, key_bytes(&k), &v);

	if (rc == RC_NOTFOUND) {
		rc = kv_get(t, KV_CONTEXT, key_bytes(&k), &v);
	}
	if (rc != RC_OK) {
		return rc;
	}
	r = bytes_reader_init(v);
	out->dot = d;
	take_bytes(&r, out->hash, HASH_LEN);
	out->changes = bytes_get_be64(&r);
	out->commit = bytes_get_be64(&r);
	out->bytes = bytes_at(r.p, (size_t)(r.end - r.p));
	return r.rc;
}

enum rc feeds_put_entry(struct kv_txn *t, const struct feed_entry *e)
{
	struct key k = key_dot(e->dot);
	uint8_t buffer[ENTRY_FIXED + LIMIT_ENTRY_BYTES_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put(&w, e->hash, HASH_LEN);
	bytes_put_be64(&w, e->changes);
	bytes_put_be64(&w, e->commit);
	bytes_put(&w, e->bytes.p, e->bytes.len);
	return w.rc == RC_OK ? kv_put(t, KV_ENTRY, key_bytes(&k), bytes_written(&w)) : w.rc;
}

enum rc feeds_hash_at(struct kv_txn *t, struct dot d, const struct crypto *c, uint8_t out[HASH_LEN])
{
	struct feed_state state;
	struct feed_entry entry;
	enum rc rc = RC_OK;

	if (d.seq > 0) {
		rc = feeds_get_entry(t, d, &entry);
		if (rc == RC_OK) {
			memcpy(out, entry.hash, HASH_LEN);
		}
		return rc;
	}
	rc = feeds_get(t, d.feed, &state);
	if (rc == RC_OK) {
		feed_chain_first(c, state.genesis, out);
	}
	return rc;
}

/* What a table that is keyed by dots holds next to a place of one feed. After a
 * failure *seq and the value are as they were. */
static enum rc find_near(struct kv_txn *t, enum kv_table table, struct dot d, bool back,
			 uint64_t *seq, uint8_t *value, size_t value_len)
{
	struct key key = key_dot(d);
	struct kv_cursor *c = kv_cursor_open(t, table);
	struct bytes k, v;
	struct bytes_reader r;
	uint64_t found = 0;
	enum rc rc = RC_NOMEM;

	if (c != NULL) {
		rc = back ? kv_cursor_seek_back(c, key_bytes(&key), &k, &v) :
			    kv_cursor_seek(c, key_bytes(&key), &k, &v);
	}
	if (rc == RC_OK) {
		r = bytes_reader_init(k);
		rc = bytes_get_be64(&r) == d.feed ? RC_OK : RC_NOTFOUND;
		found = bytes_get_be64(&r);
		if (rc == RC_OK && (!bytes_is_done(&r) || v.len != value_len)) {
			rc = RC_CORRUPT;
		}
	}
	if (rc == RC_OK) {
		*seq = found;
		memcpy(value, v.p, value_len);
	}
	kv_cursor_close(c);
	return rc;
}

/* How many bytes of entries lie between two places; stops at max. */
static size_t count_bytes(struct kv_txn *t, uint64_t feed, uint64_t after, uint64_t upto,
			  size_t max)
{
	size_t n = 0;

	while (after < upto && n < max) {
		struct key k = key_dot((struct dot){ feed, ++after });
		struct bytes v;

		if (kv_get(t, KV_ENTRY, key_bytes(&k), &v) == RC_OK) {
			n += v.len;
		}
	}
	return n;
}

/* A seal in its table: the bytes of entries since the seal before it, then the
 * signature. So putting one costs no more for a feed that is long. */
enum { SEAL_LEN = 4 + SIG_LEN };

static enum rc find_seal(struct kv_txn *t, struct dot d, bool back, uint64_t *seq, uint32_t *since,
			 uint8_t seal[SIG_LEN])
{
	uint8_t v[SEAL_LEN];
	struct bytes_reader r = bytes_reader_init(bytes_at(v, SEAL_LEN));
	enum rc rc = find_near(t, KV_SEAL, d, back, seq, v, SEAL_LEN);

	if (rc == RC_OK) {
		*since = bytes_get_be32(&r);
		memcpy(seal, v + 4, SIG_LEN);
	}
	return rc;
}

enum rc feeds_put_seal(struct kv_txn *t, struct dot d, const uint8_t seal[SIG_LEN])
{
	static const size_t keep_every = LIMIT_FRAME_BYTES_MAX / 2;
	struct dot last = { d.feed, 0 };
	uint8_t old[SIG_LEN], value[SEAL_LEN];
	struct bytes_writer w = bytes_writer_init(value, sizeof(value));
	struct key k;
	uint32_t since = 0;
	size_t more = 0;
	enum rc rc = find_seal(t, (struct dot){ d.feed, d.seq - 1 }, true, &last.seq, &since, old);

	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	more = count_bytes(t, d.feed, last.seq, d.seq, keep_every);
	if (last.seq > 1 && since + more < keep_every) {
		k = key_dot(last);
		rc = kv_del(t, KV_SEAL, key_bytes(&k));
		more += since;
	}
	bytes_put_be32(&w, (uint32_t)more);
	bytes_put(&w, seal, SIG_LEN);
	k = key_dot(d);
	return rc == RC_OK || rc == RC_NOTFOUND ?
		       kv_put(t, KV_SEAL, key_bytes(&k), bytes_written(&w)) :
		       rc;
}

enum rc feeds_mend_seal(struct kv_txn *t, struct dot d, const uint8_t seal[SIG_LEN])
{
	uint8_t old[SIG_LEN], value[SEAL_LEN];
	struct bytes_writer w = bytes_writer_init(value, sizeof(value));
	struct key k = key_dot(d);
	uint64_t before = 0;
	uint32_t since = 0;
	enum rc rc = find_seal(t, (struct dot){ d.feed, d.seq - 1 }, true, &before, &since, old);

	if (rc != RC_OK && rc != RC_NOTFOUND && rc != RC_CORRUPT) {
		return rc;
	}
	bytes_put_be32(&w, (uint32_t)count_bytes(t, d.feed, rc == RC_OK ? before : 0, d.seq,
						 LIMIT_FRAME_BYTES_MAX));
	bytes_put(&w, seal, SIG_LEN);
	return kv_put(t, KV_SEAL, key_bytes(&k), bytes_written(&w));
}

enum rc feeds_get_seal(struct kv_txn *t, struct dot d, uint64_t *seq, uint8_t seal[SIG_LEN])
{
	uint32_t since = 0;

	return find_seal(t, d, false, seq, &since, seal);
}

enum rc feeds_put_cut(struct kv_txn *t, uint64_t feed, const struct feed_cut *cut)
{
	struct key k = key_dot((struct dot){ feed, cut->seq });
	uint8_t buffer[CUT_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be64(&w, cut->centre_seq);
	bytes_put_be64(&w, (uint64_t)cut->time_ms);
	return kv_put(t, KV_CUT, key_bytes(&k), bytes_written(&w));
}

static enum rc find_cut(struct kv_txn *t, struct dot d, bool back, struct feed_cut *out)
{
	uint8_t v[CUT_LEN];
	enum rc rc = find_near(t, KV_CUT, d, back, &out->seq, v, CUT_LEN);
	struct bytes_reader r = bytes_reader_init(bytes_at(v, CUT_LEN));

	if (rc == RC_OK) {
		out->centre_seq = bytes_get_be64(&r);
		out->time_ms = (int64_t)bytes_get_be64(&r);
	}
	return rc;
}

enum rc feeds_cut_of(struct kv_txn *t, struct dot d, struct feed_cut *out)
{
	return find_cut(t, d, false, out);
}

enum rc feeds_cut_below(struct kv_txn *t, struct dot d, struct feed_cut *out)
{
	return find_cut(t, d, true, out);
}

enum rc feeds_cut_last(struct kv_txn *t, uint64_t feed, struct feed_cut *out)
{
	return find_cut(t, (struct dot){ feed, UINT64_MAX }, true, out);
}

enum rc feeds_cut_time(struct kv_txn *t, uint16_t office, int64_t *time_ms)
{
	struct feed_state feed;
	struct feed_cut cut;
	enum rc rc = feeds_next(t, feed_pack(office, 0, 0), &feed);

	while (rc == RC_OK && feed_office(feed.feed) == office) {
		rc = feeds_cut_last(t, feed.feed, &cut);
		if (rc == RC_OK && cut.time_ms > *time_ms) {
			*time_ms = cut.time_ms;
		}
		if (rc == RC_OK || rc == RC_NOTFOUND) {
			rc = feed.feed == UINT64_MAX ? RC_NOTFOUND :
						       feeds_next(t, feed.feed + 1, &feed);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
