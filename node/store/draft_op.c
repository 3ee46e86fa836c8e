/* One operation of a draft: whether it may be written, and changes anything. */
#include "node/base/text.h"
#include "node/store/doubles.h"
#include "node/store/draft_priv.h"
#include "sync/feed.h"
#include "sync/mrz.h"

const struct draft_op *draft_find_op(const struct draft_op *ops, uint32_t count,
				     const struct schema_field *f)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (ops[i].field == f) {
			return &ops[i];
		}
	}
	return NULL;
}

static enum rc judge_code(const struct schema_kind *k, const struct schema_field *f, struct bytes v,
			  struct draft_result *out)
{
	if (f->type != VALUE_CODE || f->codes == NULL || schema_code_find(f->codes, v) != NULL) {
		return RC_OK;
	}
	return draft_say(out, RC_INVALID, "see `kerwen schema show` for the codes",
			 "%s.%s: \"%.*s\" is not a code of %s", k->name, f->name,
			 (int)(v.len > 40 ? 40 : v.len), (const char *)v.p, f->codes->name);
}

/* What the schema says of the text itself. The value stays out of the refusal. */
static enum rc judge_check(const struct schema_kind *k, const struct schema_field *f,
			   struct bytes v, struct draft_result *out)
{
	enum mrz_fault fault = f->check == CHECK_MRZ ? mrz_check(v) : MRZ_FINE;

	return fault == MRZ_FINE ? RC_OK :
				   draft_say(out, RC_INVALID, "compare it with the document",
					     "%s.%s: %s", k->name, f->name, mrz_fault_text(fault));
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

enum rc draft_judge_form(const struct schema_kind *k, const struct draft_op *op,
			 struct draft_result *out)
{
	const struct schema_field *f = op->field;
	enum value_type type = f->merge == MERGE_COUNTER ? VALUE_INT : f->type;

	if (f->closed) {
		return draft_say(out, RC_INVALID, "see `kerwen schema show`",
				 "%s.%s: this field is closed", k->name, f->name);
	}
	if (!fits_merge(op)) {
		return draft_say(out, RC_INVALID,
				 f->merge == MERGE_REGISTER ? "use FIELD=VALUE" :
							      "use FIELD+=VALUE or FIELD-=VALUE",
				 "%s.%s: this is not how a %s is changed", k->name, f->name,
				 schema_merge_text(f->merge));
	}
	if (op->code == OP_CLEAR) {
		return f->required ? draft_say(out, RC_INVALID, "give it another value",
					       "%s.%s is required and cannot be cleared", k->name,
					       f->name) :
				     RC_OK;
	}
	if (op->value.len == 0 || op->value.len > LIMIT_VALUE_BYTES_MAX ||
	    value_check(type, op->value) != RC_OK) {
		return draft_say(out, RC_INVALID, "see `kerwen schema show`",
				 "%s.%s: not a valid %s", k->name, f->name, value_type_text(type));
	}
	if (f->required && type == VALUE_TEXT && text_is_blank(op->value)) {
		return draft_say(out, RC_INVALID, "give it a value that can be seen",
				 "%s.%s: this is empty but for blanks", k->name, f->name);
	}
	return f->check == CHECK_NONE ? judge_code(k, f, op->value, out) :
					judge_check(k, f, op->value, out);
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
		found = view_find(r, i, f->number, class);
	}
	return found;
}

