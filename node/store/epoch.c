#include "node/store/epoch.h"

#include "node/store/feeds.h"
#include "node/store/key.h"
#include "node/store/records.h"

/* Narrows the range between two changes around an epoch by one change. */
static void narrow(struct store *s, struct dot d, uint64_t seq)
{
	if (d.feed != store_centre_feed(s, 0)) {
		return;
	}
	if (d.seq <= seq && d.seq > s->past_from) {
		s->past_from = d.seq;
	}
	if (d.seq > seq && d.seq < s->past_to) {
		s->past_to = d.seq;
	}
}

/* The earlier changes of the built-in records. */
static enum rc narrow_by_dots(struct store *s, uint64_t seq)
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
		narrow(s, d, seq);
		rc = kv_cursor_next(c, &k, &v);
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The last change of each. */
static enum rc narrow_by_records(struct store *s, uint64_t seq)
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
				struct dot d = { store_centre_feed(s, 0), 0 };

				d.seq = vv_get(&r.parts[k].part.vector, d.feed);
				narrow(s, d, seq);
			}
			arena_release(&s->arena, mark);
		}
		records_walk_end(&w);
		rc = rc == RC_NOTFOUND ? RC_OK : rc;
	}
	return rc;
}

/* Everything that former lives of the centre said, and this one up to seq. */
static enum rc list_seen(struct store *s, uint64_t seq, struct vv *out)
{
	struct feed_state f;
	enum rc rc = feeds_next(s->txn, feed_pack(0, 0, 0), &f);
	uint64_t own = store_centre_feed(s, 0);

	while (rc == RC_OK && feed_office(f.feed) == 0 && feed_scope(f.feed) == 0) {
		struct dot d = { f.feed, f.feed == own ? seq : f.head };

		rc = d.seq == 0 ? RC_OK : vv_raise(out, d);
		if (rc == RC_OK) {
			rc = feeds_next(s->txn, f.feed + 1, &f);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc load_past(struct store *s, uint64_t seq)
{
	enum { LIVES_MAX = 256 };
	struct dot dots[LIVES_MAX];
	struct vv seen = { dots, 0, LIVES_MAX };
	enum rc rc = RC_OK;

	if (s->past == NULL) {
		s->past = catalog_new();
	}
	rc = s->past == NULL ? RC_NOMEM : list_seen(s, seq, &seen);
	if (rc == RC_OK) {
		rc = catalog_load_as_of(s->past, s->txn, s->crypto, &seen, store_centre_feed(s, 0));
	}
	s->past_from = 0;
	s->past_to = s->catalog->last_change;
	if (rc == RC_OK) {
		rc = narrow_by_dots(s, seq);
	}
	if (rc == RC_OK) {
		rc = narrow_by_records(s, seq);
	}
	if (rc != RC_OK) {
		s->past_to = 0; /* it is for no epoch */
	}
	return rc;
}

enum rc epoch_catalog(struct store *s, const struct epoch *e, const struct catalog **out)
{
	enum rc rc = RC_OK;

	*out = s->catalog;
	if (e->incarnation != s->info.centre_incarnation || e->seq >= s->catalog->last_change) {
		return RC_OK;
	}
	if (s->past == NULL || e->seq < s->past_from || e->seq >= s->past_to) {
		rc = load_past(s, e->seq);
	}
	*out = s->past;
	return rc;
}
