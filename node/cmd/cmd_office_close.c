/* `kerwen office retire NAME` and `kerwen office revoke NAME`. */
#include <stdio.h>

#include "node/cmd/author_arg.h"
#include "node/cmd/office_arg.h"
#include "node/cmd/open.h"
#include "node/cmd/origin.h"
#include "node/store/closing.h"
#include "sync/date.h"

struct closing_command {
	struct cmd_context *c;
	const struct cmd_args *args;
	struct cmd_node node;
	struct closing_request request;
	struct closing_report report;
	struct author_arg author;
	char name[LIMIT_NAME_BYTES_MAX + 1];
};

static int read_args(struct closing_command *x)
{
	const char *on = NULL, *reason = cmd_option(x->args, "reason");
	int code = author_arg_get(x->c, x->args, &x->author);

	if (code == CMD_OK && (reason == NULL || reason[0] == '\0')) {
		return cmd_fail(x->c, CMD_USAGE, "say why: --reason TEXT",
				"closing an office needs a reason");
	}
	if (x->request.type == CLOSING_RETIRE) {
		on = cmd_option(x->args, "on");
	}
	if (code == CMD_OK && on != NULL &&
	    date_parse(bytes_of(on), false, &x->request.on) != RC_OK) {
		return cmd_fail(x->c, CMD_USAGE, "a date is written like 2016-12-09",
				"--on: this is not a date");
	}
	x->request.author = x->author.name;
	x->request.reason = x->author.reason;
	x->request.is_dry = cmd_has(x->args, "dry-run");
	return code;
}

static int find_office(struct closing_command *x)
{
	const struct office_info *o = NULL;
	struct kv_txn *t = NULL;
	int code = open_read(x->c, &x->node, &t);

	if (code != CMD_OK) {
		return code;
	}
	code = office_arg_find(x->c, x->node.store->catalog, x->args->words[0], &o);
	if (code == CMD_OK) {
		x->request.number = o->number;
		(void)snprintf(x->name, sizeof(x->name), "%s", o->name);
	}
	store_end(x->node.store, t);
	return code;
}

static const char *done_text(const struct closing_command *x)
{
	return x->request.type == CLOSING_REVOKE ? "revoked" : "retired";
}

static struct bytes date_text(const struct closing_command *x, char buffer[DATE_TIME_TEXT_MAX])
{
	struct bytes_writer w = bytes_writer_init(buffer, DATE_TIME_TEXT_MAX);

	date_format(x->report.on, &w);
	return bytes_written(&w);
}

static int print_json(const struct closing_command *x)
{
	json_t *document = out_document(), *feeds = json_array();
	char date[DATE_TIME_TEXT_MAX];
	uint32_t i;
	int failed = 0;

	for (i = 0; i < x->report.feeds_count; i++) {
		failed |= json_array_append_new(feeds,
						json_string(
							origin_dot(x->report.feeds[i].last).text));
	}
	failed |= json_object_set_new(document, "office", json_string(x->name));
	failed |= json_object_set_new(document, "number", json_integer(x->request.number));
	failed |= json_object_set_new(document, "state", json_string(done_text(x)));
	failed |= json_object_set_new(document, "closed_on", out_string(date_text(x, date)));
	failed |= json_object_set_new(document, "feeds", feeds);
	failed |= json_object_set_new(document, "quarantine",
				      json_integer((json_int_t)x->report.aside));
	failed |= json_object_set_new(document, "dry_run", json_boolean(x->request.is_dry));
	if (failed != 0) {
		json_decref(document);
		document = NULL;
	}
	return (int)cmd_exit_of(out_json(x->c->out, document));
}

static int print(const struct closing_command *x)
{
	const struct closing_report *r = &x->report;
	struct out *o = x->c->out;
	char date[DATE_TIME_TEXT_MAX];
	struct bytes day = date_text(x, date);
	uint32_t i;

	if (o->json) {
		return print_json(x);
	}
	out_line(o, "%soffice %s is %s; from %.*s on it is not counted",
		 x->request.is_dry ? "would be: " : "", x->name, done_text(x), (int)day.len,
		 (const char *)day.p);
	for (i = 0; i < r->feeds_count; i++) {
		if (r->feeds[i].last.seq > 0) {
			out_line(o, "closed at %s", origin_dot(r->feeds[i].last).text);
		} else {
			out_line(o, "closed from its beginning: %016llx",
				 (unsigned long long)r->feeds[i].last.feed);
		}
	}
	if (r->aside > 0) {
		out_line(o, "%llu %s not confirmed: see `kerwen quarantine list`",
			 (unsigned long long)r->aside,
			 r->aside == 1 ? "change of it was" : "changes of it were");
	}
	return CMD_OK;
}

static int close_office(struct closing_command *x)
{
	struct path_problem why;
	enum rc rc = closing_office(x->node.store, &x->request, &x->report, &why);
	int code = CMD_OK;

	if (rc != RC_OK) {
		code = cmd_fail_path(x->c, rc == RC_INVALID ? CMD_USAGE : cmd_exit_of(rc), &why);
	} else {
		if (!x->request.is_dry) {
			open_poke(x->c);
		}
		code = print(x);
	}
	closing_report_free(&x->report);
	return code;
}

static int run(struct cmd_context *c, const struct cmd_args *args, enum closing_type type)
{
	struct closing_command x = { .c = c, .args = args, .request = { .type = type } };
	int code = open_node(c, &x.node);

	if (code == CMD_OK) {
		code = read_args(&x);
	}
	if (code == CMD_OK) {
		code = find_office(&x);
	}
	if (code == CMD_OK) {
		code = close_office(&x);
	}
	open_close(&x.node);
	return code;
}

static int run_retire(struct cmd_context *c, const struct cmd_args *args)
{
	return run(c, args, CLOSING_RETIRE);
}

static int run_revoke(struct cmd_context *c, const struct cmd_args *args)
{
	return run(c, args, CLOSING_REVOKE);
}

static const struct cmd_option retire_options[] = {
	{ .name = "on", .value = "DATE", .help = "from when it is not counted (default: today)" },
	{ .name = "dry-run", .help = "say what would be closed, and write nothing" },
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

static const struct cmd_option revoke_options[] = {
	{ .name = "dry-run", .help = "say what would be closed, and write nothing" },
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

const struct command cmd_office_retire_command = {
	.name = "office retire",
	.words = "NAME",
	.words_min = 1,
	.words_max = 1,
	.summary = "closes an office that is no more (the centre)",
	.details = "What the centre confirmed stays. The office is not admitted any more: let it "
		   "sync\n"
		   "before. It leaves the lists of who was heard on the date given.",
	.options = retire_options,
	.run = run_retire,
};

const struct command cmd_office_revoke_command = {
	.name = "office revoke",
	.words = "NAME",
	.words_min = 1,
	.words_max = 1,
	.summary = "shuts out an office whose machine is in wrong hands (the centre)",
	.details = "It is cut off at once. What the centre confirmed stays; what comes beyond that "
		   "goes\n"
		   "into quarantine on every node, where the centre may accept it.",
	.options = revoke_options,
	.run = run_revoke,
};
