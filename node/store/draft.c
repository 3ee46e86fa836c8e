#include "node/store/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/store/builtin.h"
#include "node/store/computed.h"
#include "node/store/draft_priv.h"
#include "node/store/moves.h"
#include "node/store/room.h"

enum rc draft_say(struct draft_result *out, enum rc rc, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(out->text, sizeof(out->text), format, args);
	va_end(args);
	(void)snprintf(out->hint, sizeof(out->hint), "%s", hint);
	return rc;
}

static const struct catalog *catalog_of(const struct judge *j)
{
	return j->w->store->catalog;
}

/* What the centre writes of itself (react.h) has room, too. */
static bool is_of_system(const struct judge *j)
{
	return j->w->store->info.is_centre &&
	       (j->d->kind->number == BUILTIN_NOTICE || j->d->kind->number == BUILTIN_TRANSFER);
}

static enum rc judge_kind(struct judge *j)
{
	const struct schema_kind *k = j->d->kind;
	struct path_problem full;

	if (k->writers == WRITERS_CENTRE && !j->w->store->info.is_centre) {
		return draft_say(j->result, RC_DENIED, "ask the centre to write it",
				 "%s: only the centre writes this kind", k->name);
	}
	if (k->closed && j->is_new) {
		return draft_say(j->result, RC_INVALID,
				 "see `kerwen schema show` for the kinds in use",
				 "%s: this kind is closed", k->name);
	}
	if (j->is_new && !is_of_system(j) && room_check(work_room(j->w), &full) != RC_OK) {
		return draft_say(j->result, RC_FULL, full.hint, "%s", full.text);
	}
	return RC_OK;
}

/* A new record's home: here, or the office that the centre adds it for. */
static enum rc choose_home(struct judge *j)
{
	const struct store_info *me = &j->w->store->info;
	uint16_t number = me->is_centre ? j->d->home : me->number;
	const struct office_info *o = catalog_office(catalog_of(j), number);

	if (j->d->kind->reach == REACH_NATION) {
		return RC_OK;
	}
	if (number == 0) {
		return draft_say(j->result, RC_INVALID, "name the office: --for OFFICE",
				 "%s: its records belong to an office", j->d->kind->name);
	}
	if (o == NULL) {
		return draft_say(j->result, RC_NOTFOUND, "see `kerwen office list`",
				 "office %u is not known", number);
	}
	j->plan->home = (struct draft_home){ number, o->scope_region };
	return RC_OK;
}

static enum rc refuse_moved(struct judge *j)
{
	const char *name = catalog_office_name(catalog_of(j), j->plan->home.office);

	return draft_say(j->result, RC_DENIED, "let that office change it",
			 "%s: this record was moved to %s", j->d->kind->name,
			 name == NULL ? "another office" : name);
}

static enum rc find_home(struct judge *j)
{
	enum rc rc = RC_OK;

	if (j->is_new) {
		rc = choose_home(j);
	} else {
		(void)view_home(j->r, &j->plan->home.office, &j->plan->home.region_scope);
	}
	if (rc == RC_OK && !j->is_new && view_life(j->r).moved) {
		return refuse_moved(j);
	}
	if (rc != RC_OK) {
		return rc;
	}
	rc = catalog_scope_of(catalog_of(j), j->d->kind->reach, j->plan->home.office,
			      j->plan->home.region_scope, &j->plan->existence);
	if (rc != RC_OK) {
		return draft_say(j->result, RC_INVALID,
				 "sync first: the list of offices may be old",
				 "%s: the home of this record is not known here", j->d->kind->name);
	}
	return rc;
}

/* Whether this node is in the scope that a reach means for the record. */
static bool may_write(struct judge *j, enum reach reach)
{
	const struct store_info *me = &j->w->store->info;
	uint16_t scope = 0;

	if (!j->judged[reach]) {
		j->judged[reach] = true;
		j->allowed[reach] = catalog_scope_of(catalog_of(j), reach, j->plan->home.office,
						     j->plan->home.region_scope, &scope) == RC_OK &&
				    catalog_is_member(catalog_of(j), me->number, scope) &&
				    (reach != REACH_NATION || me->is_centre);
	}
	return j->allowed[reach];
}

static enum rc judge_scope(struct judge *j, const char *field, enum reach reach)
{
	if (may_write(j, reach)) {
		return RC_OK;
	}
	return draft_say(j->result, RC_DENIED, "let the record's home write it",
			 "%s%s%s: reach \"%s\" does not include this node for this record",
			 j->d->kind->name, field == NULL ? "" : ".", field == NULL ? "" : field,
			 schema_reach_text(reach));
}

static bool may_compute(void *ctx, enum reach reach)
{
	return may_write(ctx, reach);
}

/* Appends what follows from the operations that are kept. */
static enum rc add_computed(struct judge *j, struct draft_op *ops, uint32_t *count)
{
	struct computed c = { .work = j->w,
			      .kind = j->d->kind,
			      .record = j->r,
			      .is_new = j->is_new,
			      .ctx = j,
			      .may_write = may_compute };

	return j->derives && *count > 0 ? computed_add(&c, ops, count) : RC_OK;
}

/* What only the home has of a record that is in transfer was sent as it is. */
static enum rc judge_transfer(struct judge *j)
{
	struct draft_result *out = j->result;

	if (!j->judged_transfer) {
		j->judged_transfer = true;
		return moves_judge_edit(j->w, j->r->id, out->text, sizeof(out->text), out->hint,
					sizeof(out->hint));
	}
	return RC_OK;
}

/* Whether the draft changes a field of its kind. */
static bool *given(struct judge *j, const struct schema_field *f)
{
	return &j->given[f - j->d->kind->fields];
}

