/*
 * Whether the bytes that the centre signed are a base: rows in their order, of
 * this scope and system, and fitting each other. A centre that errs, or was
 * made to sign something else, must not put a node into a state that no
 * entries give.
 */
#include <string.h>

#include "node/store/base.h"
#include "node/store/base_take.h"
#include "node/store/dots.h"
#include "node/store/follows.h"
#include "proto/entry_codec.h"
#include "sync/part.h"

enum { ENTRY_FIXED = HASH_LEN + 16, RECORD_KEY = 2 + UUID_LEN + 2 };

struct checking {
	struct work *w;
	uint16_t scope;
	uint64_t seq; /* of the floor */
	struct dots anchors, whole, contexts, cuts;
	enum base_sort sort; /* of the row before */
	struct key key;
};

/* The seq of a feed in the list, which is by feed; 0: it is not in it. */
static uint64_t find_anchor(const struct checking *c, uint64_t feed)
{
	uint32_t low = 0, high = c->anchors.count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (c->anchors.items[mid].feed == feed) {
			return c->anchors.items[mid].seq;
		}
		if (c->anchors.items[mid].feed < feed) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return 0;
}

static bool is_below(const struct checking *c, struct dot d)
{
	return d.seq > 0 && d.seq <= find_anchor(c, d.feed);
}

static enum rc check_feed(struct checking *c, const struct base_row *row)
{
	const struct store_info *info = &c->w->store->info;
	struct bytes_reader r = bytes_reader_init(row->value);
	struct bytes_reader k = bytes_reader_init(row->key);
	struct dot anchor = { .feed = bytes_get_be64(&k), .seq = bytes_get_be64(&r) };
	uint64_t centre = store_centre_feed(c->w->store, c->scope);
	struct bytes genesis = bytes_at(r.p, (size_t)(r.end - r.p));
	struct genesis g;
	enum rc rc = RC_OK;

	if (!bytes_is_done(&k) || r.rc != RC_OK || anchor.seq == 0 ||
	    genesis.len > FEEDS_GENESIS_MAX || feed_scope(anchor.feed) != c->scope ||
	    (feed_office(anchor.feed) == 0) != (anchor.feed == centre) ||
	    (anchor.feed == centre && anchor.seq != c->seq)) {
		return RC_CORRUPT;
	}
	rc = entry_decode_genesis(genesis, c->w->arena, &g);
	if (rc == RC_OK && memcmp(g.system, info->system, SYSTEM_LEN) != 0) {
		rc = RC_SYSTEM;
	}
	if (rc == RC_OK &&
	    (g.feed != anchor.feed || follows_check_form(&g) != RC_OK ||
	     (anchor.feed == centre && memcmp(g.key, info->centre_key, KEY_LEN) != 0))) {
		rc = RC_CORRUPT;
	}
	return rc == RC_OK ? dots_add(&c->anchors, anchor) : rc;
}

/* An entry, or the header of one. */
static enum rc check_entry(struct checking *c, const struct base_row *row, struct dots *known)
{
	struct dot d = base_dot(row->key);
	struct entry e;
	enum rc rc = RC_CORRUPT;

	if (row->key.len == 16 && row->value.len > ENTRY_FIXED && is_below(c, d)) {
		rc = entry_decode(bytes_at(row->value.p + ENTRY_FIXED,
					   row->value.len - ENTRY_FIXED),
				  c->w->arena, &e);
	}
	if (rc == RC_OK && (e.header.feed != d.feed || e.header.seq != d.seq ||
			    (known == &c->contexts && e.changes_count > 0))) {
		rc = RC_CORRUPT;
	}
	return rc == RC_OK ? dots_add(known, d) : rc;
}

static enum rc check_cut(struct checking *c, const struct base_row *row)
{
	struct bytes_reader r = bytes_reader_init(row->value);
	uint64_t place = bytes_get_be64(&r);
	struct dot d = base_dot(row->key);

	(void)bytes_get_be64(&r);
	return row->key.len == 16 && bytes_is_done(&r) && place > 0 && place <= c->seq &&
			       feed_office(d.feed) != 0 && is_below(c, d) ?
		       dots_add(&c->cuts, d) :
		       RC_CORRUPT;
}

