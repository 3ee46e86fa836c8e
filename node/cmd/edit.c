#include "node/cmd/edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cmd/value_out.h"
#include "node/store/records.h"

int edit_fail(struct edit *e, enum rc rc)
{
	if (rc == RC_INVALID || rc == RC_NOTFOUND) {
		return cmd_fail(e->c, rc == RC_INVALID ? CMD_USAGE : CMD_FAILED, e->reader.hint,
				"%s", e->reader.text);
	}
	return open_fail(e->c, rc, "it cannot be read");
}

int edit_start(struct edit *e)
{
	enum rc rc;
	int code = author_arg_get(e->c, e->args, &e->author);

	if (code == CMD_OK) {
		code = open_node(e->c, &e->node);
	}
	if (code != CMD_OK) {
		return code;
	}
	rc = commit_begin(&e->commit, e->node.store, e->author.name, e->author.reason);
	if (rc != RC_OK) {
		return open_fail(e->c, rc, "it cannot be written");
	}
	e->began = true;
	e->reader = value_arg_reader(e->node.store, e->commit.work->txn, &e->node.scratch, NULL);
	return CMD_OK;
}

/* The system's own records have commands of their own, which keep them sound. */
static int check_kind(struct edit *e)
{
	if (e->draft.kind->number >= SCHEMA_KIND_FIRST) {
		return CMD_OK;
	}
	return cmd_fail(e->c, CMD_FAILED, "see `kerwen office` and `kerwen schema`",
			"records of the kind %s are not changed by hand", e->draft.kind->name);
}

/* The office that --for names, by name or number. */
static int find_office(struct edit *e, const char *name)
{
	const struct store *s = e->node.store;
	const struct office_info *o = catalog_office_by_name(s->catalog, bytes_of(name));
	char *end = NULL;
	unsigned long number = strtoul(name, &end, 10);

	if (o == NULL && *name != '\0' && *end == '\0' && number <= LIMIT_OFFICE_MAX) {
		o = catalog_office(s->catalog, (uint16_t)number);
	}
	if (o == NULL) {
		return cmd_fail(e->c, CMD_USAGE, "see `kerwen office list`",
				"there is no office \"%s\"", name);
	}
	if (!s->info.is_centre && o->number != s->info.number) {
		return cmd_fail(e->c, CMD_FAILED, "let that office record it, or the centre",
				"an office adds records for itself only");
	}
	if (o->is_closed) {
		return cmd_fail(e->c, CMD_FAILED, "see `kerwen office list`", "%s is closed",
				o->name);
	}
	e->draft.home = o->number;
	return CMD_OK;
}

static int choose_kind(struct edit *e)
{
	const char *office = cmd_option(e->args, "for");

	e->draft.kind = value_arg_kind(&e->reader, bytes_of(e->args->words[0]));
	if (e->draft.kind == NULL) {
		return edit_fail(e, RC_INVALID);
	}
	if (e->draft.kind->number < SCHEMA_KIND_FIRST) {
		return check_kind(e);
	}
	return office == NULL ? CMD_OK : find_office(e, office);
}

int edit_find_record(struct edit *e)
{
	uint16_t kind = 0;
	enum rc rc = value_arg_record(&e->reader, bytes_of(e->args->words[0]), &kind, &e->draft.id);

	if (rc != RC_OK) {
		return edit_fail(e, rc);
	}
	e->draft.kind = schema_kind_by_number(&e->node.store->catalog->schema, kind);
	if (e->draft.kind == NULL) {
		return cmd_fail(e->c, CMD_SCHEMA, "sync: a newer schema may be waiting",
				"the kind of this record is not in the schema here");
	}
	return check_kind(e);
}

static int read_ops(struct edit *e)
{
	enum rc rc = RC_OK;
	unsigned i;

	e->reader.kind = e->draft.kind;
	for (i = 1; i < e->args->words_count && rc == RC_OK; i++) {
		rc = value_arg_word(&e->reader, e->args->words[i], e->draft.act == DRAFT_ADD,
				    &e->ops);
	}
	e->draft.ops = e->ops.items;
	e->draft.ops_count = e->ops.count;
	return rc == RC_OK ? CMD_OK : edit_fail(e, rc);
}

static int refuse_draft(struct edit *e, enum rc rc)
{
	enum cmd_exit code = rc == RC_INVALID || rc == RC_LIMIT ? CMD_USAGE : CMD_FAILED;

	if (!commit_is_refusal(rc) || e->result.text[0] == '\0') {
		return open_fail(e->c, rc, "it cannot be written");
	}
	return cmd_fail(e->c, code, e->result.hint, "%s", e->result.text);
}

const struct record *edit_record(struct edit *e, int *code)
{
	const struct record *r = work_record(e->commit.work, e->draft.kind->number, e->draft.id);

	*code = r == NULL ? open_fail(e->c, e->commit.work->rc, "it cannot be read") : CMD_OK;
	return r;
}

/* What is open of the record as it stands in the commit. */
static enum rc look(struct edit *e, struct edit_open *out)
{
	struct work *w = e->commit.work;
	struct records_stamps stamps = { w->txn, w->store->info.centre_incarnation, w->arena };
	struct view_source source = records_source(&stamps);
	const struct record *r = work_record(w, e->draft.kind->number, e->draft.id);

