#include "node/cmd/edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cmd/open.h"
#include "node/cmd/value_arg.h"
#include "node/cmd/value_out.h"
#include "node/store/conflicts.h"

/* The change under way. */
struct edit {
	struct cmd_context *c;
	const struct cmd_args *args;
	struct cmd_node node;
	struct author_arg author;
	struct commit commit;
	bool began; /* the commit is under way */
	struct value_reader reader;
	struct value_ops ops;
	struct draft draft;
	struct draft_result result;
	struct bytes version; /* of the record afterwards */
};

/* A refusal of what was typed, or a failure of the store. */
static int fail_read(struct edit *e, enum rc rc)
{
	if (rc == RC_INVALID || rc == RC_NOTFOUND) {
		return cmd_fail(e->c, rc == RC_INVALID ? CMD_USAGE : CMD_FAILED, e->reader.hint,
				"%s", e->reader.text);
	}
	return open_fail(e->c, rc, "it cannot be read");
}

static int start(struct edit *e)
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
	e->draft.home = o->number;
	return CMD_OK;
}

static int choose_kind(struct edit *e)
{
	const char *office = cmd_option(e->args, "for");

	e->draft.kind = value_arg_kind(&e->reader, bytes_of(e->args->words[0]));
	if (e->draft.kind == NULL) {
		return fail_read(e, RC_INVALID);
	}
	return office == NULL ? CMD_OK : find_office(e, office);
}

static int find_record(struct edit *e)
{
	uint16_t kind = 0;
	enum rc rc = value_arg_record(&e->reader, bytes_of(e->args->words[0]), &kind, &e->draft.id);

	if (rc != RC_OK) {
		return fail_read(e, rc);
	}
	e->draft.kind = schema_kind_by_number(&e->node.store->catalog->schema, kind);
	if (e->draft.kind == NULL) {
		return cmd_fail(e->c, CMD_SCHEMA, "sync: a newer schema may be waiting",
				"the kind of this record is not in the schema here");
	}
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

static bool has_seen(const struct record *r, struct dot d)
{
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		if (vv_covers(&r->parts[i].part.vector, d)) {
			return true;
		}
	}
	return false;
}

static uint32_t count_dots(const struct record *r)
{
	uint32_t i, n = 0;

	for (i = 0; i < r->parts_count; i++) {
		n += r->parts[i].part.vector.count;
	}
	return n;
}

static bool equals_version(const struct record *r, const struct vv *form)
{
	uint32_t i, k;

	for (i = 0; i < r->parts_count; i++) {
		const struct vv *v = &r->parts[i].part.vector;

		for (k = 0; k < v->count; k++) {
			if (vv_get(form, v->dots[k].feed) != v->dots[k].seq) {
				return false;
			}
		}
	}
	return form->count == count_dots(r);
}

/* What the author had looked at. It must be a version that was here. */
static int read_form(struct edit *e, const char *text)
{
	const struct record *r = work_record(e->commit.work, e->draft.kind->number, e->draft.id);
	struct vv *form = &e->draft.form;
	enum rc rc = RC_OK;
	uint32_t i;

	if (r == NULL) {
		return open_fail(e->c, e->commit.work->rc, "it cannot be read");
	}
	form->max = count_dots(r);
	form->dots = arena_take(&e->node.scratch, form->max * sizeof(*form->dots));
	rc = form->dots == NULL ? RC_NOMEM : vv_parse(bytes_of(text), form);
	if (rc == RC_NOMEM) {
		return open_fail(e->c, rc, "it cannot be read");
	}
	for (i = 0; rc == RC_OK && i < form->count; i++) {
		rc = has_seen(r, form->dots[i]) ? RC_OK : RC_LIMIT;
	}
	if (rc != RC_OK) {
		return cmd_fail(e->c, CMD_USAGE, "take the version that `kerwen show` prints",
				rc == RC_INVALID ? "--if-version: this is not a version" :
						   "--if-version: this record never had this "
						   "version here");
	}
	e->draft.has_form = !equals_version(r, form);
	return CMD_OK;
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
	return rc == RC_OK ? CMD_OK : fail_read(e, rc);
}

