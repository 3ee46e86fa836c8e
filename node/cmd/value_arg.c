/* Words and cells to operations of a draft. */
#include "node/cmd/value_arg.h"

#include <string.h>

enum { NUMBER_BYTES_MAX = 32, OPS_START = 16 };

static enum rc keep(struct value_reader *r, struct bytes v, struct bytes *out)
{
	*out = arena_copy(r->arena, v);
	return out->p == NULL ? RC_NOMEM : RC_OK;
}

/* Appends an operation; the list grows by doubling. */
static enum rc push(struct value_reader *r, struct value_ops *ops, struct draft_op op)
{
	struct draft_op *wider = NULL;
	uint32_t max = ops->max == 0 ? OPS_START : 2 * ops->max;

	if (ops->count == ops->max) {
		if (max > LIMIT_OPS_PER_CHANGE_MAX) {
			return value_arg_refuse(r, "split it into several changes",
						"one change has at most %d values",
						(int)LIMIT_OPS_PER_CHANGE_MAX);
		}
		wider = arena_take(r->arena, max * sizeof(*wider));
		if (wider == NULL) {
			return RC_NOMEM;
		}
		if (ops->count > 0) {
			memcpy(wider, ops->items, ops->count * sizeof(*wider));
		}
		ops->items = wider;
		ops->max = max;
	}
	ops->items[ops->count++] = op;
	return RC_OK;
}

/* The operation on this field that was given before; a set's: on this value. */
static const struct draft_op *find_op(const struct value_ops *ops, const struct schema_field *f,
				      const struct bytes *value)
{
	uint32_t i;

	for (i = 0; i < ops->count; i++) {
		if (ops->items[i].field == f &&
		    (value == NULL || bytes_equal(ops->items[i].value, *value))) {
			return &ops->items[i];
		}
	}
	return NULL;
}

static enum rc push_register(struct value_reader *r, const struct schema_field *f,
			     struct bytes text, struct value_ops *ops)
{
	struct draft_op op = { .field = f, .code = text.len == 0 ? OP_CLEAR : OP_PUT };
	enum rc rc = RC_OK;

	if (find_op(ops, f, NULL) != NULL) {
		return value_arg_refuse(r, "leave one of them out", "%s.%s is given twice",
					r->kind->name, f->name);
	}
	if (text.len > 0) {
		rc = value_arg_read(r, f, text, &op.value);
	}
	return rc == RC_OK ? push(r, ops, op) : rc;
}

enum rc value_arg_push(struct value_reader *r, const struct schema_field *f, enum op_code code,
		       struct bytes value, struct value_ops *ops)
{
	struct draft_op op = { .field = f, .code = code };
	enum rc rc = RC_OK;

	if (f->merge == MERGE_REGISTER && find_op(ops, f, NULL) != NULL) {
		return value_arg_refuse(r, "leave one of them out", "%s.%s is given twice",
					r->kind->name, f->name);
	}
	rc = keep(r, value, &op.value);
	return rc == RC_OK ? push(r, ops, op) : rc;
}

/* "\\|" and "\\\\" of a list stand for the second character alone. */
static bool is_escape(struct bytes list, size_t at)
{
	return list.p[at] == '\\' && at + 1 < list.len &&
	       (list.p[at + 1] == '|' || list.p[at + 1] == '\\');
}

static enum rc unescape(struct value_reader *r, struct bytes *text)
{
	struct bytes_writer w = bytes_writer_init(arena_take(r->arena, text->len), text->len);
	size_t i;

	if (w.p == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < text->len; i++) {
		i += is_escape(*text, i);
		bytes_put(&w, text->p + i, 1);
	}
	*text = bytes_written(&w);
	return w.rc;
}

/* Cuts the first element off a list that is joined by "|". Behind the last one
 * the list's p is NULL. */
static enum rc cut_element(struct value_reader *r, struct bytes *list, struct bytes *out)
{
	size_t at = 0;
	bool escaped = false;

	while (at < list->len && list->p[at] != '|') {
		bool escape = is_escape(*list, at);

		escaped = escaped || escape;
		at += escape ? 2 : 1;
	}
	*out = bytes_at(list->p, at);
	*list = at == list->len ? bytes_at(NULL, 0) :
				  bytes_at(list->p + at + 1, list->len - at - 1);
	return escaped ? unescape(r, out) : RC_OK;
}

static enum rc refuse_empty(struct value_reader *r, const struct schema_field *f)
{
	return value_arg_refuse(r, "leave out the \"|\" that has nothing beside it",
				"%s.%s: an element of the list is empty", r->kind->name, f->name);
}

static enum rc push_set(struct value_reader *r, const struct schema_field *f, enum op_code code,
			struct bytes text, struct value_ops *ops)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && text.p != NULL) {
		struct draft_op op = { .field = f, .code = code };
		const struct draft_op *before = NULL;
		struct bytes element;

		rc = cut_element(r, &text, &element);
		if (rc == RC_OK && element.len == 0) {
			rc = refuse_empty(r, f);
		}
		if (rc == RC_OK) {
			rc = value_arg_read(r, f, element, &op.value);
		}
		before = rc == RC_OK ? find_op(ops, f, &op.value) : NULL;
		if (before != NULL && before->code != code) {
			return value_arg_refuse(r, "leave one of them out",
						"%s.%s: the same element is added and removed",
						r->kind->name, f->name);
		}
		if (rc == RC_OK && before == NULL) {
			rc = push(r, ops, op);
		}
	}
	return rc;
}

