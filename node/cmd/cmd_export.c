/*
 * `kerwen export KIND`: what `import` reads, with `id` and `_version`.
 *
 * Read in slices, so that a long export does not keep the database from using
 * pages again. A schema that moves between two slices ends it: the columns
 * would no longer be those of the header.
 */
#include <string.h>

#include "node/base/clock.h"
#include "node/cmd/match.h"
#include "node/cmd/open.h"
#include "node/cmd/value_arg.h"
#include "node/cmd/value_out.h"

enum { SLICE_MS = 500 };

/* The export, over all slices. */
struct export
{
	struct cmd_context *c;
	struct cmd_node *node;
	const char *kind_name, *where;
	bool began, is_done;
	uint8_t schema[HASH_LEN]; /* under which it began */
	struct uuid last;
	bool has_last;
};

/* One slice. */
struct slice {
	struct export *x;
	struct kv_txn *txn;
	struct arena *arena;
	const struct schema_kind *kind;
	struct match match;
};

static bool is_column(const struct schema_field *f)
{
	return !f->closed && f->derive == DERIVE_NONE;
}

static void print_head(const struct slice *s)
{
	struct out *o = s->x->c->out;
	uint32_t i;

	out_csv_cell(o, bytes_of("id"), true);
	out_csv_cell(o, bytes_of("_version"), false);
	for (i = 0; i < s->kind->fields_count; i++) {
		if (is_column(&s->kind->fields[i])) {
			out_csv_cell(o, bytes_of(s->kind->fields[i].name), false);
		}
	}
	out_csv_end(o);
}

static enum rc print_csv(struct slice *s, const struct record *r, const char *id,
			 struct bytes version)
{
	struct out *o = s->x->c->out;
	enum rc rc = RC_OK;
	uint32_t i;

	out_csv_cell(o, bytes_of(id), true);
	out_csv_cell(o, version, false);
	for (i = 0; i < s->kind->fields_count && rc == RC_OK; i++) {
		struct bytes cell = bytes_of("");

		if (is_column(&s->kind->fields[i])) {
			rc = value_out_cell(r, &s->kind->fields[i], &s->match.source, s->arena,
					    &cell);
			out_csv_cell(o, cell, false);
		}
	}
	out_csv_end(o);
	return rc;
}

static enum rc print_json(struct slice *s, const struct record *r, const char *id,
			  struct bytes version)
{
	json_t *document = out_document(), *fields = NULL;
	enum rc rc = value_out_fields(r, &s->match.source, s->arena, &fields);

	if (rc != RC_OK) {
		json_decref(document);
		return rc;
	}
	if (json_object_set_new(document, "id", json_string(id)) != 0 ||
	    json_object_set_new(document, "version", out_string(version)) != 0 ||
	    json_object_set_new(document, "fields", fields) != 0) {
		json_decref(document);
		document = NULL;
	}
	return out_json(s->x->c->out, document);
}

static enum rc print_record(struct slice *s, const struct record *r)
{
	char id[UUID_TEXT_LEN + 1];
	struct bytes version;
	enum rc rc = value_out_version(r, s->arena, &version);

	if (rc != RC_OK) {
		return rc;
	}
	uuid_format(r->id, id);
	return s->x->c->out->json ? print_json(s, r, id, version) : print_csv(s, r, id, version);
}

static enum rc walk(struct slice *s)
{
	struct export *x = s->x;
	uint64_t end_ms = clock_monotonic_ms() + SLICE_MS;
	struct records_walk w;
	struct record r;
	enum rc rc = records_walk_start(&w, s->txn, x->node->store->catalog, s->kind->number,
					x->has_last ? &x->last : NULL);

	while (rc == RC_OK && clock_monotonic_ms() < end_ms) {
		size_t mark = arena_mark(s->arena);

		rc = records_walk_next(&w, s->arena, &r);
		if (rc == RC_OK && !(x->has_last && uuid_equal(r.id, x->last))) {
			if (match_record(&s->match, &r)) {
				rc = print_record(s, &r);
			}
			rc = rc == RC_OK ? s->match.rc : rc;
			x->last = r.id;
			x->has_last = true;
		}
		arena_release(s->arena, mark);
	}
	records_walk_end(&w);
	x->is_done = rc == RC_NOTFOUND;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Finds the kind, reads the expression, prints the header the first time. */
static int prepare(struct slice *s)
{
	struct export *x = s->x;
	const struct store *store = x->node->store;
	struct value_reader r = value_arg_reader(store, s->txn, s->arena, NULL);
	struct expr_error e;

	s->kind = value_arg_kind(&r, bytes_of(x->kind_name));
	if (s->kind == NULL) {
		return cmd_fail(x->c, CMD_USAGE, r.hint, "%s", r.text);
	}
	if (match_begin(&s->match, store, s->txn, s->arena, s->kind, x->where, &e) != RC_OK) {
		return cmd_fail(x->c, CMD_USAGE, MATCH_HINT, "--where, column %u: %s", e.column,
				e.text);
	}
	if (!x->began) {
		memcpy(x->schema, store->catalog->schema_hash, HASH_LEN);
		if (!x->c->out->json) {
			print_head(s);
		}
		x->began = true;
	}
	return memcmp(x->schema, store->catalog->schema_hash, HASH_LEN) == 0 ?
		       CMD_OK :
		       cmd_fail(x->c, CMD_FAILED, "give the command again",
				"the schema changed during the export");
}

static int run_slice(struct export *x)
{
	struct slice s = { .x = x, .arena = &x->node->store->arena };
	enum rc rc = RC_OK;
	int code = open_read(x->c, x->node, &s.txn);

	if (code != CMD_OK) {
		return code;
	}
	code = prepare(&s);
	if (code == CMD_OK) {
		rc = walk(&s);
	}
	store_end(x->node->store, s.txn);
	if (rc == RC_OK && code == CMD_OK && ferror(x->c->out->to) != 0) {
		x->is_done = true; /* told when the output is flushed */
	}
	return rc == RC_OK ? code : open_fail(x->c, rc, "the records cannot be exported");
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct cmd_node n;
	struct export x = {
		.c = c, .node = &n, .kind_name = args->words[0], .where = cmd_option(args, "where")
	};
	int code = open_node(c, &n);

	while (code == CMD_OK && !x.is_done) {
		code = run_slice(&x);
	}
	open_close(&n);
	return code;
}

static const struct cmd_option options[] = {
	{ .name = "where",
	  .value = "EXPR",
	  .help = "only these: year = 2016 and region in (TM-L)" },
	{ 0 },
};

const struct command cmd_export_command = {
	.name = "export",
	.words = "KIND",
	.words_min = 1,
	.words_max = 1,
	.summary = "writes records as CSV, which import reads",
	.details = "With --json one document a line. Computed and closed fields are left out.\n"
		   "Elements of sets and lines of logs are joined by \"|\"; inside they have "
		   "\"\\|\" for a\n"
		   "bar and \"\\\\\" for a backslash.",
	.options = options,
	.run = run,
};
