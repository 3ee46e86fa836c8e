/* `kerwen move list` and `kerwen move show ID`. */
#include <string.h>

#include "node/cmd/move.h"
#include "node/cmd/origin.h"

/* A command that looks at transfers. */
struct look {
	struct move move;
	struct cmd_node node;
	struct crypto_key key;
};

/* An office's key opens what was sealed for it; the centre has nothing to
 * open. */
static int begin(struct look *l, struct cmd_context *c)
{
	int code = open_node(c, &l->node);

	if (code == CMD_OK && !l->node.store->info.is_centre) {
		code = open_key(c, &l->node, &l->key);
		l->move.key = &l->key;
	}
	if (code == CMD_OK) {
		code = open_read(c, &l->node, &l->move.txn);
	}
	l->move.c = c;
	l->move.store = l->node.store;
	l->move.arena = code == CMD_OK ? &l->node.store->arena : NULL;
	return code;
}

static void end(struct look *l)
{
	if (l->move.txn != NULL) {
		store_end(l->node.store, l->move.txn);
	}
	crypto_key_drop(&l->key);
	open_close(&l->node);
}

/* --- list ------------------------------------------------------------------------- */

struct listing {
	struct look *look;
	bool all;
	json_t *rows;
	struct out_table *table;
};

/* The centre has both sides of each: it lists the asking office's. */
static bool is_listed(const struct listing *l, const struct transfer *t)
{
	return (l->all || transfers_is_open(t) || transfers_came_to_nothing(t)) &&
	       !(l->look->move.store->info.is_centre && t->is_twin);
}

/* Who accepted what came to nothing is to see it, for a month. */
static bool is_news(const struct listing *l, const struct move_told *told)
{
	static const int64_t month_ms = INT64_C(30) * 24 * 60 * 60 * 1000;
	const struct store *s = l->look->move.store;

	return told->transfer.office == s->info.number &&
	       transfers_came_to_nothing(&told->transfer) &&
	       s->world->now_ms() - told->asked_ms < month_ms;
}

static void add_row(struct listing *l, const struct move_told *told)
{
	const struct move *m = &l->look->move;
	const struct transfer *t = &told->transfer;
	char id[UUID_TEXT_LEN + 1];

	uuid_format(t->record, id);
	out_table_row(l->table);
	out_table_text(l->table, strrchr(id, '-') + 1);
	out_table_text(l->table, told->kind);
	out_table_cell(l->table, told->title);
	out_table_cell(l->table, origin_office(m->store, t->from, m->arena));
	out_table_cell(l->table, origin_office(m->store, t->to, m->arena));
	out_table_text(l->table, transfers_state_text(t->state));
	out_table_text(l->table, origin_time(told->asked_ms).text);
}

static enum rc list_one(void *ctx, const struct transfer *t)
{
	struct listing *l = ctx;
	struct move_told told;
	enum rc rc = RC_OK;

	if (!is_listed(l, t)) {
		return RC_OK;
	}
	rc = move_tell(&l->look->move, t, &told);
	if (rc != RC_OK || (!l->all && !transfers_is_open(t) && !is_news(l, &told))) {
		return rc;
	}
	if (l->rows == NULL) {
		add_row(l, &told);
		return RC_OK;
	}
	return json_array_append_new(l->rows, move_json(&l->look->move, &told)) == 0 ? RC_OK :
										       RC_NOMEM;
}

static struct out_table *open_table(void)
{
	static const struct out_column columns[] = {
		{ .name = "record" }, { .name = "kind" },  { .name = "title" }, { .name = "from" },
		{ .name = "to" },     { .name = "state" }, { .name = "asked" },
	};

	return out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
}

static enum rc print_list(struct listing *l)
{
	const struct move *m = &l->look->move;
	struct out *o = m->c->out;
	json_t *document = NULL;
	enum rc rc = RC_OK, printed = RC_OK;

