#include "node/store/setaside.h"

#include <string.h>

#include "node/store/history.h"
#include "node/store/key.h"
#include "node/store/replaced.h"
#include "proto/entry_codec.h"

enum { FLAG_ISSUED = 1, FIXED = 1 + HASH_LEN + 8 + 8 };

static enum rc put(struct kv_txn *t, const struct setaside_entry *e)
{
	struct key k = key_dot(e->dot);
	uint8_t buffer[FIXED + LIMIT_ENTRY_BYTES_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_u8(&w, e->is_issued ? FLAG_ISSUED : 0);
	bytes_put(&w, e->hash, HASH_LEN);
	bytes_put_be64(&w, e->changes);
	bytes_put_be64(&w, e->commit);
	bytes_put(&w, e->bytes.p, e->bytes.len);
	return w.rc == RC_OK ? kv_put(t, KV_ASIDE, key_bytes(&k), bytes_written(&w)) : w.rc;
}

static enum rc decode(struct bytes key, struct bytes v, struct setaside_entry *out)
{
	struct bytes_reader kr = bytes_reader_init(key), r = bytes_reader_init(v);
	struct bytes hash;

	out->dot.feed = bytes_get_be64(&kr);
	out->dot.seq = bytes_get_be64(&kr);
	out->is_issued = bytes_get_u8(&r) == FLAG_ISSUED;
	hash = bytes_get(&r, HASH_LEN);
	out->changes = bytes_get_be64(&r);
	out->commit = bytes_get_be64(&r);
	if (r.rc != RC_OK || !bytes_is_done(&kr)) {
		return RC_CORRUPT;
	}
	memcpy(out->hash, hash.p, HASH_LEN);
	out->bytes = bytes_at(r.p, (size_t)(r.end - r.p));
	return RC_OK;
}

static enum rc get(struct kv_txn *t, struct dot d, struct setaside_entry *out)
{
	struct key k = key_dot(d);
	struct bytes v;
	enum rc rc = kv_get(t, KV_ASIDE, key_bytes(&k), &v);

	return rc == RC_OK ? decode(key_bytes(&k), v, out) : rc;
}

static enum rc del(struct kv_txn *t, struct dot d)
{
	struct key k = key_dot(d);

	return kv_del(t, KV_ASIDE, key_bytes(&k));
}

enum rc setaside_next(struct kv_txn *t, struct dot d, struct setaside_entry *out)
{
	struct key key = key_dot(d);
	struct kv_cursor *c = kv_cursor_open(t, KV_ASIDE);
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&key), &k, &v);

	if (rc == RC_OK) {
		rc = decode(k, v, out);
	}
	kv_cursor_close(c);
	return rc;
}

/* Takes what an entry says out of the records. */
static enum rc withdraw(struct work *w, struct dot d, const struct work_span *span)
{
	struct entry e;
	struct change c;
	uint32_t i;
	enum rc rc = work_is_large(w) ? work_flush(w) : RC_OK;

	if (rc == RC_OK) {
		rc = history_load(w->txn, d, w->arena, &e);
	}
	for (i = 0; rc == RC_OK && i < e.changes_count; i++) {
		struct key k = key_quarantine(d, i);

		if (entry_decode_change(&e, i, w->arena, &c) == RC_OK) {
			rc = work_withdraw(w, c.kind, c.id, span);
		}
		if (rc == RC_OK) {
			rc = kv_del(w->txn, KV_QUARANTINE, key_bytes(&k));
		}
	}
	return rc;
}

enum rc setaside_withdraw_one(struct work *w, struct dot d)
{
	struct work_span span = { d.feed, d.seq, d.seq };
	enum rc rc = withdraw(w, d, &span);

	return rc == RC_OK ? work_flush(w) : rc;
}

/* What the entry stood for, or that it stands for nothing, is not so any more. */
static enum rc forget_stand(struct work *w, struct dot d)
{
	size_t mark = arena_mark(w->arena);
	struct entry e;
	enum rc rc = kv_count(w->txn, KV_REPLACED) == 0 ? RC_NOTFOUND :
							  history_load(w->txn, d, w->arena, &e);

	if (rc == RC_OK) {
		rc = replaced_withdraw(w, d, &e.header);
	}
	arena_release(w->arena, mark);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Moves one row; it is in no record any more. */
static enum rc move_out(struct work *w, struct dot d)
{
	struct key k = key_dot(d);
	struct feed_entry stored, before = { .changes = 0 };
	struct setaside_entry e = { .dot = d };
	enum rc rc = RC_OK;

