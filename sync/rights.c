#include "sync/rights.h"

#include "sync/part.h"

static enum merge merge_of(enum op_code code)
{
	switch (part_class_of(code)) {
	case CLASS_REGISTER:
		return MERGE_REGISTER;
	case CLASS_SET:
		return MERGE_SET;
	case CLASS_COUNTER:
		return MERGE_COUNTER;
	case CLASS_LOG:
		return MERGE_LOG;
	}
	return MERGE_REGISTER;
}

static enum rc judge_value(enum value_type type, const struct op *op)
{
	if (op->code == OP_CLEAR) {
		return RC_OK;
	}
	if (op->value.len > LIMIT_VALUE_BYTES_MAX) {
		return RC_INVALID;
	}
	return value_check(op->code == OP_COUNT ? VALUE_INT : type, op->value);
}

/* An office makes records of its own; only the centre speaks of others, and
 * marks parts that are left. */
static enum rc judge_home(const struct rights *r, const struct change *c, const struct op *op)
{
	if (op->code != OP_PUT || op->value.len != HOME_LEN ||
	    (c->life == LIFE_NONE && !r->is_centre)) {
		return RC_INVALID;
	}
	return r->is_centre || (op->value.p[0] << 8 | op->value.p[1]) == r->office ? RC_OK :
										     RC_DENIED;
}

static enum rc judge_op(const struct rights *r, const struct change *c, const struct op *op)
{
	const struct schema_field *f = NULL;

	if (op->field == FIELD_HOME) {
		return judge_home(r, c, op);
	}
	f = r->kind == NULL ? NULL : schema_field_by_number(r->kind, op->field);
	if (f == NULL) {
		return judge_value(VALUE_BYTES, op);
	}
	if (f->merge != merge_of(op->code)) {
		return RC_INVALID;
	}
	if (f->reach != r->scope) {
		return RC_DENIED;
	}
	return judge_value(f->type, op);
}

enum rc rights_judge(const struct rights *r, const struct change *c)
{
	enum rc rc = RC_OK;
	uint32_t i;

	if (!r->is_member || (r->scope == REACH_NATION && !r->is_centre)) {
		return RC_DENIED;
	}
	if (r->kind != NULL) {
		if (r->kind->writers == WRITERS_CENTRE && !r->is_centre) {
			return RC_DENIED;
		}
		if ((r->kind->reach == r->scope) != (c->life != LIFE_NONE)) {
			return RC_INVALID;
		}
	}
	for (i = 0; i < c->ops_count && rc == RC_OK; i++) {
		rc = judge_op(r, c, &c->ops[i]);
	}
	return rc;
}
