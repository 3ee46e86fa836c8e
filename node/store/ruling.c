#include "node/store/ruling.h"

#include <string.h>

#include "node/store/author.h"
#include "node/store/context.h"
#include "node/store/epoch.h"
#include "node/store/history.h"
#include "node/store/react.h"
#include "node/store/rebuild.h"
#include "proto/entry_codec.h"
#include "sync/rights.h"

static struct rights rights_of(const struct catalog *c, const struct header *h, uint16_t kind)
{
	uint16_t office = feed_office(h->feed), scope = feed_scope(h->feed);
	const struct scope_info *info = catalog_scope(c, scope);
	struct rights r = {
		.kind = schema_kind_by_number(&c->schema, kind),
		.scope = info == NULL ? REACH_OFFICE : info->reach,
		.office = office,
		.is_centre = office == 0,
		.is_member = catalog_is_member(c, office, scope),
	};
	return r;
}

enum rc ruling_judge(struct store *s, const struct header *h, const struct change *change,
		     enum quarantine_reason *why)
{
	struct epoch epoch = { h->epoch_incarnation, h->epoch_seq };
	const struct catalog *c = NULL;
	struct rights rights;
	enum rc rc = epoch_catalog(s, &epoch, &c);

	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_CORRUPT : rc;
	}
	rights = rights_of(c, h, change->kind);
	rc = rights_judge(&rights, change);
	*why = rc == RC_DENIED ? QUARANTINE_DENIED : QUARANTINE_INVALID;
	return rc == RC_OK ? RC_OK : RC_NOTFOUND;
}

/* As if the centre had written it: what it may not write has a wrong form. */
static enum rc check_form(const struct catalog *c, const struct header *h,
			  const struct change *change, enum quarantine_reason *why)
{
	struct rights rights = rights_of(c, h, change->kind);

	rights.is_centre = rights.is_member = true;
	*why = QUARANTINE_INVALID;
	return rights_judge(&rights, change) == RC_OK ? RC_OK : RC_DENIED;
}

/* Loads the entry of a change and decodes it. */
static enum rc load_change(struct kv_txn *t, struct dot d, uint32_t place, struct arena *a,
			   struct entry *e, struct change *out)
{
	enum rc rc = history_load(t, d, a, e);

	if (rc == RC_OK && place >= e->changes_count) {
		return RC_NOTFOUND;
	}
	return rc == RC_OK ? entry_decode_change(e, place, a, out) : rc;
}

enum rc ruling_check(struct store *s, struct kv_txn *t, const struct quarantine *q,
		     const struct epoch *epoch, struct arena *a, struct change *out,
		     enum quarantine_reason *why)
{
	const struct catalog *c = s->catalog;
	struct entry e;
	enum rc rc = load_change(t, q->dot, q->place, a, &e, out);

	*why = QUARANTINE_MALFORMED;
	if (rc != RC_OK) {
		return rc;
	}
	if (q->why == QUARANTINE_TWICE) {
		*why = QUARANTINE_TWICE;
		return RC_DENIED;
	}
	if (epoch != NULL) {
		rc = epoch_catalog(s, epoch, &c);
	}
	return rc == RC_OK ? check_form(c, &e.header, out, why) : rc;
}

/* A failure of the work; what only concerns the change is none. */
static enum rc pass(struct work *w, enum rc rc)
{
	return w->rc == RC_OK && rc != RC_NOMEM ? RC_OK : rc;
}

static enum rc put_state(struct work *w, struct quarantine *q, enum quarantine_state state,
			 struct dot ruling)
{
	q->state = state;
	q->ruling = ruling;
	return quarantine_put(w->txn, q);
}

/* The centre looks at what it let in as at what comes in (react.h). */
static enum rc watch(struct work *w, const struct quarantine *q, const struct change *change)
{
	const struct record *r = work_record(w, change->kind, change->id);
	struct context context = { .txn = w->txn, .change = change };
	struct seen seen = { .ctx = &context, .covers = context_covers };
	struct entry e;
	uint32_t i = 0;
	enum rc rc = r == NULL ? w->rc : history_load(w->txn, q->dot, w->arena, &e);