	if (d.seq > 1) {
		rc = feeds_get_entry(w->txn, (struct dot){ d.feed, d.seq - 1 }, &before);
	}
	if (rc == RC_OK) {
		rc = feeds_get_entry(w->txn, d, &stored);
	}
	if (rc != RC_OK) {
		return rc;
	}
	e.changes = stored.changes - before.changes;
	e.commit = stored.commit;
	memcpy(e.hash, stored.hash, HASH_LEN);
	e.bytes = stored.bytes;
	rc = put(w->txn, &e);
	if (rc == RC_OK) {
		rc = forget_stand(w, d);
	}
	if (rc == RC_OK) {
		rc = kv_del(w->txn, KV_ENTRY, key_bytes(&k));
	}
	return rc == RC_OK ? kv_del(w->txn, KV_SEAL, key_bytes(&k)) : rc;
}

/* The feed ends before `first` now. */
static enum rc shorten(struct work *w, struct feed_state *s, uint64_t first)
{
	struct feed_entry last = { .changes = 0 };
	enum rc rc = RC_OK;

	s->head = s->applied = first - 1;
	s->changes = 0;
	if (s->head > 0) {
		rc = feeds_get_entry(w->txn, (struct dot){ s->feed, s->head }, &last);
		s->changes = last.changes;
		memcpy(s->hash, last.hash, HASH_LEN);
	} else {
		feed_chain_first(w->store->crypto, s->genesis, s->hash);
	}
	return rc == RC_OK ? feeds_put(w->txn, s) : rc;
}

enum rc setaside_take(struct work *w, uint64_t feed, uint64_t first)
{
	struct feed_state s;
	struct work_span span = { .feed = feed, .first = first };
	uint64_t seq, head = 0;
	enum rc rc = feeds_get(w->txn, feed, &s);

	if (rc != RC_OK || first > s.head) {
		return rc;
	}
	span.last = head = s.head;
	for (seq = first; seq <= head && rc == RC_OK; seq++) {
		rc = withdraw(w, (struct dot){ feed, seq }, &span);
	}
	/* What was derived from them is undone while they are still here. */
	if (rc == RC_OK) {
		rc = work_flush(w);
	}
	for (seq = head; seq >= first && rc == RC_OK; seq--) {
		rc = move_out(w, (struct dot){ feed, seq });
	}
	if (rc == RC_OK) {
		rc = feeds_get(w->txn, feed, &s);
	}
	if (rc == RC_OK) {
		s.genesis = arena_copy(w->arena, s.genesis);
		rc = s.genesis.p == NULL ? RC_NOMEM : shorten(w, &s, first);
	}
	return rc;
}

static bool is_shared(const struct work *w, uint16_t scope)
{
	const struct scope_info *info = catalog_scope(w->store->catalog, scope);

	return info == NULL || info->reach != REACH_OFFICE;
}

enum rc setaside_take_uncut(struct work *w, uint32_t incarnation)
{
	uint16_t me = w->store->info.number;
	struct feed_state s;
	uint64_t from = feed_pack(me, 0, 0);
	enum rc rc = RC_OK;

