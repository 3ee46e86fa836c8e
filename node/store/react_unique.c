#include "node/store/react_unique.h"

#include <string.h>

#include "node/base/log.h"
#include "node/store/builtin.h"
#include "node/store/claims.h"
#include "node/store/notice.h"
#include "node/store/records.h"

/* A commit is ended when it touches so many offices. */
enum { SCOPES_MAX = LIMIT_PARTS_PER_COMMIT_MAX / 2 };

/* Some tasks, done in one commit after another. */
struct run {
	struct work *work;
	struct commit commit;
	bool is_open;
};

/* One task. */
struct task {
	struct run *run;
	uint16_t kind;
	struct uuid id;
	struct claims claims;
	struct notice_list notices;
	bool *is_wanted; /* by notice */
};

static enum rc open_commit(struct run *r)
{
	enum rc rc = r->is_open ? RC_OK :
				  commit_join(&r->commit, r->work, bytes_of(""), bytes_of(""));

	r->is_open = r->is_open || rc == RC_OK;
	return rc;
}

static enum rc end_commit(struct run *r)
{
	enum rc rc = r->is_open ? commit_end(&r->commit) : RC_OK;

	r->is_open = false;
	return rc;
}

/* What the record claims; a record that is not here claims nothing. */
static enum rc load_claims(struct work *w, uint16_t kind, struct uuid id, struct record *r,
			   struct claims *out)
{
	struct records_stamps stamps = { w->txn, w->store->info.centre_incarnation, w->arena };
	struct view_source source = records_source(&stamps);
	enum rc rc = records_get(w->txn, w->store->catalog, kind, id, w->arena, r);

	if (rc == RC_NOTFOUND) {
		memset(out, 0, sizeof(*out));
		return RC_OK;
	}
	return rc == RC_OK ? claims_of(w->store->crypto, r, &source, NULL, w->arena, out) : rc;
}

static enum rc write(struct task *t, struct builtin *b)
{
	struct draft_result why;
	enum rc rc = builtin_write(b, &why);

	/* The system goes on; the next change of the record tries again. */
	if (commit_is_refusal(rc) && t->run->work->rc == RC_OK) {
		log_warn("a notice to office %u could not be written: %s", t->claims.holder.office,
			 why.text);
		return RC_OK;
	}
	return rc;
}

static enum rc delete_notice(struct task *t, const struct notice *n)
{
	struct builtin b = builtin_begin(&t->run->commit, BUILTIN_NOTICE, &n->id);

	b.draft.act = DRAFT_DELETE;
	return write(t, &b);
}

static enum rc add_notice(struct task *t, struct bytes fields, const uint16_t *offices,
			  uint32_t count)
{
	struct builtin b = builtin_begin(&t->run->commit, BUILTIN_NOTICE, NULL);
	uint32_t i;

	b.draft.home = t->claims.holder.office;
	builtin_put(&b, "about", bytes_at(t->id.b, UUID_LEN));
	builtin_put_number(&b, "about_kind", t->kind);
	builtin_put(&b, "rule", bytes_of(NOTICE_UNIQUE));
	builtin_put(&b, "fields", fields);
	for (i = 0; i < count; i++) {
		builtin_put_number(&b, "other_offices", offices[i]);
	}
	return write(t, &b);
}

static bool has_office(const uint16_t *offices, uint32_t count, uint16_t office)
{
	uint32_t i;

	for (i = 0; i < count && offices[i] != office; i++) {
	}
	return i < count;
}

/* Makes a notice say this; one that was deleted comes back. */
static enum rc change_notice(struct task *t, const struct notice *n, const uint16_t *offices,
			     uint32_t count)
{
	struct builtin b = builtin_begin(&t->run->commit, BUILTIN_NOTICE, &n->id);
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (!has_office(n->offices, n->offices_count, offices[i])) {
			builtin_put_number(&b, "other_offices", offices[i]);
		}
	}
	for (i = 0; i < n->offices_count; i++) {
		if (!has_office(offices, count, n->offices[i])) {
			builtin_remove_number(&b, "other_offices", n->offices[i]);
		}
	}
	if (n->deleted) {
		b.draft.act = DRAFT_RESTORE;
	} else if (b.draft.ops_count == 0) {
		return b.rc;
	}
	return write(t, &b);
}

/* The notice about a key that is for the record's home; count: there is none.
 * The living stand first. */
static uint32_t find_notice(const struct task *t, struct bytes fields)
{
	uint32_t i;

	for (i = 0; i < t->notices.count; i++) {
		const struct notice *n = &t->notices.items[i];

		if (bytes_equal(n->rule, bytes_of(NOTICE_UNIQUE)) &&
		    bytes_equal(n->fields, fields) && n->office == t->claims.holder.office) {
			break;
		}
	}
	return i;
}

/* One key: who else holds it, and what the home is to know of that. */
static enum rc settle_key(struct task *t, const struct schema_kind *kind, uint32_t number)
{
	struct work *w = t->run->work;
	uint16_t offices[NOTICE_OFFICES_MAX];
	uint32_t count = 0, at = 0;
	struct bytes fields;
	enum rc rc = unique_offices(w->txn, &t->claims.keys[number], t->id, offices,
				    NOTICE_OFFICES_MAX, &count);

