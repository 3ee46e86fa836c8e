/* `kerwen limits`: the list of sync/limits.h. */
#include "node/cmd/cmd.h"
#include "sync/limits.h"

struct limit_row {
	const char *name;
	int64_t value;
	const char *unit, *bound, *text;
};

#define LIMIT_ROW(name, value, unit, bound, text) { #name, (value), (unit), (bound), (text) },
static const struct limit_row rows[] = { LIMIT_LIST(LIMIT_ROW) };
#undef LIMIT_ROW

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static enum rc print_json(struct out *o)
{
	json_t *document = out_document(), *list = json_array();
	size_t i;

	for (i = 0; i < ROWS; i++) {
		const struct limit_row *r = &rows[i];

		json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:s, s:s}", "name", r->name,
						      "value", (json_int_t)r->value, "unit",
						      r->unit, "bound", r->bound, "of", r->text));
	}
	if (json_object_set_new(document, "limits", list) != 0) {
		json_decref(document);
		document = NULL;
	}
	return out_json(o, document);
}

static enum rc print_table(struct out *o)
{
	static const struct out_column columns[] = {
		{ .name = "limit" }, { .name = "value", .is_number = true },
		{ .name = "unit" },  { .name = "binds" },
		{ .name = "what" },
	};
	struct out_table *t = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	size_t i;

	for (i = 0; i < ROWS; i++) {
		out_table_row(t);
		out_table_text(t, rows[i].name);
		out_table_number(t, rows[i].value);
		out_table_text(t, rows[i].unit);
		out_table_text(t, rows[i].bound);
		out_table_text(t, rows[i].text);
	}
	return out_table_print(o, t);
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	(void)args;
	return (int)cmd_exit_of(c->out->json ? print_json(c->out) : print_table(c->out));
}

const struct command cmd_limits_command = {
	.name = "limits",
	.summary = "every limit, with its unit",
	.details = "Limits of the format bind all nodes; those of the writer only what is "
		   "written here.",
	.run = run,
};