	l->rows = o->json ? json_array() : NULL;
	l->table = o->json ? NULL : open_table();
	rc = transfers_each(m->store, m->txn, m->arena, l, list_one);
	if (!o->json) {
		printed = out_table_print(o, l->table);
		return rc == RC_OK ? printed : rc;
	}
	document = out_document();
	if (json_object_set_new(document, "transfers", l->rows) != 0 || rc != RC_OK) {
		json_decref(document);
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	return out_json(o, document);
}

static int run_list(struct cmd_context *c, const struct cmd_args *args)
{
	struct look look = { .move = { .c = c } };
	struct listing l = { .look = &look, .all = cmd_has(args, "all") };
	int code = begin(&look, c);
	enum rc rc = RC_OK;

	if (code == CMD_OK) {
		rc = print_list(&l);
	}
	end(&look);
	return rc == RC_OK ? code : open_fail(c, rc, "the transfers cannot be listed");
}

/* --- show ------------------------------------------------------------------------- */

/* What comes next, and from whom. */
static void print_next(const struct move *m, const struct transfer *t)
{
	struct bytes to = origin_office(m->store, t->to, m->arena);
	bool is_ours = t->to == m->store->info.number && !m->store->info.is_centre;

	switch (t->state) {
	case TRANSFER_ASKED:
		if (is_ours) {
			out_line(m->c->out, "to be answered: `kerwen move accept` or `kerwen move "
					    "decline`");
		} else {
			out_line(m->c->out, "waits for the answer of %.*s", (int)to.len,
				 (const char *)to.p);
		}
		break;
	case TRANSFER_WITHDRAWING:
	case TRANSFER_ACCEPTED:
	case TRANSFER_DECLINING:
		out_line(m->c->out, "waits for the centre: sync, if this office has not");
		break;
	case TRANSFER_MOVED:
	case TRANSFER_DECLINED:
	case TRANSFER_WITHDRAWN:
	case TRANSFER_VOID:
		break;
	}
}

static void print_remark(const struct move *m, const char *what, struct bytes text)
{
	if (text.len > 0) {
		out_line(m->c->out, "%s: %.*s", what, (int)text.len, (const char *)text.p);
	}
}

static void print_told(const struct move *m, const struct move_told *told)
{
	const struct transfer *t = &told->transfer;
	struct bytes from = origin_office(m->store, t->from, m->arena);
	struct bytes to = origin_office(m->store, t->to, m->arena);
	char id[UUID_TEXT_LEN + 1];

	uuid_format(t->record, id);
	out_line(m->c->out, "%s %s, from %.*s to %.*s: %s", told->kind, id, (int)from.len,
		 (const char *)from.p, (int)to.len, (const char *)to.p,
		 transfers_state_text(t->state));
	print_remark(m, "title", told->title);
	out_line(m->c->out, "asked: %s", origin_time(told->asked_ms).text);
	print_remark(m, "reason", t->reason);
	print_remark(m, "remark", t->remark);
	print_remark(m, "note", t->note);
	print_next(m, t);
}

static int show(struct look *l, const char *text)
{
	const struct move *m = &l->move;
	struct transfer t;
	struct move_told told;
	json_t *document = NULL, *object = NULL;
	enum rc rc = RC_OK;
	int code = move_find(m, text, &t);

	if (code != CMD_OK) {
		return code;
	}
	rc = move_tell(m, &t, &told);
	if (rc == RC_OK && m->c->out->json) {
		document = out_document();
		object = move_json(m, &told);
		rc = object != NULL && json_object_update(document, object) == 0 ? RC_OK : RC_NOMEM;
		json_decref(object);
		rc = rc == RC_OK ? out_json(m->c->out, document) : rc;
	} else if (rc == RC_OK) {
		print_told(m, &told);
	}
	return rc == RC_OK ? CMD_OK : open_fail(m->c, rc, "the transfer cannot be shown");
}

static int run_show(struct cmd_context *c, const struct cmd_args *args)
{
	struct look look = { .move = { .c = c } };
	int code = begin(&look, c);

	if (code == CMD_OK) {
		code = show(&look, args->words[0]);
	}
	end(&look);
	return code;
}

static const struct cmd_option list_options[] = {
	{ .name = "all", .help = "those that are over, too" },
	OPEN_KEY_OPTION,
	{ 0 },
};

const struct command cmd_move_list_command = {
	.name = "move list",
	.summary = "lists the records that are on the way to another office",
	.details = "What was accepted here and came to nothing is listed for a month.",
	.options = list_options,
	.run = run_list,
};

const struct command cmd_move_show_command = {
	.name = "move show",
	.words = "ID",
	.words_min = 1,
	.words_max = 1,
	.summary = "shows how far a move is",
	.details = "ID is the record's, or its last 6 or more digits.",
	.run = run_show,
};