bool draft_stands(const struct record *r, const struct draft_op *op)
{
	return is_same(find_state(r, op->field, CLASS_REGISTER), op);
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

/* Whether the author has seen the field set, by the centre if so asked: what
 * their form does not cover was written without knowing of them. */
static enum rc find_seen(struct judge *j, const struct schema_field *f, bool by_centre, bool *out)
{
	enum rc rc = RC_OK;
	uint32_t i, k;

	*out = false;
	for (i = 0; i < j->r->parts_count && !*out; i++) {
		const struct part_field *state = view_find(j->r, i, f->number, CLASS_REGISTER);

		for (k = 0; state != NULL && k < state->items_count && !*out && rc == RC_OK; k++) {
			const struct item *item = &state->items[k];
			struct stamp stamp = { .office = feed_office(item->dot.feed) };

			if (item->cleared || !covers_form(j->d, item->dot)) {
				continue;
			}
			rc = by_centre ? j->source.stamp(j->source.ctx, item->dot, &stamp) : RC_OK;
			*out = rc == RC_OK && (!by_centre || stamp.office == 0);
		}
	}
	return rc;
}

/* `fixed` and the centre's values change only by a resolution. A first value
 * beside another is no change: it is kept, and both are to be decided. */
static enum rc judge_policy(struct judge *j, const struct draft_op *op)
{
	const struct schema_field *f = op->field;
	bool by_centre = f->policy == POLICY_CENTRE, seen = false;
	struct field_view v;
	enum rc rc = RC_OK;

	if (j->d->resolves || (f->policy != POLICY_FIXED && f->policy != POLICY_CENTRE)) {
		return RC_OK;
	}
	rc = view_field(j->r, f, &j->source, j->w->arena, &v);
	if (rc != RC_OK || v.shown >= v.count || (by_centre && j->w->store->info.is_centre)) {
		return rc;
	}
	rc = find_seen(j, f, by_centre, &seen);
	if (rc != RC_OK || !seen) {
		return rc;
	}
	return by_centre ?
		       draft_say(j->result, RC_DENIED,
				 "ask the centre to correct it; `kerwen resolve` replaces its "
				 "value everywhere",
				 "%s.%s was set by the centre", j->d->kind->name, f->name) :
		       draft_say(j->result, RC_DENIED,
				 "if it was wrong from the start, correct it with `kerwen resolve`",
				 "%s.%s is fixed once it is set", j->d->kind->name, f->name);
}

/* What this node's feed has counted so far, within 2^53. */
static int64_t own_count(const struct judge *j, const struct field_view *v)
{
	uint32_t i;

	for (i = 0; i < v->count; i++) {
		uint64_t feed = v->items[i]->dot.feed;

		if (feed == store_own_feed(j->w->store, feed_scope(feed))) {
			return value_clamp(v->items[i]->sum);
		}
	}
	return 0;
}

/* A counter's total, and what each feed adds to it, stay numbers that JSON can
 * carry. */
static enum rc judge_count(struct judge *j, const struct draft_op *op)
{
	int64_t number = value_number(VALUE_INT, op->value), total = 0, own = 0;
	struct field_view v;
	enum rc rc = view_field(j->r, op->field, &j->source, j->w->arena, &v);

	if (rc != RC_OK) {
		return rc;
	}
	/* All three are within 2^53: what is shown is held there. */
	total = number + v.sum;
	own = number + own_count(j, &v);
	if (value_clamp(total) == total && value_clamp(own) == own) {
		return RC_OK;
	}
	return draft_say(j->result, RC_INVALID, "check the number",
			 "%s.%s: the counter would pass 2^53", j->d->kind->name, op->field->name);
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
		return draft_say(j->result, RC_INVALID, "give the id of the other record",
				 "%s.%s: this is the record itself", k->name, op->field->name);
	}
	if (op->field == schema_doubles_same(k)) {
		rc = work_group_with(j->w, j->r, other, &count);
	}
	return rc != RC_OK || count <= LIMIT_GROUP_RECORDS_MAX ?
		       rc :
		       draft_say(j->result, RC_LIMIT,
				 "look for links that are wrong, and `kerwen unlink` them",
				 "%s.%s: at most %d records are linked into one", k->name,
				 op->field->name, (int)LIMIT_GROUP_RECORDS_MAX);
}

enum rc draft_judge_change(struct judge *j, const struct draft_op *op, bool *changes)
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
		*changes = j->d->adds_anew || !is_in_set(state, op->value, j->d);
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
