/*
 * `kerwen resolve ID ...`: decides what is in open conflict.
 *
 * A resolution is an ordinary change that has seen every sibling, so it
 * replaces them all, here and wherever it comes. Being a decision, it may also
 * change what a plain write may not: a `fixed` field, and a centre's value.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/cmd/edit.h"
#include "node/cmd/resolve_gone.h"
#include "node/cmd/sibling.h"
#include "node/cmd/value_out.h"
#include "node/store/conflicts.h"
#include "sync/feed.h"

struct resolve {
	struct edit e;
	const struct record *record;
	struct records_stamps stamps;
	struct view_source source;
	bool dry; /* --dry-run */
};

/* --- what was typed --------------------------------------------------------------- */

static int choose_act(struct resolve *r)
{
	struct edit *e = &r->e;
	bool keep = cmd_has(e->args, "keep"), gone = cmd_has(e->args, "delete");
	bool has_fields = e->args->words_count > 1;

	if (keep && gone) {
		return cmd_fail(e->c, CMD_USAGE, "give one of them",
				"--keep and --delete contradict each other");
	}
	if (gone && has_fields) {
		return cmd_fail(e->c, CMD_USAGE, "give --delete alone, or the fields without it",
				"--delete: a deleted record has no fields to decide");
	}
	if (!keep && !gone && !has_fields) {
		return cmd_fail(e->c, CMD_USAGE,
				"give FIELD=VALUE, FIELD@N, --keep or --delete; `kerwen conflicts` "
				"shows what is open",
				"nothing is decided");
	}
	e->draft.act = keep ? DRAFT_RESTORE : gone ? DRAFT_DELETE : DRAFT_EDIT;
	e->draft.resolves = true;
	return CMD_OK;
}

/* The word "FIELD@N", not "FIELD=a@b". */
static const char *find_at(const char *word)
{
	const char *at = strchr(word, '@'), *equals = strchr(word, '=');

	return at != NULL && at != word && (equals == NULL || at < equals) ? at : NULL;
}

static enum rc read_number(struct resolve *r, const struct schema_field *f, const char *text,
			   uint64_t *out)
{
	char *end = NULL;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0) {
		return value_arg_refuse(&r->e.reader,
					"write FIELD@N, with a number that `kerwen "
					"show` prints",
					"%s.%s: what follows the @ is not a number",
					r->record->kind->name, f->name);
	}
	return RC_OK;
}

static enum rc view_of(struct resolve *r, const struct schema_field *f, struct field_view *out)
{
	return view_field(r->record, f, &r->source, r->e.commit.work->arena, out);
}

static enum rc refuse_merge(struct resolve *r, const struct schema_field *f)
{
	return value_arg_refuse(&r->e.reader, "change it with `kerwen set`",
				"%s.%s: a %s is never in conflict", r->record->kind->name, f->name,
				schema_merge_text(f->merge));
}

/* "FIELD@N": the sibling with this number, as it stands. */
static enum rc push_sibling(struct resolve *r, const char *word, const char *at)
{
	struct value_reader *reader = &r->e.reader;
	const struct schema_field *f = value_arg_field(reader, bytes_at(word, (size_t)(at - word)));
	struct field_view v;
	uint64_t number = 0;
	uint32_t i = 0;
	enum rc rc = f == NULL ? RC_INVALID : RC_OK;

	if (rc == RC_OK && f->merge != MERGE_REGISTER) {
		rc = refuse_merge(r, f);
	}
	if (rc == RC_OK && r->e.draft.has_form) {
		rc = value_arg_refuse(reader, "look at it again with `kerwen show`",
				      "--if-version: the record has changed since, and its values "
				      "may have other numbers");
	}
	if (rc == RC_OK) {
		rc = read_number(r, f, at + 1, &number);
	}
	if (rc == RC_OK) {
		rc = view_of(r, f, &v);
	}
	if (rc != RC_OK) {
		return rc;
	}
	if (v.count == 1 && !v.conflict) {
		return RC_NOTFOUND; /* settled already */
	}
	i = sibling_find(f, &v, number);
	if (i == v.count) {
		return value_arg_refuse(reader, "`kerwen show` prints the numbers",
					v.count == 0 ? "%s.%s@%" PRIu64 ": it has no value" :
						       "%s.%s@%" PRIu64 ": it has %u values",
					r->record->kind->name, f->name, number, v.count);
	}
	return value_arg_push(reader, f, v.items[i]->cleared ? OP_CLEAR : OP_PUT, v.items[i]->value,
			      &r->e.ops);
}

