/*
 * The table is open addressing with linear steps; a slot is empty when its tag
 * is 0. Equal tags are other digests once in 2^64, which does no harm: records
 * that are found are compared.
 */
#include "node/cmd/import_lookup.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/store/feeds.h"
#include "node/store/history.h"
#include "node/store/records.h"
#include "proto/entry_codec.h"

enum { SLICE_MS = 500, SLOTS_START = 1024 };

struct slot {
	uint64_t tag;
	struct uuid id;
};

struct import_lookup {
	struct slot *slots;
	uint32_t slots_count; /* a power of two */
	uint32_t used;
	struct dot *feeds; /* how far each feed was followed; by feed */
	uint32_t feeds_count, feeds_max;
	uint64_t txn_id; /* of the transaction that was followed last */
};

static uint64_t tag_of(const uint8_t digest[UNIQUE_DIGEST_LEN])
{
	struct bytes_reader r = bytes_reader_init(bytes_at(digest, UNIQUE_DIGEST_LEN));
	uint64_t tag = bytes_get_be64(&r);

	return tag == 0 ? 1 : tag;
}

struct import_lookup_walk import_lookup_find(const struct import_lookup *l,
					     const uint8_t digest[UNIQUE_DIGEST_LEN])
{
	struct import_lookup_walk w = { .tag = tag_of(digest), .found = 0 };

	w.slot = (uint32_t)w.tag & (l->slots_count - 1);
	return w;
}

bool import_lookup_next(const struct import_lookup *l, struct import_lookup_walk *w,
			struct uuid *id)
{
	for (; l->slots[w->slot].tag != 0; w->slot = (w->slot + 1) & (l->slots_count - 1)) {
		if (l->slots[w->slot].tag == w->tag) {
			*id = l->slots[w->slot].id;
			w->slot = (w->slot + 1) & (l->slots_count - 1);
			w->found++;
			return true;
		}
	}
	return false;
}

static void put(struct import_lookup *l, uint64_t tag, struct uuid id)
{
	uint32_t at = (uint32_t)tag & (l->slots_count - 1), same = 0;

	while (l->slots[at].tag != 0) {
		if (l->slots[at].tag == tag &&
		    (uuid_equal(l->slots[at].id, id) || ++same == IMPORT_LOOKUP_SAME_MAX)) {
			return;
		}
		at = (at + 1) & (l->slots_count - 1);
	}
	l->slots[at] = (struct slot){ tag, id };
	l->used++;
}

static enum rc grow(struct import_lookup *l)
{
	struct slot *before = l->slots;
	uint32_t i, count = l->slots_count;

	l->slots_count = count == 0 ? SLOTS_START : 2 * count;
	l->slots = calloc(l->slots_count, sizeof(*l->slots));
	l->used = 0;
	if (l->slots == NULL) {
		l->slots = before;
		l->slots_count = count;
		return RC_NOMEM;
	}
	for (i = 0; i < count; i++) {
		if (before[i].tag != 0) {
			put(l, before[i].tag, before[i].id);
		}
	}
	free(before);
	return RC_OK;
}

/* The digest of the key's values as a record shows them; *has false: one is
 * unset. */
static enum rc digest_of(const struct import_sheet *sheet, const struct store *s,
			 const struct record *r, const struct view_source *source, struct arena *a,
			 uint8_t digest[UNIQUE_DIGEST_LEN], bool *has)
{
	struct bytes values[LIMIT_DIMENSIONS_MAX];
	uint32_t i;

	*has = false;
	for (i = 0; i < sheet->key_count; i++) {
		const struct schema_field *f = sheet->columns[sheet->key_columns[i]].field;
		struct values v;
		enum rc rc = view_values(r, f, source, a, &v);

		if (rc != RC_OK || v.count == 0) {
			return rc;
		}
		values[i] = v.items[0];
	}
	unique_digest(s->crypto, values, sheet->key_count, digest);
	*has = true;
	return RC_OK;
}

