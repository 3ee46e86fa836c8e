#include "node/store/commit.h"

#include <stdio.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/store/bounds.h"
#include "node/store/draft.h"
#include "node/store/quarantine.h"
#include "proto/entry_codec.h"

enum { RANDOM_LEN = 10 };

enum rc commit_begin(struct commit *c, struct store *s, struct bytes author, struct bytes reason)
{
	enum rc rc = RC_OK;

	memset(c, 0, sizeof(*c));
	c->work = &c->own;
	rc = work_begin(s, c->work);
	if (rc != RC_OK) {
		return rc;
	}
	rc = author_begin(&c->author, c->work, author, reason);
	if (rc != RC_OK) {
		work_abort(c->work);
	}
	return rc;
}

enum rc commit_join(struct commit *c, struct work *w, struct bytes author, struct bytes reason)
{
	memset(c, 0, sizeof(*c));
	c->work = w;
	return author_begin(&c->author, w, author, reason);
}

bool commit_is_refusal(enum rc rc)
{
	switch (rc) {
	case RC_INVALID:
	case RC_DENIED:
	case RC_NOTFOUND:
	case RC_LIMIT:
	case RC_EXISTS:
	case RC_FULL:
		return true;
	case RC_OK:
	case RC_NOMEM:
	case RC_CORRUPT:
	case RC_BADSIG:
	case RC_GAP:
	case RC_FORK:
	case RC_IO:
	case RC_BUSY:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
	case RC_VERSION:
	case RC_SYSTEM:
	case RC_UNKNOWN:
		return false;
	}
	return false;
}

bool commit_is_large(const struct commit *c)
{
	return c->changes_count >= LIMIT_COMMIT_CHANGES_MAX || work_is_large(c->work);
}

/* The id of the next new record; the first one is drawn. */
static struct uuid next_id(struct commit *c)
{
	uint8_t random[RANDOM_LEN];

	if (!c->author.has_base) {
		c->work->store->world->random(random, sizeof(random));
		c->author.base_id = uuid_make((uint64_t)c->author.time_ms, random);
		c->author.has_base = true;
	}
	return uuid_step(c->author.base_id, c->added);
}

/* What the author of a change has seen: a plain write everything here, a form
 * what it says; neither the entry that the change goes into. As in context.h,
 * so that the writer merges it like everybody else. */
struct sight {
	struct dot dot; /* that entry */
	bool has_form;  /* else a plain write */
	struct quarantine_version form;
	enum rc rc;
};

static bool covers(void *ctx, struct dot d)
{
	struct sight *s = ctx;
	bool covered = true;

	if (s->has_form && s->rc == RC_OK) {
		s->rc = quarantine_version_covers(&s->form, d, &covered);
	}
	return covered && (d.feed != s->dot.feed || d.seq < s->dot.seq);
}

/* What one draft writes into one scope. */
struct slice {
	uint16_t scope;
	enum life life;
	struct op *ops;
	uint32_t ops_count;
};

enum { SLICES_MAX = 4 };

struct slices {
	struct slice items[SLICES_MAX];
	uint32_t count;
	uint32_t ops_max;
	struct arena *arena;
	struct slice *by_reach[REACH_NATION + 1]; /* as far as known */
};

static struct slice *open_slice(struct slices *s, uint16_t scope)
{
	struct slice *slice = NULL;
	uint32_t i;

	for (i = 0; i < s->count; i++) {
		if (s->items[i].scope == scope) {
			return &s->items[i];
		}
	}
	if (s->count == SLICES_MAX) {
		return NULL;
	}
	slice = &s->items[s->count];
	memset(slice, 0, sizeof(*slice));
	slice->scope = scope;
	slice->ops = arena_take(s->arena, s->ops_max * sizeof(*slice->ops));
	s->count += slice->ops != NULL;
	return slice->ops == NULL ? NULL : slice;
}

/* The slice of the scope that a reach means for the record. */
static enum rc find_slice(struct commit *c, const struct draft_plan *plan, struct slices *s,
			  enum reach reach, struct slice **out)
{
	uint16_t scope = 0;
	enum rc rc = RC_OK;

