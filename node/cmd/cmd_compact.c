/* `kerwen compact`: deletes what every office has confirmed and a backup holds;
 * see store/compact.h. */
#include <inttypes.h>
#include <stdio.h>

#include "node/cmd/interrupt.h"
#include "node/cmd/open.h"
#include "node/store/compact.h"

enum { SCOPES_MAX = 65536 };

struct job {
	struct cmd_context *c;
	struct store *store;
	bool is_dry;
	struct out_table *table;
	json_t *scopes;
	struct compact_result all;
	uint32_t asked; /* scopes of which offices were asked to confirm */
	bool lacks_backup;
};

static const struct cmd_option options[] = {
	{ .name = "dry-run", .help = "say what could go, and change nothing" },
	{ 0 },
};

static bool is_stopped(void *ctx)
{
	(void)ctx;
	return interrupt_came();
}

/* What keeps the rest, in words. */
static void describe_hold(const struct job *j, const struct compact_plan *p, char *text, size_t max)
{
	const char *name = NULL;

	switch (p->hold) {
	case COMPACT_FREE:
		(void)snprintf(text, max, "-");
		return;
	case COMPACT_OFFICE:
		name = catalog_office_name(j->store->catalog, p->office);
		(void)snprintf(text, max, "%s has not confirmed more", name == NULL ? "?" : name);
		return;
	case COMPACT_BACKUP:
		(void)snprintf(text, max, "no backup holds more");
		return;
	case COMPACT_CENTRE:
		(void)snprintf(text, max, "the centre has not said more");
		return;
	}
}

static enum rc add_scope(struct job *j, const struct compact_plan *p,
			 const struct compact_result *r)
{
	const struct scope_info *info = catalog_scope(j->store->catalog, p->scope);
	const char *whose = info == NULL || info->reach != REACH_CENTRE ?
				    "" :
				    catalog_office_name(j->store->catalog, info->office);
	char held[LIMIT_NAME_BYTES_MAX + 40];

	describe_hold(j, p, held, sizeof(held));
	out_table_row(j->table);
	out_table_number(j->table, p->scope);
	out_table_text(j->table, whose == NULL ? "" : whose);
	out_table_number(j->table, (int64_t)p->floor);
	out_table_number(j->table, (int64_t)p->target);
	out_table_number(j->table, (int64_t)p->head);
	out_table_number(j->table, (int64_t)r->entries);
	out_table_text(j->table, held);
	return json_array_append_new(j->scopes,
				     json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:s}", "scope",
					       (int)p->scope, "of", whose == NULL ? "" : whose,
					       "floor", (json_int_t)p->floor, "target",
					       (json_int_t)p->target, "head", (json_int_t)p->head,
					       "entries", (json_int_t)r->entries, "held_by",
					       held)) == 0 ?
		       RC_OK :
		       RC_NOMEM;
}

/* The plan of one scope; RC_NOTFOUND: it has no floor. */
static enum rc plan(struct job *j, uint16_t scope, struct compact_plan *out)
{
	struct kv_txn *t = NULL;
	enum rc rc = store_begin(j->store, false, &t);

	if (rc == RC_OK) {
		rc = compact_plan(j->store, t, scope, out);
		store_end(j->store, t);
	}
	return rc;
}

static enum rc do_scope(struct job *j, const struct compact_plan *p, struct compact_result *r)
{
	enum rc rc = RC_OK;

	if (p->target > p->floor) {
		rc = compact_step(j->store, p);
		j->c->has_saved = j->c->has_saved || rc == RC_OK;
	}
	if (rc == RC_OK && (p->target > p->floor || p->lags)) {
		rc = compact_drop(j->store, p->scope, is_stopped, NULL, r);
	}
	if (rc == RC_OK && p->hold == COMPACT_OFFICE) {
		rc = compact_ask(j->store, p);
		j->asked++;
	}
	return rc;
}

static enum rc run_scope(struct job *j, uint16_t scope)
{
	struct compact_result r = { .entries = 0 };
	struct compact_plan p;
	enum rc rc = plan(j, scope, &p);

	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	if (!j->is_dry) {
		rc = do_scope(j, &p, &r);
	}
	j->lacks_backup = j->lacks_backup || p.hold == COMPACT_BACKUP;
	j->all.entries += r.entries;
	j->all.rows += r.rows;
	j->all.bytes += r.bytes;
	return rc == RC_OK ? add_scope(j, &p, &r) : rc;
}

