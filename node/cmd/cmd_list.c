/*
 * `kerwen list KIND`: records in the order of their ids.
 *
 * The records are read in slices of at most a second, so that a long list does
 * not keep the database from using pages again. Each slice begins anew - the
 * schema may have moved - behind the last record of the one before it.
 */
#include <inttypes.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/cmd/closed_code.h"
#include "node/cmd/match.h"
#include "node/cmd/open.h"
#include "node/cmd/shared.h"
#include "node/cmd/value_arg.h"
#include "node/cmd/value_out.h"
#include "node/store/conflicts.h"
#include "node/store/notice.h"
#include "node/store/transfers.h"
#include "sync/expr.h"

enum { SLICE_MS = 500, SLICE_ROWS = 2000, COLUMNS_MAX = LIMIT_FIELDS_PER_KIND_MAX + 3 };

enum form { FORM_TABLE, FORM_CSV, FORM_JSON };

/* The listing, over all slices. */
struct list {
	struct cmd_context *c;
	const char *kind_name, *where;
	struct cmd_node *node;
	enum form form;
	bool deleted; /* deleted ones, too */
	int32_t today;
	bool has_last;
	struct uuid last; /* the last record looked at */
	uint64_t left;    /* rows still wanted */
	uint64_t printed; /* rows so far */
	uint64_t open;    /* of them in open conflict */
	bool is_done, has_more;
	struct uuid next; /* the last record printed */
};

/* One slice. */
struct slice {
	struct list *l;
	struct kv_txn *txn;
	struct arena *arena;
	const struct schema_kind *kind;
	const struct expr *where;
	struct records_stamps stamps;
	struct view_source source;
	const struct record *record; /* the one being judged */
	const struct schema_field *columns[COLUMNS_MAX];
	uint32_t columns_count;
	struct out_table *table;
	bool has_transfers;
	enum rc rc; /* of what expressions ask for */
};

static struct values on_field(void *ctx, const struct schema_field *f)
{
	struct slice *s = ctx;
	struct values v = { NULL, 0 };
	enum rc rc = view_values(s->record, f, &s->source, s->arena, &v);

	if (s->rc == RC_OK) {
		s->rc = rc;
	}
	return v;
}

static struct bytes on_office(void *ctx)
{
	const struct slice *s = ctx;
	uint16_t office = 0, region = 0;
	const char *name = NULL;

	if (view_home(s->record, &office, &region)) {
		name = catalog_office_name(s->l->node->store->catalog, office);
	}
	return bytes_of(name == NULL ? "" : name);
}

static bool is_wanted(struct slice *s, const struct record *r)
{
	struct expr_source source = { .ctx = s, .field = on_field, .office = on_office };
	struct record_life life = view_life(r);

	s->record = r;
	return life.exists && (s->l->deleted || !life.deleted) && expr_eval(s->where, &source);
}

static bool is_in_conflict(struct slice *s, const struct record *r)
{
	return (conflicts_get(s->txn, r->kind_number, r->id) & CONFLICTS_ANY) != 0;
}

/* Whether the centre told this office of it. */
static bool has_notice(struct slice *s, const struct record *r)
{
	const struct store *store = s->l->node->store;

	return !store->info.is_centre && notice_stands(store, s->txn, r->id);
}

static bool is_in_transfer(struct slice *s, const struct record *r)
{
	size_t mark = arena_mark(s->arena);
	struct transfer t;
	bool is_open = s->has_transfers &&
		       transfers_find_open(s->l->node->store, s->txn, r->id, s->arena, &t) == RC_OK;

	arena_release(s->arena, mark);
	return is_open;
}

static enum rc print_json(struct slice *s, const struct record *r, const char *id)
{
	struct out *o = s->l->c->out;
	json_t *row = json_object(), *fields = NULL, *closed = NULL;
	struct bytes version;
	enum rc rc = value_out_version(r, s->arena, &version);
	int failed = 0;

