#include "node/store/epoch.h"

#include <stdlib.h>

#include "node/store/feeds.h"
#include "node/store/key.h"
#include "node/store/line.h"
#include "node/store/records.h"

/* An earlier catalog, and the epochs that it is for: from <= e < to. */
struct past {
	struct catalog *catalog;
	uint32_t incarnation;
	uint64_t from, to; /* to 0: for none */
};

enum { KEPT = 4, LIVES_MAX = 256 };

struct epoch_past {
	struct past items[KEPT];
	uint32_t next;
};

static uint64_t feed_of(const struct epoch *e)
{
	return feed_pack(0, 0, e->incarnation);
}

enum rc epoch_is_here(const struct store *s, struct kv_txn *t, const struct epoch *e, bool *out)
{
	struct feed_state national = { .applied = 0 };
	enum rc rc = RC_OK;

	*out = true;
	if (e->seq == 0 ||
	    (e->incarnation == s->catalog->centre_incarnation &&
	     e->seq <= s->catalog->national_seq && s->catalog->national_seq < UINT64_MAX)) {
		return RC_OK;
	}
	rc = feeds_get(t, feed_of(e), &national);
	*out = rc == RC_OK && national.applied >= e->seq;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* --- what is closed --------------------------------------------------------- */

/* Whether an epoch knows an entry of the nation. */
static enum rc knows(const struct store *s, const struct epoch *e, struct dot by, bool *out)
{
	*out = e == NULL;
	return *out ? RC_OK : line_covers(s->txn, (struct dot){ feed_of(e), e->seq }, by, out);
}

enum rc epoch_closing(const struct store *s, uint64_t feed, const struct epoch *e, uint64_t *last)
{
	const struct catalog *c = s->catalog;
	const struct office_info *o = catalog_office(c, feed_office(feed));
	bool known = false, named = false;
	enum rc rc = RC_OK;
	uint32_t i;

	*last = UINT64_MAX;
	for (i = 0; i < c->closed_count && c->closed[i].last.feed <= feed && rc == RC_OK; i++) {
		if (c->closed[i].last.feed != feed) {
			continue;
		}
		named = true;
		rc = knows(s, e, c->closed[i].by, &known);
		*last = known && c->closed[i].last.seq < *last ? c->closed[i].last.seq : *last;
	}
	if (rc == RC_OK && !named && o != NULL && o->is_closed) {
		rc = knows(s, e, o->closed_by, &known);
		*last = known ? 0 : *last;
	}
	return rc;
}

/* --- catalogs ---------------------------------------------------------------- */

/* Narrows the range between two changes around an epoch by one change. */
static enum rc narrow(struct store *s, struct past *p, struct dot d, const struct epoch *e)
{
	uint64_t first = 0;
	enum rc rc = line_first(s->txn, feed_of(e), d, p->to - 1, &first);

	if (rc == RC_OK && first <= e->seq && first > p->from) {
		p->from = first;
	}
	if (rc == RC_OK && first > e->seq && first < p->to) {
		p->to = first;
	}
	return rc;
}

/* The earlier changes of the built-in records. */
static enum rc narrow_by_dots(struct store *s, struct past *p, const struct epoch *e)
{
	enum { ID_END = 2 + UUID_LEN };
	struct key from = key_kind(1), end = key_kind(SCHEMA_KIND_FIRST);
	struct kv_cursor *c = kv_cursor_open(s->txn, KV_DOT);
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&from), &k, &v);

	while (rc == RC_OK && bytes_compare(k, key_bytes(&end)) < 0 && k.len > ID_END) {
		struct bytes_reader r = bytes_reader_init(bytes_at(k.p + ID_END, k.len - ID_END));
		struct dot d = { .feed = bytes_get_be64(&r) };

		d.seq = bytes_get_be64(&r);
		rc = narrow(s, p, d, e);
		rc = rc == RC_OK ? kv_cursor_next(c, &k, &v) : rc;
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* What a record has of the nation, in any incarnation of the centre. */
static enum rc narrow_by_vector(struct store *s, struct past *p, const struct vv *v,
				const struct epoch *e)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < v->count && rc == RC_OK; i++) {
		rc = narrow(s, p, v->dots[i], e);
	}
	return rc;
}

/* The last change of each. */
static enum rc narrow_by_records(struct store *s, struct past *p, const struct epoch *e)
{
	const struct schema *builtin = schema_builtin();
	struct records_walk w;
	struct record r;
	enum rc rc = RC_OK;
	uint32_t i, k;

