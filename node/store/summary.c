#include "node/store/summary.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/store/conflicts.h"
#include "node/store/doubles.h"
#include "node/store/feeds.h"
#include "node/store/history.h"
#include "node/store/notice.h"
#include "node/store/quarantine.h"
#include "node/store/records.h"
#include "node/store/setaside.h"
#include "node/store/transfers.h"
#include "proto/entry_codec.h"

/* How often the clock is asked while counting. */
enum { LOOK_EVERY = 256 };

static enum rc count_conflicts(struct kv_txn *t, struct summary *out)
{
	static const uint8_t zero = 0;
	struct kv_cursor *c = kv_cursor_open(t, KV_CONFLICT);
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, bytes_at(&zero, 1), &k, &v);

	for (; rc == RC_OK; rc = kv_cursor_next(c, &k, &v)) {
		uint8_t bits = v.len == 1 ? v.p[0] : 0;

		out->conflicts += (bits & CONFLICTS_ANY) != 0;
		out->shared += (bits & CONFLICTS_SHARED) != 0;
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* What the last receipt of a feed covers. */
static enum rc find_confirmed(struct kv_txn *t, uint64_t feed, uint64_t *seq, uint64_t *changes)
{
	struct feed_cut cut;
	struct feed_entry entry;
	enum rc rc = feeds_cut_last(t, feed, &cut);

	*seq = *changes = 0;
	if (rc == RC_OK) {
		rc = feeds_get_entry(t, (struct dot){ feed, cut.seq }, &entry);
	}
	if (rc == RC_OK) {
		*seq = cut.seq;
		*changes = entry.changes;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Whether others ever get a scope's entries. */
static bool is_shared(const struct store *s, uint16_t scope)
{
	const struct scope_info *info = catalog_scope(s->catalog, scope);

	return info == NULL || info->reach != REACH_OFFICE;
}

/* The time of an entry, if it is the oldest. */
static enum rc note_oldest(struct kv_txn *t, struct dot d, struct arena *a, struct summary *out)
{
	size_t mark = arena_mark(a);
	struct entry e;
	enum rc rc = history_load(t, d, a, &e);

	if (rc == RC_OK &&
	    (out->oldest_unconfirmed_ms == 0 || e.header.time_ms < out->oldest_unconfirmed_ms)) {
		out->oldest_unconfirmed_ms = e.header.time_ms;
	}
	arena_release(a, mark);
	return rc;
}

/* What one own feed has behind its last receipt. What is held and not applied
 * came from the centre, which has it. */
static enum rc count_feed(struct kv_txn *t, const struct feed_state *feed, struct arena *a,
			  struct summary *out)
{
	struct feed_entry last;
	uint64_t seq = 0, changes = 0;
	enum rc rc = find_confirmed(t, feed->feed, &seq, &changes);

	if (rc != RC_OK || feed->applied <= seq) {
		return rc;
	}
	rc = feeds_get_entry(t, (struct dot){ feed->feed, feed->applied }, &last);
	if (rc == RC_OK) {
		out->unconfirmed += last.changes - changes;
		rc = note_oldest(t, (struct dot){ feed->feed, seq + 1 }, a, out);
	}
	return rc;
}

static enum rc count_feeds(const struct store *s, struct kv_txn *t, struct arena *a,
			   struct summary *out)
{
	uint64_t from = feed_pack(s->info.number, 0, 0), feed = from;
	struct feed_state state;
	enum rc rc = RC_OK;

	while (rc == RC_OK && from >= feed) {
		rc = feeds_next(t, from, &state);
		if (rc != RC_OK || feed_office(state.feed) != s->info.number) {
			break;
		}
		from = state.feed + 1;
		if (is_shared(s, feed_scope(state.feed))) {
			rc = count_feed(t, &state, a, out);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Of all incarnations, and what was set aside to be issued again. */
static enum rc count_unconfirmed(const struct store *s, struct kv_txn *t, struct arena *a,
				 struct summary *out)
{
	enum rc rc = s->info.is_centre ? RC_OK : count_feeds(s, t, a, out);

	if (rc == RC_OK && !s->info.is_centre) {
		rc = setaside_count(t, a, &out->set_aside, &out->oldest_unconfirmed_ms);
		out->unconfirmed += out->set_aside;
	}
	return rc;
}

/* Counts transfers that are open. The twin is the receiving office's. */
struct count {
	bool is_centre;
	struct summary *out;
};

static enum rc count_transfer(void *ctx, const struct transfer *t)
{
	struct count *c = ctx;

	if (transfers_is_open(t)) {
		c->out->to_answer += !c->is_centre && t->is_twin && t->state == TRANSFER_ASKED;
		c->out->asked += !t->is_twin;
	}
	return RC_OK;
}

enum rc summary_get(const struct store *s, struct kv_txn *t, struct arena *a, struct summary *out)
{
	struct count count = { s->info.is_centre, out };
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	rc = quarantine_count(t, QUARANTINE_WAITING, &out->quarantine);
	if (rc == RC_OK) {
		rc = count_conflicts(t, out);
	}
	if (rc == RC_OK) {
		rc = notice_count(t, &out->notices);
	}
	if (rc == RC_OK && transfers_has_any(t)) {
		rc = transfers_each(s, t, a, &count, count_transfer);
	}
	return rc == RC_OK ? count_unconfirmed(s, t, a, out) : rc;
}

/* The first kind of people's own records here with a number from `from` on;
 * 0: none. It may be one that the schema does not know. */
static enum rc next_kind(struct kv_txn *t, uint32_t from, uint16_t *out)
{
	enum rc rc = records_next_kind(t, from < SCHEMA_KIND_FIRST ? SCHEMA_KIND_FIRST : from, out);

	if (rc == RC_NOTFOUND) {
		*out = 0;
		rc = RC_OK;
	}
	return rc;
}

/* Fields of a part stand by number, and a schema numbers them upwards. */
static bool has_unknown(const struct record *r)
{
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		const struct part *p = &r->parts[i].part;
		uint16_t last = p->fields_count == 0 ? 0 : p->fields[p->fields_count - 1].number;

		if (!r->parts[i].left && last != FIELD_HOME &&
		    schema_field_by_number(r->kind, last) == NULL) {
			return true;
		}
	}
	return false;
}

static enum rc count_record(const struct store *s, struct kv_txn *t, struct arena *a,
			    const struct record *r, struct summary_count *count)
{
	struct doubles_store stored = { t, s->catalog };
	struct doubles_source source = doubles_stored(&stored);
	struct record_life life = view_life(r);
	uint64_t disputed = 0;
	enum rc rc = doubles_count_disputed(&source, r, a, &disputed);

	count->records += r->kind != NULL && life.exists && !life.deleted;
	count->unknown += r->kind == NULL || has_unknown(r);
	count->disputed += disputed;
	return rc;
}

/* Counts within one kind until its end (RC_NOTFOUND) or the deadline. */
static enum rc count_kind(const struct store *s, struct kv_txn *t, struct arena *a, uint64_t end_ms,
			  struct summary_count *count)
{
	struct records_walk w;
	struct record r;
	uint32_t looked = 0;
	static const struct uuid none;
	bool begun = !uuid_equal(count->id, none);
	enum rc rc = records_walk_start(&w, t, s->catalog, count->kind, begun ? &count->id : NULL);

	while (rc == RC_OK && (++looked % LOOK_EVERY != 0 || clock_monotonic_ms() < end_ms)) {
		size_t mark = arena_mark(a);

		rc = records_walk_next(&w, a, &r);
		if (rc == RC_OK && !(begun && uuid_equal(r.id, count->id))) {
			rc = count_record(s, t, a, &r, count);
		}
		if (rc == RC_OK) {
			count->id = r.id;
			begun = true;
		}
		arena_release(a, mark);
	}
	records_walk_end(&w);
	return rc;
}

enum rc summary_count_records(const struct store *s, struct kv_txn *t, struct arena *a,
			      uint64_t slice_ms, struct summary_count *count)
{
	uint64_t end_ms = clock_monotonic_ms() + slice_ms;
	enum rc rc = RC_OK;

	if (count->kind == 0) {
		rc = next_kind(t, 0, &count->kind);
	}
	while (rc == RC_OK && count->kind != 0 && clock_monotonic_ms() < end_ms) {
		rc = count_kind(s, t, a, end_ms, count);
		if (rc == RC_NOTFOUND) {
			memset(&count->id, 0, sizeof(count->id));
			rc = next_kind(t, count->kind + UINT32_C(1), &count->kind);
		}
	}
	count->done = count->kind == 0;
	return rc;
}
