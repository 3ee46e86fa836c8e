#include "node/store/aside.h"

#include "node/store/history.h"
#include "node/store/rebuild.h"
#include "node/store/replaced.h"
#include "proto/entry_codec.h"

enum rc aside_put(struct work *w, const struct entry *e, uint32_t place, enum quarantine_reason why)
{
	struct dot d = { e->header.feed, e->header.seq };
	struct rebuild r = { .work = w, .scope = feed_scope(d.feed) };
	struct quarantine q;
	struct change change;
	bool has = false;
	enum rc rc = quarantine_get(w->txn, d, place, &q);

	if (rc != RC_NOTFOUND) {
		return rc;
	}
	rc = work_quarantine(w, d, place, why);
	if (rc != RC_OK || entry_decode_change(e, place, w->arena, &change) != RC_OK) {
		return rc;
	}
	r.kind = change.kind;
	r.id = change.id;
	rc = rebuild_has(&r, d, &has);
	if (rc == RC_OK && has) {
		rc = rebuild_drop(&r, d);
	}
	return rc == RC_OK && has ? rebuild_part(&r) : rc;
}

static enum rc put_entry(struct work *w, struct dot d)
{
	struct entry e;
	bool passed_over = false;
	uint32_t i;
	enum rc rc = work_is_large(w) ? work_flush(w) : RC_OK;

	if (rc == RC_OK) {
		rc = replaced_skips_entry(w->txn, d, &passed_over);
	}
	if (rc != RC_OK || passed_over) {
		return rc;
	}
	rc = history_load(w->txn, d, w->arena, &e);
	for (i = 0; rc == RC_OK && i < e.changes_count; i++) {
		rc = aside_put(w, &e, i, QUARANTINE_CLOSED);
		if (rc == RC_OK && work_is_large(w)) {
			rc = work_flush(w);
			rc = rc == RC_OK ? history_load(w->txn, d, w->arena, &e) : rc;
		}
	}
	return rc;
}

/* The epoch of the entry whose cut let d in. RC_NOTFOUND: none did yet. */
static enum rc find_epoch(struct work *w, struct dot d, struct epoch *out)
{
	struct dot by = { store_centre_feed(w->store, feed_scope(d.feed)), 0 };
	size_t mark = arena_mark(w->arena);
	struct feed_cut cut;
	struct entry e;
	enum rc rc = feeds_cut_of(w->txn, d, &cut);

	if (rc == RC_OK) {
		by.seq = cut.centre_seq;
		rc = history_load(w->txn, by, w->arena, &e);
	}
	if (rc == RC_OK) {
		*out = (struct epoch){ e.header.epoch_incarnation, e.header.epoch_seq };
	}
	arena_release(w->arena, mark);
	return rc;
}

static enum rc follow_feed(struct work *w, uint64_t feed, uint64_t from, uint64_t applied)
{
	struct epoch epoch;
	uint64_t seq, last = 0;
	enum rc rc = RC_OK;

	for (seq = from + 1; seq <= applied && rc == RC_OK; seq++) {
		struct dot d = { feed, seq };

		rc = find_epoch(w, d, &epoch);
		if (rc == RC_NOTFOUND) {
			return RC_OK;
		}
		if (rc == RC_OK && catalog_is_closed(w->store->catalog, feed, &epoch, &last)) {
			rc = put_entry(w, d);
		}
	}
	return rc;
}

/* Whether the nation said anything of closing an office's feeds. */
static bool has_closing(const struct catalog *c, const struct office_info *o)
{
	uint32_t i = 0;

	while (i < c->closed_count && feed_office(c->closed[i].last.feed) != o->number) {
		i++;
	}
	return o->is_closed || i < c->closed_count;
}

static enum rc follow_office(struct work *w, uint16_t office)
{
	struct feed_state s;
	uint64_t last = 0;
	enum rc rc = feeds_next(w->txn, feed_pack(office, 0, 0), &s);

	while (rc == RC_OK && feed_office(s.feed) == office) {
		uint64_t feed = s.feed;

		if (catalog_is_closed(w->store->catalog, feed, NULL, &last) && s.applied > last) {
			rc = follow_feed(w, feed, last, s.applied);
		}
		if (rc == RC_OK) {
			rc = feed == UINT64_MAX ? RC_NOTFOUND : feeds_next(w->txn, feed + 1, &s);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc aside_follow_closings(struct work *w)
{
	const struct catalog *c = w->store->catalog;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < c->offices_count && rc == RC_OK; i++) {
		if (has_closing(c, &c->offices[i])) {
			rc = follow_office(w, c->offices[i].number);
		}
	}
	return rc == RC_OK ? work_flush(w) : rc;
}