	if (rc == RC_OK) {
		rc = value_out_fields(r, &s->source, s->arena, &fields);
	}
	if (rc == RC_OK) {
		rc = closed_code_list_json(r, &s->source, s->arena, &closed);
	}
	if (rc == RC_OK) {
		failed |= json_object_set_new(row, "id", json_string(id));
		failed |= json_object_set_new(row, "version", out_string(version));
		failed |= json_object_set_new(row, "deleted", json_boolean(view_life(r).deleted));
		failed |= json_object_set_new(row, "conflict", json_boolean(is_in_conflict(s, r)));
		failed |= json_object_set_new(row, "notice", json_boolean(has_notice(s, r)));
		failed |= json_object_set_new(row, "transfer", json_boolean(is_in_transfer(s, r)));
		failed |= json_object_set_new(row, "fields", fields);
		failed |= closed != NULL && json_object_set_new(row, "closed_codes", closed);
		rc = failed == 0 ? RC_OK : RC_NOMEM;
	}
	if (rc == RC_OK) {
		(void)fputs(s->l->printed > 0 ? "," : "", o->to);
		rc = json_dumpf(row, o->to, JSON_COMPACT) == 0 ? RC_OK : RC_IO;
	}
	json_decref(row);
	return rc;
}

static enum rc print_csv(struct slice *s, const struct record *r, const char *id)
{
	struct out *o = s->l->c->out;
	struct bytes cell;
	enum rc rc = RC_OK;
	uint32_t i;

	out_csv_cell(o, bytes_of(id), true);
	for (i = 0; i < s->columns_count && rc == RC_OK; i++) {
		rc = value_out_cell(r, s->columns[i], &s->source, s->arena, &cell);
		if (rc == RC_OK) {
			out_csv_cell(o, cell, false);
		}
	}
	out_csv_end(o);
	return rc;
}

/* The last group of an id tells records apart, and can be typed. */
static const char *shorten(const char *id)
{
	const char *group = strrchr(id, '-');

	return group == NULL ? id : group + 1;
}

static const char *note_of(struct slice *s, const struct record *r)
{
	if (view_life(r).deleted) {
		return "deleted";
	}
	if (is_in_conflict(s, r)) {
		return "conflict";
	}
	if (has_notice(s, r)) {
		return "notice";
	}
	return is_in_transfer(s, r) ? "in transfer" : "";
}

/* A cell for people: a closed code is marked, an office has its name. */
static enum rc find_cell(struct slice *s, const struct record *r, const struct schema_field *f,
			 struct bytes *out)
{
	return shared_is_offices(f) ?
		       shared_offices_cell(s->l->node->store, r, f, &s->source, s->arena, out) :
		       closed_code_cell(r, f, &s->source, s->l->today, s->arena, out);
}

static enum rc add_row(struct slice *s, const struct record *r, const char *id)
{
	struct bytes cell;
	enum rc rc = RC_OK;
	uint32_t i;

	out_table_row(s->table);
	out_table_text(s->table, shorten(id));
	for (i = 0; i < s->columns_count && rc == RC_OK; i++) {
		rc = find_cell(s, r, s->columns[i], &cell);
		if (rc == RC_OK) {
			out_table_cell(s->table, cell);
		}
	}
	out_table_text(s->table, note_of(s, r));
	return rc;
}

static enum rc print_record(struct slice *s, const struct record *r)
{
	char id[UUID_TEXT_LEN + 1];
	enum rc rc = RC_OK;

	uuid_format(r->id, id);
	switch (s->l->form) {
	case FORM_TABLE:
		rc = add_row(s, r, id);
		break;
	case FORM_CSV:
		rc = print_csv(s, r, id);
		break;
	case FORM_JSON:
		rc = print_json(s, r, id);
		break;
	}
	s->l->printed++;
	s->l->open += is_in_conflict(s, r);
	s->l->next = r->id;
	return rc;
}

