#include "node/store/life.h"

#include <inttypes.h>
#include <string.h>

#include "node/base/log.h"
#include "node/store/author.h"
#include "node/store/feeds.h"
#include "node/store/restored.h"

static const char meta_life[] = "life";
static const char meta_lives[] = "lives"; /* those before */

enum { LIFE_LEN = 4 + 1 + 8 + 8, FLAG_LEFT = 1, FLAG_LEASED = 2 };

enum rc life_load(struct kv_txn *t, struct life_state *out)
{
	struct bytes v;
	struct bytes_reader r;
	uint8_t flags = 0;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_life), &v);

	memset(out, 0, sizeof(*out));
	if (rc != RC_OK) {
		return rc;
	}
	r = bytes_reader_init(v);
	out->incarnation = bytes_get_be32(&r);
	flags = bytes_get_u8(&r);
	out->is_left = (flags & FLAG_LEFT) != 0;
	out->is_leased = (flags & FLAG_LEASED) != 0;
	out->nonce = bytes_get_be64(&r);
	out->bound = bytes_get_be64(&r);
	return bytes_is_done(&r) ? RC_OK : RC_CORRUPT;
}

enum rc life_store(struct kv_txn *t, const struct life_state *l)
{
	uint8_t buffer[LIFE_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be32(&w, l->incarnation);
	bytes_put_u8(&w,
		     (uint8_t)((l->is_left ? FLAG_LEFT : 0) | (l->is_leased ? FLAG_LEASED : 0)));
	bytes_put_be64(&w, l->nonce);
	bytes_put_be64(&w, l->bound);
	return kv_put(t, KV_META, bytes_of(meta_life), bytes_written(&w));
}

static bool keeps_lease(const struct store *s)
{
	return s->state_fd >= 0;
}

static struct lease_match match_of(const struct store *s, uint64_t commit)
{
	struct lease_match db = { s->life.incarnation, s->life.is_leased, s->life.nonce, commit };
	return db;
}

/* Another incarnation than any that is known here. */
static enum rc take_fresh(struct work *w)
{
	struct store *s = w->store;
	struct restored r;
	uint32_t drawn = 0;

	w->life.was_closed = (w->life.why == LEASE_FITS || w->life.why == LEASE_NONE) &&
			     restored_get(w->txn, &r) == RC_OK && r.cause == RESTORED_CLOSED;
	do {
		s->world->random(&drawn, sizeof(drawn));
	} while (drawn == s->info.incarnation || drawn == 0);
	w->life.before = w->life.is_new ? w->life.before : s->info.incarnation;
	s->info.incarnation = s->life.incarnation = drawn;
	if (s->info.is_centre) {
		s->info.centre_incarnation = drawn;
	}
	s->life.is_left = false;
	w->life.is_new = true;
	return RC_OK;
}

static enum rc look_at_lease(struct work *w, uint64_t commit)
{
	struct store *s = w->store;
	struct lease_match db = match_of(s, commit);
	enum rc rc = lease_read(s->state_fd, s->crypto, &w->life.file);

	w->life.has_file = rc == RC_OK;
	w->life.why = lease_judge(w->life.has_file ? &w->life.file : NULL, s->info.system,
				  s->info.number, &db);
	return RC_OK; /* what cannot be read is as good as none */
}

enum rc life_look(struct work *w, uint64_t *commit)
{
	bool fits = true;
	enum rc rc = RC_OK;

	if (*commit < w->life.commit) {
		*commit = w->life.commit;
	}
	if (w->life.looked) {
		return RC_OK;
	}
	w->life.looked = true;
	w->life.why = LEASE_FITS;
	if (keeps_lease(w->store)) {
		rc = look_at_lease(w, *commit);
	}
	switch (w->life.why) {
	case LEASE_FITS:
	case LEASE_NONE:
		break;
	case LEASE_DATABASE_OLDER:
		w->life.commit = w->life.file.last;
		fits = false;
		break;
	case LEASE_ALIEN:
	case LEASE_DOUBT:
		fits = false;
		break;
	}
	if (*commit < w->life.commit) {
		*commit = w->life.commit;
	}
	return rc == RC_OK && (!fits || w->store->life.is_left) ? take_fresh(w) : rc;
}

enum rc life_renew(struct work *w)
{
	struct feed_state feed;
	uint64_t commit = 0;
	enum rc rc = author_last_commit(w->txn, &commit);
	uint64_t from = feed_pack(w->store->info.number, 0, 0);

	if (rc == RC_OK) {
		rc = life_look(w, &commit);
	}
	while (rc == RC_OK && !w->life.is_new) {
		rc = feeds_next(w->txn, from, &feed);
		if (rc != RC_OK || feed_office(feed.feed) != w->store->info.number) {
			return rc == RC_NOTFOUND ? RC_OK : rc;
		}
		if (feed_incarnation(feed.feed) == w->store->info.incarnation) {
			return take_fresh(w);
		}
		from = feed.feed + 1;
	}
	return rc;
}

/* The first entry of a fresh incarnation: what the lease knew of commits that
 * are not here is remembered, until they come back or are known to be lost. */
static enum rc note_lost(struct work *w, enum lease_verdict why, const struct lease *file,
			 uint64_t before)
{
	struct restored r;
	enum rc rc = RC_OK;

	if (why == LEASE_FITS || why == LEASE_NONE) {
		return RC_OK; /* known already, from the centre */
	}
	rc = restored_open(w->txn, RESTORED_COPY, w->store->world->now_ms(), &r);
	if (rc == RC_OK && r.lost_last == 0 && why == LEASE_DATABASE_OLDER) {
		r.lost_first = before + 1;
		r.lost_last = file->last;
		r.lost_incarnation = file->incarnation;
	}
	return rc == RC_OK ? restored_store(w->txn, &r) : rc;
}

enum rc life_note_missing(struct work *w)
{
	struct store *s = w->store;
	struct lease_match db;
	struct lease file;
	uint64_t commit = 0;
	enum rc rc = author_last_commit(w->txn, &commit);

