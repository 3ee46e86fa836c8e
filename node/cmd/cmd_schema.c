/* `kerwen schema check FILE` and `kerwen schema apply FILE`. */
#include <string.h>

#include "node/base/mem.h"
#include "node/base/schema_yaml.h"
#include "node/cmd/author_arg.h"
#include "node/cmd/open.h"
#include "node/store/adopt.h"
#include "sync/expr.h"

static int load(struct cmd_context *c, const char *path, struct arena *a, struct schema *out)
{
	struct schema_error e = { "" };
	enum rc rc = mem_arena_open(a, SCHEMA_YAML_ARENA_BYTES);

	if (rc == RC_OK) {
		rc = schema_yaml_load(path, a, out, &e);
	}
	if (rc == RC_OK) {
		return CMD_OK;
	}
	if (rc == RC_INVALID || rc == RC_LIMIT) {
		bool is_named = strstr(e.text, path) != NULL;

		return cmd_fail(c, CMD_SCHEMA, "correct the file and check it again", "%s%s%s",
				is_named ? "" : path, is_named ? "" : ": ", e.text);
	}
	return cmd_fail(c, CMD_FAILED, rc == RC_NOMEM ? NULL : "name the file of the schema", "%s",
			e.text[0] == '\0' ? rc_text(rc) : e.text);
}

static void note_field(struct cmd_context *c, const struct schema_figure *f,
		       const struct schema_field *field)
{
	if (field != NULL && field->reach == REACH_OFFICE) {
		out_note(c->out,
			 "note: figure %s looks at %s, which never leaves its office: the centre "
			 "counts without it, each office for itself",
			 f->name, field->name);
	}
}

/* Of a figure over fields of reach office the centre sees a part only. That may
 * be meant: such figures are the offices' own. */
static void note_measure(struct cmd_context *c, const struct schema *s,
			 const struct schema_figure *f, const struct schema_measure *m,
			 struct arena *a)
{
	const struct schema_kind *kind = m->of == NULL ? NULL :
							 schema_kind_by_name(s, bytes_of(m->of));
	const struct expr *where = NULL;
	struct expr_error e;
	struct dim dim;
	uint32_t i;

	if (kind == NULL) {
		return;
	}
	for (i = 0; i < m->by_count; i++) {
		if (dim_parse(kind, m->by[i], &dim, &e) == RC_OK) {
			note_field(c, f, dim.field);
			note_field(c, f, dim.on);
		}
	}
	if (m->field != NULL) {
		note_field(c, f, schema_field_by_name(kind, bytes_of(m->field)));
	}
	if (m->where == NULL || expr_parse(s, kind, bytes_of(m->where), a, &where, &e) != RC_OK) {
		return;
	}
	for (i = 0; i < kind->fields_count; i++) {
		if (expr_uses(where, &kind->fields[i])) {
			note_field(c, f, &kind->fields[i]);
		}
	}
}

static void note_figures(struct cmd_context *c, const struct schema *s, struct arena *a)
{
	uint32_t i, k;

	for (i = 0; i < s->figures_count; i++) {
		const struct schema_figure *f = &s->figures[i];

		note_measure(c, s, f, &f->measure, a);
		note_measure(c, s, f, &f->announced, a);
		for (k = 0; k < f->recorded_count; k++) {
			note_measure(c, s, f, &f->recorded[k], a);
		}
	}
}

static int report_check(struct cmd_context *c, const struct schema *s)
{
	json_t *document = NULL;

	if (c->out->json) {
		document = out_document();
		json_object_set_new(document, "schema", json_string(s->name));
		json_object_set_new(document, "version", json_integer(s->version));
		return (int)cmd_exit_of(out_json(c->out, document));
	}
	out_line(c->out, "%s, version %u: %u kinds, %u code lists, %u figures, no errors", s->name,
		 s->version, s->kinds_count, s->codes_count, s->figures_count);
	return CMD_OK;
}

static int report_json(struct cmd_context *c, const struct adopt_plan *plan, bool is_dry)
{
	json_t *document = out_document(), *list = json_array();
	uint32_t i;

	for (i = 0; i < plan->parts_count; i++) {
		const struct adopt_part *p = &plan->parts[i];

		if (p->change != ADOPT_SAME) {
			json_array_append_new(list, json_pack("{s:o, s:o, s:s}", "part",
							      out_string(p->part.type), "name",
							      out_string(p->part.name), "change",
							      p->change == ADOPT_NEW ? "new" :
										       "changed"));
		}
	}
	json_object_set_new(document, "schema", json_string(plan->schema.name));
	json_object_set_new(document, "version", json_integer(plan->schema.version));
	json_object_set_new(document, "dry_run", json_boolean(is_dry));
	if (json_object_set_new(document, "changes", list) != 0) {
		json_decref(document);
		document = NULL;
	}
	return (int)cmd_exit_of(out_json(c->out, document));
}

/* What is done with a plan. */
enum purpose { PURPOSE_CHECK, PURPOSE_DRY_RUN, PURPOSE_APPLY };