/* People see what tells records apart; files get everything. */
static void choose_columns(struct slice *s)
{
	enum { SHOWN_MAX = 6 };
	const struct schema_kind *k = s->kind;
	bool titled = s->l->form == FORM_TABLE && k->title.fields_count > 0;
	uint32_t i, max = s->l->form == FORM_TABLE ? SHOWN_MAX : COLUMNS_MAX;

	s->columns_count = 0;
	for (i = 0; titled && i < k->title.fields_count && s->columns_count < max; i++) {
		s->columns[s->columns_count++] = &k->fields[k->title.fields[i]];
	}
	for (i = 0; !titled && i < k->fields_count && s->columns_count < max; i++) {
		if (!k->fields[i].closed) {
			s->columns[s->columns_count++] = &k->fields[i];
		}
	}
}

static struct out_table *open_table(const struct slice *s)
{
	struct out_column columns[COLUMNS_MAX] = { { .name = "id" } };
	uint32_t i;

	for (i = 0; i < s->columns_count; i++) {
		const struct schema_field *f = s->columns[i];

		columns[i + 1].name = f->name;
		columns[i + 1].is_number = (f->type == VALUE_INT || f->type == VALUE_DECIMAL) &&
					   !shared_is_offices(f);
	}
	columns[s->columns_count + 1].name = "note";
	return out_table_new(columns, s->columns_count + 2);
}

static void print_csv_head(const struct slice *s)
{
	uint32_t i;

	out_csv_cell(s->l->c->out, bytes_of("id"), true);
	for (i = 0; i < s->columns_count; i++) {
		out_csv_cell(s->l->c->out, bytes_of(s->columns[i]->name), false);
	}
	out_csv_end(s->l->c->out);
}

/* What stands before the first row. */
static void print_head(const struct slice *s)
{
	struct out *o = s->l->c->out;

	if (s->l->form == FORM_CSV) {
		print_csv_head(s);
	} else if (s->l->form == FORM_JSON) {
		fprintf(o->to, "{\"format\":1,\"kind\":\"%s\",\"rows\":[", s->kind->name);
	}
}

/* Looks at one record. */
static enum rc take_record(struct slice *s, const struct record *r)
{
	struct list *l = s->l;
	bool wanted = false;

	if (l->has_last && uuid_equal(r->id, l->last)) {
		return RC_OK;
	}
	wanted = is_wanted(s, r);
	if (s->rc == RC_OK && wanted && l->left == 0) {
		l->is_done = l->has_more = true;
		return RC_OK;
	}
	l->last = r->id;
	l->has_last = true;
	if (s->rc != RC_OK || !wanted) {
		return s->rc;
	}
	l->left--;
	return print_record(s, r);
}

static enum rc walk(struct slice *s)
{
	struct list *l = s->l;
	uint64_t end_ms = clock_monotonic_ms() + SLICE_MS, began = l->printed;
	struct records_walk w;
	struct record r;
	enum rc rc = records_walk_start(&w, s->txn, l->node->store->catalog, s->kind->number,
					l->has_last ? &l->last : NULL);