	if (s->by_reach[reach] == NULL) {
		rc = catalog_scope_of(c->work->store->catalog, reach, plan->home.office,
				      plan->home.region_scope, &scope);
		if (rc != RC_OK) {
			return rc;
		}
		s->by_reach[reach] = open_slice(s, scope);
	}
	*out = s->by_reach[reach];
	return *out == NULL ? RC_NOMEM : RC_OK;
}

static enum rc add_home(const struct draft_plan *plan, struct slice *slice, struct arena *a)
{
	uint8_t home[HOME_LEN];
	struct bytes_writer w = bytes_writer_init(home, sizeof(home));
	struct op op = { .field = FIELD_HOME, .code = OP_PUT };

	bytes_put_be16(&w, plan->home.office);
	bytes_put_be16(&w, plan->home.region_scope);
	op.value = arena_copy(a, bytes_written(&w));
	slice->ops[slice->ops_count++] = op;
	return op.value.p == NULL ? RC_NOMEM : RC_OK;
}

/* Sorts the operations into the scopes of their fields. Existence comes
 * first: every write touches it. */
static enum rc cut_slices(struct commit *c, const struct draft *d, const struct draft_plan *plan,
			  struct slices *s)
{
	struct slice *slice = NULL;
	enum rc rc = RC_OK;
	uint32_t i;

	memset(s, 0, sizeof(*s));
	s->arena = c->work->scratch;
	s->ops_max = plan->ops_count + 1;
	slice = open_slice(s, plan->existence);
	if (slice == NULL) {
		return RC_NOMEM;
	}
	slice->life = d->act == DRAFT_DELETE ? LIFE_DELETED : LIFE_ALIVE;
	if (d->act == DRAFT_ADD && plan->home.office != 0) {
		rc = add_home(plan, slice, c->work->scratch);
	}
	for (i = 0; i < plan->ops_count && rc == RC_OK; i++) {
		const struct draft_op *op = &plan->ops[i];

		rc = find_slice(c, plan, s, op->field->reach, &slice);
		if (rc != RC_OK) {
			return rc;
		}
		slice->ops[slice->ops_count++] =
			(struct op){ op->field->number, op->code, op->value };
	}
	return rc;
}

/* The part of a form's vector that belongs to one scope. */
static enum rc form_in_scope(const struct vv *form, uint16_t scope, struct arena *a, struct vv *out)
{
	uint32_t i;

	out->count = 0;
	out->max = form->count;
	out->dots = arena_take(a, form->count * sizeof(*out->dots));
	for (i = 0; i < form->count && out->dots != NULL; i++) {
		if (feed_scope(form->dots[i].feed) == scope) {
			out->dots[out->count++] = form->dots[i];
		}
	}
	return out->dots == NULL ? RC_NOMEM : RC_OK;
}

/* Whether the record has this dot already: a second draft for one record. */
static bool has_dot(const struct record *r, struct dot d)
{
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		if (vv_covers(&r->parts[i].part.vector, d)) {
			return true;
		}
	}
	return false;
}

/* Writes a change into the author's entries of a scope, and applies it here.
 * step: place of a record made by this commit, or -1. */