static int report_plan(struct cmd_context *c, const struct adopt_plan *plan, bool is_dry)
{
	uint32_t i;

	if (c->out->json) {
		return report_json(c, plan, is_dry);
	}
	for (i = 0; i < plan->parts_count; i++) {
		const struct adopt_part *p = &plan->parts[i];

		if (p->change != ADOPT_SAME) {
			out_line(c->out, "%-7s  %.*s %.*s",
				 p->change == ADOPT_NEW ? "new" : "changed", (int)p->part.type.len,
				 (const char *)p->part.type.p, (int)p->part.name.len,
				 (const char *)p->part.name.p);
		}
	}
	if (plan->changes_count == 0) {
		out_line(c->out, "%s, version %u, is in force already: nothing changes",
			 plan->schema.name, plan->schema.version);
	} else {
		out_line(c->out, "%s, version %u, %s", plan->schema.name, plan->schema.version,
			 is_dry ? "would be in force; nothing was written" : "is in force");
	}
	return CMD_OK;
}

/* Inside a commit; the plan is reported before the commit ends, because it
 * borrows from it, but printed only when it is flushed. */
static int write_plan(struct cmd_context *c, struct commit *commit, const struct adopt_plan *plan,
		      enum purpose purpose)
{
	struct draft_result why;
	bool is_dry = purpose != PURPOSE_APPLY;
	enum rc rc = is_dry ? RC_OK : adopt_write(commit, plan, &why);
	int code;

	if (rc != RC_OK) {
		commit_abort(commit);
		return why.text[0] == '\0' ? open_fail(c, rc, "the schema cannot be written") :
					     cmd_fail(c, CMD_FAILED, why.hint, "%s", why.text);
	}
	code = purpose == PURPOSE_CHECK ? CMD_OK : report_plan(c, plan, is_dry);
	if (is_dry || plan->changes_count == 0) {
		commit_abort(commit);
		return code;
	}
	rc = commit_end(commit);
	if (rc == RC_OK) {
		open_poke(c);
	}
	return rc == RC_OK ? code : open_fail(c, rc, "the schema cannot be written");
}

static int apply(struct cmd_context *c, struct cmd_node *n, const struct schema *next,
		 const struct author_arg *author, enum purpose purpose)
{
	struct schema_error e = { "" };
	struct adopt_plan plan;
	struct commit commit;
	struct arena a = { NULL, 0, 0 };
	enum rc rc = mem_arena_open(&a, ADOPT_ARENA_BYTES);
	int code;

	if (rc == RC_OK) {
		rc = commit_begin(&commit, n->store, author->name, author->reason);
	}
	if (rc != RC_OK) {
		code = open_fail(c, rc, "the schema cannot be written");
		goto out;
	}
	rc = adopt_plan(&commit, next, &a, &plan, &e);
	if (rc == RC_OK) {
		code = write_plan(c, &commit, &plan, purpose);
		goto out;
	}
	commit_abort(&commit);
	code = rc == RC_INVALID || rc == RC_LIMIT ?
		       cmd_fail(c, CMD_SCHEMA, "correct the file; nothing was changed", "%s",
				e.text) :
		       open_fail(c, rc, "the schema cannot be adopted");
out:
	mem_arena_close(&a);
	return code;
}

/* At a centre a schema must also be able to follow the one in force. */
static int check_follows(struct cmd_context *c, const struct schema *next)
{
	struct author_arg nobody = { .name = bytes_of("kerwen") };
	char db[PATH_BYTES_MAX];
	struct cmd_node n;
	int code = CMD_OK;

	if (path_join(db, c->dir, STORE_DIR) != RC_OK || !path_exists(db)) {
		return CMD_OK;
	}
	code = open_node(c, &n);
	if (code == CMD_OK && n.store->info.is_centre) {
		code = apply(c, &n, next, &nobody, PURPOSE_CHECK);
	}
	open_close(&n);
	return code;
}

static int run_check(struct cmd_context *c, const struct cmd_args *args)
{
	struct arena a = { NULL, 0, 0 };
	struct schema s;
	int code = load(c, args->words[0], &a, &s);

	if (code == CMD_OK) {
		code = check_follows(c, &s);
	}
	if (code == CMD_OK) {
		note_figures(c, &s, &a);
		code = report_check(c, &s);
	}
	mem_arena_close(&a);
	return code;
}

static int run_apply(struct cmd_context *c, const struct cmd_args *args)
{
	struct arena a = { NULL, 0, 0 };
	struct author_arg author;
	struct schema next;
	struct cmd_node n;
	int code = open_node(c, &n);

	if (code != CMD_OK) {
		return code;
	}
	if (!n.store->info.is_centre) {
		code = cmd_fail(c, CMD_FAILED, "it comes by itself with the next sync",
				"only the centre applies a schema");
	}
	if (code == CMD_OK) {
		code = author_arg_get(c, args, &author);
	}
	if (code == CMD_OK) {
		code = load(c, args->words[0], &a, &next);
	}
	if (code == CMD_OK) {
		code = apply(c, &n, &next, &author,
			     cmd_has(args, "dry-run") ? PURPOSE_DRY_RUN : PURPOSE_APPLY);
	}
	mem_arena_close(&a);
	open_close(&n);
	return code;
}

const struct command cmd_schema_check_command = {
	.name = "schema check",
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.summary = "whether a schema file is right",
	.details = "In the DIR of a centre also whether it can follow the schema in force.",
	.run = run_check,
};

static const struct cmd_option apply_options[] = {
	{ .name = "dry-run", .help = "say what would change, and write nothing" },
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

const struct command cmd_schema_apply_command = {
	.name = "schema apply",
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.summary = "brings a schema into force; at the centre",
	.details = "Its version must be higher than that in force. What is gone from the file is\n"
		   "closed, not deleted; type, merge and reach of a field never change.",
	.options = apply_options,
	.run = run_apply,
};