	while (rc == RC_OK && !l->is_done && l->printed - began < SLICE_ROWS &&
	       clock_monotonic_ms() < end_ms) {
		size_t mark = arena_mark(s->arena);

		rc = records_walk_next(&w, s->arena, &r);
		if (rc == RC_OK) {
			rc = take_record(s, &r);
		} else if (rc == RC_NOTFOUND) {
			l->is_done = true;
		}
		arena_release(s->arena, mark);
	}
	records_walk_end(&w);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Finds the kind and reads the expression. */
static int prepare(struct slice *s)
{
	struct list *l = s->l;
	struct value_reader r = value_arg_reader(l->node->store, s->txn, s->arena, NULL);
	struct expr_error e;

	s->kind = value_arg_kind(&r, bytes_of(l->kind_name));
	if (s->kind == NULL) {
		return cmd_fail(l->c, CMD_USAGE, r.hint, "%s", r.text);
	}
	if (l->where != NULL &&
	    expr_parse(&l->node->store->catalog->schema, s->kind,
		       text_expression(l->where, s->arena), s->arena, &s->where, &e) != RC_OK) {
		return cmd_fail(l->c, CMD_USAGE, MATCH_HINT, "--where, column %u: %s", e.column,
				e.text);
	}
	s->stamps = (struct records_stamps){ s->txn, l->node->store->info.centre_incarnation,
					     s->arena };
	s->source = records_source(&s->stamps);
	s->has_transfers = transfers_has_any(s->txn);
	choose_columns(s);
	return CMD_OK;
}

/* Reads and prints one slice. A table is printed when the slice has ended. */
static int run_slice(struct list *l, bool is_first)
{
	struct slice s = { .l = l, .arena = &l->node->store->arena };
	bool is_table = l->form == FORM_TABLE;
	enum rc rc = RC_OK, printed = RC_OK;
	uint64_t began = l->printed;
	int code = open_read(l->c, l->node, &s.txn);

	if (code != CMD_OK) {
		return code;
	}
	code = prepare(&s);
	if (code == CMD_OK) {
		if (is_first) {
			print_head(&s);
		}
		s.table = is_table ? open_table(&s) : NULL;
		rc = walk(&s);
	}
	store_end(l->node->store, s.txn);
	if (code == CMD_OK && is_table && (l->printed > began || is_first)) {
		printed = out_table_print(l->c->out, s.table);
		s.table = NULL;
	}
	out_table_drop(s.table);
	rc = rc == RC_OK ? printed : rc;
	return rc == RC_OK ? code : open_fail(l->c, rc, "the records cannot be listed");
}

static void print_end(const struct list *l)
{
	struct out *o = l->c->out;
	char next[UUID_TEXT_LEN + 1];

	uuid_format(l->next, next);
	if (l->form == FORM_JSON) {
		fprintf(o->to, "],\"conflicts\":%" PRIu64 ",\"next\":%s%s%s}\n", l->open,
			l->has_more ? "\"" : "", l->has_more ? next : "null",
			l->has_more ? "\"" : "");
		return;
	}
	if (l->form == FORM_TABLE) {
		out_note(o, "%" PRIu64 " %s, %" PRIu64 " in open conflict", l->printed,
			 l->printed == 1 ? "record" : "records", l->open);
	}
	if (l->has_more) {
		out_note(o, "there are more: --after %s", next);
	}
}

static int read_after(struct list *l, const char *text)
{
	if (uuid_parse(bytes_of(text), &l->last) != RC_OK) {
		return cmd_fail(l->c, CMD_USAGE, "take what the list before it ended with",
				"--after %.64s: this is not the id of a record", text);
	}
	l->next = l->last;
	l->has_last = true;
	return CMD_OK;
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct cmd_node n = { 0 };
	struct list l = { .c = c, .kind_name = args->words[0], .node = &n, .left = UINT64_MAX };
	const char *after = cmd_option(args, "after");
	bool is_first = true;
	int code = cmd_option_number(c, args, "limit", 1, UINT32_MAX, &l.left);

	l.where = cmd_option(args, "where");
	l.deleted = cmd_has(args, "deleted");
	l.form = c->out->json ? FORM_JSON : cmd_has(args, "csv") ? FORM_CSV : FORM_TABLE;
	if (code == CMD_OK && after != NULL) {
		code = read_after(&l, after);
	}
	if (code == CMD_OK) {
		code = open_node(c, &n);
	}
	l.today = code == CMD_OK ? closed_code_today(n.store) : 0;
	while (code == CMD_OK && !l.is_done) {
		code = run_slice(&l, is_first);
		is_first = false;
	}
	if (code == CMD_OK) {
		print_end(&l);
	}
	open_close(&n);
	return code;
}

static const struct cmd_option options[] = {
	{ .name = "where", .value = "EXPR", .help = "only these: sex = 1 and region in (TM-L)" },
	{ .name = "limit", .value = "N", .help = "at most N records (default: all)" },
	{ .name = "after", .value = "NEXT", .help = "go on where a limited list ended" },
	{ .name = "deleted", .help = "deleted records, too" },
	{ .name = "csv", .help = "as CSV, with all fields" },
	{ 0 },
};

const struct command cmd_list_command = {
	.name = "list",
	.words = "KIND",
	.words_min = 1,
	.words_max = 1,
	.summary = "lists the records of a kind",
	.options = options,
	.run = run,
};
