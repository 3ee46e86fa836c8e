#include "node/store/history.h"

#include <stdlib.h>

#include "node/store/feeds.h"
#include "node/store/key.h"
#include "node/store/line.h"
#include "proto/entry_codec.h"

/* The list while it grows, by doubling. */
struct list {
	struct kv_txn *txn;
	struct arena *arena;
	struct history *out;
	uint32_t max;
};

static enum rc find_place(struct kv_txn *t, struct dot d, uint64_t *place)
{
	struct feed_cut cut;
	enum rc rc = RC_OK;

	*place = UINT64_MAX;
	if (feed_office(d.feed) == 0) {
		rc = line_place(t, d, place);
		if (rc != RC_NOTFOUND) {
			return rc;
		}
		*place = UINT64_MAX;
	}
	rc = feeds_cut_of(t, d, &cut);
	if (rc == RC_OK) {
		*place = cut.centre_seq;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc add_step(struct list *l, struct dot d)
{
	struct history *h = l->out;
	struct history_step *steps = NULL;
	uint32_t i;

	if (h->count == l->max) {
		l->max *= 2;
		steps = arena_take(l->arena, l->max * sizeof(*steps));
		if (steps == NULL) {
			return RC_NOMEM;
		}
		for (i = 0; i < h->count; i++) {
			steps[i] = h->steps[i];
		}
		h->steps = steps;
	}
	h->steps[h->count].dot = d;
	h->steps[h->count].commit = 0;
	return find_place(l->txn, d, &h->steps[h->count++].place);
}

/* The earlier dots of a record in one scope. */
static enum rc add_older(struct list *l, const struct record *r, uint16_t scope)
{
	struct key prefix = key_record(r->kind_number, r->id);
	struct kv_cursor *c = kv_cursor_open(l->txn, KV_DOT);
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&prefix), &k, &v);

	while (rc == RC_OK && key_has_prefix(k, &prefix)) {
		struct bytes_reader reader =
			bytes_reader_init(bytes_at(k.p + prefix.len, k.len - prefix.len));
		struct dot d = { .feed = bytes_get_be64(&reader) };

		d.seq = bytes_get_be64(&reader);
		rc = bytes_is_done(&reader) ? RC_OK : RC_CORRUPT;
		if (rc == RC_OK && feed_scope(d.feed) == scope) {
			rc = add_step(l, d);
		}
		if (rc == RC_OK) {
			rc = kv_cursor_next(c, &k, &v);
		}
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static int order_steps(const void *a, const void *b)
{
	const struct history_step *x = a, *y = b;

	if (x->place != y->place) {
		return x->place < y->place ? -1 : 1;
	}
	if (feed_office(x->dot.feed) == feed_office(y->dot.feed) && x->commit != y->commit) {
		return x->commit < y->commit ? -1 : 1;
	}
	return dot_compare(x->dot, y->dot);
}

/* An office that was restored has several feeds in a scope. */
static bool has_sisters(const struct history *h)
{
	uint32_t i;

	for (i = 1; i < h->count; i++) {
		uint64_t a = h->steps[i - 1].dot.feed, b = h->steps[i].dot.feed;

		if (a != b && feed_office(a) == feed_office(b)) {
			return true;
		}
	}
	return false;
}

static enum rc look_up_commits(struct kv_txn *t, struct history *h)
{
	struct feed_entry e;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < h->count && rc == RC_OK; i++) {
		rc = feeds_get_entry(t, h->steps[i].dot, &e);
		h->steps[i].commit = rc == RC_OK ? e.commit : 0;
		rc = rc == RC_NOTFOUND ? RC_OK : rc;
	}
	return rc;
}

enum rc history_get(struct kv_txn *t, const struct record *r, const struct record_part *p,
		    struct arena *a, struct history *out)
{
	struct list l = { .txn = t, .arena = a, .out = out, .max = p->part.vector.count + 4 };
	enum rc rc = RC_OK;
	uint32_t i;

	out->count = 0;
	out->steps = arena_take(a, l.max * sizeof(*out->steps));
	if (out->steps == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < p->part.vector.count && rc == RC_OK; i++) {
		rc = add_step(&l, p->part.vector.dots[i]);
	}
	if (rc == RC_OK) {
		rc = add_older(&l, r, p->scope);
	}
	if (rc == RC_OK && out->count > 1) {
		qsort(out->steps, out->count, sizeof(*out->steps), order_steps);
	}
	if (rc == RC_OK && has_sisters(out)) {
		rc = look_up_commits(t, out);
		qsort(out->steps, out->count, sizeof(*out->steps), order_steps);
	}
	return rc;
}

enum rc history_load(struct kv_txn *t, struct dot d, struct arena *a, struct entry *out)
{
	struct feed_entry stored;
	struct bytes copy;
	enum rc rc = feeds_get_entry(t, d, &stored);

	if (rc != RC_OK) {
		return rc;
	}
	copy = arena_copy(a, stored.bytes);
	return copy.p == NULL ? RC_NOMEM : entry_decode(copy, a, out);
}

enum rc history_find_change(const struct entry *e, uint16_t kind, struct uuid id, struct arena *a,
			    uint32_t *at, struct change *out)
{
	while (*at < e->changes_count) {
		size_t mark = arena_mark(a);
		enum rc rc = entry_decode_change(e, (*at)++, a, out);

		if (rc != RC_OK || (out->kind == kind && uuid_equal(out->id, id))) {
			return rc;
		}
		arena_release(a, mark);
	}
	return RC_NOTFOUND;
}
