#include "node/store/replaced.h"

#include <string.h>

#include "node/store/feeds.h"
#include "node/store/key.h"
#include "node/store/setaside.h"

enum { TYPE_REPLACED = 1, TYPE_VOID = 2, VALUE_MAX = 1 + HASH_LEN + 16 };

bool replaced_is_form(const struct header *h)
{
	return !h->has_replaces || (h->replaces.feed >> 32 == h->feed >> 32 &&
				    h->replaces.feed != h->feed && feed_office(h->feed) != 0);
}

static enum rc put(struct kv_txn *t, struct dot d, struct bytes value)
{
	struct key k = key_dot(d);

	return kv_put(t, KV_REPLACED, key_bytes(&k), value);
}

static enum rc put_void(struct kv_txn *t, struct dot d)
{
	static const uint8_t type = TYPE_VOID;

	return put(t, d, bytes_at(&type, 1));
}

static enum rc put_replaced(struct kv_txn *t, const struct cut *old, struct dot by)
{
	uint8_t buffer[VALUE_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_u8(&w, TYPE_REPLACED);
	bytes_put(&w, old->hash, HASH_LEN);
	bytes_put_be64(&w, by.feed);
	bytes_put_be64(&w, by.seq);
	return put(t, (struct dot){ old->feed, old->seq }, bytes_written(&w));
}

/* Whether a cut covers just this entry. */
static enum rc is_cut(struct work *w, const struct cut *c, bool *out)
{
	struct dot d = { c->feed, c->seq };
	struct feed_entry e;
	struct feed_cut cut;
	enum rc rc = feeds_cut_of(w->txn, d, &cut);