	for (;;) {
		struct feed_cut cut = { .seq = 0 };
		enum rc found;

		rc = feeds_next(w->txn, from, &s);
		if (rc != RC_OK || feed_office(s.feed) != me) {
			break;
		}
		from = s.feed + 1;
		if (feed_incarnation(s.feed) != incarnation || !is_shared(w, feed_scope(s.feed))) {
			continue;
		}
		found = feeds_cut_last(w->txn, s.feed, &cut);
		if (found != RC_OK && found != RC_NOTFOUND) {
			return found;
		}
		/* What is held and not applied came from the centre. */
		if (s.applied == s.head && s.head > cut.seq) {
			rc = setaside_take(w, s.feed, cut.seq + 1);
		}
		if (rc != RC_OK) {
			break;
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc setaside_forget(struct work *w, struct dot d, const uint8_t hash[HASH_LEN], bool *was)
{
	struct setaside_entry e;
	enum rc rc = kv_count(w->txn, KV_ASIDE) == 0 ? RC_NOTFOUND : get(w->txn, d, &e);

	*was = rc == RC_OK && memcmp(e.hash, hash, HASH_LEN) == 0;
	if (*was) {
		rc = del(w->txn, d);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Puts one entry back behind the head. */
static enum rc put_back(struct work *w, struct feed_state *s)
{
	struct dot d = { s->feed, s->head + 1 };
	struct feed_entry stored = { .dot = d };
	struct setaside_entry e;
	enum rc rc = get(w->txn, d, &e);

	if (rc != RC_OK) {
		return rc;
	}
	e.bytes = arena_copy(w->arena, e.bytes);
	if (e.bytes.p == NULL) {
		return RC_NOMEM;
	}
	s->head = d.seq;
	s->changes += e.changes;
	memcpy(s->hash, e.hash, HASH_LEN);
	stored.changes = s->changes;
	stored.commit = e.commit;
	memcpy(stored.hash, e.hash, HASH_LEN);
	stored.bytes = e.bytes;
	rc = feeds_put_entry(w->txn, &stored);
	return rc == RC_OK ? del(w->txn, d) : rc;
}

enum rc setaside_return(struct work *w, uint64_t feed, uint64_t upto, const uint8_t hash[HASH_LEN])
{
	struct setaside_entry last;
	struct feed_state s;
	uint64_t seq;
	enum rc rc = get(w->txn, (struct dot){ feed, upto }, &last);

	if (rc == RC_OK && memcmp(last.hash, hash, HASH_LEN) != 0) {
		return RC_NOTFOUND;
	}
	if (rc == RC_OK) {
		rc = feeds_get(w->txn, feed, &s);
	}
	for (seq = rc == RC_OK ? s.head + 1 : upto; seq < upto && rc == RC_OK; seq++) {
		rc = get(w->txn, (struct dot){ feed, seq }, &last);
	}
	if (rc == RC_OK) {
		s.genesis = arena_copy(w->arena, s.genesis);
		rc = s.genesis.p == NULL ? RC_NOMEM : RC_OK;
	}
	while (rc == RC_OK && s.head < upto) {
		rc = put_back(w, &s);
	}
	return rc == RC_OK ? feeds_put(w->txn, &s) : rc;
}

enum rc setaside_mark_issued(struct work *w, struct dot d, const uint8_t hash[HASH_LEN])
{
	struct setaside_entry e;
	enum rc rc = get(w->txn, d, &e);

	if (rc == RC_OK && memcmp(e.hash, hash, HASH_LEN) == 0) {
		e.bytes = arena_copy(w->arena, e.bytes);
		e.is_issued = true;
		rc = e.bytes.p == NULL ? RC_NOMEM : put(w->txn, &e);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc are_all_issued(struct work *w, bool *out)
{
	struct setaside_entry e = { .is_issued = true, .dot = { 0, 0 } };
	struct dot at = { 0, 0 };
	enum rc rc = RC_OK;

	while (rc == RC_OK && e.is_issued) {
		rc = setaside_next(w->txn, at, &e);
		at = (struct dot){ e.dot.feed, e.dot.seq + 1 };
	}
	*out = rc == RC_NOTFOUND;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* What stands for d in the end: a stand-in may have been issued again, too. */
static enum rc find_stand_in(struct kv_txn *t, struct dot d, struct dot *out)
{
	enum { CHAIN_MAX = 64 };
	enum rc rc = replaced_by(t, d, out);
	uint32_t i;

	for (i = 0; i < CHAIN_MAX && rc == RC_OK && replaced_by(t, *out, &d) == RC_OK; i++) {
		*out = d;
	}
	return rc;
}

enum rc setaside_drop_confirmed(struct work *w)
{
	struct setaside_entry e = { .dot = { 0, 0 } };
	struct feed_cut cut;
	struct dot by, at = { 0, 0 };
	bool all = false;
	enum rc rc = kv_count(w->txn, KV_ASIDE) == 0 ? RC_NOTFOUND : are_all_issued(w, &all);

	while (rc == RC_OK && all) {
		rc = setaside_next(w->txn, at, &e);
		if (rc != RC_OK) {
			break;
		}
		at = (struct dot){ e.dot.feed, e.dot.seq + 1 };
		if (e.is_issued && find_stand_in(w->txn, e.dot, &by) == RC_OK &&
		    feeds_cut_of(w->txn, by, &cut) == RC_OK) {
			rc = del(w->txn, e.dot);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc setaside_count(struct kv_txn *t, struct arena *a, uint64_t *changes, int64_t *oldest_ms)
{
	struct setaside_entry e = { .dot = { 0, 0 } };
	struct dot at = { 0, 0 };
	enum rc rc = RC_OK;

	*changes = 0;
	while (rc == RC_OK) {
		size_t mark = arena_mark(a);
		struct entry decoded;

		rc = setaside_next(t, at, &e);
		at = (struct dot){ e.dot.feed, e.dot.seq + 1 };
		if (rc == RC_OK && !e.is_issued) {
			*changes += e.changes;
			rc = entry_decode(e.bytes, a, &decoded);
			if (rc == RC_OK &&
			    (*oldest_ms == 0 || decoded.header.time_ms < *oldest_ms)) {
				*oldest_ms = decoded.header.time_ms;
			}
		}
		arena_release(a, mark);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
