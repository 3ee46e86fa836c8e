/* `kerwen quarantine list` and `kerwen quarantine show REF`. */
#include <stdio.h>

#include "node/cmd/open.h"
#include "node/cmd/origin.h"
#include "node/cmd/quarantine_ref.h"
#include "node/cmd/value_out.h"
#include "node/store/history.h"
#include "node/store/ruling.h"
#include "proto/entry_codec.h"

/* One change of the quarantine, as far as it can be read. */
struct aside {
	struct quarantine q;
	struct origin origin, ruling; /* ruling: while q.state is not waiting */
	struct change change;
	bool is_decoded, is_acceptable;
};

struct listing {
	struct cmd_context *c;
	struct cmd_node node;
	struct kv_txn *txn;
};

static enum rc load_item(struct listing *l, struct aside *out)
{
	struct store *s = l->node.store;
	struct arena *a = &s->arena;
	enum quarantine_reason why = QUARANTINE_MALFORMED;
	enum rc rc = origin_get(s, l->txn, out->q.dot, a, &out->origin);

	if (rc == RC_OK && out->q.state != QUARANTINE_WAITING) {
		rc = origin_get(s, l->txn, out->q.ruling, a, &out->ruling);
	}
	if (rc != RC_OK) {
		return rc;
	}
	rc = ruling_check(s, l->txn, &out->q, NULL, a, &out->change, &why);
	out->is_decoded = rc == RC_OK || rc == RC_DENIED;
	out->is_acceptable = rc == RC_OK;
	return rc == RC_NOMEM ? rc : RC_OK;
}

/* "permit 0199...", or what can be said without a schema. */
static struct bytes record_text(struct listing *l, const struct aside *i)
{
	enum { TEXT_MAX = LIMIT_NAME_BYTES_MAX + UUID_TEXT_LEN + 16 };
	const struct schema *schema = &l->node.store->catalog->schema;
	const struct schema_kind *k = schema_kind_by_number(schema, i->change.kind);
	char *text = arena_take(&l->node.store->arena, TEXT_MAX);
	char id[UUID_TEXT_LEN + 1];

	if (text == NULL || !i->is_decoded) {
		return bytes_of("unreadable");
	}
	uuid_format(i->change.id, id);
	if (k == NULL) {
		(void)snprintf(text, TEXT_MAX, "kind %u %s", i->change.kind, id);
	} else {
		(void)snprintf(text, TEXT_MAX, "%s %s", k->name, id);
	}
	return bytes_of(text);
}

