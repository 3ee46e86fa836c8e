/* Making a part of a record anew: from its state in the base, and the dots that its vector and the
 * table `dot` name, as far as there are such changes. */
#include <string.h>

#include "node/store/feeds.h"
#include "node/store/floor.h"
#include "node/store/history.h"
#include "node/store/key.h"
#include "node/store/parts.h"
#include "node/store/quarantine.h"
#include "node/store/replaced.h"
#include "node/store/verify_run.h"
#include "proto/entry_codec.h"

struct mend {
	struct verify *v;
	struct record record; /* kind and id; one part, as its dots were */
	struct record_part one;
	struct key key;
	struct history history; /* what is merged */
	struct part part;
};

/* What is stored, as far as it can be read. */
static enum rc read_old(struct mend *m)
{
	struct bytes value;
	enum rc rc = kv_get(m->v->txn, KV_RECORD, key_bytes(&m->key), &value);

	m->record.parts[0].part = part_init();
	if (rc == RC_OK) {
		rc = parts_read(m->v->txn, value, &m->v->arena, &m->record.parts[0].part);
	}
	if (rc == RC_NOTFOUND || rc == RC_CORRUPT) {
		m->record.parts[0].part = part_init();
		rc = RC_OK;
	}
	return rc;
}

/* The place of the record's change in an entry. RC_NOTFOUND: it has none. */
static enum rc find_place(struct mend *m, const struct entry *e, uint32_t *place)
{
	struct change c;
	uint32_t at = 0;
	enum rc rc =
		history_find_change(e, m->record.kind_number, m->record.id, &m->v->arena, &at, &c);

	*place = at - 1;
	return rc;
}

static bool is_damaged(const struct verify *v, struct dot d)
{
	uint32_t i = 0;

	while (i < v->damaged_count && !dot_equal(v->damaged[i].dot, d)) {
		i++;
	}
	return i < v->damaged_count;
}

/* Whether an entry is a ruling that accepted a change of the record: it touches it. */
static enum rc accepts(struct mend *m, const struct header *h, bool *out)
{
	enum rc rc = RC_NOTFOUND;
	uint32_t i;

	for (i = 0; i < h->rulings_count && rc == RC_NOTFOUND; i++) {
		struct dot ruling;

		rc = quarantine_get_accepted(m->v->txn, h->rulings[i].dot, m->record.kind_number,
					     m->record.id, &ruling);
	}
	*out = rc == RC_OK;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Whether an entry has a say in the record. RC_CORRUPT: it is damaged. */
static enum rc counts(struct mend *m, struct dot d, bool *out)
{
	size_t mark = arena_mark(&m->v->arena);
	struct feed_state s;
	struct feed_entry stored;
	struct entry e;
	uint32_t place = 0;
	bool skips = false;
	enum rc rc = feeds_get(m->v->txn, d.feed, &s);

	*out = false;
	if (feed_scope(d.feed) != m->record.parts[0].scope) {
		return RC_OK;
	}
	if (is_damaged(m->v, d)) {
		return RC_CORRUPT;
	}
	if (rc == RC_OK && d.seq <= s.applied) {
		rc = feeds_get_entry(m->v->txn, d, &stored);
		if (rc == RC_OK) {
			rc = replaced_skips(m->v->txn, d, stored.hash, &skips);
		}
		if (rc == RC_OK && !skips) {
			rc = history_load(m->v->txn, d, &m->v->arena, &e);
		}
		if (rc == RC_OK && !skips) {
			rc = find_place(m, &e, &place);
			*out = rc == RC_OK && !verify_is_quarantined(m->v, d, place);
			if (rc == RC_NOTFOUND) {
				rc = accepts(m, &e.header, out);
			}
		}
	}
	arena_release(&m->v->arena, mark);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Merges what counts; history is then that alone. RC_CORRUPT: it rests on an
 * entry that is damaged. */
static enum rc merge(struct mend *m)
{
	struct history *h = &m->history;
	uint32_t i, kept = 0;
	enum rc rc = history_get(m->v->txn, &m->record, &m->record.parts[0], &m->v->arena, h);