	if (rc != RC_OK || !keeps_lease(s) || lease_read(s->state_fd, s->crypto, &file) != RC_OK) {
		return rc;
	}
	db = match_of(s, commit);
	return lease_judge(&file, s->info.system, s->info.number, &db) == LEASE_DATABASE_OLDER ?
		       note_lost(w, LEASE_DATABASE_OLDER, &file, commit) :
		       RC_OK;
}

/* Adds the incarnation that ended to those of before. */
static enum rc note_life(struct work *w)
{
	struct bytes old = { NULL, 0 }, key = bytes_of(meta_lives);
	struct bytes_writer list;
	uint8_t *room = NULL;
	enum rc rc = kv_get(w->txn, KV_META, key, &old);

	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	room = arena_take(w->arena, old.len + 4);
	if (room == NULL) {
		return RC_NOMEM;
	}
	list = bytes_writer_init(room, old.len + 4);
	bytes_put(&list, old.p, old.len);
	bytes_put_be32(&list, w->life.before);
	return kv_put(w->txn, KV_META, key, bytes_written(&list));
}

enum rc life_knows(struct kv_txn *t, uint32_t incarnation, bool *out)
{
	struct bytes v = { NULL, 0 };
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_lives), &v);

	*out = false;
	r = bytes_reader_init(v);
	while (rc == RC_OK && r.p < r.end && r.rc == RC_OK) {
		bool same = bytes_get_be32(&r) == incarnation;

		*out = *out || same;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc life_keep(struct work *w, uint64_t commit)
{
	uint64_t before = 0;
	enum rc rc = RC_OK;

	if (w->life.is_new && !w->life.writes) {
		rc = author_last_commit(w->txn, &before);
		if (rc == RC_OK) {
			rc = note_lost(w, w->life.why, &w->life.file, before);
		}
		if (rc == RC_OK) {
			rc = life_store(w->txn, &w->store->life);
		}
		if (rc == RC_OK) {
			rc = note_life(w);
		}
	}
	w->life.writes = true;
	w->life.commit = commit > w->life.commit ? commit : w->life.commit;
	return rc;
}

enum rc life_before_commit(struct work *w)
{
	struct store *s = w->store;
	struct lease next = { .office = s->info.number, .incarnation = s->info.incarnation };
	enum rc rc = RC_OK;

	if (!w->life.writes || !keeps_lease(s) ||
	    (!w->life.is_new && s->life.is_leased && w->life.commit <= s->life.bound)) {
		return RC_OK;
	}
	memcpy(next.system, s->info.system, SYSTEM_LEN);
	next.old_nonce = s->life.nonce;
	do {
		s->world->random(&next.nonce, sizeof(next.nonce));
	} while (next.nonce == next.old_nonce);
	next.bound = w->life.commit + LEASE_BLOCK;
	next.last = w->life.has_file ? w->life.file.last : 0;
	if (w->life.why == LEASE_ALIEN || w->life.why == LEASE_NONE) {
		next.last = 0;
	}
	rc = lease_write(s->state_fd, s->crypto, &next, true);
	if (rc == RC_OK) {
		w->life.renewed = true;
		s->life.is_leased = true;
		s->life.nonce = next.nonce;
		s->life.bound = next.bound;
		rc = life_store(w->txn, &s->life);
	}
	return rc;
}

static void tell(const struct work *w)
{
	const char *why = "the office was told to begin anew";

	if (w->life.was_closed) {
		log_warn("what this office wrote to was closed: what is written from now on goes "
			 "into a new incarnation, %08" PRIx32,
			 w->store->info.incarnation);
		return;
	}
	switch (w->life.why) {
	case LEASE_FITS:
	case LEASE_NONE:
		why = "the centre knows what this directory wrote otherwise than it does itself";
		break;
	case LEASE_ALIEN:
		why = "its file `" LEASE_FILE "` is missing, damaged or of another directory";
		break;
	case LEASE_DATABASE_OLDER:
		why = "its database is older than its file `" LEASE_FILE "`";
		break;
	case LEASE_DOUBT:
		why = "its database and its file `" LEASE_FILE "` do not belong together";
		break;
	}
	log_warn("this directory was restored from a copy, or is one: %s. What is written from now "
		 "on goes into a new incarnation, %08" PRIx32 "; nothing is dropped, and the next "
		 "sync brings back what the centre has",
		 why, w->store->info.incarnation);
}

void life_undo(struct work *w)
{
	if (w->life.is_new) {
		struct store *s = w->store;

		s->info.incarnation = s->life.incarnation = w->life.before;
		if (s->info.is_centre) {
			s->info.centre_incarnation = w->life.before;
		}
	}
}

void life_after_commit(struct work *w, enum rc rc)
{
	const struct store *s = w->store;

	if (rc != RC_OK) {
		life_undo(w);
	}
	if (rc != RC_OK && rc != RC_UNKNOWN && w->life.renewed && w->life.has_file) {
		(void)lease_write(s->state_fd, s->crypto, &w->life.file, false);
	}
	if (rc != RC_OK || !w->life.writes) {
		return;
	}
	if (keeps_lease(s) && s->life.is_leased) {
		lease_advance(s->state_fd, s->crypto, s->life.nonce, w->life.commit);
	}
	if (w->life.is_new) {
		tell(w);
	}
}

enum rc life_leave(struct work *w)
{
	struct store *s = w->store;

	if (s->life.is_left) {
		return RC_OK;
	}
	s->life.is_left = true;
	return life_store(w->txn, &s->life);
}