static enum rc check_quarantine(const struct checking *c, const struct base_row *row)
{
	return row->key.len == 20 && row->value.len == 18 &&
			       dots_has(&c->whole, base_dot(row->key)) ?
		       RC_OK :
		       RC_CORRUPT;
}

/* All that the state names is below the floor, and what is live has a context. */
static bool fits(const struct checking *c, const struct part *p)
{
	uint32_t i, k;

	for (i = 0; i < p->vector.count; i++) {
		if (!is_below(c, p->vector.dots[i])) {
			return false;
		}
	}
	for (i = 0; i < p->heads_count; i++) {
		if (!dots_has(&c->contexts, p->heads[i].dot)) {
			return false;
		}
	}
	for (i = 0; i < p->fields_count; i++) {
		const struct part_field *f = &p->fields[i];

		for (k = 0; k < f->items_count && f->class != CLASS_COUNTER; k++) {
			if (!dots_has(&c->contexts, f->items[k].dot)) {
				return false;
			}
		}
	}
	return p->vector.count > 0;
}

static enum rc check_record(const struct checking *c, const struct base_row *row)
{
	struct bytes_reader r = bytes_reader_init(row->key);
	uint16_t kind = bytes_get_be16(&r);
	struct bytes id = bytes_get(&r, UUID_LEN);
	struct part p;
	enum rc rc = RC_OK;

	if (row->key.len != RECORD_KEY || kind == 0 || !uuid_is_valid(id) ||
	    bytes_get_be16(&r) != c->scope) {
		return RC_CORRUPT;
	}
	rc = part_decode(row->value, c->w->arena, &p);
	return rc == RC_OK && !fits(c, &p) ? RC_CORRUPT : rc;
}

/* Rows come by sort, and in each sort by key. */
static bool is_in_order(struct checking *c, const struct base_row *row)
{
	bool is = row->sort > c->sort ||
		  (row->sort == c->sort && bytes_compare(key_bytes(&c->key), row->key) < 0);

	c->sort = row->sort;
	c->key.len = row->key.len;
	memcpy(c->key.b, row->key.p, row->key.len);
	return is;
}

static enum rc check_row(struct checking *c, const struct base_row *row)
{
	if (!is_in_order(c, row)) {
		return RC_CORRUPT;
	}
	switch (row->sort) {
	case BASE_FEED:
		return check_feed(c, row);
	case BASE_ENTRY:
		return check_entry(c, row, &c->whole);
	case BASE_CONTEXT:
		return check_entry(c, row, &c->contexts);
	case BASE_CUT:
		return check_cut(c, row);
	case BASE_QUARANTINE:
		return check_quarantine(c, row);
	case BASE_ACCEPT:
		return row->key.len == 16 + 2 + UUID_LEN && row->value.len == 16 &&
				       dots_has(&c->whole, base_dot(row->key)) ?
			       RC_OK :
			       RC_CORRUPT;
	case BASE_RECORD:
		return check_record(c, row);
	case BASE_SORTS:
		break;
	}
	return RC_CORRUPT;
}

/* Every feed ends with its anchor, which the centre cut, or is the centre's. */
static bool is_whole(const struct checking *c)
{
	uint32_t i;

	for (i = 0; i < c->anchors.count; i++) {
		struct dot d = c->anchors.items[i];

		if (!dots_has(&c->whole, d) ||
		    (feed_office(d.feed) != 0 && !dots_has(&c->cuts, d))) {
			return false;
		}
	}
	return find_anchor(c, store_centre_feed(c->w->store, c->scope)) == c->seq;
}

enum rc base_check(struct work *w, const struct base_stand *s, uint16_t scope)
{
	struct checking c = { .w = w, .scope = scope, .seq = s->point.seq };
	struct base_reader r;
	struct base_row row;
	enum rc rc = RC_OK;

	base_reader_start(&r, w->txn, w->arena, s, scope);
	while (rc == RC_OK) {
		size_t mark = arena_mark(w->arena);

		rc = base_reader_next(&r, &row);
		if (rc == RC_OK) {
			rc = check_row(&c, &row);
		}
		arena_release(w->arena, mark);
	}
	if (rc == RC_NOTFOUND) {
		rc = is_whole(&c) ? RC_OK : RC_CORRUPT;
	}
	base_reader_end(&r);
	dots_free(&c.anchors);
	dots_free(&c.whole);
	dots_free(&c.contexts);
	dots_free(&c.cuts);
	return rc;
}
