/* What an applied entry says is in the records, and only put aside with reason. */
#include <inttypes.h>
#include <string.h>

#include "node/store/feeds.h"
#include "node/store/history.h"
#include "node/store/line.h"
#include "node/store/parts.h"
#include "node/store/quarantine.h"
#include "node/store/replaced.h"
#include "node/store/ruling.h"
#include "node/store/verify_walk.h"
#include "proto/entry_codec.h"

bool verify_is_quarantined(const struct verify *v, struct dot d, uint32_t place)
{
	bool in_force = true;

	return quarantine_in_force(v->txn, d, place, &in_force) == RC_OK && !in_force;
}

/* Whether the record's part, or its older dots, name the entry. */
static enum rc is_in_record(struct verify *v, const struct change *c, struct dot d, bool *out)
{
	struct key k = key_part(c->kind, c->id, feed_scope(d.feed));
	struct part part;
	struct bytes value;
	uint64_t last = 0;
	enum rc rc = kv_get(v->txn, KV_RECORD, key_bytes(&k), &value);

	*out = false;
	if (rc == RC_OK) {
		rc = parts_read(v->txn, value, &v->arena, &part);
		/* One that does not decode names nothing. */
		last = rc == RC_OK ? vv_get(&part.vector, d.feed) : 0;
	}
	if (rc == RC_OK && last == d.seq) {
		*out = true;
		return RC_OK;
	}
	if (rc == RC_OK || rc == RC_NOTFOUND || rc == RC_CORRUPT) {
		k = key_record_dot(c->kind, c->id, d);
		rc = kv_get(v->txn, KV_DOT, key_bytes(&k), &value);
		*out = rc == RC_OK;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc put_dot(struct verify *v, const struct change *c, struct dot d)
{
	struct key k = key_record_dot(c->kind, c->id, d);

	return verify_put(v, KV_DOT, &k, bytes_at(NULL, 0));
}

/* One that is in no record: its rights decide where it belongs. */
static enum rc place_change(struct walk *w, const struct entry *e, uint32_t place,
			    const struct change *c)
{
	struct dot d = { w->feed, e->header.seq };
	struct quarantine q = { .dot = d, .place = place, .state = QUARANTINE_WAITING };
	enum rc rc = RC_OK;

	if (!verify_differs(w->v,
			    "%s: the change in entry %016" PRIx64 ":%" PRIu64
			    " is not in the record",
			    verify_record_name(w->v, c->kind, c->id).text, d.feed, d.seq)) {
		return RC_OK;
	}
	rc = ruling_judge(w->v->store, &e->header, c, &q.why);
	if (rc == RC_OK) {
		return put_dot(w->v, c, d);
	}
	verify_touch(w->v);
	return rc == RC_NOTFOUND ? quarantine_put(w->v->txn, &q) : rc;
}

/* What the centre ruled must be what became of the change. */
static enum rc check_rulings(struct walk *w, const struct header *h)
{
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < h->rulings_count && rc == RC_OK; i++) {
		const struct ruling *r = &h->rulings[i];
		struct quarantine q;

		if (r->accept || quarantine_get(w->v->txn, r->dot, r->place, &q) != RC_OK ||
		    q.state != QUARANTINE_WAITING ||
		    !verify_differs(w->v,
				    "change %u of entry %016" PRIx64 ":%" PRIu64
				    " was discarded, but still waits",
				    r->place, r->dot.feed, r->dot.seq)) {
			continue;
		}
		q.state = QUARANTINE_DISCARDED;
		q.ruling = (struct dot){ h->feed, h->seq };
		verify_touch(w->v);
		rc = quarantine_put(w->v->txn, &q);
	}
	return rc;
}

static enum rc check_change(struct walk *w, const struct entry *e, uint32_t place)
{
	struct dot d = { w->feed, e->header.seq };
	bool found = false, quarantined = verify_is_quarantined(w->v, d, place);
	struct change c;
	enum rc rc = entry_decode_change(e, place, &w->v->arena, &c);

