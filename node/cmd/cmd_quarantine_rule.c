/* `kerwen quarantine accept REF...` and `kerwen quarantine discard REF...`. */
#include "node/cmd/author_arg.h"
#include "node/cmd/open.h"
#include "node/cmd/quarantine_ref.h"
#include "node/store/ruling.h"

static const struct cmd_option options[] = {
	{ .name = "dry-run", .help = "judge whether it can be done, and write nothing" },
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

/* What is asked, in memory of its own. */
struct rule {
	struct cmd_context *c;
	const struct cmd_args *args;
	struct cmd_node node;
	struct ruling *rulings;
	const char **words; /* of each */
	uint32_t count;
	struct author_arg author;
	bool accept;
};

/* A change that is named twice is one. */
static void take(struct rule *r, const char *word, const struct ruling *v)
{
	uint32_t i;

	for (i = 0; i < r->count; i++) {
		if (dot_compare(r->rulings[i].dot, v->dot) == 0 &&
		    r->rulings[i].place == v->place) {
			return;
		}
	}
	r->words[r->count] = word;
	r->rulings[r->count++] = *v;
}

static int read_args(struct rule *r)
{
	const char *reason = cmd_option(r->args, "reason");
	int code = author_arg_get(r->c, r->args, &r->author);
	uint32_t i;

	if (code == CMD_OK && (reason == NULL || reason[0] == '\0')) {
		code = cmd_fail(r->c, CMD_USAGE, "say why: --reason TEXT",
				"a decision about others' work needs a reason");
	}
	r->rulings = arena_take(&r->node.scratch, r->args->words_count * sizeof(*r->rulings));
	r->words = arena_take(&r->node.scratch, r->args->words_count * sizeof(*r->words));
	if (code == CMD_OK && (r->rulings == NULL || r->words == NULL)) {
		code = open_fail(r->c, RC_NOMEM, "it cannot be decided");
	}
	for (i = 0; i < r->args->words_count && code == CMD_OK; i++) {
		struct ruling v = { .accept = r->accept };

		code = quarantine_ref_read(r->c, r->args->words[i], &v.dot, &v.place);
		if (code == CMD_OK) {
			take(r, r->args->words[i], &v);
		}
	}
	return code;
}

static int report(struct rule *r)
{
	unsigned count = r->count;
	bool is_dry = cmd_has(r->args, "dry-run");
	json_t *document = NULL;

	if (!is_dry) {
		open_poke(r->c);
	}
	if (r->c->out->json) {
		document = out_document();
		if (json_object_set_new(document, r->accept ? "accepted" : "discarded",
					json_integer((json_int_t)count)) != 0 ||
		    json_object_set_new(document, "dry_run", json_boolean(is_dry)) != 0) {
			json_decref(document);
			document = NULL;
		}
		return (int)cmd_exit_of(out_json(r->c->out, document));
	}
	out_line(r->c->out, "%s%u %s %s", is_dry ? "would be: " : "", count,
		 count == 1 ? "change" : "changes", r->accept ? "accepted" : "discarded");
	return CMD_OK;
}

static int rule(struct rule *r)
{
	struct ruling_request q = { .items = r->rulings,
				    .count = r->count,
				    .author = r->author.name,
				    .reason = r->author.reason,
				    .is_dry = cmd_has(r->args, "dry-run") };
	struct path_problem why;
	uint32_t at = 0;
	enum rc rc = ruling_write(r->node.store, &q, &at, &why);

	if (rc == RC_OK) {
		return report(r);
	}
	return cmd_fail(r->c, cmd_exit_of(rc), why.hint[0] == '\0' ? NULL : why.hint, "%s%s%s",
			at < q.count && rc != RC_DENIED ? r->words[at] : "",
			at < q.count && rc != RC_DENIED ? ": " : "", why.text);
}

static int run(struct cmd_context *c, const struct cmd_args *args, bool accept)
{
	struct rule r = { .c = c, .args = args, .accept = accept };
	int code = open_node(c, &r.node);

	if (code == CMD_OK) {
		code = read_args(&r);
	}
	if (code == CMD_OK) {
		code = rule(&r);
	}
	open_close(&r.node);
	return code;
}

static int run_accept(struct cmd_context *c, const struct cmd_args *args)
{
	return run(c, args, true);
}

static int run_discard(struct cmd_context *c, const struct cmd_args *args)
{
	return run(c, args, false);
}

const struct command cmd_quarantine_accept_command = {
	.name = "quarantine accept",
	.words = "REF...",
	.words_min = 1,
	.words_max = LIMIT_RULINGS_PER_ENTRY_MAX,
	.summary = "lets changes stand that might not (the centre)",
	.details =
		"Each becomes part of its record as its author wrote it: beside what others wrote\n"
		"without knowing it, on all nodes alike. It is told at the next contact, and\n"
		"cannot be taken back: what is wrong in the record is then corrected there.",
	.options = options,
	.run = run_accept,
};

const struct command cmd_quarantine_discard_command = {
	.name = "quarantine discard",
	.words = "REF...",
	.words_min = 1,
	.words_max = LIMIT_RULINGS_PER_ENTRY_MAX,
	.summary = "puts changes aside (the centre)",
	.details =
		"They are kept in their entries and listed with --all; `accept` is still possible.",
	.options = options,
	.run = run_discard,
};