static enum rc put_change(struct commit *c, struct author_scope *scope, const struct change *change,
			  int64_t step, const struct record *r)
{
	struct sight sight = { .has_form = change->has_form,
			       .form = { c->work->txn, change->kind, change->id, &change->form } };
	struct seen seen = { .ctx = &sight, .covers = covers };
	uint8_t buffer[LIMIT_ENTRY_BYTES_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	uint32_t place = 0;
	bool apart = false;
	enum rc rc = RC_OK;

	entry_encode_change(change, step, &w);
	if (w.rc != RC_OK) {
		return RC_LIMIT;
	}
	apart = has_dot(r, (struct dot){ scope->state.feed,
					 scope->state.head + scope->entries_count }) &&
		scope->entries_count > 0;
	rc = author_add(&c->author, scope, bytes_written(&w), change->life != LIFE_NONE, apart,
			&sight.dot, &place);
	if (rc == RC_OK) {
		rc = work_apply(c->work, change, sight.dot, place, &seen);
	}
	return rc == RC_OK ? sight.rc : rc;
}

static enum rc write_slice(struct commit *c, const struct draft *d, const struct slice *slice,
			   const struct record *r)
{
	struct change change = { .kind = d->kind->number, .id = d->id, .life = slice->life };
	struct author_scope *scope = NULL;
	enum rc rc = author_open(&c->author, slice->scope, &scope);

	change.ops = slice->ops;
	change.ops_count = slice->ops_count;
	change.has_form = d->has_form;
	if (rc == RC_OK && d->has_form) {
		rc = form_in_scope(&d->form, slice->scope, c->work->arena, &change.form);
	}
	return rc == RC_OK ? put_change(c, scope, &change,
					d->act == DRAFT_ADD ? (int64_t)c->added : -1, r) :
			     rc;
}

enum rc commit_put(struct commit *c, uint16_t scope, const struct change *change,
		   const struct author_origin *origin)
{
	const struct record *r = work_record(c->work, change->kind, change->id);
	struct author_scope *s = NULL;
	enum rc rc = r == NULL ? c->work->rc : author_open(&c->author, scope, &s);

	if (rc == RC_OK) {
		s->origin = origin;
		rc = put_change(c, s, change, -1, r);
		s->origin = NULL;
	}
	c->changes_count += rc == RC_OK;
	if (rc != RC_OK && c->work->rc == RC_OK) {
		c->work->rc = rc;
	}
	return rc;
}

/* Values of drafts are borrowed from the caller, but records in work keep
 * them until the flush: so the operations get copies, all in one block. */
static enum rc copy_values(struct commit *c, const struct slices *s)
{
	size_t len = 0;
	uint8_t *p = NULL;
	uint32_t i, k;

	for (i = 0; i < s->count; i++) {
		for (k = 0; k < s->items[i].ops_count; k++) {
			len += s->items[i].ops[k].value.len;
		}
	}
	p = arena_take(c->work->arena, len);
	for (i = 0; i < s->count && p != NULL; i++) {
		for (k = 0; k < s->items[i].ops_count; k++) {
			struct bytes *v = &s->items[i].ops[k].value;

			if (v->len > 0) {
				memcpy(p, v->p, v->len);
			}
			v->p = p;
			p += v->len;
		}
	}
	return p == NULL ? RC_NOMEM : RC_OK;
}

static enum rc write_draft(struct commit *c, struct draft *d, struct slices *slices,
			   const struct record *r)
{
	enum rc rc = copy_values(c, slices);
	uint32_t i;

	for (i = 0; rc == RC_OK && i < slices->count; i++) {
		rc = write_slice(c, d, &slices->items[i], r);
		c->changes_count += rc == RC_OK;
	}
	if (rc == RC_OK && d->act == DRAFT_ADD) {
		c->added++;
	}
	return rc;
}

static const struct part *find_part(const struct record *r, uint16_t scope)
{
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		if (r->parts[i].scope == scope) {
			return &r->parts[i].part;
		}
	}
	return NULL;
}

static enum rc judge_slice(struct commit *c, const struct draft *d, const struct slice *slice,
			   const struct record *r, struct bounds_excess *excess)
{
	struct change change = { .life = slice->life,
				 .ops = slice->ops,
				 .ops_count = slice->ops_count };
	struct sight sight = { .has_form = d->has_form,
			       .form = { c->work->txn, d->kind->number, d->id, &d->form } };
	struct seen seen = { .ctx = &sight, .covers = covers };
	const struct part *part = find_part(r, slice->scope);
	enum rc rc = RC_OK;

	if (part == NULL) {
		return RC_OK; /* one entry at most */
	}
	sight.dot = (struct dot){ store_own_feed(c->work->store, slice->scope), UINT64_MAX };
	rc = bounds_judge(part, &change, sight.dot, &seen, c->work->arena, excess);
	return rc == RC_OK ? sight.rc : rc;
}

