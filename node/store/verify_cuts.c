/* Receipts the other way: every row of the table is in an entry of the centre. And
 * the tables that hold what is put aside, replaced or set aside. */
#include <inttypes.h>
#include <string.h>

#include "node/store/feeds.h"
#include "node/store/history.h"
#include "node/store/key.h"
#include "node/store/line.h"
#include "node/store/verify_run.h"
#include "proto/entry_codec.h"

static bool read_dot(struct bytes_reader *r, struct dot *out)
{
	out->feed = bytes_get_be64(r);
	out->seq = bytes_get_be64(r);
	return r->rc == RC_OK;
}

/* Reports a row that has no ground, and takes it out in a run that repairs. */
static enum rc row_differs(struct verify *v, enum kv_table table, struct bytes key,
			   const char *what)
{
	struct key k = { .len = key.len };

	memcpy(k.b, key.p, key.len);
	return verify_differs(v, "the table %s has %s", kv_table_name(table), what) ?
		       verify_del(v, table, &k) :
		       RC_OK;
}

/* The entry of a feed of the centre that has a place; seq 0: none. */
static enum rc find_at(struct verify *v, uint64_t feed, uint64_t place, struct dot *out)
{
	uint64_t first = 0;
	enum rc rc = line_place(v->txn, (struct dot){ feed, 1 }, &first);

