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

void builtin_put(struct builtin *b, const char *field, struct bytes value)
{
	const struct schema_field *f = schema_field_by_name(b->draft.kind, bytes_of(field));

	assert(f != NULL);
	if (value.len == 0) {
		return;
	}
	if (b->draft.ops_count == BUILTIN_OPS_MAX) {
		b->rc = RC_LIMIT;
		return;
	}
	b->ops[b->draft.ops_count++] = (struct draft_op){
		.field = f,
		.code = f->merge == MERGE_SET ? OP_SET_ADD : OP_PUT,
		.value = value,
	};
}

void builtin_put_number(struct builtin *b, const char *field, int64_t value)
{
	uint8_t *p = arena_take(b->commit->work->arena, NUMBER_BYTES_MAX);
	struct bytes_writer w = bytes_writer_init(p, NUMBER_BYTES_MAX);

	if (p == NULL) {
		b->rc = RC_NOMEM;
		return;
	}
	value_put_number(&w, value);
	builtin_put(b, field, bytes_written(&w));
}

enum rc builtin_write(struct builtin *b, struct draft_result *why)
{
	memset(why, 0, sizeof(*why));
	b->draft.ops = b->ops;
	return b->rc == RC_OK ? commit_add(b->commit, &b->draft, why) : b->rc;
}