static int refuse_draft(struct edit *e, enum rc rc)
{
	enum cmd_exit code = rc == RC_INVALID ? CMD_USAGE : CMD_FAILED;

	if (!commit_is_refusal(rc) || e->result.text[0] == '\0') {
		return open_fail(e->c, rc, "it cannot be written");
	}
	return cmd_fail(e->c, code, e->result.hint, "%s", e->result.text);
}

/* Writes the draft; takes the version before another may change the record. */
static int write_draft(struct edit *e)
{
	const struct record *r = NULL;
	enum rc rc = commit_add(&e->commit, &e->draft, &e->result);

	if (rc != RC_OK) {
		return refuse_draft(e, rc);
	}
	r = work_record(e->commit.work, e->draft.kind->number, e->draft.id);
	rc = r == NULL ? e->commit.work->rc : value_out_version(r, &e->node.scratch, &e->version);
	if (rc == RC_OK) {
		e->began = false;
		rc = commit_end(&e->commit);
	}
	if (rc == RC_OK && e->result.outcome != DRAFT_UNCHANGED) {
		open_poke(e->c);
	}
	return rc == RC_OK ? CMD_OK : open_fail(e->c, rc, "it cannot be written");
}

static enum rc print_json(struct edit *e, const char *id)
{
	json_t *document = out_document();

	if (json_object_set_new(document, "id", json_string(id)) != 0 ||
	    json_object_set_new(document, "version", out_string(e->version)) != 0) {
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

static void note_outcome(struct edit *e)
{
	if (e->result.revived && e->draft.act == DRAFT_EDIT) {
		out_note(e->c->out, "note: this record was deleted; the change brings it back");
	}
	if (e->result.settled) {
		out_note(e->c->out, "note: this settles the open conflict of the record");
	}
}

/* Whether the record is in open conflict now. */
static int check_conflict(struct edit *e)
{
	struct kv_txn *t = NULL;
	bool open = false;
	int code = open_read(e->c, &e->node, &t);

	if (code != CMD_OK) {
		return code;
	}
	open = (conflicts_get(t, e->draft.kind->number, e->draft.id) & CONFLICTS_OPEN) != 0;
	store_end(e->node.store, t);
	if (!open) {
		return CMD_OK;
	}
	out_note(e->c->out, "note: this record is in open conflict; see `kerwen show`");
	return cmd_has(e->args, "fail-on-conflict") ? CMD_CONFLICT : CMD_OK;
}

static bool has_option(const struct cmd_args *args, const char *name)
{
	const struct cmd_option *o = args->command->options;

	while (o != NULL && o->name != NULL && strcmp(o->name, name) != 0) {
		o++;
	}
	return o != NULL && o->name != NULL;
}

static int finish(struct edit *e)
{
	int code = print_result(e);

	note_outcome(e);
	if (code == CMD_OK && has_option(e->args, "fail-on-conflict")) {
		code = check_conflict(e);
	}
	return code;
}

int edit_run(struct cmd_context *c, const struct cmd_args *args, enum draft_act act)
{
	struct edit e = { .c = c, .args = args, .draft = { .act = act } };
	const char *version = has_option(args, "if-version") ? cmd_option(args, "if-version") :
							       NULL;
	int code = start(&e);

	if (code == CMD_OK) {
		code = act == DRAFT_ADD ? choose_kind(&e) : find_record(&e);
	}
	if (code == CMD_OK) {
		code = check_kind(&e);
	}
	if (code == CMD_OK && version != NULL) {
		code = read_form(&e, version);
	}
	if (code == CMD_OK) {
		code = read_ops(&e);
	}
	if (code == CMD_OK) {
		code = write_draft(&e);
	}
	if (code == CMD_OK) {
		code = finish(&e);
	}
	if (e.began) {
		commit_abort(&e.commit);
	}
	open_close(&e.node);
	return code;
}