	for (i = 0; i < builtin->kinds_count && rc == RC_OK; i++) {
		rc = records_walk_start(&w, s->txn, s->catalog, builtin->kinds[i].number, NULL);
		while (rc == RC_OK) {
			size_t mark = arena_mark(&s->arena);

			rc = records_walk_next(&w, &s->arena, &r);
			for (k = 0; rc == RC_OK && k < r.parts_count; k++) {
				rc = narrow_by_vector(s, p, &r.parts[k].part.vector, e);
			}
			arena_release(&s->arena, mark);
		}
		records_walk_end(&w);
		rc = rc == RC_NOTFOUND ? RC_OK : rc;
	}
	return rc;
}

/* How far the epoch knows another feed of the nation. */
static enum rc find_reach(struct store *s, const struct epoch *e, const struct feed_state *f,
			  uint64_t *out)
{
	uint64_t low = 0, high = f->head; /* low is known */
	enum rc rc = RC_OK;

	while (rc == RC_OK && low < high) {
		struct dot middle = { f->feed, high - (high - low) / 2 };
		bool known = false;

		rc = line_covers(s->txn, (struct dot){ feed_of(e), e->seq }, middle, &known);
		low = known ? middle.seq : low;
		high = known ? high : middle.seq - 1;
	}
	*out = low;
	return rc;
}

/* What the epoch knows: its feed, and others as far as that follows or cut them. */
static enum rc list_known(struct store *s, const struct epoch *e, struct vv *out)
{
	struct dot own = { feed_of(e), e->seq };
	struct feed_state f;
	enum rc rc = e->seq == 0 ? RC_OK : vv_raise(out, own);
	uint64_t from = feed_pack(0, 0, 0);

	while (rc == RC_OK) {
		struct dot d = { 0, 0 };

		rc = feeds_next(s->txn, from, &f);
		if (rc != RC_OK || feed_office(f.feed) != 0 || feed_scope(f.feed) != 0) {
			break;
		}
		from = f.feed + 1;
		if (f.feed != own.feed) {
			rc = find_reach(s, e, &f, &d.seq);
		}
		d.feed = f.feed;
		if (rc == RC_OK && d.seq > 0) {
			rc = vv_raise(out, d);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc load_past(struct store *s, const struct epoch *e, struct past *p)
{
	struct dot dots[LIVES_MAX];
	struct vv known = { dots, 0, LIVES_MAX };
	struct feed_state national = { .applied = 0 };
	enum rc rc = feeds_get(s->txn, feed_of(e), &national);

	if (p->catalog == NULL) {
		p->catalog = catalog_new();
	}
	rc = rc == RC_NOTFOUND ? RC_OK : rc;
	rc = rc == RC_OK && p->catalog == NULL ? RC_NOMEM : rc;
	rc = rc == RC_OK ? list_known(s, e, &known) : rc;
	if (rc == RC_OK) {
		rc = catalog_load_as_of(p->catalog, s->txn, s->crypto, &known, feed_of(e));
	}
	p->incarnation = e->incarnation;
	p->from = 0;
	p->to = (national.applied > e->seq ? national.applied : e->seq) + 1;
	if (e->incarnation == s->catalog->centre_incarnation) {
		p->to = s->catalog->last_change;
	}
	if (rc == RC_OK) {
		rc = narrow_by_dots(s, p, e);
	}
	if (rc == RC_OK) {
		rc = narrow_by_records(s, p, e);
	}
	if (rc != RC_OK) {
		p->to = 0; /* it is for no epoch */
	}
	return rc;
}

static struct past *find_past(struct epoch_past *kept, const struct epoch *e)
{
	uint32_t i;

	for (i = 0; i < KEPT; i++) {
		struct past *p = &kept->items[i];

		if (p->incarnation == e->incarnation && e->seq >= p->from && e->seq < p->to) {
			return p;
		}
	}
	return NULL;
}

enum rc epoch_catalog(struct store *s, const struct epoch *e, const struct catalog **out)
{
	struct past *p = NULL;
	enum rc rc = RC_OK;

	*out = s->catalog;
	if (e->incarnation == s->catalog->centre_incarnation && e->seq >= s->catalog->last_change) {
		return RC_OK;
	}
	if (s->past == NULL) {
		s->past = calloc(1, sizeof(*s->past));
	}
	if (s->past == NULL) {
		return RC_NOMEM;
	}
	p = find_past(s->past, e);
	if (p == NULL) {
		p = &s->past->items[s->past->next++ % KEPT];
		rc = load_past(s, e, p);
	}
	*out = p->catalog;
	return rc;
}

void epoch_forget(struct store *s)
{
	uint32_t i;

	for (i = 0; s->past != NULL && i < KEPT; i++) {
		catalog_free(s->past->items[i].catalog);
	}
	free(s->past);
	s->past = NULL;
}