static enum rc run_all(struct job *j)
{
	uint32_t from = 0, i;
	enum rc rc = RC_OK;

	/* The catalog may be read again between transactions. */
	while (rc == RC_OK && from < SCOPES_MAX) {
		const struct catalog *c = j->store->catalog;
		uint32_t next = SCOPES_MAX;

		for (i = 0; i < c->scopes_count; i++) {
			if (c->scopes[i].scope >= from && c->scopes[i].scope < next) {
				next = c->scopes[i].scope;
			}
		}
		if (next < SCOPES_MAX) {
			rc = run_scope(j, (uint16_t)next);
		}
		from = next + 1;
	}
	return rc;
}

static enum rc print_json(struct job *j)
{
	json_t *document = out_document();
	int failed = 0;

	failed |= json_object_set_new(document, "dry_run", json_boolean(j->is_dry));
	failed |= json_object_set(document, "scopes", j->scopes);
	failed |=
		json_object_set_new(document, "entries", json_integer((json_int_t)j->all.entries));
	failed |= json_object_set_new(document, "rows", json_integer((json_int_t)j->all.rows));
	failed |= json_object_set_new(document, "bytes", json_integer((json_int_t)j->all.bytes));
	failed |= json_object_set_new(document, "asked", json_integer((json_int_t)j->asked));
	if (failed != 0) {
		json_decref(document);
		return RC_NOMEM;
	}
	return out_json(j->c->out, document);
}

static enum rc print(struct job *j)
{
	enum rc rc = RC_OK;

	if (j->c->out->json) {
		out_table_drop(j->table);
		return print_json(j);
	}
	rc = out_table_print(j->c->out, j->table);
	if (!j->is_dry) {
		out_line(j->c->out,
			 "%" PRIu64 " entries deleted, %" PRIu64 " rows in all: %" PRIu64
			 " kB came back; the database fills them again before its file grows",
			 j->all.entries, j->all.rows, (j->all.bytes + 1023) / 1024);
	}
	if (j->asked > 0) {
		out_note(j->c->out, "offices that wrote nothing are asked to confirm when they "
				    "sync: run `kerwen compact` again after that");
	}
	if (j->lacks_backup) {
		out_note(j->c->out,
			 "what no backup of the centre holds stays: run `kerwen backup`");
	}
	return rc;
}

static int fail(struct job *j, enum rc rc)
{
	if (rc == RC_CLOSED) {
		return cmd_fail(j->c, CMD_INTERRUPTED, "run it again to go on",
				"compact: interrupted");
	}
	if (rc == RC_FORK) {
		return cmd_fail(j->c, CMD_INTEGRITY, "run `kerwen verify`",
				"compact: what is here below the floor is not what the centre has; "
				"nothing was deleted of it");
	}
	return open_fail(j->c, rc, "compact");
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	static const struct out_column columns[] = {
		{ .name = "scope", .is_number = true }, { .name = "of" },
		{ .name = "floor", .is_number = true }, { .name = "to", .is_number = true },
		{ .name = "head", .is_number = true },  { .name = "deleted", .is_number = true },
		{ .name = "what holds the rest" },
	};
	struct job j = { .c = c, .is_dry = cmd_has(args, "dry-run") };
	struct cmd_node n;
	struct kv_txn *t = NULL;
	int code = open_node(c, &n);
	enum rc rc = RC_OK;

	if (code == CMD_OK) {
		code = open_read(c, &n, &t); /* the catalog */
		store_end(n.store, t);
	}
	if (code == CMD_OK) {
		interrupt_watch();
		j.store = n.store;
		j.table = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
		j.scopes = json_array();
		rc = run_all(&j);
		rc = rc == RC_OK ? print(&j) : rc;
		code = rc == RC_OK ? CMD_OK : fail(&j, rc);
		json_decref(j.scopes);
		if (c->has_saved) {
			open_poke(c);
		}
	}
	open_close(&n);
	return code;
}

const struct command cmd_compact_command = {
	.name = "compact",
	.summary = "deletes entries that every office has confirmed and a backup holds",
	.details =
		"The centre moves the floor of each scope, and states it; below it a base, which\n"
		"it signs, stands for the entries. An office follows what its centre has stated.\n"
		"Records, conflicts and figures stay as they are.",
	.options = options,
	.run = run,
};
