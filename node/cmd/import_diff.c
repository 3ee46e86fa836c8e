#include "node/cmd/import_diff.h"

#include <string.h>

static enum rc append(struct value_reader *r, struct value_ops *ops, struct draft_op op)
{
	struct draft_op *wider = NULL;

	if (ops->count == ops->max) {
		wider = arena_take(r->arena, 2 * (ops->max + 8) * sizeof(*wider));
		if (wider == NULL) {
			return RC_NOMEM;
		}
		if (ops->count > 0) {
			memcpy(wider, ops->items, ops->count * sizeof(*wider));
		}
		ops->items = wider;
		ops->max = 2 * (ops->max + 8);
	}
	ops->items[ops->count++] = op;
	return RC_OK;
}

static bool has_value(const struct values *v, struct bytes value)
{
	uint32_t i;

	for (i = 0; i < v->count; i++) {
		if (bytes_equal(v->items[i], value)) {
			return true;
		}
	}
	return false;
}

static bool has_op(const struct draft_op *ops, uint32_t count, struct bytes value)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (bytes_equal(ops[i].value, value)) {
			return true;
		}
	}
	return false;
}

/* The step from what the counter showed to what the cell says. */
static enum rc diff_counter(struct value_reader *r, const struct values *then, struct draft_op op,
			    struct value_ops *out)
{
	int64_t shown = then->count == 0 ? 0 : value_number(VALUE_INT, then->items[0]);
	int64_t step = value_number(VALUE_INT, op.value) - shown;
	uint8_t *p = arena_take(r->arena, 10);
	struct bytes_writer w = bytes_writer_init(p, 10);

	if (p == NULL) {
		return RC_NOMEM;
	}
	value_put_number(&w, step);
	op.value = bytes_written(&w);
	return step == 0 ? RC_OK : append(r, out, op);
}

static enum rc diff_set(struct value_reader *r, const struct schema_field *f,
			const struct values *then, const struct draft_op *ops, uint32_t count,
			struct value_ops *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < count && rc == RC_OK; i++) {
		if (!has_value(then, ops[i].value)) {
			rc = append(r, out, ops[i]);
		}
	}
	for (i = 0; i < then->count && rc == RC_OK; i++) {
		if (!has_op(ops, count, then->items[i])) {
			rc = append(r, out, (struct draft_op){ f, OP_SET_REMOVE, then->items[i] });
		}
	}
	return rc;
}

enum rc import_diff_field(struct value_reader *r, const struct schema_field *f,
			  const struct import_shown *shown, const struct draft_op *ops,
			  uint32_t count, struct value_ops *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	switch (f->merge) {
	case MERGE_COUNTER:
		return diff_counter(r, &shown->then, ops[0], out);
	case MERGE_SET:
		return diff_set(r, f, &shown->then, ops, count, out);
	case MERGE_REGISTER:
		return has_value(&shown->now, ops[0].value) ||
				       has_value(&shown->then, ops[0].value) ?
			       RC_OK :
			       append(r, out, ops[0]);
	case MERGE_LOG:
		break;
	}
	for (i = 0; i < count && rc == RC_OK; i++) {
		if (!has_value(&shown->now, ops[i].value)) {
			rc = append(r, out, ops[i]);
		}
	}
	return rc;
}
