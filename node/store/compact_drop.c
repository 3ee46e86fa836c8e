/* Deleting what a base stands for, some rows a transaction (compact.h). What is
 * to go follows from the floor alone: nothing is noted, and a run that was
 * killed is simply begun again. */
#include <string.h>

#include "node/store/compact.h"

enum { ROWS_PER_TXN = 5000 };

/* Where the deletion of one scope stands. */
struct drop {
	struct kv_txn *txn;
	struct floor floor;  /* as of the transaction */
	enum kv_table table; /* under way */
	uint32_t feed;       /* the place of its feed in the floor */
	struct key behind;   /* rows up to here were looked at; len 0: none */
	uint64_t cut_before; /* KV_CUT: seq of the cut before */
	uint32_t looked;     /* rows, in this transaction */
	struct compact_result *out;
};

static enum rc drop_row(struct drop *d, struct bytes k, struct bytes v)
{
	struct key key;

	memcpy(key.b, k.p, k.len);
	key.len = k.len;
	d->out->rows++;
	d->out->entries += d->table == KV_ENTRY;
	d->out->bytes += k.len + v.len;
	return kv_del(d->txn, d->table, key_bytes(&key));
}

/* Whether a row of a feed goes. */
static enum rc judge_of_feed(struct drop *d, struct dot dot, uint64_t anchor, bool *goes)
{
	bool keeps = false;
	enum rc rc = RC_OK;

	if (d->table == KV_ENTRY) {
		rc = base_keeps_entry(d->txn, dot, anchor, &keeps);
	} else if (d->table == KV_CUT) {
		rc = base_keeps_cut(d->txn, dot, d->cut_before, anchor, &keeps);
		d->cut_before = dot.seq;
	} else {
		keeps = dot.seq >= anchor; /* seals */
	}
	*goes = !keeps;
	return rc;
}

/* The next row of the table behind the place. RC_NOTFOUND. */
static enum rc find_next(struct drop *d, const struct key *first, struct bytes *k, struct bytes *v)
{
	struct key from = d->behind.len == 0 ? *first : d->behind;
	struct kv_cursor *c = kv_cursor_open(d->txn, d->table);
	enum rc rc = c == NULL ? RC_NOMEM : RC_OK;

	if (d->behind.len > 0) {
		from.b[from.len++] = 0;
	}
	rc = rc == RC_OK ? kv_cursor_seek(c, key_bytes(&from), k, v) : rc;
	kv_cursor_close(c);
	if (rc == RC_OK) {
		memcpy(d->behind.b, k->p, k->len);
		d->behind.len = k->len;
	}
	return rc;
}

/* One row of the feed at hand. RC_NOTFOUND: no more of it is below. */
static enum rc step_of_feed(struct drop *d)
{
	struct dot anchor = floor_anchor(&d->floor, d->feed), dot = { anchor.feed, 0 };
	struct key prefix = key_feed(anchor.feed);
	struct bytes_reader r;
	struct bytes k, v;
	bool goes = false;
	enum rc rc = find_next(d, &prefix, &k, &v);

	if (rc == RC_OK && !key_has_prefix(k, &prefix)) {
		rc = RC_NOTFOUND;
	}
	if (rc == RC_OK) {
		r = bytes_reader_init(bytes_at(k.p + prefix.len, k.len - prefix.len));
		dot.seq = bytes_get_be64(&r);
		rc = dot.seq > anchor.seq ? RC_NOTFOUND : r.rc;
	}
	if (rc == RC_OK) {
		rc = judge_of_feed(d, dot, anchor.seq, &goes);
	}
	return rc == RC_OK && goes ? drop_row(d, k, v) : rc;
}

/* One row of the earlier dots of records. */
static enum rc step_of_dots(struct drop *d)
{
	struct key first = { .len = 1, .b = { 0 } };
	struct bytes_reader r;
	struct bytes k, v;
	struct bytes id;
	struct uuid uuid;
	struct dot dot;
	uint16_t kind;
	bool has = false;
	enum rc rc = find_next(d, &first, &k, &v);

	if (rc != RC_OK) {
		return rc;
	}
	r = bytes_reader_init(k);
	kind = bytes_get_be16(&r);
	id = bytes_get(&r, UUID_LEN);
	dot.feed = bytes_get_be64(&r);
	dot.seq = bytes_get_be64(&r);
	if (!bytes_is_done(&r)) {
		return RC_CORRUPT;
	}
	memcpy(uuid.b, id.p, UUID_LEN);
	rc = floor_has(d->txn, &d->floor, kind, uuid, dot, &has);
	return rc == RC_OK && has ? drop_row(d, k, v) : rc;
}

/* The tables in turn; RC_NOTFOUND: all is done. */
static enum rc next_table(struct drop *d)
{
	d->behind.len = 0;
	d->cut_before = 0;
	if (d->table != KV_DOT && ++d->feed < floor_count(&d->floor)) {
		return RC_OK;
	}
	d->feed = 0;
	switch ((int)d->table) {
	case KV_ENTRY:
		d->table = KV_SEAL;
		return RC_OK;
	case KV_SEAL:
		d->table = KV_CUT;
		return RC_OK;
	case KV_CUT:
		d->table = KV_DOT;
		return RC_OK;
	}
	return RC_NOTFOUND;
}

/* As much as one transaction may do. RC_NOTFOUND: nothing is left. */
static enum rc drop_some(struct drop *d, uint16_t scope)
{
	enum rc rc = RC_OK;

	for (d->looked = 0; d->looked < ROWS_PER_TXN && rc == RC_OK; d->looked++) {
		/* Anchors borrow from the transaction, until the next delete. */
		rc = floor_get(d->txn, scope, FLOOR_HERE, &d->floor);
		if (rc == RC_OK) {
			rc = d->table == KV_DOT ? step_of_dots(d) : step_of_feed(d);
			rc = rc == RC_NOTFOUND ? next_table(d) : rc;
		}
	}
	return rc;
}

enum rc compact_drop(struct store *s, uint16_t scope, bool (*is_stopped)(void *ctx), void *ctx,
		     struct compact_result *out)
{
	struct drop d = { .table = KV_ENTRY, .out = out };
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		struct work w;
		enum rc done = RC_OK;

		if (is_stopped != NULL && is_stopped(ctx)) {
			return RC_CLOSED;
		}
		rc = work_begin(s, &w);
		if (rc != RC_OK) {
			return rc;
		}
		d.txn = w.txn;
		done = drop_some(&d, scope);
		if (done != RC_OK && done != RC_NOTFOUND) {
			work_abort(&w);
			return done;
		}
		rc = work_commit(&w);
		rc = rc == RC_OK ? done : rc;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
