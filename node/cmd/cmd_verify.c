/* `kerwen verify`: proves what is stored against the entries. */
#include <inttypes.h>

#include "node/cmd/interrupt.h"
#include "node/cmd/open.h"
#include "node/store/verify.h"

enum { SHOWN_MAX = 100, HEX_LEN = 2 * HASH_LEN };

struct checking {
	struct cmd_context *c;
	struct out_progress progress;
	json_t *problems; /* with --json */
	uint64_t shown, repaired;
};

static bool is_stopped(void *ctx)
{
	(void)ctx;
	return interrupt_came();
}

static void on_problem(void *ctx, const char *text)
{
	struct checking *k = ctx;

	if (k->shown++ >= SHOWN_MAX) {
		return;
	}
	if (k->c->out->json) {
		json_array_append_new(k->problems, json_string(text));
	} else {
		out_progress_end(&k->progress);
		out_line(k->c->out, "differs: %s", text);
	}
}

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct checking *k = ctx;

	out_progress_at(&k->progress, done, total);
}

static void format_digest(const uint8_t *digest, char text[HEX_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned i;

	for (i = 0; i < HASH_LEN; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[HEX_LEN] = '\0';
}

/* What a scope is called: its reach, and whose it is. */
static void describe_scope(const struct catalog *catalog, uint16_t scope, const char **reach,
			   const char **whose)
{
	const struct scope_info *info = catalog_scope(catalog, scope);
	uint32_t i;

	*reach = info == NULL ? "unknown" : schema_reach_text(info->reach);
	*whose = "";
	if (info == NULL || info->reach == REACH_NATION) {
		return;
	}
	if (info->reach != REACH_REGION) {
		*whose = catalog_office_name(catalog, info->office);
		*whose = *whose == NULL ? "" : *whose;
		return;
	}
	for (i = 0; i < catalog->offices_count; i++) {
		if (catalog->offices[i].scope_region == scope) {
			*whose = catalog->offices[i].region;
		}
	}
}

static enum rc print_json(struct checking *k, const struct catalog *catalog,
			  const struct verify_report *r)
{
	json_t *document = out_document(), *scopes = json_array();
	int failed = 0;
	uint32_t i;

	for (i = 0; i < r->scopes_count; i++) {
		const struct verify_scope *s = &r->scopes[i];
		const char *reach = NULL, *whose = NULL;
		char digest[HEX_LEN + 1];

		describe_scope(catalog, s->scope, &reach, &whose);
		format_digest(s->digest, digest);
		failed |= json_array_append_new(scopes,
						json_pack("{s:i, s:s, s:s, s:I, s:s}", "scope",
							  (int)s->scope, "reach", reach, "of",
							  whose, "parts", (json_int_t)s->parts,
							  "digest", digest));
	}
	failed |= json_object_set_new(document, "ok", json_boolean(r->problems == 0));
	failed |= json_object_set_new(document, "scopes", scopes);
	failed |= json_object_set_new(document, "feeds", json_integer((json_int_t)r->feeds));
	failed |= json_object_set_new(document, "entries", json_integer((json_int_t)r->entries));
	failed |= json_object_set_new(document, "seals", json_integer((json_int_t)r->seals));
	failed |= json_object_set_new(document, "changes", json_integer((json_int_t)r->changes));
	failed |= json_object_set_new(document, "receipts", json_integer((json_int_t)r->cuts));
	failed |= json_object_set_new(document, "damaged", json_integer((json_int_t)r->damaged));
	failed |= json_object_set_new(document, "repaired", json_integer((json_int_t)k->repaired));
	failed |= json_object_set_new(document, "parts", json_integer((json_int_t)r->parts));
	failed |= json_object_set_new(document, "uniques", json_integer((json_int_t)r->uniques));
	failed |=
		json_object_set_new(document, "conflicts", json_integer((json_int_t)r->conflicts));
	failed |= json_object_set_new(document, "cells", json_integer((json_int_t)r->cells));
	failed |= json_object_set_new(document, "moved", json_boolean(r->moved));
	failed |=
		json_object_set_new(document, "differences", json_integer((json_int_t)r->problems));
	failed |= json_object_set(document, "problems", k->problems);
	if (failed != 0) {
		json_decref(document);
		return RC_NOMEM;
	}
	return out_json(k->c->out, document);
}

static enum rc print_text(struct checking *k, const struct catalog *catalog,
			  const struct verify_report *r)
{
	static const struct out_column columns[] = {
		{ .name = "scope", .is_number = true }, { .name = "reach" },  { .name = "of" },
		{ .name = "parts", .is_number = true }, { .name = "digest" },
	};
	struct out_table *t = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < r->scopes_count; i++) {
		const char *reach = NULL, *whose = NULL;
		char digest[HEX_LEN + 1];

		describe_scope(catalog, r->scopes[i].scope, &reach, &whose);
		format_digest(r->scopes[i].digest, digest);
		out_table_row(t);
		out_table_number(t, r->scopes[i].scope);
		out_table_text(t, reach);
		out_table_text(t, whose);
		out_table_number(t, (int64_t)r->scopes[i].parts);
		out_table_text(t, digest);
	}
	rc = out_table_print(k->c->out, t);
	out_line(k->c->out,
		 "%" PRIu64 " feeds, %" PRIu64 " entries, %" PRIu64 " seals, %" PRIu64
		 " changes; %" PRIu64 " states, %" PRIu64 " keys, %" PRIu64 " cells",
		 r->feeds, r->entries, r->seals, r->changes, r->parts, r->uniques, r->cells);
	if (r->moved) {
		out_note(k->c->out, "note: something was written meanwhile; compare digests when "
				    "nothing is");
	}
	return rc;
}

static int judge(struct cmd_context *c, const struct verify_report *r)
{
	if (r->problems == 0) {
		out_line(c->out, "all of it follows from the entries");
		return CMD_OK;
	}
	if (r->damaged > 0) {
		return cmd_fail(c, CMD_INTEGRITY,
				"sync: what others hold of it comes back with the next exchange; "
				"then give `kerwen verify --repair`",
				"%s: %" PRIu64 " things differ, %" PRIu64
				" of them are damaged entries or seals",
				c->dir, r->problems, r->damaged);
	}
	return cmd_fail(c, CMD_INTEGRITY, "`kerwen verify --repair` makes them anew",
			"%s: %" PRIu64 " things differ from the entries", c->dir, r->problems);
}

static struct verify_options options_of(struct checking *k)
{
	struct verify_options o = { .ctx = k,
				    .on_problem = on_problem,
				    .on_progress = on_progress,
				    .is_stopped = is_stopped };
	return o;
}

static int fail_run(struct cmd_context *c, struct cmd_node *n, enum rc rc, const char *doing)
{
	if (rc == RC_CLOSED) {
		return cmd_fail(c, CMD_INTERRUPTED, "give it again", "%s: %s", c->dir,
				"interrupted");
	}
	if (rc == RC_BUSY) {
		return cmd_fail(
			c, CMD_FAILED, "try again when it is done",
			"%s: %s: figures are being made anew, or another verify counts them",
			c->dir, doing);
	}
	return open_fail_lost(c, rc, n->store->info.is_centre, doing);
}

static int check(struct cmd_context *c, struct cmd_node *n, uint64_t repaired)
{
	struct checking k = { .c = c, .repaired = repaired, .problems = json_array() };
	struct verify_options options = options_of(&k);
	struct verify *v = NULL;
	enum rc rc;
	int code = CMD_OK;

	k.progress = out_progress_start(c->out, "verify");
	rc = verify_run(n->store, &options, &v);
	out_progress_end(&k.progress);
	if (rc == RC_OK) {
		const struct catalog *catalog = n->store->catalog;

		rc = c->out->json ? print_json(&k, catalog, verify_result(v)) :
				    print_text(&k, catalog, verify_result(v));
	}
	code = rc == RC_OK ? judge(c, verify_result(v)) :
			     fail_run(c, n, rc, "it cannot be verified");
	json_decref(k.problems);
	verify_free(v);
	return code;
}

/* What it finds is told by the check that follows, if it is still so. */
static void on_repaired(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static int repair(struct cmd_context *c, struct cmd_node *n, uint64_t *repaired)
{
	struct checking k = { .c = c };
	struct verify_options options = options_of(&k);
	const struct verify_report *r = NULL;
	struct verify *v = NULL;
	enum rc rc;
	int code = CMD_OK;

	options.on_problem = on_repaired;
	options.repairs = true;
	k.progress = out_progress_start(c->out, "repair");
	rc = verify_run(n->store, &options, &v);
	out_progress_end(&k.progress);
	if (rc == RC_OK) {
		r = verify_result(v);
		*repaired = r->repaired;
		if (r->was_interrupted) {
			out_note(c->out, "an earlier repair was interrupted; it is finished now");
		}
		out_note(c->out, "%" PRIu64 " %s made anew from the entries", r->repaired,
			 r->repaired == 1 ? "row was" : "rows were");
	} else {
		code = fail_run(c, n, rc, "it cannot be repaired");
	}
	verify_free(v);
	return code;
}

/* Whether to repair: it was asked for, or an earlier one is to be finished. */
static int wants_repair(struct cmd_context *c, struct cmd_node *n, bool *wants)
{
	struct kv_txn *t = NULL;
	bool unfinished = false;
	int code = *wants ? CMD_OK : open_read(c, n, &t);
	enum rc rc = RC_OK;

	if (t != NULL) {
		rc = verify_is_unfinished(t, &unfinished);
		store_end(n->store, t);
		*wants = unfinished;
	}
	return rc == RC_OK ? code : open_fail(c, rc, "it cannot be read");
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct cmd_node n;
	uint64_t repaired = 0;
	bool wants = cmd_has(args, "repair");
	int code = open_node(c, &n);

	if (code == CMD_OK) {
		code = wants_repair(c, &n, &wants);
	}
	if (code == CMD_OK) {
		interrupt_watch();
	}
	if (code == CMD_OK && wants) {
		code = repair(c, &n, &repaired);
	}
	if (code == CMD_OK) {
		code = check(c, &n, repaired);
	}
	open_close(&n);
	return code;
}

static const struct cmd_option options[] = {
	{ .name = "repair", .help = "first make what differs anew from the entries" },
	{ 0 },
};

const struct command cmd_verify_command = {
	.name = "verify",
	.summary = "proves records, receipts, indexes and figures against the entries",
	.details =
		"Checks chains and seals, rebuilds every record, and prints a digest of each\n"
		"scope: nodes that have applied the same entries print the same one. Others may\n"
		"write meanwhile. Entries that are damaged are named, and fetched again by the\n"
		"next sync from whoever has them. A repair that was interrupted is finished.",
	.options = options,
	.run = run,
};