	if (rc != RC_OK) {
		return rc;
	}
	while (i < r->parts_count && r->parts[i].scope != feed_scope(q->dot.feed)) {
		i++;
	}
	context.header = &e.header;
	rc = i == r->parts_count ? RC_OK : react_watch(w, r, i, change, q->dot, q->place, &seen);
	return rc == RC_OK ? context.rc : rc;
}

/* The change becomes one of its record's, beside the ruling. */
static enum rc put_in_force(struct work *w, struct quarantine *q, const struct rebuild *r,
			    struct dot ruling)
{
	enum rc rc = put_state(w, q, QUARANTINE_ACCEPTED, ruling);

	if (rc == RC_OK) {
		rc = quarantine_put_accepted(w->txn, q->dot, r->kind, r->id, ruling);
	}
	if (rc == RC_OK) {
		rc = rebuild_add(r, q->dot);
	}
	if (rc == RC_OK) {
		rc = rebuild_add(r, ruling);
	}
	return rc == RC_OK ? rebuild_part(r) : rc;
}

static enum rc accept(struct work *w, struct quarantine *q, const struct epoch *epoch,
		      struct dot ruling)
{
	struct rebuild r = { .work = w, .scope = feed_scope(q->dot.feed) };
	enum quarantine_reason why = QUARANTINE_MALFORMED;
	struct change change;
	bool has = false;
	enum rc rc = ruling_check(w->store, w->txn, q, epoch, w->arena, &change, &why);

	if (rc != RC_OK) {
		return pass(w, rc);
	}
	r.kind = change.kind;
	r.id = change.id;
	rc = rebuild_has(&r, q->dot, &has);
	if (rc != RC_OK || has) {
		return rc; /* the entry changes the record already: void */
	}
	/* Room for the part is made first: without it nothing is changed. */
	if (work_open_part(w, r.kind, r.id, r.scope, &rc) == NULL) {
		return pass(w, rc);
	}
	rc = put_in_force(w, q, &r, ruling);
	return rc == RC_OK ? watch(w, q, &change) : rc;
}

static enum rc apply_one(struct work *w, const struct ruling *v, const struct epoch *epoch,
			 struct dot ruling)
{
	struct quarantine q;
	enum rc rc = quarantine_get(w->txn, v->dot, v->place, &q);

	if (rc != RC_OK || q.state == QUARANTINE_ACCEPTED) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	return v->accept ? accept(w, &q, epoch, ruling) :
			   put_state(w, &q, QUARANTINE_DISCARDED, ruling);
}

enum rc ruling_apply(struct work *w, const struct header *h)
{
	struct ruling list[LIMIT_RULINGS_PER_ENTRY_MAX];
	struct dot ruling = { h->feed, h->seq };
	struct epoch epoch = { h->epoch_incarnation, h->epoch_seq };
	uint32_t i, count = h->rulings_count;
	enum rc rc = RC_OK;

	/* The header may go with a flush; the list must not. */
	memcpy(list, h->rulings, count * sizeof(*list));
	for (i = 0; i < count && rc == RC_OK; i++) {
		if (work_is_large(w)) {
			rc = work_flush(w);
		}
		rc = rc == RC_OK ? apply_one(w, &list[i], &epoch, ruling) : rc;
	}
	return rc;
}

/* --- writing ------------------------------------------------------------------- */

static enum rc refuse(struct path_problem *why, enum rc rc, const char *hint, const char *text)
{
	return path_fail(why, rc, hint, "%s", text);
}

static enum rc check_one(struct work *w, const struct ruling *v, struct path_problem *why)
{
	size_t mark = arena_mark(w->arena);
	enum quarantine_reason reason = QUARANTINE_MALFORMED;
	struct quarantine q;
	struct change change;
	enum rc rc = quarantine_get(w->txn, v->dot, v->place, &q);

