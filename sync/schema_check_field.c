#include "sync/refuse.h"
#include "sync/schema_check.h"

#include <string.h>

/* The field that a check speaks of. */
struct subject {
	const struct schema_check *c;
	const struct schema_kind *kind;
	const struct schema_field *field;
};

static enum rc refuse_field(const struct subject *s, const char *why, const char *name)
{
	return REFUSE(s->c->error, "kind ", s->kind->name, ", field ", s->field->name, ": ", why,
		      name);
}

static enum rc check_type(const struct subject *s)
{
	const struct schema_field *f = s->field;

	if (f->type == VALUE_BYTES) {
		return refuse_field(s, "type bytes is kept for built-in kinds", "");
	}
	if ((f->type == VALUE_CODE) != (f->codes != NULL)) {
		return refuse_field(s,
				    f->codes == NULL ? "a code needs codes: NAME OF A LIST" :
						       "codes is only for type code",
				    "");
	}
	if (f->codes != NULL &&
	    schema_codes_by_name(s->c->schema, bytes_of(f->codes->name)) != f->codes) {
		return refuse_field(s, "there is no code list ", f->codes->name);
	}
	if ((f->type == VALUE_LINK) != (f->to != NULL)) {
		return refuse_field(s,
				    f->to == NULL ? "a link needs to: KIND" :
						    "to is only for type link",
				    "");
	}
	if (f->to != NULL && schema_kind_by_name(s->c->schema, bytes_of(f->to)) == NULL) {
		return refuse_field(s, "it links to an unknown kind, ", f->to);
	}
	if (f->scale != 0 && (f->type != VALUE_DECIMAL || f->scale > 9)) {
		return refuse_field(s, "scale is for decimals only, 0 to 9", "");
	}
	return RC_OK;
}

static enum rc check_merge(const struct subject *s)
{
	const struct schema_field *f = s->field;

	if (f->merge != MERGE_REGISTER && f->policy != POLICY_ASK) {
		return refuse_field(s, "a policy is only for registers; leave it out of a ",
				    schema_merge_text(f->merge));
	}
	if (f->merge == MERGE_COUNTER && f->type != VALUE_INT) {
		return refuse_field(s, "a counter has type int", "");
	}
	if (f->merge == MERGE_COUNTER && f->required) {
		return refuse_field(s, "a counter cannot be required; it begins with 0", "");
	}
	if (f->merge == MERGE_SET && f->type == VALUE_BOOL) {
		return refuse_field(s, "a set of bool makes no sense; use a register", "");
	}
	return RC_OK;
}

static bool is_ordered(enum value_type type)
{
	switch (type) {
	case VALUE_INT:
	case VALUE_DECIMAL:
	case VALUE_DATE:
	case VALUE_PDATE:
	case VALUE_TIME:
		return true;
	case VALUE_TEXT:
	case VALUE_BOOL:
	case VALUE_CODE:
	case VALUE_LINK:
	case VALUE_BYTES:
		return false;
	}
	return false;
}

static bool has_rank_before(const struct schema_field *f, uint32_t end, const char *value)
{
	uint32_t i;

	for (i = 0; i < end; i++) {
		if (strcmp(f->ranks[i].value, value) == 0) {
			return true;
		}
	}
	return false;
}

static enum rc check_flow(const struct subject *s)
{
	const struct schema_field *f = s->field;
	uint32_t rank = 0;
	uint32_t i;

	if (f->type != VALUE_CODE) {
		return refuse_field(s, "policy flow is only for type code", "");
	}
	if (f->ranks_count < 2) {
		return refuse_field(s, "a flow has at least two steps: flow(A<B)", "");
	}
	for (i = 0; i < f->ranks_count; i++) {
		const struct schema_rank *r = &f->ranks[i];

		if (schema_code_find(f->codes, bytes_of(r->value)) == NULL) {
			return refuse_field(s, "the flow names a code that is not in the list: ",
					    r->value);
		}
		if (has_rank_before(f, i, r->value)) {
			return refuse_field(s, "the flow names a code twice: ", r->value);
		}
		if (r->rank != rank && (i == 0 || r->rank != rank + 1)) {
			return refuse_field(s, "the flow is out of order at ", r->value);
		}
		rank = r->rank;
	}
	return RC_OK;
}

static enum rc check_policy(const struct subject *s)
{
	const struct schema_field *f = s->field;

