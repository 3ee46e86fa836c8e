/* `kerwen show ID`. */
#include "node/cmd/open.h"
#include "node/cmd/show.h"
#include "node/cmd/value_arg.h"

static const struct cmd_option options[] = {
	{ .name = "history", .help = "also who changed what, in causal order" },
	{ 0 },
};

static int fail_id(struct cmd_context *c, const struct value_reader *r, enum rc rc)
{
	if (rc == RC_INVALID || rc == RC_NOTFOUND) {
		return cmd_fail(c, rc == RC_INVALID ? CMD_USAGE : CMD_FAILED, r->hint, "%s",
				r->text);
	}
	return open_fail(c, rc, "it cannot be read");
}

static int print(struct cmd_context *c, const struct cmd_args *args, struct cmd_node *n,
		 struct kv_txn *t)
{
	struct value_reader reader = value_arg_reader(n->store, t, &n->store->arena, NULL);
	struct show s;
	uint16_t kind = 0;
	struct uuid id;
	enum rc rc = value_arg_record(&reader, bytes_of(args->words[0]), &kind, &id);

	if (rc != RC_OK) {
		return fail_id(c, &reader, rc);
	}
	show_begin(&s, c->out, n->store, t);
	rc = records_get(t, n->store->catalog, kind, id, s.arena, &s.record);
	s.history = cmd_has(args, "history");
	if (rc == RC_OK) {
		rc = show_find_foreign(&s);
	}
	if (rc == RC_OK) {
		rc = c->out->json ? show_print_json(&s) : show_print_text(&s);
	}
	return rc == RC_OK ? CMD_OK : open_fail(c, rc, "the record cannot be shown");
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct kv_txn *t = NULL;
	struct cmd_node n;
	int code = open_node(c, &n);

	if (code == CMD_OK) {
		code = open_read(c, &n, &t);
	}
	if (code == CMD_OK) {
		code = print(c, args, &n, t);
		store_end(n.store, t);
	}
	open_close(&n);
	return code;
}

const struct command cmd_show_command = {
	.name = "show",
	.words = "ID",
	.words_min = 1,
	.words_max = 1,
	.summary = "shows a record, with every value that stands",
	.details = "ID may be the last 6 or more digits. Deleted records are shown, too. Values\n"
		   "that stand side by side are numbered, as `resolve FIELD@N` takes them; the\n"
		   "one that counts comes first. \"clock?\" marks a time that cannot be right.\n"
		   "In a history \"replaces\" names the steps whose values gave way, \"beside\"\n"
		   "those written without knowing of each other.",
	.options = options,
	.run = run,
};