enum rc import_lookup_holds(const struct import_sheet *sheet, const struct store *s,
			    const struct record *r, const struct view_source *source,
			    struct arena *a, const uint8_t digest[UNIQUE_DIGEST_LEN], bool *out)
{
	uint8_t own[UNIQUE_DIGEST_LEN];
	enum rc rc = digest_of(sheet, s, r, source, a, own, out);

	*out = rc == RC_OK && *out && memcmp(own, digest, UNIQUE_DIGEST_LEN) == 0;
	return rc;
}

/* Where records come from: a slice of the walk, or what is followed. */
struct pass {
	struct import_lookup *lookup;
	const struct import_sheet *sheet;
	struct store *store;
	struct kv_txn *txn;
	struct arena *arena;
};

static enum rc add_record(const struct pass *p, const struct record *r)
{
	struct records_stamps stamps = { p->txn, p->store->info.centre_incarnation, p->arena };
	struct view_source source = records_source(&stamps);
	uint8_t digest[UNIQUE_DIGEST_LEN];
	struct import_lookup *l = p->lookup;
	bool has = false;
	enum rc rc = digest_of(p->sheet, p->store, r, &source, p->arena, digest, &has);

	if (rc == RC_OK && has && l->used >= LIMIT_LOOKUP_RECORDS_MAX) {
		return RC_LIMIT;
	}
	if (rc == RC_OK && has && l->used >= l->slots_count / 4 * 3) {
		rc = grow(l);
	}
	if (rc == RC_OK && has) {
		put(l, tag_of(digest), r->id);
	}
	return rc;
}

/* Notes how far a feed was followed; gives how far it was before. */
static enum rc note_feed(struct import_lookup *l, struct dot now, uint64_t *before)
{
	uint32_t at = l->feeds_count;

	while (at > 0 && l->feeds[at - 1].feed >= now.feed) {
		at--;
	}
	*before = 0;
	if (at < l->feeds_count && l->feeds[at].feed == now.feed) {
		*before = l->feeds[at].seq;
		l->feeds[at].seq = now.seq;
		return RC_OK;
	}
	if (l->feeds_count == l->feeds_max) {
		uint32_t max = l->feeds_max == 0 ? 16 : 2 * l->feeds_max;
		struct dot *wider = realloc(l->feeds, max * sizeof(*wider));

		if (wider == NULL) {
			return RC_NOMEM;
		}
		l->feeds = wider;
		l->feeds_max = max;
	}
	memmove(&l->feeds[at + 1], &l->feeds[at], (l->feeds_count - at) * sizeof(*l->feeds));
	l->feeds[at] = now;
	l->feeds_count++;
	return RC_OK;
}

/* Adds the records of the kind that an entry touched, as they are now. */
static enum rc follow_entry(const struct pass *p, struct dot d)
{
	size_t start = arena_mark(p->arena);
	struct entry e;
	enum rc rc = history_load(p->txn, d, p->arena, &e);
	uint32_t i;

	for (i = 0; rc == RC_OK && i < e.changes_count; i++) {
		size_t mark = arena_mark(p->arena);
		struct change c;
		struct record r;

		rc = entry_decode_change(&e, i, p->arena, &c);
		if (rc != RC_OK) {
			rc = rc == RC_NOMEM ? rc : RC_OK; /* it was put aside */
		} else if (c.kind == p->sheet->kind->number) {
			rc = records_get(p->txn, p->store->catalog, c.kind, c.id, p->arena, &r);
			rc = rc == RC_OK ? add_record(p, &r) : rc == RC_NOTFOUND ? RC_OK : rc;
		}
		arena_release(p->arena, mark);
	}
	arena_release(p->arena, start);
	return rc;
}

/* Walks the feeds; where the table is new, only to note where they stand. */
static enum rc follow_feeds(const struct pass *p, bool is_new)
{
	struct feed_state s;
	uint64_t from = 0, seq = 0;
	enum rc rc = feeds_next(p->txn, from, &s);

