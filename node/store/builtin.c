#include "node/store/builtin.h"

#include <assert.h>
#include <string.h>

enum { NUMBER_BYTES_MAX = 10 };

struct builtin builtin_begin(struct commit *c, enum builtin_kind kind, const struct uuid *id)
{
	struct builtin b = { .commit = c };
	const struct schema *s = &c->work->store->catalog->schema;

	b.draft.act = id == NULL ? DRAFT_ADD : DRAFT_EDIT;
	b.draft.kind = schema_kind_by_number(s, (uint16_t)kind);
	if (id != NULL) {
		b.draft.id = *id;
	}
	return b;
}

static void push(struct builtin *b, const struct schema_field *f, enum op_code code,
		 struct bytes value)
{
	if (b->draft.ops_count == BUILTIN_OPS_MAX) {
		b->rc = RC_LIMIT;
		return;
	}
	b->ops[b->draft.ops_count++] =
		(struct draft_op){ .field = f, .code = code, .value = value };
}

static const struct schema_field *find_field(const struct builtin *b, const char *field)
{
	const struct schema_field *f = schema_field_by_name(b->draft.kind, bytes_of(field));

	assert(f != NULL);
	return f;
}

void builtin_put(struct builtin *b, const char *field, struct bytes value)
{
	const struct schema_field *f = find_field(b, field);

	if (value.len > 0) {
		push(b, f,
		     f->merge == MERGE_SET ? OP_SET_ADD :
		     f->merge == MERGE_LOG ? OP_LOG :
					     OP_PUT,
		     value);
	}
}

void builtin_clear(struct builtin *b, const char *field)
{
	push(b, find_field(b, field), OP_CLEAR, bytes_at(NULL, 0));
}

/* In the arena; empty when that is exhausted. */
static struct bytes make_number(struct builtin *b, int64_t value)
{
	uint8_t *p = arena_take(b->commit->work->arena, NUMBER_BYTES_MAX);
	struct bytes_writer w = bytes_writer_init(p, NUMBER_BYTES_MAX);

	if (p == NULL) {
		b->rc = RC_NOMEM;
		return bytes_at(NULL, 0);
	}
	value_put_number(&w, value);
	return bytes_written(&w);
}

void builtin_put_number(struct builtin *b, const char *field, int64_t value)
{
	builtin_put(b, field, make_number(b, value));
}

void builtin_remove_number(struct builtin *b, const char *field, int64_t value)
{
	push(b, find_field(b, field), OP_SET_REMOVE, make_number(b, value));
}

enum rc builtin_write(struct builtin *b, struct draft_result *why)
{
	memset(why, 0, sizeof(*why));
	b->draft.ops = b->ops;
	return b->rc == RC_OK ? commit_add(b->commit, &b->draft, why) : b->rc;
}