	if (rc == RC_NOTFOUND) {
		return refuse(why, rc, "see `kerwen quarantine list`",
			      "no such change is in quarantine");
	}
	if (rc != RC_OK) {
		return refuse(why, rc, NULL, rc_text(rc));
	}
	if (q.state == QUARANTINE_ACCEPTED || (q.state == QUARANTINE_DISCARDED && !v->accept)) {
		return path_fail(why, RC_EXISTS, "see `kerwen quarantine show`",
				 "this change is %s already", quarantine_state_text(q.state));
	}
	if (!v->accept) {
		return RC_OK;
	}
	rc = ruling_check(w->store, w->txn, &q, NULL, w->arena, &change, &reason);
	arena_release(w->arena, mark);
	return rc == RC_OK ? RC_OK :
			     path_fail(why, RC_INVALID, "it can only be discarded",
				       "this change cannot be accepted: %s",
				       quarantine_reason_text(reason));
}

/* The rulings of one scope: entries of that scope, each applied at once. */
static enum rc write_scope(struct work *w, const struct ruling_request *r, uint32_t from)
{
	uint16_t scope = feed_scope(r->items[from].dot.feed);
	struct ruling list[LIMIT_RULINGS_PER_ENTRY_MAX];
	struct header h = { .rulings = list };
	struct author_scope *s = NULL;
	struct author a;
	struct dot d;
	uint32_t i;
	enum rc rc = author_begin(&a, w, r->author, r->reason);

	for (i = from; i < r->count && h.rulings_count < LIMIT_RULINGS_PER_ENTRY_MAX; i++) {
		if (feed_scope(r->items[i].dot.feed) == scope) {
			list[h.rulings_count++] = r->items[i];
		}
	}
	if (rc == RC_OK) {
		rc = author_open(&a, scope, &s);
	}
	if (rc == RC_OK) {
		rc = author_judge(&a, s, list, h.rulings_count, &d);
	}
	if (rc == RC_OK) {
		rc = author_finish(&a);
	}
	if (rc == RC_OK) {
		h.feed = d.feed;
		h.seq = d.seq;
		h.epoch_incarnation = w->store->info.centre_incarnation;
		h.epoch_seq = w->store->catalog->national_seq;
		rc = ruling_apply(w, &h);
	}
	return rc == RC_OK ? work_flush(w) : rc;
}

static enum rc write_all(struct work *w, const struct ruling_request *r)
{
	enum rc rc = RC_OK;
	uint32_t i, k;

	for (i = 0; i < r->count && rc == RC_OK; i++) {
		uint16_t scope = feed_scope(r->items[i].dot.feed);

		for (k = 0; k < i && feed_scope(r->items[k].dot.feed) != scope; k++) {
		}
		if (k == i) {
			rc = write_scope(w, r, i);
		}
	}
	return rc;
}

enum rc ruling_write(struct store *s, const struct ruling_request *r, uint32_t *at,
		     struct path_problem *why)
{
	struct work w;
	enum rc rc = RC_OK;

	*at = 0;
	if (!s->info.is_centre) {
		return refuse(why, RC_DENIED, "ask the centre", "only the centre decides this");
	}
	if (r->count > LIMIT_RULINGS_PER_ENTRY_MAX) {
		return refuse(why, RC_LIMIT, "give fewer at a time", "these are too many changes");
	}
	rc = work_begin(s, &w);
	if (rc != RC_OK) {
		return refuse(why, rc, NULL, rc_text(rc));
	}
	for (; *at < r->count && rc == RC_OK; *at += rc == RC_OK) {
		rc = check_one(&w, &r->items[*at], why);
	}
	if (rc == RC_OK) {
		rc = write_all(&w, r);
		rc = rc == RC_OK ? RC_OK : refuse(why, rc, NULL, rc_text(rc));
	}
	if (rc != RC_OK || r->is_dry) {
		work_abort(&w);
		return rc;
	}
	rc = work_commit(&w);
	return rc == RC_OK ? RC_OK : refuse(why, rc, NULL, rc_text(rc));
}