	return r == NULL ? w->rc : edit_report_open(r, &source, &e->node.scratch, w->arena, out);
}

static enum rc look_before(struct edit *e)
{
	const struct record *r = NULL;
	enum rc rc = RC_OK;

	if (e->draft.act == DRAFT_ADD) {
		return RC_OK;
	}
	r = work_record(e->commit.work, e->draft.kind->number, e->draft.id);
	rc = r == NULL ? e->commit.work->rc : look(e, &e->report.before);
	return rc == RC_OK ? edit_report_concurrent(r, &e->draft, &e->node.scratch,
						    &e->report.concurrent) :
			     rc;
}

/* Before another may change the record. */
static enum rc look_after(struct edit *e)
{
	const struct record *r = work_record(e->commit.work, e->draft.kind->number, e->draft.id);
	enum rc rc = r == NULL ? e->commit.work->rc : RC_OK;

	if (rc == RC_OK) {
		rc = value_out_version(r, &e->node.scratch, &e->version);
	}
	return rc == RC_OK ? look(e, &e->report.after) : rc;
}

int edit_write(struct edit *e, bool keep)
{
	enum rc rc = look_before(e);

	if (rc == RC_OK) {
		rc = commit_add(&e->commit, &e->draft, &e->result);
		if (rc != RC_OK) {
			return refuse_draft(e, rc);
		}
		rc = look_after(e);
	}
	if (rc == RC_OK && keep) {
		e->began = false;
		rc = commit_end(&e->commit);
	}
	if (rc == RC_OK && keep && e->result.outcome != DRAFT_UNCHANGED) {
		open_poke(e->c);
	}
	return rc == RC_OK ? CMD_OK : open_fail(e->c, rc, "it cannot be written");
}

static enum rc print_json(struct edit *e, const char *id)
{
	json_t *document = out_document();
	int failed = json_object_set_new(document, "id", json_string(id));

	failed |= json_object_set_new(document, "version", out_string(e->version));
	if (e->draft.act != DRAFT_ADD && edit_report_put_json(&e->report, document) != RC_OK) {
		failed = 1;
	}
	if (failed != 0) {
		json_decref(document);
		document = NULL;
	}
	return out_json(e->c->out, document);
}

static const char *describe(const struct edit *e)
{
	if (e->result.outcome == DRAFT_UNCHANGED) {
		return "unchanged";
	}
	switch (e->draft.act) {
	case DRAFT_ADD:
		return "added";
	case DRAFT_EDIT:
		return "changed";
	case DRAFT_DELETE:
		return "deleted";
	case DRAFT_RESTORE:
		return "restored";
	}
	return "";
}

/* `add` prints the id alone, for scripts. */
static int print_result(struct edit *e)
{
	char id[UUID_TEXT_LEN + 1];

	uuid_format(e->draft.id, id);
	if (e->c->out->json) {
		return (int)cmd_exit_of(print_json(e, id));
	}
	if (e->draft.act == DRAFT_ADD) {
		out_line(e->c->out, "%s", id);
	} else {
		out_line(e->c->out, "%s %s", describe(e), id);
	}
	return CMD_OK;
}

static bool has_option(const struct cmd_args *args, const char *name)
{
	const struct cmd_option *o = args->command->options;

	while (o != NULL && o->name != NULL && strcmp(o->name, name) != 0) {
		o++;
	}
	return o != NULL && o->name != NULL;
}

int edit_exit(const struct edit *e)
{
	return has_option(e->args, "fail-on-conflict") && cmd_has(e->args, "fail-on-conflict") &&
			       (edit_open_is_any(&e->report.after) || e->shares) ?
		       CMD_CONFLICT :
		       CMD_OK;
}

static int finish(struct edit *e)
{
	int code = print_result(e);

	if (e->result.revived && e->draft.act == DRAFT_EDIT && !e->report.after.life) {
		out_note(e->c->out, "note: this record was deleted; the change brings it back");
	}
	edit_report_note(&e->report, e->c->out, e->draft.act == DRAFT_DELETE);
	if (code == CMD_OK) {
		code = edit_remark(e);
	}
	return code == CMD_OK ? edit_exit(e) : code;
}

void edit_close(struct edit *e)
{
	if (e->began) {
		commit_abort(&e->commit);
	}
	e->began = false;
	open_close(&e->node);
}

int edit_run(struct cmd_context *c, const struct cmd_args *args, enum draft_act act)
{
	struct edit e = { .c = c, .args = args, .draft = { .act = act } };
	int code = edit_start(&e);

	if (code == CMD_OK) {
		code = act == DRAFT_ADD ? choose_kind(&e) : edit_find_record(&e);
	}
	if (code == CMD_OK && has_option(args, "if-version")) {
		code = edit_read_form(&e);
	}
	if (code == CMD_OK) {
		code = read_ops(&e);
	}
	if (code == CMD_OK) {
		code = edit_write(&e, true);
	}
	if (code == CMD_OK) {
		code = finish(&e);
	}
	edit_close(&e);
	return code;
}