/* The bounds on what a record grows to are told before anything is written. */
static enum rc judge_bounds(struct commit *c, const struct draft *d, const struct slices *slices,
			    const struct record *r, struct draft_result *out)
{
	struct bounds_excess excess = { .kind = BOUNDS_NONE };
	struct bytes_writer w;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; rc == RC_OK && i < slices->count; i++) {
		rc = judge_slice(c, d, &slices->items[i], r, &excess);
	}
	if (rc != RC_LIMIT) {
		return rc;
	}
	w = bytes_writer_init(out->text, sizeof(out->text) - 1);
	bytes_put(&w, "this record would have ", 23);
	bounds_format(&excess, &w);
	out->text[w.len] = '\0';
	(void)snprintf(out->hint, sizeof(out->hint), "%s", bounds_hint(r, &excess));
	return rc;
}

/* A change that does not fit its entry is told before anything is written. */
static enum rc judge_size(const struct draft_plan *plan, struct draft_result *out)
{
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < plan->ops_count; i++) {
		len += plan->ops[i].value.len + 8;
	}
	if (len <= LIMIT_ENTRY_BYTES_MAX - 4096) {
		return RC_OK;
	}
	(void)snprintf(out->text, sizeof(out->text), "this change takes %zu bytes, the most is %d",
		       len, LIMIT_ENTRY_BYTES_MAX - 4096);
	(void)snprintf(out->hint, sizeof(out->hint), "split it into several changes");
	return RC_LIMIT;
}

enum rc commit_add(struct commit *c, struct draft *d, struct draft_result *out)
{
	const struct record *r = NULL;
	struct draft_plan plan;
	struct slices slices;
	enum rc rc = RC_OK;

	mem_arena_reset(c->work->scratch);
	if (d->act == DRAFT_ADD) {
		d->id = next_id(c);
	}
	r = d->act == DRAFT_ADD ? work_new_record(c->work, d->kind->number, d->id, d->known) :
				  work_record(c->work, d->kind->number, d->id);
	if (r == NULL) {
		return c->work->rc;
	}
	if (d->act != DRAFT_ADD && r->parts_count == 0) {
		(void)snprintf(out->text, sizeof(out->text), "there is no such record here");
		(void)snprintf(out->hint, sizeof(out->hint), "see `kerwen list %s`", d->kind->name);
		return RC_NOTFOUND;
	}
	rc = draft_judge(c->work, d, r, &plan, out);
	if (rc == RC_OK) {
		rc = judge_size(&plan, out);
	}
	if (rc != RC_OK) {
		return rc;
	}
	if (!plan.writes) {
		out->outcome = DRAFT_UNCHANGED;
		return RC_OK;
	}
	rc = cut_slices(c, d, &plan, &slices);
	if (rc == RC_OK) {
		rc = judge_bounds(c, d, &slices, r, out);
		if (rc == RC_LIMIT) {
			return rc;
		}
	}
	if (rc == RC_OK) {
		rc = write_draft(c, d, &slices, r);
	}
	if (rc != RC_OK && c->work->rc == RC_OK) {
		/* Half written: the whole commit is lost, which is no refusal. */
		c->work->rc = commit_is_refusal(rc) ? RC_NOMEM : rc;
	}
	out->outcome = d->act == DRAFT_ADD ? DRAFT_NEW : DRAFT_CHANGED;
	return c->work->rc;
}

enum rc commit_end(struct commit *c)
{
	enum rc rc = c->work->rc;

	if (rc == RC_OK && c->changes_count > 0) {
		rc = author_finish(&c->author);
	}
	if (c->work != &c->own) {
		return rc == RC_OK ? work_flush(c->work) : rc;
	}
	if (rc != RC_OK || (c->changes_count == 0 && !c->has_more)) {
		work_abort(c->work);
		return rc;
	}
	return work_commit(c->work);
}

void commit_abort(struct commit *c)
{
	work_abort(c->work);
}