	switch (f->policy) {
	case POLICY_ASK:
	case POLICY_LATEST:
	case POLICY_FIXED:
		return RC_OK;
	case POLICY_CENTRE:
		return f->reach != REACH_OFFICE ?
			       RC_OK :
			       refuse_field(s, "policy centre needs a reach that the centre sees",
					    "");
	case POLICY_MIN:
	case POLICY_MAX:
		return is_ordered(f->type) ?
			       RC_OK :
			       refuse_field(s, "policies min and max need a number or a date, not ",
					    value_type_text(f->type));
	case POLICY_FLOW:
		return check_flow(s);
	}
	return refuse_field(s, "unknown policy", "");
}

static enum rc check_year(const struct subject *s, const struct schema_field *const *from)
{
	if (s->field->merge != MERGE_REGISTER || s->field->type != VALUE_INT) {
		return refuse_field(s, "a derived year is a register of type int", "");
	}
	if (from[0]->merge != MERGE_REGISTER ||
	    (from[0]->type != VALUE_DATE && from[0]->type != VALUE_PDATE)) {
		return refuse_field(s, "a year is derived from a date, which this is not: ",
				    from[0]->name);
	}
	return RC_OK;
}

/* A name, a date, and one more value. */
static enum rc check_same(const struct subject *s, const struct schema_field *const *from)
{
	uint32_t i;

	if (s->field->merge != MERGE_REGISTER || s->field->type != VALUE_TEXT) {
		return refuse_field(s, "what is derived by same() is a register of type text", "");
	}
	for (i = 0; i < 3; i++) {
		if (from[i]->merge != MERGE_REGISTER || from[i]->derive != DERIVE_NONE) {
			return refuse_field(s, "same() needs registers that people fill in, not ",
					    from[i]->name);
		}
	}
	if (from[0]->type != VALUE_TEXT) {
		return refuse_field(s, "same() begins with a name, a text, which this is not: ",
				    from[0]->name);
	}
	if (from[1]->type != VALUE_DATE && from[1]->type != VALUE_PDATE) {
		return refuse_field(s, "the second of same() is a date, which this is not: ",
				    from[1]->name);
	}
	return RC_OK;
}

static enum rc check_derived(const struct subject *s)
{
	const struct schema_field *f = s->field;
	const struct schema_field *from[SCHEMA_DERIVE_FROM_MAX] = { NULL };
	uint32_t i, count = 0, wanted = f->derive == DERIVE_SAME ? 3 : f->derive == DERIVE_YEAR;

	while (count < SCHEMA_DERIVE_FROM_MAX && f->derive_from[count] != NULL) {
		count++;
	}
	if (count != wanted) {
		return refuse_field(s,
				    f->derive == DERIVE_SAME ? "same() takes a name, a date and "
							       "one more field" :
							       "derived from what?",
				    "");
	}
	for (i = 0; i < count; i++) {
		from[i] = schema_field_by_name(s->kind, bytes_of(f->derive_from[i]));
		if (from[i] == NULL) {
			return refuse_field(
				s, "it is derived from a field that the kind does not have, ",
				f->derive_from[i]);
		}
	}
	switch (f->derive) {
	case DERIVE_NONE:
		return RC_OK;
	case DERIVE_YEAR:
		return check_year(s, from);
	case DERIVE_SAME:
		return check_same(s, from);
	}
	return refuse_field(s, "unknown derivation", "");
}

static enum rc check_check(const struct subject *s)
{
	const struct schema_field *f = s->field;

	if (f->check != CHECK_NONE && (f->merge != MERGE_REGISTER || f->type != VALUE_TEXT)) {
		return refuse_field(s, "check: mrz is only for registers of type text", "");
	}
	return RC_OK;
}

enum rc schema_check_field(const struct schema_check *c, const struct schema_kind *kind,
			   const struct schema_field *field)
{
	struct subject s = { .c = c, .kind = kind, .field = field };
	enum rc rc = schema_check_name(c, kind, "field", field->name);

	if (rc == RC_OK && strcmp(field->name, "id") == 0) {
		return refuse_field(&s, "id is the record's own; choose another name", "");
	}
	if (rc == RC_OK) {
		rc = check_type(&s);
	}
	if (rc == RC_OK) {
		rc = check_merge(&s);
	}
	if (rc == RC_OK) {
		rc = check_policy(&s);
	}
	if (rc == RC_OK) {
		rc = check_derived(&s);
	}
	if (rc == RC_OK) {
		rc = check_check(&s);
	}
	return rc;
}