	*out = false;
	if (rc == RC_OK) {
		rc = feeds_get_entry(w->txn, d, &e);
		*out = rc == RC_OK && memcmp(e.hash, c->hash, HASH_LEN) == 0;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Whether another entry than d stands for just this one already, and stays. One
 * that no cut covers yet gives way: it is this node's own. */
static enum rc is_taken(struct work *w, const struct cut *c, struct dot d, bool *out)
{
	struct dot by, old = { c->feed, c->seq };
	struct feed_cut cut;
	bool skips = false;
	enum rc rc = replaced_skips(w->txn, old, c->hash, &skips);

	*out = false;
	if (rc == RC_OK && skips) {
		rc = replaced_by(w->txn, old, &by);
	}
	if (rc != RC_OK || !skips || dot_equal(by, d)) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	rc = feeds_cut_of(w->txn, by, &cut);
	*out = rc == RC_OK;
	if (rc == RC_NOTFOUND) {
		rc = setaside_withdraw_one(w, by);
		return rc == RC_OK ? put_void(w->txn, by) : rc;
	}
	return rc;
}

enum rc replaced_note(struct work *w, const struct header *h, bool *is_void)
{
	struct dot d = { h->feed, h->seq };
	struct cut old = h->replaces; /* the header may go with a flush */
	enum rc rc = RC_OK;

	*is_void = false;
	if (!h->has_replaces) {
		return RC_OK;
	}
	rc = is_cut(w, &old, is_void);
	if (rc == RC_OK && !*is_void) {
		rc = is_taken(w, &old, d, is_void);
	}
	if (rc != RC_OK) {
		return rc;
	}
	if (*is_void) {
		return put_void(w->txn, d);
	}
	w->has_replaced = true;
	return put_replaced(w->txn, &old, d);
}

/* The row of d, if there is one of the type. */
static enum rc find(struct kv_txn *t, struct dot d, struct bytes_reader *r, uint8_t *type)
{
	struct key k = key_dot(d);
	struct bytes v;
	enum rc rc = RC_NOTFOUND;

	if (kv_count(t, KV_REPLACED) > 0) {
		rc = kv_get(t, KV_REPLACED, key_bytes(&k), &v);
	}
	if (rc == RC_OK) {
		*r = bytes_reader_init(v);
		*type = bytes_get_u8(r);
	}
	return rc;
}

enum rc replaced_skips(struct kv_txn *t, struct dot d, const uint8_t hash[HASH_LEN], bool *out)
{
	struct bytes_reader r;
	struct bytes old;
	uint8_t type = 0;
	enum rc rc = find(t, d, &r, &type);

	*out = rc == RC_OK && type == TYPE_VOID;
	if (rc == RC_OK && type == TYPE_REPLACED) {
		old = bytes_get(&r, HASH_LEN);
		*out = old.len == HASH_LEN && memcmp(old.p, hash, HASH_LEN) == 0;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc replaced_skips_entry(struct kv_txn *t, struct dot d, bool *out)
{
	struct feed_entry stored;
	enum rc rc = RC_OK;

	*out = false;
	if (kv_count(t, KV_REPLACED) > 0) {
		rc = feeds_get_entry(t, d, &stored);
		rc = rc == RC_OK ? replaced_skips(t, d, stored.hash, out) : rc;
	}
	return rc;
}

enum rc replaced_by(struct kv_txn *t, struct dot d, struct dot *out)
{
	struct bytes_reader r;
	uint8_t type = 0;
	enum rc rc = find(t, d, &r, &type);

	if (rc != RC_OK || type != TYPE_REPLACED) {
		return rc == RC_OK ? RC_NOTFOUND : rc;
	}
	(void)bytes_get(&r, HASH_LEN);
	out->feed = bytes_get_be64(&r);
	out->seq = bytes_get_be64(&r);
	return r.rc;
}

enum rc replaced_stand(struct work *w, const struct cut *old, struct dot by)
{
	return put_replaced(w->txn, old, by);
}

enum rc replaced_withdraw(struct work *w, struct dot d, const struct header *h)
{
	struct dot old = { h->replaces.feed, h->replaces.seq }, by;
	struct key own = key_dot(d), k = key_dot(old);
	struct bytes_reader r;
	uint8_t type = 0;
	enum rc rc = find(w->txn, d, &r, &type);

	if (rc == RC_OK && type == TYPE_VOID) {
		rc = kv_del(w->txn, KV_REPLACED, key_bytes(&own));
	}
	if ((rc == RC_OK || rc == RC_NOTFOUND) && h->has_replaces) {
		rc = replaced_by(w->txn, old, &by);
		if (rc == RC_OK && dot_equal(by, d)) {
			rc = kv_del(w->txn, KV_REPLACED, key_bytes(&k));
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc replaced_revoke(struct work *w, struct dot d, struct dot by)
{
	struct key k = key_dot(d);
	enum rc rc = kv_del(w->txn, KV_REPLACED, key_bytes(&k));

	return rc == RC_OK ? put_void(w->txn, by) : rc;
}

/* --- noting again ------------------------------------------------------------ */

enum rc replaced_is_noted(struct kv_txn *t, const struct header *h, bool *out)
{
	struct dot d = { h->feed, h->seq }, old = { h->replaces.feed, h->replaces.seq }, by;
	struct bytes_reader r;
	uint8_t type = 0;
	enum rc rc = find(t, d, &r, &type);

	*out = rc == RC_OK && type == TYPE_VOID;
	if (!*out && (rc == RC_OK || rc == RC_NOTFOUND)) {
		rc = replaced_by(t, old, &by);
		*out = rc == RC_OK; /* this one, or another that stands for the same */
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Where an entry stands among the cuts of its scope. */
static uint64_t find_place(struct kv_txn *t, struct dot d)
{
	struct feed_cut cut;

	return feeds_cut_of(t, d, &cut) == RC_OK ? cut.centre_seq : UINT64_MAX;
}

enum rc replaced_note_again(struct kv_txn *t, const struct header *h)
{
	struct dot d = { h->feed, h->seq }, old = { h->replaces.feed, h->replaces.seq };
	struct feed_entry e;
	enum rc rc = feeds_get_entry(t, old, &e);

	if (rc == RC_OK && memcmp(e.hash, h->replaces.hash, HASH_LEN) == 0 &&
	    find_place(t, old) < find_place(t, d)) {
		return put_void(t, d);
	}
	return rc == RC_OK || rc == RC_NOTFOUND ? put_replaced(t, &h->replaces, d) : rc;
}
