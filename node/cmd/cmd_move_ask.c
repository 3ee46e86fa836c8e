/* `kerwen move ask ID OFFICE`. */
#include <stdlib.h>
#include <string.h>

#include "node/cmd/author_arg.h"
#include "node/cmd/move.h"
#include "node/cmd/value_arg.h"

struct ask {
	struct cmd_context *c;
	const struct cmd_args *args;
	struct cmd_node node;
	struct author_arg author;
	struct commit commit;
	bool began;
	struct moves_request request;
	struct uuid transfer;
	uint32_t fields;
};

static int find_office(struct ask *a, const char *name)
{
	const struct catalog *catalog = a->node.store->catalog;
	const struct office_info *o = catalog_office_by_name(catalog, bytes_of(name));
	char *end = NULL;
	unsigned long number = strtoul(name, &end, 10);

	if (o == NULL && *name != '\0' && *end == '\0' && number <= LIMIT_OFFICE_MAX) {
		o = catalog_office(catalog, (uint16_t)number);
	}
	if (o == NULL) {
		return cmd_fail(a->c, CMD_USAGE, "see `kerwen office list`",
				"there is no office \"%s\"", name);
	}
	a->request.to = o->number;
	return CMD_OK;
}

/* What the receiving clerk is to see: it goes into the box. */
static int find_title(struct ask *a)
{
	struct work *w = a->commit.work;
	struct move m = { a->c, a->node.store, w->txn, &a->node.scratch, NULL };
	const struct record *r = work_record(w, a->request.kind, a->request.record);
	enum rc rc = r == NULL ? w->rc : RC_OK;

	if (rc == RC_OK && r->kind != NULL) {
		rc = move_title(&m, r, &a->request.title);
	}
	return rc == RC_OK ? CMD_OK : open_fail(a->c, rc, "it cannot be read");
}

static int find_record(struct ask *a)
{
	struct value_reader reader =
		value_arg_reader(a->node.store, a->commit.work->txn, &a->node.scratch, NULL);
	enum rc rc = value_arg_record(&reader, bytes_of(a->args->words[0]), &a->request.kind,
				      &a->request.record);

	if (rc == RC_INVALID || rc == RC_NOTFOUND) {
		return cmd_fail(a->c, rc == RC_INVALID ? CMD_USAGE : CMD_FAILED, reader.hint, "%s",
				reader.text);
	}
	return rc == RC_OK ? find_title(a) : open_fail(a->c, rc, "it cannot be read");
}

static int begin(struct ask *a)
{
	enum rc rc = RC_OK;
	int code = author_arg_get(a->c, a->args, &a->author);

	if (code == CMD_OK) {
		code = open_node(a->c, &a->node);
	}
	if (code != CMD_OK) {
		return code;
	}
	rc = commit_begin(&a->commit, a->node.store, a->author.name, a->author.reason);
	a->began = rc == RC_OK;
	return rc == RC_OK ? CMD_OK : open_fail(a->c, rc, "it cannot be written");
}

static int write(struct ask *a)
{
	struct moves_refusal why = { "", "" };
	enum rc rc = RC_OK;

	a->request.reason = a->author.reason;
	rc = moves_ask(&a->commit, &a->request, &a->transfer, &a->fields, &why);
	if (rc != RC_OK) {
		return move_fail(a->c, rc, &why, "it cannot be written");
	}
	if (cmd_has(a->args, "dry-run")) {
		return CMD_OK;
	}
	a->began = false;
	rc = commit_end(&a->commit);
	if (rc != RC_OK) {
		return open_fail(a->c, rc, "it cannot be written");
	}
	open_poke(a->c);
	return CMD_OK;
}

static int print(struct ask *a)
{
	const char *name = catalog_office_name(a->node.store->catalog, a->request.to);
	bool is_dry = cmd_has(a->args, "dry-run");
	char id[UUID_TEXT_LEN + 1], record[UUID_TEXT_LEN + 1];
	json_t *document = NULL;
	enum rc rc = RC_OK;

	uuid_format(a->transfer, id);
	uuid_format(a->request.record, record);
	if (a->c->out->json) {
		document = out_document();
		if (json_object_set_new(document, "id", is_dry ? json_null() : json_string(id)) !=
			    0 ||
		    json_object_set_new(document, "record", json_string(record)) != 0 ||
		    json_object_set_new(document, "sealed", json_integer(a->fields)) != 0) {
			json_decref(document);
			document = NULL;
		}
		rc = out_json(a->c->out, document);
		return rc == RC_OK ? CMD_OK : open_fail(a->c, rc, "the result cannot be printed");
	}
	out_line(a->c->out,
		 "%s is asked to take over %s, with %u %s that only this office has; until it has "
		 "answered, %s cannot be changed",
		 name, record, a->fields, a->fields == 1 ? "value" : "values",
		 a->fields == 1 ? "that" : "those");
	return CMD_OK;
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct ask a = { .c = c, .args = args };
	int code = begin(&a);

	if (code == CMD_OK) {
		code = find_office(&a, args->words[1]);
	}
	if (code == CMD_OK) {
		code = find_record(&a);
	}
	if (code == CMD_OK) {
		code = write(&a);
	}
	if (code == CMD_OK) {
		code = print(&a);
	}
	if (a.began) {
		commit_abort(&a.commit);
	}
	open_close(&a.node);
	return code;
}

static const struct cmd_option options[] = {
	{ .name = "dry-run", .help = "say what would be asked, and write nothing" },
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

const struct command cmd_move_ask_command = {
	.name = "move ask",
	.words = "ID OFFICE",
	.words_min = 2,
	.words_max = 2,
	.summary = "asks another office to take a record over",
	.details =
		"What only this office has of the record goes encrypted to that office's key. It\n"
		"moves when that office has accepted and the centre has heard of both; until then\n"
		"it stays here, and all but those fields can be changed.",
	.options = options,
	.run = run,
};
