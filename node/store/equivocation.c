#include "node/store/equivocation.h"

#include <string.h>

#include "node/store/feeds.h"
#include "node/store/line.h"
#include "proto/entry_codec.h"

enum { ROOM_BYTES = 131072 }; /* for a row: a chunk and more */

static void put_seal(struct bytes_writer *w, const struct equivocation_seal *s)
{
	bytes_put_be64(w, s->seq);
	bytes_put(w, s->hash, HASH_LEN);
	bytes_put(w, s->seal, SIG_LEN);
}

static void get_fixed(struct bytes_reader *r, uint8_t *out, size_t len)
{
	struct bytes b = bytes_get(r, len);

	if (b.len == len) {
		memcpy(out, b.p, len);
	}
}

static void get_seal(struct bytes_reader *r, struct equivocation_seal *s)
{
	s->seq = bytes_get_be64(r);
	get_fixed(r, s->hash, HASH_LEN);
	get_fixed(r, s->seal, SIG_LEN);
}

/* The row, with the entries of the other branch: whoever has it can compute the
 * hash that the other seal signs. */
static enum rc store_proof(struct work *w, const struct equivocation *e,
			   const struct equivocation_run *r, const uint8_t before[HASH_LEN])
{
	size_t mark = arena_mark(w->arena);
	struct bytes_writer key, row;
	uint8_t k[8], *room = arena_take(w->arena, ROOM_BYTES);
	uint32_t i;
	enum rc rc = RC_NOMEM;

	if (room == NULL) {
		return rc;
	}
	key = bytes_writer_init(k, sizeof(k));
	row = bytes_writer_init(room, ROOM_BYTES);
	bytes_put_be64(&key, e->feed);
	bytes_put_be64(&row, e->fork);
	bytes_put_be64(&row, e->told);
	bytes_put_be64(&row, (uint64_t)e->time_ms);
	put_seal(&row, &e->here);
	put_seal(&row, &e->other);
	bytes_put(&row, before, HASH_LEN);
	for (i = (uint32_t)(e->fork - r->run->first_seq); i < r->run->entries_count; i++) {
		bytes_put_block(&row, r->run->entries[i]);
	}
	rc = row.rc == RC_OK ? kv_put(w->txn, KV_PROOF, bytes_written(&key), bytes_written(&row)) :
			       row.rc;
	arena_release(w->arena, mark);
	return rc;
}

enum rc equivocation_next(struct kv_txn *t, uint64_t from, struct equivocation *out)
{
	uint8_t first[8];
	struct bytes_writer w = bytes_writer_init(first, sizeof(first));
	struct kv_cursor *c = kv_cursor_open(t, KV_PROOF);
	struct bytes_reader key, row;
	struct bytes k, v;
	enum rc rc;

	bytes_put_be64(&w, from);
	rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, bytes_written(&w), &k, &v);
	if (rc == RC_OK) {
		key = bytes_reader_init(k);
		row = bytes_reader_init(v);
		memset(out, 0, sizeof(*out));
		out->feed = bytes_get_be64(&key);
		out->fork = bytes_get_be64(&row);
		out->told = bytes_get_be64(&row);
		out->time_ms = (int64_t)bytes_get_be64(&row);
		get_seal(&row, &out->here);
		get_seal(&row, &out->other);
		rc = row.rc == RC_OK && bytes_is_done(&key) ? RC_OK : RC_CORRUPT;
	}
	kv_cursor_close(c);
	return rc;
}

/* The place of what an author had applied of the centre; 0 if that is not on its
 * line: what a lost branch had cut may have been the author's branch. */
static enum rc find_seen(struct work *w, const struct header *h, uint64_t *place)
{
	struct dot seen = { feed_pack(0, feed_scope(h->feed), h->epoch_incarnation),
			    h->seen_centre };
	enum rc rc = line_place(w->txn, seen, place);

	*place = rc == RC_OK ? *place : 0;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The first entry of the other branch whose author had applied the cut of this
 * one. RC_NOTFOUND: none had. */
static enum rc find_told(struct work *w, const struct equivocation_run *r, uint64_t *out)
{
	struct feed_cut cut;
	enum rc rc = feeds_cut_of(w->txn, (struct dot){ r->run->feed, r->fork }, &cut);
	uint32_t i;

	for (i = (uint32_t)(r->fork - r->run->first_seq); rc == RC_OK && i < r->run->entries_count;
	     i++) {
		size_t mark = arena_mark(w->arena);
		struct entry e;
		uint64_t place = 0;

		rc = entry_decode(r->run->entries[i], w->arena, &e);
		if (rc == RC_OK) {
			*out = e.header.seq;
			rc = find_seen(w, &e.header, &place);
		}
		arena_release(w->arena, mark);
		if (rc == RC_OK && place >= cut.centre_seq) {
			return RC_OK;
		}
	}
	return rc == RC_OK ? RC_NOTFOUND : rc;
}

/* The seal of the branch that is held. */
static enum rc read_here(struct work *w, struct equivocation *e)
{
	struct dot d = { e->feed, e->fork };
	enum rc rc = feeds_get_seal(w->txn, d, &e->here.seq, e->here.seal);

	d.seq = e->here.seq;
	return rc == RC_OK ? feeds_hash_at(w->txn, d, w->store->crypto, e->here.hash) : rc;
}

enum rc equivocation_look(struct work *w, const struct equivocation_run *r, bool *found)
{
	struct equivocation e;
	uint8_t before[HASH_LEN];
	enum rc rc = equivocation_next(w->txn, r->run->feed, &e);

	*found = false;
	if (rc == RC_OK && e.feed == r->run->feed) {
		return RC_OK;
	}
	memset(&e, 0, sizeof(e));
	e.feed = r->run->feed;
	e.fork = r->fork;
	if (rc == RC_OK || rc == RC_NOTFOUND) {
		rc = find_told(w, r, &e.told);
	}
	if (rc == RC_OK) {
		rc = read_here(w, &e);
	}
	if (rc == RC_OK) {
		rc = feeds_hash_at(w->txn, (struct dot){ e.feed, e.fork - 1 }, w->store->crypto,
				   before);
	}
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	e.other.seq = r->head;
	memcpy(e.other.hash, r->hash, HASH_LEN);
	memcpy(e.other.seal, r->run->seal, SIG_LEN);
	e.time_ms = w->store->world->now_ms();
	*found = true;
	return store_proof(w, &e, r, before);
}