/* Judges one operation; *changes: whether there is something to write. */
static enum rc judge_one(struct judge *j, const struct draft_op *op, bool *changes)
{
	const struct schema_field *f = op->field;
	char from[SCHEMA_DERIVE_TEXT_MAX];
	enum rc rc = RC_OK;

	*changes = !(j->is_new && op->code == OP_CLEAR);
	if (f->derive != DERIVE_NONE) {
		return draft_say(j->result, RC_INVALID, "leave it out", "%s.%s is computed from %s",
				 j->d->kind->name, f->name, schema_derive_text(f, from));
	}
	rc = j->d->is_formed ? RC_OK : draft_judge_form(j->d->kind, op, j->result);
	if (rc == RC_OK && f->merge == MERGE_REGISTER && *given(j, f)) {
		return draft_say(j->result, RC_INVALID, "leave one of them out",
				 "%s.%s is given twice", j->d->kind->name, f->name);
	}
	if (rc == RC_OK && !j->allowed[f->reach]) {
		rc = judge_scope(j, f->name, f->reach);
	}
	if (rc == RC_OK && f->reach == REACH_OFFICE && !j->is_new) {
		rc = judge_transfer(j);
	}
	return rc == RC_OK && !j->is_new ? draft_judge_change(j, op, changes) : rc;
}

/* Adds what follows from the operations. */
static enum rc compute_ops(struct judge *j, struct draft_op *ops, uint32_t *count)
{
	uint32_t i = *count;
	enum rc rc = add_computed(j, ops, count);

	for (; rc == RC_OK && i < *count; i++) {
		*given(j, ops[i].field) = true;
	}
	return rc;
}

/* Judges the operations and keeps those that change something. */
static enum rc keep_ops(struct judge *j)
{
	const struct schema_kind *k = j->d->kind;
	size_t max = (size_t)j->d->ops_count + k->fields_count;
	struct draft_op *ops = arena_take(j->w->scratch, max * sizeof(*ops));
	uint32_t i, count = 0;
	enum rc rc = RC_OK;

	j->given = arena_take_zeroed(j->w->scratch, k->fields_count, sizeof(*j->given));
	rc = ops == NULL || j->given == NULL ? RC_NOMEM : RC_OK;
	for (i = 0; i < k->fields_count; i++) {
		j->derives = j->derives || k->fields[i].derive != DERIVE_NONE;
	}
	for (i = 0; i < j->d->ops_count && rc == RC_OK; i++) {
		const struct draft_op *op = &j->d->ops[i];
		bool changes = false;

		rc = judge_one(j, op, &changes);
		if (rc == RC_OK && changes) {
			ops[count++] = *op;
			*given(j, op->field) = true;
			rc = op->field->codes == NULL ? RC_OK :
							draft_note_closed(j->w, op, j->result);
		}
	}
	rc = rc == RC_OK ? compute_ops(j, ops, &count) : rc;
	j->plan->ops = ops;
	j->plan->ops_count = count;
	return rc;
}

/* Required binds the writer, for the fields it may write. */
static enum rc judge_required(struct judge *j)
{
	const struct schema_kind *k = j->d->kind;
	uint32_t i;

	for (i = 0; i < k->fields_count; i++) {
		const struct schema_field *f = &k->fields[i];

		if (!f->required || f->closed || !may_write(j, f->reach) || j->given[i]) {
			continue;
		}
		return draft_say(j->result, RC_INVALID, "give it a value", "%s.%s is required",
				 k->name, f->name);
	}
	return RC_OK;
}

static enum rc judge_existing(struct judge *j)
{
	struct record_life life = view_life(j->r);
	bool gone = life.deleted && !life.conflict;

	if (gone && j->d->keep_deleted) {
		return draft_say(j->result, RC_DENIED,
				 "use `kerwen restore` if it was deleted by mistake",
				 "this record was deleted");
	}
	switch (j->d->act) {
	case DRAFT_ADD:
		return RC_EXISTS;
	case DRAFT_EDIT:
		j->result->revived = gone && j->plan->ops_count > 0;
		j->plan->writes = j->plan->ops_count > 0;
		j->settles = j->settles || life.conflict;
		break;
	case DRAFT_DELETE:
		j->plan->writes = !gone;
		j->settles = j->settles || life.conflict;
		break;
	case DRAFT_RESTORE:
		j->plan->writes = life.deleted || life.conflict;
		j->result->revived = gone;
		j->settles = j->settles || life.conflict;
		break;
	}
	j->result->outcome = j->plan->writes ? DRAFT_CHANGED : DRAFT_UNCHANGED;
	j->result->settled = j->plan->writes && j->settles && !j->d->has_form;
	return RC_OK;
}

enum rc draft_judge(struct work *w, const struct draft *d, const struct record *r,
		    struct draft_plan *plan, struct draft_result *result)
{
	struct judge j = { .w = w, .d = d, .r = r, .plan = plan, .result = result };
	enum rc rc = RC_OK;

	memset(plan, 0, sizeof(*plan));
	memset(result, 0, sizeof(*result));
	j.stamps = (struct records_stamps){ w->txn, w->store->info.centre_incarnation, w->arena };
	j.source = records_source(&j.stamps);
	j.is_new = d->act == DRAFT_ADD;
	rc = judge_kind(&j);
	if (rc == RC_OK) {
		rc = find_home(&j);
	}
	if (rc == RC_OK) {
		rc = judge_scope(&j, NULL, d->kind->reach);
	}
	if (rc == RC_OK) {
		rc = keep_ops(&j);
	}
	if (rc == RC_OK && j.is_new) {
		plan->writes = true;
		return judge_required(&j);
	}
	return rc == RC_OK ? judge_existing(&j) : rc;
}
