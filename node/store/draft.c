#include "node/store/draft.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/store/builtin.h"
#include "node/store/computed.h"
#include "node/store/doubles.h"
#include "node/store/records.h"
#include "node/store/room.h"
#include "sync/mrz.h"

/* The judgement under way. */
struct judge {
	struct work *w;
	const struct draft *d;
	const struct record *r;
	struct draft_plan *plan;
	struct draft_result *result;
	struct records_stamps stamps;
	struct view_source source;
	bool is_new;
	bool settles;    /* a plain write settles a conflict */
	bool derives;    /* the kind has fields that follow from others */
	bool judged[4];  /* by reach: whether `allowed` is known */
	bool allowed[4]; /* by reach: whether this node may write there */
};

static enum rc refuse(struct judge *j, enum rc rc, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static enum rc refuse(struct judge *j, enum rc rc, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(j->result->text, sizeof(j->result->text), format, args);
	va_end(args);
	(void)snprintf(j->result->hint, sizeof(j->result->hint), "%s", hint);
	return rc;
}

static const struct catalog *catalog_of(const struct judge *j)
{
	return j->w->store->catalog;
}

static enum rc judge_kind(struct judge *j)
{
	const struct schema_kind *k = j->d->kind;
	struct path_problem full;

	if (k->writers == WRITERS_CENTRE && !j->w->store->info.is_centre) {
		return refuse(j, RC_DENIED, "ask the centre to write it",
			      "%s: only the centre writes this kind", k->name);
	}
	if (k->closed && j->is_new) {
		return refuse(j, RC_INVALID, "see `kerwen schema show` for the kinds in use",
			      "%s: this kind is closed", k->name);
	}
	if (j->is_new && k->number != BUILTIN_NOTICE &&
	    room_check(work_room(j->w), &full) != RC_OK) {
		return refuse(j, RC_FULL, full.hint, "%s", full.text);
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
		return refuse(j, RC_INVALID, "name the office: --for OFFICE",
			      "%s: its records belong to an office", j->d->kind->name);
	}
	if (o == NULL) {
		return refuse(j, RC_NOTFOUND, "see `kerwen office list`", "office %u is not known",
			      number);
	}
	j->plan->home = (struct draft_home){ number, o->scope_region };
	return RC_OK;
}

static enum rc find_home(struct judge *j)
{
	enum rc rc = RC_OK;

	if (j->is_new) {
		rc = choose_home(j);
	} else {
		(void)view_home(j->r, &j->plan->home.office, &j->plan->home.region_scope);
	}
	if (rc != RC_OK) {
		return rc;
	}
	rc = catalog_scope_of(catalog_of(j), j->d->kind->reach, j->plan->home.office,
			      j->plan->home.region_scope, &j->plan->existence);
	if (rc != RC_OK) {
		return refuse(j, RC_INVALID, "sync first: the list of offices may be old",
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
	return refuse(j, RC_DENIED, "let the record's home write it",
		      "%s%s%s: reach \"%s\" does not include this node for this record",
		      j->d->kind->name, field == NULL ? "" : ".", field == NULL ? "" : field,
		      schema_reach_text(reach));
}

static enum rc judge_code(struct judge *j, const struct schema_field *f, struct bytes v)
{
	if (f->type != VALUE_CODE || f->codes == NULL || schema_code_find(f->codes, v) != NULL) {
		return RC_OK;
	}
	return refuse(j, RC_INVALID, "see `kerwen schema show` for the codes",
		      "%s.%s: \"%.*s\" is not a code of %s", j->d->kind->name, f->name,
		      (int)(v.len > 40 ? 40 : v.len), (const char *)v.p, f->codes->name);
}

/* What the schema says of the text itself. The value stays out of the refusal. */
static enum rc judge_check(struct judge *j, const struct schema_field *f, struct bytes v)
{
	enum mrz_fault fault = f->check == CHECK_MRZ ? mrz_check(v) : MRZ_FINE;

	return fault == MRZ_FINE ?
		       RC_OK :
		       refuse(j, RC_INVALID, "compare it with the document", "%s.%s: %s",
			      j->d->kind->name, f->name, mrz_fault_text(fault));
}

static bool fits_merge(const struct draft_op *op)
{
	switch (op->field->merge) {
	case MERGE_REGISTER:
		return op->code == OP_PUT || op->code == OP_CLEAR;
	case MERGE_SET:
		return op->code == OP_SET_ADD || op->code == OP_SET_REMOVE;
	case MERGE_COUNTER:
		return op->code == OP_COUNT;
	case MERGE_LOG:
		return op->code == OP_LOG;
	}
	return false;
}

/* Form: what can be said without looking at the record. */
static enum rc judge_op(struct judge *j, const struct draft_op *op)
{
	const struct schema_field *f = op->field;
	const char *kind = j->d->kind->name;
	enum value_type type = f->merge == MERGE_COUNTER ? VALUE_INT : f->type;

	if (f->closed) {
		return refuse(j, RC_INVALID, "see `kerwen schema show`",
			      "%s.%s: this field is closed", kind, f->name);
	}
	if (!fits_merge(op)) {
		return refuse(j, RC_INVALID,
			      f->merge == MERGE_REGISTER ? "use FIELD=VALUE" :
							   "use FIELD+=VALUE or FIELD-=VALUE",
			      "%s.%s: this is not how a %s is changed", kind, f->name,
			      schema_merge_text(f->merge));
	}
	if (op->code == OP_CLEAR) {
		return f->required ?
			       refuse(j, RC_INVALID, "give it another value",
				      "%s.%s is required and cannot be cleared", kind, f->name) :
			       RC_OK;
	}
	if (op->value.len == 0 || op->value.len > LIMIT_VALUE_BYTES_MAX ||
	    value_check(type, op->value) != RC_OK) {
		return refuse(j, RC_INVALID, "see `kerwen schema show`", "%s.%s: not a valid %s",
			      kind, f->name, value_type_text(type));
	}
	return f->check == CHECK_NONE ? judge_code(j, f, op->value) : judge_check(j, f, op->value);
}

/* What the author has seen of the field: the siblings that a form covers. */
static bool covers_form(const struct draft *d, struct dot dot)
{
	return !d->has_form || vv_covers(&d->form, dot);
}

/* Whether writing the value changes nothing: it stands alone already. */
static bool is_same(const struct part_field *state, const struct draft_op *op)
{
	if (state == NULL) {
		return op->code == OP_CLEAR;
	}
	return state->items_count == 1 && state->items[0].cleared == (op->code == OP_CLEAR) &&
	       bytes_equal(state->items[0].value, op->value);
}

static const struct part_field *find_state(const struct record *r, const struct schema_field *f,
					   enum field_class class)
{
	const struct part_field *found = NULL;
	uint32_t i;

	for (i = 0; i < r->parts_count && found == NULL; i++) {
		found = part_find(&r->parts[i].part, f->number, class);
	}
	return found;
}

/* Whether the value is in the set, as far as the author of d had seen it. What
 * the author had not seen may be taken out by others, who have not seen d. */
static bool is_in_set(const struct part_field *state, struct bytes value, const struct draft *d)
{
	uint32_t i;

	for (i = 0; state != NULL && i < state->items_count; i++) {
		if (bytes_equal(state->items[i].value, value) &&
		    covers_form(d, state->items[i].dot)) {
			return true;
		}
	}
	return false;
}

/* `fixed` and the centre's values change only by a resolution. */
static enum rc judge_policy(struct judge *j, const struct draft_op *op)
{
	const struct schema_field *f = op->field;
	struct field_view v;
	enum rc rc = RC_OK;

	if (j->d->resolves || (f->policy != POLICY_FIXED && f->policy != POLICY_CENTRE)) {
		return RC_OK;
	}
	rc = view_field(j->r, f, &j->source, j->w->arena, &v);
	if (rc != RC_OK || v.count == 0 || v.shown >= v.count) {
		return rc;
	}
	if (f->policy == POLICY_FIXED) {
		return refuse(j, RC_DENIED,
			      "if it was wrong from the start, correct it with `kerwen resolve`",
			      "%s.%s is fixed once it is set", j->d->kind->name, f->name);
	}
	if (!j->w->store->info.is_centre && feed_office(v.items[v.shown]->dot.feed) == 0) {
		return refuse(j, RC_DENIED,
			      "ask the centre to correct it, or speak against it with "
			      "`kerwen resolve`",
			      "%s.%s was set by the centre", j->d->kind->name, f->name);
	}
	return RC_OK;
}

/* A counter's total stays a number that JSON can carry. */
static enum rc judge_count(struct judge *j, const struct draft_op *op)
{
	int64_t total = value_number(VALUE_INT, op->value);
	struct field_view v;
	enum rc rc = view_field(j->r, op->field, &j->source, j->w->arena, &v);

	/* Both are within 2^53: what is shown is held there. */
	total += v.sum;
	if (rc != RC_OK || value_clamp(total) == total) {
		return rc;
	}
	return refuse(j, RC_INVALID, "check the number", "%s.%s: the counter would pass 2^53",
		      j->d->kind->name, op->field->name);
}

/* A plain write settles what was in open conflict. Several values alone are
 * none: a policy may have chosen. */
static enum rc judge_settling(struct judge *j, const struct draft_op *op)
{
	struct field_view v = { .conflict = false };
	enum rc rc = view_field(j->r, op->field, &j->source, j->w->arena, &v);

	j->settles = j->settles || v.conflict;
	return rc;
}

/* A record is not its own double, and a group stays small enough to count. */
static enum rc judge_link(struct judge *j, const struct draft_op *op)
{
	const struct schema_kind *k = j->d->kind;
	uint32_t count = 0;
	struct uuid other;
	enum rc rc = RC_OK;

	if (op->field != schema_doubles_same(k) && op->field != schema_doubles_different(k)) {
		return RC_OK;
	}
	if (!doubles_other(j->r, op->value, &other)) {
		return refuse(j, RC_INVALID, "give the id of the other record",
			      "%s.%s: this is the record itself", k->name, op->field->name);
	}
	if (op->field == schema_doubles_same(k)) {
		rc = work_group_with(j->w, j->r, other, &count);
	}
	return rc != RC_OK || count <= LIMIT_GROUP_RECORDS_MAX ?
		       rc :
		       refuse(j, RC_LIMIT,
			      "look for links that are wrong, and `kerwen unlink` them",
			      "%s.%s: at most %d records are linked into one", k->name,
			      op->field->name, (int)LIMIT_GROUP_RECORDS_MAX);
}

/* Whether an operation on an existing record changes anything. */
static enum rc judge_change(struct judge *j, const struct draft_op *op, bool *changes)
{
	const struct part_field *state = find_state(j->r, op->field, part_class_of(op->code));
	bool stale = state != NULL && state->items_count > 0 &&
		     !covers_form(j->d, state->items[state->items_count - 1].dot);

	enum rc rc = RC_OK;

	*changes = true;
	switch (op->code) {
	case OP_PUT:
	case OP_CLEAR:
		*changes = stale || !is_same(state, op);
		rc = state != NULL && state->items_count > 1 ? judge_settling(j, op) : RC_OK;
		break;
	case OP_SET_ADD:
		*changes = !is_in_set(state, op->value, j->d);
		return *changes ? judge_link(j, op) : RC_OK;
	case OP_SET_REMOVE:
		*changes = is_in_set(state, op->value, j->d);
		return RC_OK;
	case OP_COUNT:
		*changes = value_number(VALUE_INT, op->value) != 0;
		return judge_count(j, op);
	case OP_LOG:
		return RC_OK;
	}
	return rc == RC_OK && *changes ? judge_policy(j, op) : rc;
}

static struct draft_op *find_op(struct draft_op *ops, uint32_t count, const struct schema_field *f)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (ops[i].field == f) {
			return &ops[i];
		}
	}
	return NULL;
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

/* Judges the operations and keeps those that change something. */
static enum rc keep_ops(struct judge *j)
{
	uint32_t i, count = 0;
	size_t max = (size_t)j->d->ops_count + j->d->kind->fields_count;
	struct draft_op *ops = arena_take(j->w->arena, max * sizeof(*ops));
	enum rc rc = ops == NULL ? RC_NOMEM : RC_OK;

	for (i = 0; i < j->d->kind->fields_count; i++) {
		j->derives = j->derives || j->d->kind->fields[i].derive != DERIVE_NONE;
	}
	for (i = 0; i < j->d->ops_count && rc == RC_OK; i++) {
		const struct draft_op *op = &j->d->ops[i];
		bool changes = !(j->is_new && op->code == OP_CLEAR);

		if (op->field->derive != DERIVE_NONE) {
			char from[SCHEMA_DERIVE_TEXT_MAX];

			return refuse(j, RC_INVALID, "leave it out", "%s.%s is computed from %s",
				      j->d->kind->name, op->field->name,
				      schema_derive_text(op->field, from));
		}
		rc = judge_op(j, op);
		if (rc == RC_OK && op->field->merge == MERGE_REGISTER &&
		    find_op(ops, count, op->field) != NULL) {
			return refuse(j, RC_INVALID, "leave one of them out",
				      "%s.%s is given twice", j->d->kind->name, op->field->name);
		}
		if (rc == RC_OK) {
			rc = judge_scope(j, op->field->name, op->field->reach);
		}
		if (rc == RC_OK && !j->is_new) {
			rc = judge_change(j, op, &changes);
		}
		if (rc == RC_OK && changes) {
			ops[count++] = *op;
			rc = draft_note_closed(j->w, op, j->result);
		}
	}
	if (rc == RC_OK) {
		rc = add_computed(j, ops, &count);
	}
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
		struct draft_op *ops = (struct draft_op *)(uintptr_t)j->plan->ops;

		if (!f->required || f->closed || !may_write(j, f->reach) ||
		    find_op(ops, j->plan->ops_count, f) != NULL) {
			continue;
		}
		return refuse(j, RC_INVALID, "give it a value", "%s.%s is required", k->name,
			      f->name);
	}
	return RC_OK;
}

static enum rc judge_existing(struct judge *j)
{
	struct record_life life = view_life(j->r);
	bool gone = life.deleted && !life.conflict;

	if (gone && j->d->keep_deleted) {
		return refuse(j, RC_DENIED, "use `kerwen restore` if it was deleted by mistake",
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