	while (rc == RC_OK) {
		rc = note_feed(p->lookup, (struct dot){ s.feed, s.applied }, &seq);
		for (seq++; rc == RC_OK && !is_new && seq <= s.applied; seq++) {
			rc = follow_entry(p, (struct dot){ s.feed, seq });
		}
		if (rc == RC_OK) {
			rc = s.feed == UINT64_MAX ? RC_NOTFOUND :
						    feeds_next(p->txn, s.feed + 1, &s);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc import_lookup_follow(struct import_lookup *l, const struct import_sheet *sheet,
			     struct store *s, struct kv_txn *t, struct arena *scratch)
{
	struct pass p = { l, sheet, s, t, scratch };
	enum rc rc = RC_OK;

	if (kv_txn_id(t) != l->txn_id) {
		rc = follow_feeds(&p, false);
		l->txn_id = kv_txn_id(t);
	}
	return rc;
}

/* Lists records until the slice is over. RC_NOTFOUND: that was all. */
static enum rc walk_slice(const struct pass *p, struct uuid *last, bool *has_last)
{
	uint64_t end_ms = clock_monotonic_ms() + SLICE_MS;
	struct records_walk w;
	struct record r;
	enum rc rc = records_walk_start(&w, p->txn, p->store->catalog, p->sheet->kind->number,
					*has_last ? last : NULL);

	while (rc == RC_OK && clock_monotonic_ms() < end_ms) {
		size_t mark = arena_mark(p->arena);

		rc = records_walk_next(&w, p->arena, &r);
		if (rc == RC_OK) {
			rc = add_record(p, &r);
			*last = r.id;
			*has_last = true;
		}
		arena_release(p->arena, mark);
	}
	records_walk_end(&w);
	return rc;
}

static enum rc run_slice(struct import_lookup *l, struct import_sheet *sheet, struct pass *p,
			 struct uuid *last, bool *has_last, struct path_problem *why)
{
	struct value_reader reader;
	enum rc rc = store_begin(p->store, false, &p->txn);

	if (rc != RC_OK) {
		return rc;
	}
	reader = value_arg_reader(p->store, p->txn, p->arena, NULL);
	rc = import_sheet_bind(sheet, &reader, why);
	if (rc == RC_OK && l->txn_id == 0) {
		rc = follow_feeds(p, true);
		l->txn_id = kv_txn_id(p->txn);
	}
	if (rc == RC_OK) {
		rc = walk_slice(p, last, has_last);
	}
	store_end(p->store, p->txn);
	return rc;
}

enum rc import_lookup_refuse(const struct import_sheet *sheet, struct path_problem *why)
{
	return path_fail(why, RC_LIMIT,
			 "let the schema say that they are unique, or use a column id",
			 "--key: there are more than %d records of the kind %.*s to compare",
			 (int)LIMIT_LOOKUP_RECORDS_MAX, (int)sheet->kind_name.len,
			 (const char *)sheet->kind_name.p);
}

enum rc import_lookup_open(struct import_sheet *sheet, struct store *s, struct arena *scratch,
			   struct import_lookup **out, struct path_problem *why)
{
	struct import_lookup *l = calloc(1, sizeof(*l));
	struct pass p = { l, sheet, s, NULL, scratch };
	struct uuid last;
	bool has_last = false;
	enum rc rc = l == NULL ? RC_NOMEM : grow(l);

	while (rc == RC_OK) {
		rc = run_slice(l, sheet, &p, &last, &has_last, why);
	}
	if (rc == RC_NOTFOUND) {
		*out = l;
		return RC_OK;
	}
	*out = NULL;
	import_lookup_close(l);
	if (rc == RC_LIMIT) {
		return import_lookup_refuse(sheet, why);
	}
	return rc == RC_INVALID ?
		       rc :
		       path_fail(why, rc, NULL, "the records cannot be compared: %s", rc_text(rc));
}

void import_lookup_close(struct import_lookup *l)
{
	if (l != NULL) {
		free(l->slots);
		free(l->feeds);
		free(l);
	}
}