/* The field of a word, for whom it is settled already. */
static const struct schema_field *field_of(struct resolve *r, const char *word)
{
	size_t len = strcspn(word, "=@");

	return schema_field_by_name(r->record->kind, bytes_at(word, len));
}

/* A decision needs something to decide, in a record that is there. */
static enum rc judge_field(struct resolve *r, const struct schema_field *f)
{
	struct field_view v;
	enum rc rc = RC_OK;

	if (f->merge != MERGE_REGISTER) {
		return refuse_merge(r, f);
	}
	if (f->closed) {
		return value_arg_refuse(&r->e.reader, "see `kerwen schema show`",
					"%s.%s: this field is closed", r->record->kind->name,
					f->name);
	}
	if (view_life(r->record).deleted && !r->e.draft.has_form) {
		return RC_NOTFOUND;
	}
	rc = view_of(r, f, &v);
	if (rc != RC_OK || v.conflict || f->policy == POLICY_FIXED || f->policy == POLICY_CENTRE) {
		return rc;
	}
	return RC_NOTFOUND;
}

static enum rc read_word(struct resolve *r, const char *word)
{
	const char *at = find_at(word);
	uint32_t before = r->e.ops.count;
	const struct schema_field *f = field_of(r, word);
	enum rc rc = RC_OK;

	if (at != NULL) {
		rc = push_sibling(r, word, at);
	} else if (f != NULL && f->merge != MERGE_REGISTER) {
		rc = refuse_merge(r, f);
	} else {
		rc = value_arg_word(&r->e.reader, word, false, &r->e.ops);
	}
	if (rc == RC_OK && r->e.ops.count > before) {
		rc = judge_field(r, r->e.ops.items[before].field);
	}
	return rc;
}

static int read_words(struct resolve *r)
{
	struct edit *e = &r->e;
	unsigned i;

	e->reader.kind = e->draft.kind;
	for (i = 1; i < e->args->words_count; i++) {
		enum rc rc = read_word(r, e->args->words[i]);

		if (rc == RC_NOTFOUND) {
			return resolve_gone_field(e, r->record, field_of(r, e->args->words[i]));
		}
		if (rc != RC_OK) {
			return edit_fail(e, rc);
		}
	}
	e->draft.ops = e->ops.items;
	e->draft.ops_count = e->ops.count;
	if (e->draft.act != DRAFT_EDIT && !view_life(r->record).conflict) {
		return resolve_gone_life(e, r->record);
	}
	return CMD_OK;
}

/* --- what came of it ---------------------------------------------------------------- */

static enum rc put_writes(struct resolve *r, json_t *document)
{
	json_t *writes = json_object();
	int failed = json_object_set_new(document, "dry_run", json_true());
	uint32_t i;

	failed |= json_object_set_new(document, "writes", writes);
	for (i = 0; i < r->e.draft.ops_count; i++) {
		const struct draft_op *op = &r->e.draft.ops[i];

		failed |= json_object_set_new(writes, op->field->name,
					      op->code == OP_CLEAR ?
						      json_null() :
						      value_out_json(op->field, op->value));
	}
	return failed == 0 ? RC_OK : RC_NOMEM;
}

static enum rc print_json(struct resolve *r, const char *id)
{
	struct edit *e = &r->e;
	json_t *document = out_document();
	bool settled = !edit_open_is_any(&e->report.after);
	int failed = json_object_set_new(document, "id", json_string(id));
	enum rc rc = RC_OK;

	failed |= json_object_set_new(document, "version", out_string(e->version));
	failed |= json_object_set_new(document, "settled", json_boolean(settled));
	rc = edit_report_put_json(&e->report, document);
	if (rc == RC_OK && r->dry) {
		rc = put_writes(r, document);
	}
	if (rc != RC_OK || failed != 0) {
		json_decref(document);
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	return out_json(e->c->out, document);
}

/* What was chosen is printed, so that nobody has to trust a number. */
static enum rc print_text(struct resolve *r, const char *id)
{
	struct edit *e = &r->e;
	bool unchanged = e->result.outcome == DRAFT_UNCHANGED;
	struct out_table *t = NULL;
	static const struct out_column columns[] = { { .name = "field" }, { .name = "value" } };
	enum rc rc = RC_OK;
	uint32_t i;

