#include "node/store/confirm.h"

#include <stdio.h>

#include "node/base/mem.h"
#include "node/store/author.h"
#include "node/store/history.h"

enum { NAME_MAX_LEN = 24, ENTRY_ARENA = 8 << 20 };

static struct bytes name_of(uint16_t scope, char name[NAME_MAX_LEN])
{
	(void)snprintf(name, NAME_MAX_LEN, "confirm %u", scope);
	return bytes_of(name);
}

/* What the author of an entry had applied. */
static enum rc read_seen(struct kv_txn *t, struct dot d, struct arena *a, uint64_t *out)
{
	size_t mark = arena_mark(a);
	struct entry e;
	enum rc rc = history_load(t, d, a, &e);

	*out = rc == RC_OK ? e.header.seen_centre : 0;
	arena_release(a, mark);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc find_seen(struct kv_txn *t, uint16_t office, uint16_t scope, struct arena *a,
			 uint64_t *out)
{
	uint64_t from = feed_pack(office, scope, 0), seen = 0;
	struct feed_state s;
	enum rc rc = RC_OK;

	*out = 0;
	while (rc == RC_OK) {
		rc = feeds_next(t, from, &s);
		if (rc != RC_OK || feed_office(s.feed) != office || feed_scope(s.feed) != scope) {
			break;
		}
		from = s.feed + 1;
		if (s.applied > 0) {
			rc = read_seen(t, (struct dot){ s.feed, s.applied }, a, &seen);
			*out = seen > *out ? seen : *out;
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc confirm_seen(struct kv_txn *t, uint16_t office, uint16_t scope, uint64_t *out)
{
	struct arena a = { NULL, 0, 0 };
	enum rc rc = mem_arena_open(&a, ENTRY_ARENA);

	rc = rc == RC_OK ? find_seen(t, office, scope, &a, out) : rc;
	mem_arena_close(&a);
	return rc;
}

enum rc confirm_asked(struct kv_txn *t, uint16_t scope, uint64_t *out)
{
	char name[NAME_MAX_LEN];
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, name_of(scope, name), &v);

	*out = 0;
	if (rc == RC_OK) {
		r = bytes_reader_init(v);
		*out = bytes_get_be64(&r);
		rc = r.rc;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc confirm_ask(struct kv_txn *t, uint16_t scope, uint64_t seq)
{
	char name[NAME_MAX_LEN];
	uint8_t buffer[8];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be64(&w, seq);
	return kv_put(t, KV_META, name_of(scope, name), bytes_written(&w));
}

/* Whether the office may and must confirm one. */
static enum rc owes_one(struct store *s, struct kv_txn *t, struct dot asked, bool *out)
{
	struct feed_state centre;
	uint64_t seen = 0;
	enum rc rc = feeds_get(t, asked.feed, &centre);

	*out = false;
	if (rc == RC_OK && centre.applied >= asked.seq) {
		rc = confirm_seen(t, s->info.number, feed_scope(asked.feed), &seen);
		*out = rc == RC_OK && seen < asked.seq;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc confirm_owes(struct store *s, struct kv_txn *t, const struct confirm *c, bool *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	*out = false;
	for (i = 0; i < c->count && rc == RC_OK && !*out; i++) {
		rc = owes_one(s, t, c->items[i], out);
	}
	return rc;
}

static enum rc write_one(struct work *w, uint16_t scope)
{
	struct author_scope *s = NULL;
	struct author a;
	struct dot d;
	enum rc rc = author_begin(&a, w, bytes_at(NULL, 0), bytes_at(NULL, 0));

	if (rc == RC_OK) {
		rc = author_open(&a, scope, &s);
	}
	if (rc == RC_OK) {
		rc = author_cut(&a, s, NULL, 0, &d);
	}
	return rc == RC_OK ? author_finish(&a) : rc;
}

enum rc confirm_write(struct work *w, const struct confirm *c)
{
	enum rc rc = work_flush(w);
	uint32_t i;

	for (i = 0; i < c->count && rc == RC_OK; i++) {
		bool owes = false;

		rc = owes_one(w->store, w->txn, c->items[i], &owes);
		if (rc == RC_OK && owes) {
			rc = write_one(w, feed_scope(c->items[i].feed));
		}
	}
	return rc;
}