	w->v->report.changes++;
	if (rc == RC_OK && !quarantined) {
		rc = is_in_record(w->v, &c, d, &found);
	}
	if (rc == RC_OK && !quarantined && !found) {
		return place_change(w, e, place, &c);
	}
	if ((rc == RC_CORRUPT || rc == RC_LIMIT) && !quarantined) {
		verify_differs(w->v, "entry %016" PRIx64 ":%" PRIu64 ": change %u does not decode",
			       d.feed, d.seq, place);
	}
	return rc == RC_CORRUPT || rc == RC_LIMIT ? RC_OK : rc;
}

/* What an entry that is not on the centre's line had cut is noted. */
static enum rc check_branch_cut(struct walk *w, struct dot by, struct dot d)
{
	bool noted = false;
	enum rc rc = line_is_noted(w->v->txn, d, by, &noted);

	if (rc != RC_OK || noted ||
	    !verify_differs(w->v,
			    "feed %016" PRIx64 ": it is not known that a lost centre had confirmed "
			    "entry %" PRIu64,
			    d.feed, d.seq)) {
		return rc;
	}
	verify_touch(w->v);
	return line_note(w->v->txn, d, by);
}

/* A cut that the centre wrote stands in the table. */
static enum rc check_cut(struct walk *w, const struct entry *e, const struct cut *c)
{
	struct feed_cut right = { c->seq, 0, e->header.time_ms }, stored;
	struct dot by = { e->header.feed, e->header.seq }, d = { c->feed, c->seq };
	enum rc rc = line_place(w->v->txn, by, &right.centre_seq);

	w->v->report.cuts++;
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? check_branch_cut(w, by, d) : rc;
	}
	rc = feeds_cut_of(w->v->txn, d, &stored);
	if (rc == RC_OK && memcmp(&right, &stored, sizeof(right)) == 0) {
		return RC_OK;
	}
	if ((rc != RC_OK && rc != RC_NOTFOUND && rc != RC_CORRUPT) ||
	    !verify_differs(w->v,
			    "feed %016" PRIx64 ": the receipt for entry %" PRIu64
			    " is not as the centre gave it",
			    c->feed, c->seq)) {
		return rc == RC_CORRUPT || rc == RC_NOTFOUND ? RC_OK : rc;
	}
	verify_touch(w->v);
	return feeds_put_cut(w->v->txn, c->feed, &right);
}

enum rc verify_replaces(struct walk *w, const struct entry *e)
{
	bool noted = !e->header.has_replaces;
	enum rc rc = noted ? RC_OK : replaced_is_noted(w->v->txn, &e->header, &noted);

	if (rc != RC_OK || noted ||
	    !verify_differs(w->v,
			    "entry %016" PRIx64 ":%" PRIu64
			    ": the entry that it stands for is not known as replaced",
			    w->feed, e->header.seq)) {
		return rc;
	}
	verify_touch(w->v);
	return replaced_note_again(w->v->txn, &e->header);
}

enum rc verify_changes(struct walk *w, const struct entry *stored)
{
	struct arena *a = &w->v->arena;
	struct entry e = *stored;
	struct dot d = { w->feed, e.header.seq };
	uint32_t i;
	enum rc rc = RC_OK;

	if (w->v->repairs) {
		rc = history_load(w->v->txn, d, a, &e); /* what is put right moves its bytes */
	}

	if (rc == RC_OK) {
		rc = check_rulings(w, &e.header);
	}
	for (i = 0; i < e.header.cuts_count && rc == RC_OK; i++) {
		rc = check_cut(w, &e, &e.header.cuts[i]);
	}
	for (i = 0; i < e.changes_count && rc == RC_OK; i++) {
		size_t mark = arena_mark(a);

		rc = check_change(w, &e, i);
		arena_release(a, mark);
	}
	return rc;
}