	*out = (struct dot){ feed, 0 };
	if (rc == RC_OK && place >= first) {
		out->seq = place - first + 1;
		rc = line_place(v->txn, *out, &first);
		out->seq = rc == RC_OK ? out->seq : 0;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Whether an entry of the centre confirms just that. RC_CORRUPT: it is damaged. */
static enum rc confirms(struct verify *v, struct dot by, struct dot d, int64_t time_ms, bool *out)
{
	size_t mark = arena_mark(&v->arena);
	struct entry e;
	enum rc rc = history_load(v->txn, by, &v->arena, &e);
	uint32_t i;

	for (i = 0; rc == RC_OK && i < e.header.cuts_count && !*out; i++) {
		*out = e.header.cuts[i].feed == d.feed && e.header.cuts[i].seq == d.seq &&
		       e.header.time_ms == time_ms;
	}
	arena_release(&v->arena, mark);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc check_cut_row(struct verify *v, struct bytes key, struct bytes value)
{
	struct bytes_reader kr = bytes_reader_init(key), r = bytes_reader_init(value);
	uint64_t place = bytes_get_be64(&r);
	int64_t time_ms = (int64_t)bytes_get_be64(&r);
	struct feed_state s;
	struct dot d, by;
	bool found = false, formed = read_dot(&kr, &d) && bytes_is_done(&kr) && bytes_is_done(&r);
	uint64_t from = formed ? feed_pack(0, feed_scope(d.feed), 0) : 0;
	enum rc rc = formed ? RC_OK : RC_NOTFOUND;

	while (rc == RC_OK && !found) {
		rc = feeds_next(v->txn, from, &s);
		if (rc == RC_OK &&
		    (feed_office(s.feed) != 0 || feed_scope(s.feed) != feed_scope(d.feed))) {
			rc = RC_NOTFOUND;
		}
		if (rc == RC_OK) {
			rc = find_at(v, s.feed, place, &by);
		}
		if (rc == RC_OK) {
			rc = by.seq > 0 ? confirms(v, by, d, time_ms, &found) : RC_OK;
			from = s.feed + 1;
		}
	}
	if (rc == RC_CORRUPT || rc == RC_LIMIT) {
		return RC_OK; /* the entry was reported */
	}
	return found || (rc != RC_OK && rc != RC_NOTFOUND) ?
		       rc :
		       row_differs(v, KV_CUT, key, "a receipt that the centre did not give");
}

enum rc verify_cuts(struct verify *v)
{
	return verify_walk_table(v, KV_CUT, check_cut_row);
}

/* --- put aside, replaced, set aside ------------------------------------------------ */

static enum rc check_quarantine_row(struct verify *v, struct bytes key, struct bytes value)
{
	struct bytes_reader r = bytes_reader_init(key);
	size_t mark = arena_mark(&v->arena);
	struct dot d;
	bool formed = read_dot(&r, &d);
	uint32_t place = bytes_get_be32(&r);
	struct entry e;
	enum rc rc = RC_NOTFOUND;

	(void)value;
	if (formed && bytes_is_done(&r)) {
		rc = history_load(v->txn, d, &v->arena, &e);
		rc = rc == RC_OK && place >= e.changes_count ? RC_NOTFOUND : rc;
	}
	arena_release(&v->arena, mark);
	if (rc == RC_NOTFOUND) {
		return row_differs(v, KV_QUARANTINE, key, "a change that is not here");
	}
	return rc == RC_CORRUPT || rc == RC_LIMIT ? RC_OK : rc;
}

enum { REPLACED_BY = 1, REPLACED_VOID = 2 };

static bool names(const struct header *h, struct dot d, struct bytes hash)
{
	return h->replaces.feed == d.feed && h->replaces.seq == d.seq &&
	       memcmp(h->replaces.hash, hash.p, HASH_LEN) == 0;
}

/* Whether what stands for d, by its header, says so. One that stands for a
 * stand-in names the first of the chain: d, if it is here, names that, too. */
static enum rc check_stand(struct verify *v, const struct header *by, struct dot d,
			   struct bytes hash, bool *right)
{
	struct entry old;
	enum rc rc = RC_OK;

	if (by->replaces.feed == d.feed && by->replaces.seq == d.seq) {
		*right = names(by, d, hash);
		return RC_OK;
	}
	rc = history_load(v->txn, d, &v->arena, &old);
	*right = rc != RC_OK ||
		 (old.header.has_replaces &&
		  names(by, (struct dot){ old.header.replaces.feed, old.header.replaces.seq },
			bytes_at(old.header.replaces.hash, HASH_LEN)));
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* A row says of an entry what stands for it, or that it stands for nothing. */
static enum rc check_replaced_row(struct verify *v, struct bytes key, struct bytes value)
{
	struct bytes_reader kr = bytes_reader_init(key), r = bytes_reader_init(value);
	size_t mark = arena_mark(&v->arena);
	uint8_t type = bytes_get_u8(&r);
	struct bytes hash = { NULL, 0 };
	struct dot d, by;
	bool right = read_dot(&kr, &d) && bytes_is_done(&kr);
	struct entry e;
	enum rc rc = RC_OK;

	by = d;
	if (type == REPLACED_BY) {
		hash = bytes_get(&r, HASH_LEN);
		right = read_dot(&r, &by) && right;
	}
	right = right && bytes_is_done(&r) && (type == REPLACED_BY || type == REPLACED_VOID);
	if (right) {
		rc = history_load(v->txn, by, &v->arena, &e);
		right = rc == RC_OK && e.header.has_replaces;
	}
	if (right && type == REPLACED_BY) {
		rc = check_stand(v, &e.header, d, hash, &right);
	}
	arena_release(&v->arena, mark);
	if (rc == RC_CORRUPT || rc == RC_LIMIT) {
		return RC_OK;
	}
	return right ? RC_OK :
		       row_differs(v, KV_REPLACED, key, "an entry that no other one stands for");
}

/* Nobody else has these: what is damaged can only be named. */
static enum rc check_aside_row(struct verify *v, struct bytes key, struct bytes value)
{
	static const size_t fixed = 1 + HASH_LEN + 8 + 8;
	struct bytes_reader r = bytes_reader_init(key);
	size_t mark = arena_mark(&v->arena);
	struct dot d;
	struct entry e;
	bool right = read_dot(&r, &d) && bytes_is_done(&r) && value.len > fixed;
	enum rc rc = RC_OK;

	if (right) {
		rc = entry_decode(bytes_at(value.p + fixed, value.len - fixed), &v->arena, &e);
		right = rc == RC_OK && e.header.feed == d.feed && e.header.seq == d.seq;
	}
	arena_release(&v->arena, mark);
	if (!right && rc != RC_NOMEM) {
		verify_differs(v,
			       "entry %016" PRIx64 ":%" PRIu64 ", which was set aside, is damaged",
			       d.feed, d.seq);
	}
	return rc == RC_NOMEM ? rc : RC_OK;
}

/* Last contacts: only their form can be known. */
static enum rc check_peer_row(struct verify *v, struct bytes key, struct bytes value)
{
	bool right = (key.len == 2 && value.len == 16) || (key.len == 6 && value.len == 8);

	return right ? RC_OK : row_differs(v, KV_PEER, key, "a row that is none");
}

enum rc verify_rest(struct verify *v)
{
	enum rc rc = verify_walk_table(v, KV_QUARANTINE, check_quarantine_row);

	if (rc == RC_OK) {
		rc = verify_walk_table(v, KV_REPLACED, check_replaced_row);
	}
	if (rc == RC_OK) {
		rc = verify_walk_table(v, KV_ASIDE, check_aside_row);
	}
	return rc == RC_OK ? verify_walk_table(v, KV_PEER, check_peer_row) : rc;
}
