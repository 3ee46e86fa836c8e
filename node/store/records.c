#include "node/store/records.h"

#include <string.h>

#include "node/store/feeds.h"
#include "node/store/key.h"
#include "node/store/line.h"
#include "node/store/parts.h"
#include "proto/entry_codec.h"

/* Splits the key of a part. */
static bool split_key(struct bytes key, uint16_t *kind, struct uuid *id, uint16_t *scope)
{
	struct bytes_reader r = bytes_reader_init(key);
	struct bytes b;

	*kind = bytes_get_be16(&r);
	b = bytes_get(&r, UUID_LEN);
	*scope = bytes_get_be16(&r);
	if (!bytes_is_done(&r)) {
		return false;
	}
	memcpy(id->b, b.p, UUID_LEN);
	return true;
}

enum { PARTS_FIRST = 2 }; /* most records have no more */

static enum rc make_room(struct record *r, struct arena *a)
{
	uint32_t max = r->parts_max == 0 ? PARTS_FIRST : 2 * r->parts_max;
	struct record_part *parts = r->parts;

	if (r->parts_count < r->parts_max) {
		return RC_OK;
	}
	parts = arena_take(a, max * sizeof(*parts));
	if (parts == NULL) {
		return RC_NOMEM;
	}
	if (r->parts_count > 0) {
		memcpy(parts, r->parts, r->parts_count * sizeof(*parts));
	}
	r->parts = parts;
	r->parts_max = max;
	return RC_OK;
}

enum rc records_add_part(struct record *r, uint32_t place, uint16_t scope, struct arena *a)
{
	enum rc rc = make_room(r, a);
	struct record_part *p = r->parts + place;

	if (rc != RC_OK) {
		return rc;
	}
	memmove(p + 1, p, (r->parts_count - place) * sizeof(*p));
	p->scope = scope;
	p->left = false;
	p->part = part_init();
	r->parts_count++;
	return RC_OK;
}

static enum rc add_part(struct kv_txn *t, struct record *r, uint16_t scope, struct bytes value,
			struct arena *a)
{
	enum rc rc = records_add_part(r, r->parts_count, scope, a);

	return rc == RC_OK ? parts_read(t, value, a, &r->parts[r->parts_count - 1].part) : rc;
}

void records_begin(struct record *r, const struct schema *s, uint16_t kind, struct uuid id)
{
	memset(r, 0, sizeof(*r));
	r->kind = schema_kind_by_number(s, kind);
	r->kind_number = kind;
	r->id = id;
}

/* What a scope that the catalog does not know was: offices keep theirs, so it
 * is that of a region in which there is none any more. */
static bool is_left(const struct catalog *c, uint16_t scope, uint16_t office, uint16_t region_scope)
{
	const struct scope_info *info = catalog_scope(c, scope);

	if (info == NULL || info->reach == REACH_REGION) {
		return scope != region_scope;
	}
	return info->reach != REACH_NATION && info->office != office;
}

void records_settle(const struct catalog *c, struct record *r)
{
	uint16_t office = 0, region_scope = 0;
	bool known = view_home(r, &office, &region_scope);
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		r->parts[i].left = known && is_left(c, r->parts[i].scope, office, region_scope);
	}
}

/*
 * Collects the parts of the record that stands at w->key and moves behind it.
 */
static enum rc take_record(struct records_walk *w, struct arena *a, struct record *out)
{
	uint16_t kind = 0, scope = 0;
	struct uuid id;
	enum rc rc = RC_OK;

	if (!split_key(w->key, &kind, &id, &scope)) {
		return RC_CORRUPT;
	}
	records_begin(out, &w->catalog->schema, kind, id);
	while (rc == RC_OK && w->key.p != NULL) {
		struct uuid here;

		if (!split_key(w->key, &kind, &here, &scope)) {
			return RC_CORRUPT;
		}
		if (kind != out->kind_number || !uuid_equal(here, id)) {
			break;
		}
		rc = add_part(w->txn, out, scope, w->value, a);
		if (rc == RC_OK && kv_cursor_next(w->cursor, &w->key, &w->value) != RC_OK) {
			w->key.p = NULL;
		}
	}
	if (rc == RC_OK) {
		records_settle(w->catalog, out);
	}
	return rc;
}

