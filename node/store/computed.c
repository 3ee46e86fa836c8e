#include "node/store/computed.h"

#include "node/store/draft.h"
#include "node/store/records.h"
#include "node/store/samekey.h"

enum { BUFFER_MAX = SAMEKEY_LEN_MAX };

/* A source by its place; NULL behind the last. */
static const struct schema_field *source_of(const struct computed *c, const struct schema_field *f,
					    uint32_t i)
{
	if (i == SCHEMA_DERIVE_FROM_MAX || f->derive_from[i] == NULL) {
		return NULL;
	}
	return schema_field_by_name(c->kind, bytes_of(f->derive_from[i]));
}

/* Whether the operations touch a source. */
static bool touches(const struct computed *c, const struct schema_field *f,
		    const struct draft_op *ops, uint32_t count)
{
	const struct schema_field *source = NULL;
	uint32_t i;

	for (i = 0; (source = source_of(c, f, i)) != NULL; i++) {
		if (draft_find_op(ops, count, source) != NULL) {
			return true;
		}
	}
	return false;
}

/* Whether this node knows all sources, and may write what they make. */
static bool is_mine(const struct computed *c, const struct schema_field *f)
{
	const struct schema_field *source = NULL;
	uint32_t i;

	if (f->derive == DERIVE_NONE || f->closed || !c->may_write(c->ctx, f->reach)) {
		return false;
	}
	for (i = 0; (source = source_of(c, f, i)) != NULL; i++) {
		if (!c->may_write(c->ctx, source->reach)) {
			return false;
		}
	}
	return true;
}

/* The value that a field shows once the operations are done; empty: unset. */
static enum rc value_after(const struct computed *c, const struct draft_op *ops, uint32_t count,
			   const struct schema_field *f, struct bytes *out)
{
	const struct draft_op *op = draft_find_op(ops, count, f);
	struct records_stamps stamps = { c->work->txn, c->work->store->info.centre_incarnation,
					 c->work->arena };
	struct view_source source = records_source(&stamps);
	struct values v = { NULL, 0 };
	enum rc rc = RC_OK;

	if (op == NULL && !c->is_new) {
		rc = view_values(c->record, f, &source, c->work->arena, &v);
	}
	*out = op != NULL ? op->value : v.count > 0 ? v.items[0] : bytes_at(NULL, 0);
	return rc;
}

static enum rc compute(const struct computed *c, const struct schema_field *f,
		       const struct draft_op *ops, uint32_t count, uint8_t buffer[BUFFER_MAX],
		       struct bytes *out)
{
	struct bytes from[SCHEMA_DERIVE_FROM_MAX] = { { NULL, 0 } };
	struct bytes_writer w = bytes_writer_init(buffer, BUFFER_MAX);
	struct samekey_parts parts;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; rc == RC_OK && source_of(c, f, i) != NULL; i++) {
		rc = value_after(c, ops, count, source_of(c, f, i), &from[i]);
	}
	if (rc != RC_OK) {
		return rc;
	}
	switch (f->derive) {
	case DERIVE_NONE:
		break;
	case DERIVE_YEAR:
		if (from[0].len > 0) {
			value_put_number(&w, value_number(VALUE_PDATE, from[0]) / (16 * 32));
		}
		break;
	case DERIVE_SAME:
		parts = (struct samekey_parts){ from[0], from[1], from[2] };
		return samekey_make(c->work->store, &parts, c->work->arena, buffer, out);
	}
	*out = bytes_written(&w);
	return RC_OK;
}

enum rc computed_add(const struct computed *c, struct draft_op *ops, uint32_t *count)
{
	uint32_t i, given = *count;
	enum rc rc = RC_OK;

	for (i = 0; i < c->kind->fields_count && rc == RC_OK; i++) {
		const struct schema_field *f = &c->kind->fields[i];
		struct draft_op op = { .field = f };
		uint8_t buffer[BUFFER_MAX];
		struct bytes value;
		bool touched = touches(c, f, ops, given);

		if (!is_mine(c, f) || (c->is_new && !touched)) {
			continue;
		}
		rc = compute(c, f, ops, given, buffer, &value);
		if (rc == RC_OK && !touched && value.len == 0) {
			continue; /* nothing that was said takes it away */
		}
		op.code = rc == RC_OK && value.len > 0 ? OP_PUT : OP_CLEAR;
		if (op.code == OP_PUT) {
			op.value = arena_copy(c->work->arena, value);
			rc = op.value.p == NULL ? RC_NOMEM : RC_OK;
		}
		if (rc == RC_OK && !draft_stands(c->record, &op)) {
			ops[(*count)++] = op;
		}
	}
	return rc;
}