	if (rc == RC_OK) {
		rc = floor_part(m->v->txn, m->record.kind_number, m->record.id,
				m->record.parts[0].scope, &m->v->arena, &m->part);
	}
	for (i = 0; rc == RC_OK && i < h->count; i++) {
		struct dot d = h->steps[i].dot;
		bool does = false;

		if (kept > 0 && dot_equal(h->steps[kept - 1].dot, d)) {
			continue; /* named by both */
		}
		rc = counts(m, d, &does);
		if (rc == RC_OK && does) {
			h->steps[kept++] = h->steps[i];
			rc = replay_apply(&m->v->replay, &m->record, d, &m->v->arena, &m->part);
		}
	}
	h->count = kept;
	return rc;
}

/* Takes the part's rows out of the table `dot`. */
static enum rc drop_dots(struct mend *m)
{
	struct key prefix = key_record(m->record.kind_number, m->record.id), found;
	uint16_t scope = m->record.parts[0].scope;
	struct dot d = { 0, 0 };
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		struct key from = key_record_dot(m->record.kind_number, m->record.id, d);
		struct kv_cursor *c = kv_cursor_open(m->v->txn, KV_DOT);
		struct bytes k, v;

		rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&from), &k, &v);
		if (rc == RC_OK && key_has_prefix(k, &prefix)) {
			struct bytes_reader r =
				bytes_reader_init(bytes_at(k.p + prefix.len, k.len - prefix.len));

			d.feed = bytes_get_be64(&r);
			d.seq = bytes_get_be64(&r);
			memcpy(found.b, k.p, k.len);
			found.len = k.len;
		} else if (rc == RC_OK) {
			rc = RC_NOTFOUND;
		}
		kv_cursor_close(c);
		if (rc == RC_OK && (feed_scope(d.feed) == scope || d.feed == 0)) {
			rc = kv_del(m->v->txn, KV_DOT, key_bytes(&found));
		}
		d.seq++;
		d.feed += d.seq == 0;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The vector names the last entry of each feed, the table the earlier ones. */
static enum rc put_dots(struct mend *m)
{
	enum rc rc = drop_dots(m);
	uint32_t i;

	for (i = 0; i < m->history.count && rc == RC_OK; i++) {
		struct dot d = m->history.steps[i].dot;
		struct key k = key_record_dot(m->record.kind_number, m->record.id, d);

		if (vv_get(&m->part.vector, d.feed) != d.seq) {
			rc = kv_put(m->v->txn, KV_DOT, key_bytes(&k), bytes_at(NULL, 0));
		}
	}
	return rc;
}

static enum rc put_part(struct mend *m)
{
	struct arena *a = &m->v->arena;
	struct bytes_writer w = bytes_writer_init(a->p + a->used, a->max - a->used);

	if (m->part.vector.count == 0) {
		return kv_del(m->v->txn, KV_RECORD, key_bytes(&m->key));
	}
	part_encode(&m->part, &w);
	return w.rc == RC_OK ? kv_put(m->v->txn, KV_RECORD, key_bytes(&m->key), bytes_written(&w)) :
			       RC_NOMEM;
}

enum rc verify_mend_part(struct verify *v, uint16_t kind, struct uuid id, uint16_t scope)
{
	size_t mark = arena_mark(&v->arena);
	struct mend *m = arena_take_zeroed(&v->arena, 1, sizeof(*m));
	enum rc rc = RC_NOMEM;

	if (!verify_base_is_sound(v, scope)) {
		arena_release(&v->arena, mark);
		return RC_OK; /* what stands for older entries may be only here */
	}
	if (m != NULL) {
		m->v = v;
		m->key = key_part(kind, id, scope);
		records_begin(&m->record, &v->store->catalog->schema, kind, id);
		m->record.parts = &m->one;
		m->record.parts_max = 1;
		m->one.scope = scope;
		m->record.parts_count = 1;
		rc = read_old(m);
	}
	if (rc == RC_OK) {
		rc = merge(m);
	}
	if (rc == RC_CORRUPT || rc == RC_LIMIT) {
		arena_release(&v->arena, mark);
		return RC_OK; /* it waits for the entry to come back */
	}
	if (rc == RC_OK) {
		verify_touch(v);
		rc = put_dots(m);
	}
	if (rc == RC_OK) { /* what stands for older entries must not go with the row */
		rc = floor_keep(v->txn, &m->key, scope, &v->arena);
	}
	if (rc == RC_OK) {
		rc = put_part(m);
	}
	arena_release(&v->arena, mark);
	return rc;
}