enum rc records_walk_start(struct records_walk *w, struct kv_txn *t, const struct catalog *c,
			   uint16_t kind, const struct uuid *from)
{
	struct key key = from == NULL ? key_kind(kind) : key_record(kind, *from);
	enum rc rc = RC_OK;

	memset(w, 0, sizeof(*w));
	w->txn = t;
	w->catalog = c;
	w->kind = kind;
	w->cursor = kv_cursor_open(t, KV_RECORD);
	if (w->cursor == NULL) {
		return RC_NOMEM;
	}
	rc = kv_cursor_seek(w->cursor, key_bytes(&key), &w->key, &w->value);
	if (rc != RC_OK) {
		w->key.p = NULL;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc records_walk_next(struct records_walk *w, struct arena *a, struct record *out)
{
	struct key prefix = key_kind(w->kind);

	if (w->key.p == NULL || !key_has_prefix(w->key, &prefix)) {
		return RC_NOTFOUND;
	}
	return take_record(w, a, out);
}

void records_walk_skip(struct records_walk *w)
{
	struct key bad = { .len = w->key.len < 2 + UUID_LEN ? w->key.len : 2 + UUID_LEN };

	memcpy(bad.b, w->key.p, bad.len);
	while (w->key.p != NULL && key_has_prefix(w->key, &bad)) {
		if (kv_cursor_next(w->cursor, &w->key, &w->value) != RC_OK) {
			w->key.p = NULL;
		}
	}
}

void records_walk_end(struct records_walk *w)
{
	kv_cursor_close(w->cursor);
	w->cursor = NULL;
}

enum rc records_get(struct kv_txn *t, const struct catalog *c, uint16_t kind, struct uuid id,
		    struct arena *a, struct record *out)
{
	struct key prefix = key_record(kind, id);
	struct records_walk w;
	enum rc rc = records_walk_start(&w, t, c, kind, &id);

	if (rc == RC_OK) {
		records_begin(out, &c->schema, kind, id);
		if (w.key.p == NULL || !key_has_prefix(w.key, &prefix)) {
			rc = RC_NOTFOUND;
		} else {
			rc = take_record(&w, a, out);
		}
	}
	records_walk_end(&w);
	return rc;
}

/* Whether the table holds any part of the record. */
static bool has_record(struct kv_cursor *c, uint16_t kind, struct uuid id)
{
	struct key prefix = key_record(kind, id);
	struct bytes k, v;

	return kv_cursor_seek(c, key_bytes(&prefix), &k, &v) == RC_OK && key_has_prefix(k, &prefix);
}

/* The kind of the first record at or behind the start of a kind. */
static enum rc seek_kind(struct kv_cursor *c, uint32_t from, uint16_t *out)
{
	struct key first = key_kind((uint16_t)from);
	struct bytes k, v;
	enum rc rc = from > UINT16_MAX ? RC_NOTFOUND : RC_OK;

	if (rc == RC_OK) {
		rc = kv_cursor_seek(c, key_bytes(&first), &k, &v);
	}
	if (rc == RC_OK) {
		*out = (uint16_t)(k.p[0] << 8 | k.p[1]);
	}
	return rc;
}

enum rc records_next_kind(struct kv_txn *t, uint32_t from, uint16_t *out)
{
	struct kv_cursor *c = kv_cursor_open(t, KV_RECORD);
	enum rc rc = c == NULL ? RC_NOMEM : seek_kind(c, from, out);

	kv_cursor_close(c);
	return rc;
}

enum rc records_find_kind(struct kv_txn *t, const struct schema *s, struct uuid id, uint16_t *kind)
{
	struct kv_cursor *c = kv_cursor_open(t, KV_RECORD);
	uint32_t from = 0;
	enum rc rc = c == NULL ? RC_NOMEM : RC_OK;

	(void)s;
	while (rc == RC_OK) {
		rc = seek_kind(c, from, kind);
		if (rc == RC_OK && has_record(c, *kind, id)) {
			break;
		}
		from = *kind + UINT32_C(1);
	}
	kv_cursor_close(c);
	return rc;
}

enum { DIGITS_MIN = 6, DIGITS_MAX = 2 * UUID_LEN };

/* The digits of an id's ending, right to left; hyphens are passed over. */
static enum rc read_ending(struct bytes text, uint8_t digits[DIGITS_MAX], uint32_t *count)
{
	size_t i;

	*count = 0;
	for (i = text.len; i > 0; i--) {
		uint8_t c = text.p[i - 1];
		uint8_t low = (uint8_t)(c | 0x20);

		if (c == '-') {
			continue;
		}
		if (*count == DIGITS_MAX) {
			return RC_INVALID;
		}
		if (c >= '0' && c <= '9') {
			digits[(*count)++] = (uint8_t)(c - '0');
		} else if (low >= 'a' && low <= 'f') {
			digits[(*count)++] = (uint8_t)(low - 'a' + 10);
		} else {
			return RC_INVALID;
		}
	}
	return *count < DIGITS_MIN ? RC_INVALID : RC_OK;
}

static bool ends_with(const uint8_t *id, const uint8_t *digits, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		uint8_t byte = id[UUID_LEN - 1 - i / 2];

		if ((i % 2 == 0 ? byte & 15 : byte >> 4) != digits[i]) {
			return false;
		}
	}
	return true;
}

enum rc records_match_ending(struct bytes ending, struct uuid id)
{
	uint8_t digits[DIGITS_MAX];
	uint32_t count = 0;
	enum rc rc = read_ending(ending, digits, &count);

	return rc != RC_OK || ends_with(id.b, digits, count) ? rc : RC_NOTFOUND;
}

enum rc records_find_ending(struct kv_txn *t, const struct schema *s, struct bytes ending,
			    uint16_t *kind, struct uuid *id)
{
	uint8_t digits[DIGITS_MAX];
	uint32_t count = 0;
	struct key first = key_kind(1);
	struct kv_cursor *c = NULL;
	struct bytes k, v;
	uint16_t at_kind = 0, scope = 0;
	struct uuid at;
	enum rc found = RC_NOTFOUND, rc = read_ending(ending, digits, &count);

	(void)s;
	if (rc != RC_OK) {
		return rc;
	}
	c = kv_cursor_open(t, KV_RECORD);
	if (c == NULL) {
		return RC_NOMEM;
	}
	rc = kv_cursor_seek(c, key_bytes(&first), &k, &v);
	for (; rc == RC_OK; rc = kv_cursor_next(c, &k, &v)) {
		if (k.len != 2 + UUID_LEN + 2 || !ends_with(k.p + 2, digits, count) ||
		    !split_key(k, &at_kind, &at, &scope)) {
			continue;
		}
		if (found == RC_OK && !uuid_equal(at, *id)) {
			found = RC_EXISTS;
			break;
		}
		found = RC_OK;
		*kind = at_kind;
		*id = at;
	}
	kv_cursor_close(c);
	return found;
}

/* The clock and context of an entry; nothing that borrows. */
struct moment {
	int64_t time_ms; /* if carried, theirs */
	uint64_t seen_centre;
	uint32_t life; /* of the centre, as the author knew it */
	bool is_carried;
	uint16_t office; /* if carried: whose it was */
};

static enum rc read_moment(const struct records_stamps *s, struct dot d, struct moment *out)
{
	size_t mark = arena_mark(s->scratch);
	struct feed_entry stored;
	struct entry e;
	enum rc rc = feeds_get_entry(s->txn, d, &stored);

	if (rc == RC_OK) {
		rc = entry_decode(stored.bytes, s->scratch, &e);
	}
	if (rc == RC_OK) {
		out->is_carried = e.header.is_carried;
		out->office = e.header.carried_office;
		out->time_ms = out->is_carried ? e.header.carried_ms : e.header.time_ms;
		out->seen_centre = e.header.seen_centre;
		out->life = e.header.epoch_incarnation;
	}
	arena_release(s->scratch, mark);
	return rc;
}

/* The place that its cut gives to an entry, and the time that this allows it. */
static enum rc stamp_by_cut(struct kv_txn *t, struct dot d, struct stamp *out)
{
	struct feed_cut cut;
	enum rc rc = feeds_cut_of(t, d, &cut);

	if (rc == RC_OK) {
		out->place = cut.centre_seq;
		if (out->time_ms > cut.time_ms) {
			out->time_ms = cut.time_ms;
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc stamp_of(void *ctx, struct dot d, struct stamp *out)
{
	const struct records_stamps *s = ctx;
	struct dot seen;
	struct moment own, before;
	enum rc rc = read_moment(s, d, &own);

	out->place = UINT64_MAX;
	out->time_ms = INT64_MAX;
	if (feed_office(d.feed) == 0) {
		enum rc placed = line_place(s->txn, d, &out->place);

		out->place = placed == RC_OK ? out->place : UINT64_MAX;
	}
	if (rc == RC_NOTFOUND) {
		return RC_OK; /* of the commit under way: the newest there is */
	}
	if (rc != RC_OK) {
		return rc;
	}
	out->time_ms = own.time_ms;
	if (own.is_carried) {
		out->office = own.office;
	}
	if (feed_office(d.feed) == 0) {
		return out->place == UINT64_MAX ? stamp_by_cut(s->txn, d, out) : RC_OK;
	}
	seen = (struct dot){ feed_pack(0, feed_scope(d.feed), own.life), own.seen_centre };
	if (seen.seq > 0 && read_moment(s, seen, &before) == RC_OK &&
	    out->time_ms < before.time_ms) {
		out->time_ms = before.time_ms;
	}
	return stamp_by_cut(s->txn, d, out);
}

struct view_source records_source(struct records_stamps *stamps)
{
	struct view_source source = { .ctx = stamps, .stamp = stamp_of };
	return source;
}