	out_line(e->c->out, "%s %s%s",
		 r->dry    ? "would write to" :
		 unchanged ? "unchanged" :
			     "decided",
		 id,
		 e->draft.act == DRAFT_DELETE  ? ": it is deleted" :
		 e->draft.act == DRAFT_RESTORE ? ": it is kept" :
						 "");
	if (e->draft.ops_count == 0) {
		return RC_OK;
	}
	t = out_table_new(columns, 2);
	for (i = 0; i < e->draft.ops_count && rc == RC_OK; i++) {
		const struct draft_op *op = &e->draft.ops[i];
		struct bytes text = bytes_of("(cleared)");

		rc = op->code == OP_CLEAR ?
			     RC_OK :
			     value_out_text(op->field, op->value, &e->node.scratch, &text);
		out_table_row(t);
		out_table_text(t, op->field->name);
		out_table_cell(t, text);
	}
	if (rc != RC_OK) {
		out_table_drop(t);
		return rc;
	}
	return out_table_print(e->c->out, t);
}

static int print(struct resolve *r)
{
	struct edit *e = &r->e;
	char id[UUID_TEXT_LEN + 1];
	enum rc rc = RC_OK;

	uuid_format(e->draft.id, id);
	rc = e->c->out->json ? print_json(r, id) : print_text(r, id);
	if (e->result.revived && e->draft.act == DRAFT_EDIT && !e->report.after.life) {
		out_note(e->c->out, "note: this record was deleted; the change brings it back");
	}
	edit_report_note(&e->report, e->c->out, e->draft.act == DRAFT_DELETE);
	return rc == RC_OK ? CMD_OK : open_fail(e->c, rc, "it cannot be printed");
}

/* A dry run prints while the commit is still there to be given up; the other
 * when it is durable, and the values are borrowed no more. */
static int write_and_print(struct resolve *r)
{
	struct edit *e = &r->e;
	int code = CMD_OK;

	if (r->dry) {
		struct bytes version = { NULL, 0 };
		enum rc rc = value_out_version(r->record, &e->node.scratch, &version);

		code = rc == RC_OK ? edit_write(e, false) :
				     open_fail(e->c, rc, "it cannot be read");
		e->version = version;
	} else {
		code = edit_write(e, true);
	}
	if (code == CMD_OK) {
		code = print(r);
	}
	if (code == CMD_OK && !r->dry) {
		code = edit_remark(e);
	}
	return code == CMD_OK ? edit_exit(e) : code;
}

static int decide(struct resolve *r)
{
	struct edit *e = &r->e;
	struct work *w = e->commit.work;
	int code = edit_find_record(e);

	if (code == CMD_OK) {
		code = edit_read_form(e);
	}
	if (code == CMD_OK) {
		r->record = edit_record(e, &code);
	}
	if (code == CMD_OK) {
		r->stamps = (struct records_stamps){ w->txn, w->store->info.centre_incarnation,
						     w->arena };
		r->source = records_source(&r->stamps);
		code = read_words(r);
	}
	return code == CMD_OK ? write_and_print(r) : code;
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct resolve r = { .e = { .c = c, .args = args }, .dry = cmd_has(args, "dry-run") };
	int code = choose_act(&r);

	if (code == CMD_OK) {
		code = edit_start(&r.e);
	}
	if (code == CMD_OK) {
		code = decide(&r);
	}
	edit_close(&r.e);
	return code;
}

static const struct cmd_option options[] = {
	{ .name = "keep", .help = "it was deleted and edited: the record stays" },
	{ .name = "delete", .help = "it was deleted and edited: the record goes" },
	{ .name = "dry-run", .help = "print what would be written, and write nothing" },
	EDIT_VERSION_OPTION,
	EDIT_CONFLICT_OPTION,
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

const struct command cmd_resolve_command = {
	.name = "resolve",
	.words = "ID [FIELD=VALUE | FIELD@N]...",
	.words_min = 1,
	.words_max = CMD_MANY,
	.summary = "decides what is in open conflict, once and everywhere",
	.details = "FIELD@N takes the value with this number, as `show` and `conflicts` print it;\n"
		   "FIELD=VALUE another one. It also corrects what `set` may not change: a field\n"
		   "that is fixed once it is set, and a value of the centre, which it replaces on "
		   "all\n"
		   "nodes. The decision travels like any change, and is not asked again.",
	.options = options,
	.run = run,
};