static json_t *describe(struct listing *l, const struct aside *i)
{
	const struct schema_kind *k = schema_kind_by_number(&l->node.store->catalog->schema,
							    i->is_decoded ? i->change.kind : 0);
	json_t *o = json_object();
	char id[UUID_TEXT_LEN + 1];
	int failed = 0;

	failed |= json_object_set_new(o, "ref",
				      json_string(quarantine_ref_text(i->q.dot, i->q.place).text));
	failed |= origin_put_json(o, &i->origin) != RC_OK;
	failed |= json_object_set_new(o, "why", json_string(quarantine_reason_text(i->q.why)));
	failed |= json_object_set_new(o, "state", json_string(quarantine_state_text(i->q.state)));
	failed |= json_object_set_new(o, "can_be_accepted",
				      json_boolean(i->is_acceptable &&
						   i->q.state != QUARANTINE_ACCEPTED));
	if (k != NULL) {
		failed |= json_object_set_new(o, "kind", json_string(k->name));
	}
	if (i->is_decoded) {
		uuid_format(i->change.id, id);
		failed |= json_object_set_new(o, "id", json_string(id));
	}
	if (failed != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* Calls each for the rows that are wanted; the arena goes back in between. */
static enum rc walk(struct listing *l, bool all, void *ctx,
		    enum rc (*each)(struct listing *l, void *ctx, const struct aside *i))
{
	struct aside item = { .is_decoded = false };
	struct arena *a = &l->node.store->arena;
	enum rc rc = quarantine_next(l->txn, NULL, &item.q);

	while (rc == RC_OK) {
		size_t mark = arena_mark(a);

		if (all || item.q.state == QUARANTINE_WAITING) {
			rc = load_item(l, &item);
			rc = rc == RC_OK ? each(l, ctx, &item) : rc;
		}
		arena_release(a, mark);
		rc = rc == RC_OK ? quarantine_next(l->txn, &item.q, &item.q) : rc;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc add_json(struct listing *l, void *ctx, const struct aside *i)
{
	return json_array_append_new(ctx, describe(l, i)) == 0 ? RC_OK : RC_NOMEM;
}

static enum rc list_json(struct listing *l, bool all)
{
	json_t *document = out_document(), *list = json_array();
	enum rc rc = walk(l, all, list, add_json);

	if (json_object_set_new(document, "quarantine", list) != 0 || rc != RC_OK) {
		json_decref(document);
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	return out_json(l->c->out, document);
}

static enum rc add_row(struct listing *l, void *ctx, const struct aside *i)
{
	struct out_table *t = ctx;

	out_table_row(t);
	out_table_text(t, quarantine_ref_text(i->q.dot, i->q.place).text);
	out_table_cell(t, i->origin.office);
	out_table_cell(t, i->origin.author);
	out_table_text(t, origin_time(i->origin.time_ms).text);
	out_table_cell(t, record_text(l, i));
	out_table_text(t, quarantine_state_text(i->q.state));
	out_table_text(t, quarantine_reason_text(i->q.why));
	return RC_OK;
}

static enum rc list_table(struct listing *l, bool all)
{
	static const struct out_column columns[] = {
		{ .name = "ref" },  { .name = "office" }, { .name = "author" },
		{ .name = "time" }, { .name = "record" }, { .name = "state" },
		{ .name = "why" },
	};
	struct out_table *t = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	enum rc rc = walk(l, all, t, add_row), printed = out_table_print(l->c->out, t);

	return rc == RC_OK ? printed : rc;
}

/* --- one of them ----------------------------------------------------------------- */

static const char *op_text(enum op_code code)
{
	switch (code) {
	case OP_PUT:
		return "put";
	case OP_CLEAR:
		return "clear";
	case OP_SET_ADD:
		return "add";
	case OP_SET_REMOVE:
		return "remove";
	case OP_COUNT:
		return "count";
	case OP_LOG:
		return "log";
	}
	return "";
}

/* The name of a field, or its number. */
static struct bytes field_text(struct listing *l, const struct schema_field *f, uint16_t number)
{
	char *text = NULL;

	if (f != NULL || number == FIELD_HOME) {
		return bytes_of(f != NULL ? f->name : "(home)");
	}
	text = arena_take(&l->node.store->arena, 16);
	if (text != NULL) {
		(void)snprintf(text, 16, "field %u", number);
	}
	return bytes_of(text == NULL ? "?" : text);
}

/* The text of a value that may be anything. */
static enum rc value_text(struct listing *l, const struct schema_field *f, const struct op *op,
			  struct bytes *out)
{
	enum value_type type = f == NULL || op->code == OP_COUNT ? VALUE_INT : f->type;
	bool is_readable = (f != NULL || op->code == OP_COUNT) && op->code != OP_CLEAR &&
			   value_check(type, op->value) == RC_OK;
	struct schema_field count = { .type = VALUE_INT, .merge = MERGE_COUNTER };
	char *text = NULL;

	if (is_readable) {
		return value_out_text(op->code == OP_COUNT ? &count : f, op->value,
				      &l->node.store->arena, out);
	}
	*out = bytes_of("");
	if (op->code == OP_CLEAR) {
		return RC_OK;
	}
	if (op->field == FIELD_HOME && op->value.len == HOME_LEN) {
		struct bytes_reader r = bytes_reader_init(op->value);

		*out = origin_office(l->node.store, bytes_get_be16(&r), &l->node.store->arena);
		return RC_OK;
	}
	text = arena_take(&l->node.store->arena, 32);
	if (text == NULL) {
		return RC_NOMEM;
	}
	(void)snprintf(text, 32, "(%zu bytes)", op->value.len);
	*out = bytes_of(text);
	return RC_OK;
}

/* Field, operation and value of each of the change's operations. */
static enum rc each_op(struct listing *l, const struct aside *i, void *ctx,
		       void (*each)(void *ctx, struct bytes field, const char *op,
				    struct bytes value))
{
	const struct schema_kind *k =
		schema_kind_by_number(&l->node.store->catalog->schema, i->change.kind);
	enum rc rc = RC_OK;
	uint32_t n;

	for (n = 0; i->is_decoded && n < i->change.ops_count && rc == RC_OK; n++) {
		const struct op *op = &i->change.ops[n];
		const struct schema_field *f = k == NULL ? NULL :
							   schema_field_by_number(k, op->field);
		struct bytes text;

		rc = value_text(l, f, op, &text);
		if (rc == RC_OK) {
			each(ctx, field_text(l, f, op->field), op_text(op->code), text);
		}
	}
	return rc;
}

static void add_op_json(void *ctx, struct bytes field, const char *op, struct bytes value)
{
	json_array_append_new(ctx, json_pack("{s:o, s:s, s:o}", "field", out_string(field), "op",
					     op, "value", out_string(value)));
}

static void add_op_row(void *ctx, struct bytes field, const char *op, struct bytes value)
{
	struct out_table *t = ctx;

	out_table_row(t);
	out_table_cell(t, field);
	out_table_text(t, op);
	out_table_cell(t, value);
}

static enum rc put_ruling(json_t *o, const struct aside *i)
{
	json_t *ruling = json_object();
	enum rc rc = RC_OK;

	if (i->q.state == QUARANTINE_WAITING) {
		json_decref(ruling);
		return RC_OK;
	}
	rc = origin_put_json(ruling, &i->ruling);
	if (json_object_set_new(ruling, "reason", out_string(i->ruling.reason)) != 0) {
		rc = RC_NOMEM;
	}
	return json_object_set_new(o, "ruling", ruling) == 0 ? rc : RC_NOMEM;
}

static enum rc show_json(struct listing *l, const struct aside *i)
{
	json_t *document = out_document(), *object = describe(l, i), *ops = json_array();
	enum rc rc = each_op(l, i, ops, add_op_json);
	int failed = json_object_update(document, object);

	failed |= json_object_set_new(document, "reason", out_string(i->origin.reason));
	failed |=
		json_object_set_new(document, "deletes",
				    json_boolean(i->is_decoded && i->change.life == LIFE_DELETED));
	failed |= json_object_set_new(document, "ops", ops);
	rc = rc == RC_OK ? put_ruling(document, i) : rc;
	json_decref(object);
	if (failed != 0 || rc != RC_OK) {
		json_decref(document);
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	return out_json(l->c->out, document);
}

static void print_bytes(struct out *o, const char *name, struct bytes text)
{
	if (text.len > 0) {
		out_line(o, "%-8s%.*s", name, (int)text.len, (const char *)text.p);
	}
}

static enum rc show_text(struct listing *l, const struct aside *i)
{
	static const struct out_column columns[] = { { .name = "field" },
						     { .name = "change" },
						     { .name = "value" } };
	struct out *o = l->c->out;
	struct out_table *t = NULL;
	enum rc rc = RC_OK, printed = RC_OK;

	out_line(o, "change  %s", quarantine_ref_text(i->q.dot, i->q.place).text);
	print_bytes(o, "record", record_text(l, i));
	print_bytes(o, "office", i->origin.office);
	print_bytes(o, "author", i->origin.author);
	out_line(o, "time    %s", origin_time(i->origin.time_ms).text);
	print_bytes(o, "reason", i->origin.reason);
	out_line(o, "why     %s", quarantine_reason_text(i->q.why));
	out_line(o, "state   %s", quarantine_state_text(i->q.state));
	if (i->q.state != QUARANTINE_WAITING) {
		print_bytes(o, "by", i->ruling.author);
		print_bytes(o, "because", i->ruling.reason);
	} else if (!i->is_acceptable) {
		out_line(o, "it can only be discarded");
	}
	if (i->is_decoded && i->change.life == LIFE_DELETED) {
		out_line(o, "it deletes the record");
	}
	out_line(o, "%s", "");
	t = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	rc = each_op(l, i, t, add_op_row);
	printed = out_table_print(o, t);
	return rc == RC_OK ? printed : rc;
}

static int show(struct listing *l, const char *text)
{
	struct aside item = { .is_decoded = false };
	struct dot d = { 0, 0 };
	uint32_t place = 0;
	int code = quarantine_ref_read(l->c, text, &d, &place);
	enum rc rc = RC_OK;

	if (code != CMD_OK) {
		return code;
	}
	rc = quarantine_get(l->txn, d, place, &item.q);
	if (rc == RC_NOTFOUND) {
		return cmd_fail(l->c, CMD_FAILED, "see `kerwen quarantine list --all`",
				"%s: no such change is in quarantine here", text);
	}
	if (rc == RC_OK) {
		rc = load_item(l, &item);
	}
	if (rc == RC_OK) {
		rc = l->c->out->json ? show_json(l, &item) : show_text(l, &item);
	}
	return rc == RC_OK ? CMD_OK : open_fail(l->c, rc, "the change cannot be shown");
}

/* --- the commands ------------------------------------------------------------------ */

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct listing l = { .c = c };
	int code = open_node(c, &l.node);

	if (code == CMD_OK) {
		code = open_read(c, &l.node, &l.txn);
	}
	if (code == CMD_OK && args->words_count > 0) {
		code = show(&l, args->words[0]);
		store_end(l.node.store, l.txn);
	} else if (code == CMD_OK) {
		bool all = cmd_has(args, "all");
		enum rc rc = c->out->json ? list_json(&l, all) : list_table(&l, all);

		store_end(l.node.store, l.txn);
		code = rc == RC_OK ? CMD_OK : open_fail(c, rc, "the quarantine cannot be listed");
	}
	open_close(&l.node);
	return code;
}

static const struct cmd_option options[] = {
	{ .name = "all", .help = "also those that the centre accepted or discarded" },
	{ 0 },
};

const struct command cmd_quarantine_list_command = {
	.name = "quarantine list",
	.summary = "changes that may not stand, and wait for the centre",
	.details = "They are kept, but no record shows them and no figure counts them. Everything\n"
		   "else of their entries went on.",
	.options = options,
	.run = run,
};

const struct command cmd_quarantine_show_command = {
	.name = "quarantine show",
	.words = "REF",
	.words_min = 1,
	.words_max = 1,
	.summary = "one of these changes: who, when, what, and why it may not stand",
	.run = run,
};
