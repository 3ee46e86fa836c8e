#include "node/store/closing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/store/admit.h"
#include "node/store/apply.h"
#include "node/store/builtin.h"
#include "sync/date.h"

enum {
	FEEDS_AT_ONCE = 40, /* in one change of the record */
	DAY_MS = 86400000,
	DATE_TEXT_MAX = 32
};

void closing_report_free(struct closing_report *r)
{
	free(r->feeds);
	memset(r, 0, sizeof(*r));
}

/* --- closing points ------------------------------------------------------------ */

static bool is_closed_already(const struct catalog *c, uint64_t feed)
{
	uint32_t i;

	for (i = 0; i < c->closed_count; i++) {
		if (c->closed[i].last.feed == feed) {
			return true;
		}
	}
	return false;
}

static enum rc add_point(const struct work *w, const struct feed_state *s,
			 struct closing_report *out)
{
	struct closed_feed *wider =
		realloc(out->feeds, (out->feeds_count + 1) * sizeof(*out->feeds));
	struct closed_feed *c = NULL;
	struct feed_cut cut;
	enum rc rc = RC_OK;

	if (wider == NULL) {
		return RC_NOMEM;
	}
	out->feeds = wider;
	c = &wider[out->feeds_count];
	memset(c, 0, sizeof(*c));
	c->last.feed = s->feed;
	rc = feeds_cut_last(w->txn, s->feed, &cut);
	if (rc == RC_OK) {
		c->last.seq = cut.seq;
	} else if (rc != RC_NOTFOUND) {
		return rc;
	}
	out->feeds_count++;
	return feeds_hash_at(w->txn, c->last, w->store->crypto, c->hash);
}

/* Every feed of the office that the centre holds, at its last cut; of one
 * incarnation alone, if that is not 0. */
static enum rc list_points(const struct work *w, uint16_t number, uint32_t incarnation,
			   struct closing_report *out)
{
	struct feed_state s;
	enum rc rc = feeds_next(w->txn, feed_pack(number, 0, 0), &s);