static enum rc push_count(struct value_reader *r, const struct schema_field *f, bool minus,
			  struct bytes text, struct value_ops *ops)
{
	struct draft_op op = { .field = f, .code = OP_COUNT };
	uint8_t buffer[NUMBER_BYTES_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	enum rc rc = value_arg_read(r, f, text, &op.value);

	if (rc == RC_OK && minus) {
		value_put_number(&w, -value_number(VALUE_INT, op.value));
		rc = keep(r, bytes_written(&w), &op.value);
	}
	return rc == RC_OK ? push(r, ops, op) : rc;
}

static enum rc push_log(struct value_reader *r, const struct schema_field *f, struct bytes text,
			struct value_ops *ops)
{
	struct draft_op op = { .field = f, .code = OP_LOG };
	enum rc rc = value_arg_read(r, f, text, &op.value);

	return rc == RC_OK ? push(r, ops, op) : rc;
}

/* Exports join the lines of a log as the elements of a set. */
static enum rc push_lines(struct value_reader *r, const struct schema_field *f, struct bytes text,
			  struct value_ops *ops)
{
	struct bytes line;
	enum rc rc = RC_OK;

	while (rc == RC_OK && text.p != NULL) {
		rc = cut_element(r, &text, &line);
		if (rc == RC_OK && line.len == 0) {
			rc = refuse_empty(r, f);
		}
		if (rc == RC_OK) {
			rc = push_log(r, f, line, ops);
		}
	}
	return rc;
}

enum rc value_arg_cell(struct value_reader *r, const struct schema_field *f, struct bytes text,
		       struct value_ops *ops)
{
	if (text.len == 0) {
		return RC_OK;
	}
	switch (f->merge) {
	case MERGE_REGISTER:
		return push_register(r, f, text, ops);
	case MERGE_SET:
		return push_set(r, f, OP_SET_ADD, text, ops);
	case MERGE_COUNTER:
		return push_count(r, f, false, text, ops);
	case MERGE_LOG:
		return push_lines(r, f, text, ops);
	}
	return RC_INVALID;
}

enum sign { SIGN_NONE, SIGN_PLUS, SIGN_MINUS };

static enum rc refuse_sign(struct value_reader *r, const struct schema_field *f)
{
	static const char *const hints[] = {
		[MERGE_REGISTER] = "write FIELD=VALUE, or FIELD= to clear it",
		[MERGE_SET] = "write FIELD+=VALUE to add, FIELD-=VALUE to take out",
		[MERGE_COUNTER] = "write FIELD+=NUMBER or FIELD-=NUMBER",
		[MERGE_LOG] = "write FIELD+=TEXT; what stands in a log stays",
	};

	return value_arg_refuse(r, hints[f->merge], "%s.%s: this is not how a %s is changed",
				r->kind->name, f->name, schema_merge_text(f->merge));
}

static enum rc push_signed(struct value_reader *r, const struct schema_field *f, enum sign sign,
			   struct bytes text, struct value_ops *ops)
{
	bool minus = sign == SIGN_MINUS;

	switch (f->merge) {
	case MERGE_REGISTER:
		break;
	case MERGE_SET:
		return push_set(r, f, minus ? OP_SET_REMOVE : OP_SET_ADD, text, ops);
	case MERGE_COUNTER:
		return push_count(r, f, minus, text, ops);
	case MERGE_LOG:
		return minus ? refuse_sign(r, f) : push_log(r, f, text, ops);
	}
	return refuse_sign(r, f);
}

enum rc value_arg_word(struct value_reader *r, const char *word, bool is_new, struct value_ops *ops)
{
	const char *equals = strchr(word, '=');
	const struct schema_field *f = NULL;
	struct bytes name, text;
	enum sign sign = SIGN_NONE;

	if (equals == NULL || equals == word) {
		return value_arg_refuse(r, "write FIELD=VALUE", "this is not a field with a value");
	}
	name = bytes_at(word, (size_t)(equals - word));
	text = bytes_of(equals + 1);
	if (equals[-1] == '+' || equals[-1] == '-') {
		sign = equals[-1] == '+' ? SIGN_PLUS : SIGN_MINUS;
		name.len--;
	}
	f = value_arg_field(r, name);
	if (f == NULL) {
		return RC_INVALID;
	}
	if (sign != SIGN_NONE) {
		return push_signed(r, f, sign, text, ops);
	}
	if (f->merge == MERGE_REGISTER) {
		return push_register(r, f, text, ops);
	}
	if (!is_new) {
		return refuse_sign(r, f);
	}
	return text.len == 0 ? RC_OK : push_signed(r, f, SIGN_PLUS, text, ops);
}