	if (rc != RC_OK || count == 0) {
		return rc;
	}
	rc = notice_name_key(kind, number, w->arena, &fields);
	if (rc != RC_OK) {
		return rc;
	}
	at = find_notice(t, fields);
	if (at == t->notices.count) {
		return add_notice(t, fields, offices, count);
	}
	t->is_wanted[at] = true;
	return change_notice(t, &t->notices.items[at], offices, count);
}

/* Whether somebody is to be told of what the record claims. */
static bool has_reader(const struct task *t)
{
	return !t->claims.holder.deleted && t->claims.holder.office != 0 &&
	       t->kind >= SCHEMA_KIND_FIRST;
}

static enum rc settle(struct task *t)
{
	struct work *w = t->run->work;
	struct record r;
	enum rc rc = load_claims(w, t->kind, t->id, &r, &t->claims);
	uint32_t i;

	if (rc == RC_OK) {
		rc = notice_about(w->store, w->txn, t->id, w->arena, &t->notices);
	}
	if (rc != RC_OK) {
		return rc;
	}
	t->is_wanted = arena_take_zeroed(w->arena, t->notices.count, sizeof(*t->is_wanted));
	if (t->is_wanted == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < t->claims.count && rc == RC_OK; i++) {
		if (t->claims.has[i] && has_reader(t)) {
			rc = settle_key(t, r.kind, i);
		}
	}
	for (i = 0; i < t->notices.count && rc == RC_OK; i++) {
		const struct notice *n = &t->notices.items[i];

		if (!n->deleted && !t->is_wanted[i] &&
		    bytes_equal(n->rule, bytes_of(NOTICE_UNIQUE))) {
			rc = delete_notice(t, n);
		}
	}
	return rc;
}

enum rc react_unique_run(struct work *w)
{
	struct run run = { .work = w };
	struct task t = { .run = &run };
	enum rc rc = RC_OK;

	while (rc == RC_OK && react_take(w, REACT_UNIQUE, &t.kind, &t.id)) {
		rc = open_commit(&run);
		if (rc == RC_OK) {
			rc = settle(&t);
		}
		if (rc == RC_OK && (commit_is_large(&run.commit) ||
				    run.commit.author.scopes_count >= SCOPES_MAX)) {
			rc = end_commit(&run);
		}
	}
	return rc == RC_OK ? end_commit(&run) : rc;
}

static enum rc spread_key(struct work *w, uint16_t kind, const struct key *k)
{
	struct unique_holder h;
	enum rc rc = unique_find(w->txn, k, NULL, &h);

	while (rc == RC_OK && !h.deleted) {
		rc = react_ask(w, REACT_UNIQUE, kind, h.id);
		if (rc == RC_OK) {
			rc = unique_find(w->txn, k, &h, &h);
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc react_unique_spread(struct work *w, uint16_t kind, struct uuid id)
{
	size_t mark = arena_mark(w->arena);
	struct claims c;
	struct record r;
	enum rc rc = load_claims(w, kind, id, &r, &c);
	uint32_t i;

	for (i = 0; i < c.count && rc == RC_OK; i++) {
		if (c.has[i] && !c.holder.deleted) {
			rc = spread_key(w, kind, &c.keys[i]);
		}
	}
	arena_release(w->arena, mark);
	return rc;
}

enum rc react_unique_ask_all(struct work *w)
{
	const struct schema_kind *kind = schema_kind_by_number(schema_builtin(), BUILTIN_NOTICE);
	const struct schema_field *about = schema_field_by_name(kind, bytes_of("about"));
	const struct schema_field *about_kind = schema_field_by_name(kind, bytes_of("about_kind"));
	struct records_stamps stamps = { w->txn, w->store->info.centre_incarnation, w->arena };
	struct view_source source = records_source(&stamps);
	struct records_walk walk;
	struct record r;
	enum rc rc = records_walk_start(&walk, w->txn, w->store->catalog, BUILTIN_NOTICE, NULL);

	while (rc == RC_OK) {
		size_t mark = arena_mark(w->arena);
		struct values id = { NULL, 0 }, number = { NULL, 0 };
		struct uuid named;

		rc = records_walk_next(&walk, w->arena, &r);
		if (rc == RC_OK) {
			rc = view_values(&r, about, &source, w->arena, &id);
		}
		if (rc == RC_OK) {
			rc = view_values(&r, about_kind, &source, w->arena, &number);
		}
		if (rc == RC_OK && id.count == 1 && number.count == 1 && !view_life(&r).deleted) {
			memcpy(named.b, id.items[0].p, UUID_LEN);
			rc = react_ask(w, REACT_UNIQUE,
				       (uint16_t)value_number(VALUE_INT, number.items[0]), named);
		}
		arena_release(w->arena, mark);
	}
	records_walk_end(&walk);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