	while (rc == RC_OK && feed_office(s.feed) == number) {
		uint64_t feed = s.feed;

		if (!is_closed_already(w->store->catalog, feed) &&
		    (incarnation == 0 || feed_incarnation(feed) == incarnation)) {
			rc = add_point(w, &s, out);
		}
		if (rc == RC_OK) {
			rc = feed == UINT64_MAX ? RC_NOTFOUND : feeds_next(w->txn, feed + 1, &s);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc put_points(struct builtin *b, const struct closing_report *p, uint32_t from)
{
	uint32_t i;

	for (i = from; i < p->feeds_count && i < from + FEEDS_AT_ONCE; i++) {
		uint8_t *value = arena_take(b->commit->work->arena, CLOSED_FEED_LEN);

		if (value == NULL) {
			return RC_NOMEM;
		}
		closed_feed_write(&p->feeds[i], value);
		builtin_put(b, "closed_feeds", bytes_at(value, CLOSED_FEED_LEN));
	}
	return RC_OK;
}

/* What does not fit the first change of the record follows in more. */
static enum rc write_rest(struct commit *c, const struct office_info *o,
			  const struct closing_report *p)
{
	struct draft_result result;
	uint32_t from;
	enum rc rc = RC_OK;

	for (from = FEEDS_AT_ONCE; from < p->feeds_count && rc == RC_OK; from += FEEDS_AT_ONCE) {
		struct builtin b = builtin_begin(c, BUILTIN_OFFICE, &o->id);

		rc = put_points(&b, p, from);
		if (rc == RC_OK) {
			rc = builtin_write(&b, &result);
		}
	}
	return rc;
}

/* --- an office -------------------------------------------------------------------- */

static enum rc write_closing(struct commit *c, const struct closing_request *r,
			     const struct closing_report *p)
{
	const struct office_info *o = catalog_office(c->work->store->catalog, r->number);
	struct builtin b = builtin_begin(c, BUILTIN_OFFICE, &o->id);
	struct draft_result result;
	enum rc rc = put_points(&b, p, 0);

	builtin_put(&b, "state", bytes_of(r->type == CLOSING_REVOKE ? "revoked" : "retired"));
	builtin_put(&b, "closed_for", r->reason);
	builtin_put_number(&b, "closed_on", p->on);
	if (rc == RC_OK) {
		rc = builtin_write(&b, &result);
	}
	if (rc == RC_OK) {
		rc = write_rest(c, o, p);
	}
	return rc == RC_OK ? admit_void_token(c, r->number) : rc;
}

/* What is held beyond the closing points is judged now: by the closing. */
static enum rc put_aside(struct work *w, uint16_t number, uint64_t *aside)
{
	struct apply_cuts cuts = { NULL, 0, 0 };
	uint64_t before = 0, after = 0;
	enum rc rc = quarantine_count(w->txn, QUARANTINE_WAITING, &before);

	if (rc == RC_OK) {
		rc = apply_office(w, number, &cuts);
	}
	if (rc == RC_OK) {
		rc = apply_write_cuts(w, &cuts);
	}
	apply_cuts_free(&cuts);
	if (rc == RC_OK) {
		rc = quarantine_count(w->txn, QUARANTINE_WAITING, &after);
	}
	*aside = after - before;
	return rc;
}

static enum rc check_request(const struct store *s, const struct closing_request *r,
			     struct path_problem *why)
{
	const struct office_info *o = catalog_office(s->catalog, r->number);
	char text[CLOSING_TEXT_MAX];

	if (o == NULL) {
		return path_fail(why, RC_NOTFOUND, "see `kerwen office list`",
				 "there is no office %u", r->number);
	}
	if (o->is_closed) {
		closing_text(o, text);
		return path_fail(why, RC_EXISTS, "nothing is left to be done", "%s", text);
	}
	if (r->on != 0 && !date_is_valid(r->on, false)) {
		return path_fail(why, RC_INVALID, "a date is written like 2016-12-09",
				 "this is not a date");
	}
	return RC_OK;
}

static enum rc close_office(struct work *w, const struct closing_request *r,
			    struct closing_report *out)
{
	struct commit c;
	enum rc rc = list_points(w, r->number, 0, out);

	if (rc == RC_OK) {
		rc = commit_join(&c, w, r->author, r->reason);
	}
	if (rc == RC_OK) {
		rc = write_closing(&c, r, out);
	}
	if (rc == RC_OK) {
		rc = commit_end(&c);
	}
	return rc == RC_OK ? put_aside(w, r->number, &out->aside) : rc;
}

enum rc closing_office(struct store *s, const struct closing_request *r, struct closing_report *out,
		       struct path_problem *why)
{
	struct work w;
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	if (!s->info.is_centre) {
		return path_fail(why, RC_DENIED, "ask the centre",
				 "only the centre closes offices");
	}
	rc = work_begin(s, &w);
	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "the office cannot be closed: %s", rc_text(rc));
	}
	rc = check_request(s, r, why);
	if (rc != RC_OK) {
		work_abort(&w);
		return rc;
	}
	out->on = r->on != 0 ? r->on : date_from_days((int32_t)(s->world->now_ms() / DAY_MS));
	rc = close_office(&w, r, out);
	if (rc == RC_OK && !r->is_dry) {
		rc = work_commit(&w);
	} else {
		work_abort(&w);
	}
	return rc == RC_OK ?
		       RC_OK :
		       path_fail(why, rc, NULL, "the office cannot be closed: %s", rc_text(rc));
}

/* --- a key -------------------------------------------------------------------------- */

/* Writes the points, and whatever b says besides. */
static enum rc write_points(struct builtin *b, const struct office_info *o,
			    const struct closing_report *p)
{
	struct draft_result result;
	enum rc rc = put_points(b, p, 0);

	if (rc == RC_OK && b->draft.ops_count > 0) {
		rc = builtin_write(b, &result);
	}
	return rc == RC_OK ? write_rest(b->commit, o, p) : rc;
}

enum rc closing_void_key(struct commit *c, uint16_t number)
{
	const struct office_info *o = catalog_office(c->work->store->catalog, number);
	struct closing_report p = { .on = 0 };
	struct builtin b;
	enum rc rc = RC_OK;

	if (o == NULL) {
		return RC_NOTFOUND;
	}
	rc = list_points(c->work, number, 0, &p);
	b = builtin_begin(c, BUILTIN_OFFICE, &o->id);
	if (o->has_key) {
		builtin_clear(&b, "key");
	}
	if (rc == RC_OK) {
		rc = write_points(&b, o, &p);
	}
	closing_report_free(&p);
	return rc;
}

enum rc closing_incarnation(struct work *w, uint16_t number, uint32_t incarnation)
{
	const struct office_info *o = NULL;
	struct closing_report p = { .on = 0 };
	struct commit c;
	struct builtin b;
	enum rc rc = work_flush(w);

	if (rc == RC_OK) {
		rc = commit_join(&c, w, bytes_of("kerwen"), bytes_of("written in two branches"));
	}
	if (rc != RC_OK) {
		return rc;
	}
	o = catalog_office(w->store->catalog, number);
	rc = o == NULL ? RC_NOTFOUND : list_points(w, number, incarnation, &p);
	if (rc == RC_OK && p.feeds_count > 0) {
		b = builtin_begin(&c, BUILTIN_OFFICE, &o->id);
		rc = write_points(&b, o, &p);
	}
	if (rc == RC_OK) {
		rc = commit_end(&c);
	}
	closing_report_free(&p);
	return rc;
}

void closing_text(const struct office_info *o, char out[CLOSING_TEXT_MAX])
{
	char date[DATE_TEXT_MAX];
	struct bytes_writer w = bytes_writer_init(date, sizeof(date) - 1);

	if (date_is_valid(o->closed_on, false)) {
		date_format(o->closed_on, &w);
	}
	date[w.len] = '\0';
	(void)snprintf(out, CLOSING_TEXT_MAX, "office %s was %s%s%s", o->name,
		       o->is_revoked ? "revoked" : "retired", date[0] == '\0' ? "" : " on ", date);
}
