/* `kerwen figures [NAME]`: the list of figures, or the table of one. */
#include <string.h>

#include "node/base/clock.h"
#include "node/base/mem.h"
#include "node/cmd/open.h"
#include "node/cmd/origin.h"
#include "node/store/figures.h"
#include "sync/date.h"
#include "sync/nearest.h"

enum { DAY_MS = 86400000, BY_TEXT_MAX = 1024 };

/* The table under way. */
struct reading {
	struct cmd_context *c;
	const struct cmd_args *args;
	struct cmd_node node;
	struct kv_txn *txn;
	struct arena arena;
	struct figures_request request;
	struct figures_table table;
	struct figures_heard *heard;
	uint32_t heard_count;
	char by_text[BY_TEXT_MAX];
	const char *by[LIMIT_DIMENSIONS_MAX + 1];
};

/* --- the list ---------------------------------------------------------------- */

static enum rc list_json(struct reading *r)
{
	const struct schema *s = &r->node.store->catalog->schema;
	json_t *document = out_document(), *list = json_array();
	const char *const *by = NULL;
	uint32_t i, k, count = 0;
	enum rc rc = RC_OK;

	for (i = 0; i < s->figures_count && rc == RC_OK; i++) {
		const struct schema_figure *f = &s->figures[i];
		json_t *names = json_array();

		if (!f->closed) {
			rc = figures_list_by(r->node.store, f, &r->arena, &by, &count);
			for (k = 0; rc == RC_OK && k < count; k++) {
				json_array_append_new(names, json_string(by[k]));
			}
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:O}", "name", f->name, "type",
							schema_figure_type_text(f->type), "by",
							names));
		}
		json_decref(names);
	}
	if (json_object_set_new(document, "figures", list) != 0) {
		rc = RC_NOMEM;
	}
	if (rc != RC_OK) {
		json_decref(document);
		return rc;
	}
	return out_json(r->c->out, document);
}

/* The dimensions in one text. */
static struct bytes join_by(struct reading *r, const char *const *by, uint32_t count)
{
	enum { JOINED_MAX = LIMIT_DIMENSIONS_MAX * (3 * LIMIT_NAME_BYTES_MAX + 16) };
	struct bytes_writer w = bytes_writer_init(arena_take(&r->arena, JOINED_MAX), JOINED_MAX);
	uint32_t i;

	if (w.p == NULL) {
		return bytes_of("");
	}
	for (i = 0; i < count; i++) {
		bytes_put(&w, ", ", i > 0 ? 2 : 0);
		bytes_put(&w, by[i], strlen(by[i]));
	}
	return bytes_written(&w);
}

static enum rc list_table(struct reading *r)
{
	static const struct out_column columns[] = {
		{ .name = "figure" },
		{ .name = "type" },
		{ .name = "by" },
	};
	const struct schema *s = &r->node.store->catalog->schema;
	struct out_table *t = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const char *const *by = NULL;
	uint32_t i, count = 0;
	enum rc rc = RC_OK, printed = RC_OK;

	for (i = 0; i < s->figures_count && rc == RC_OK; i++) {
		const struct schema_figure *f = &s->figures[i];

		if (f->closed) {
			continue;
		}
		rc = figures_list_by(r->node.store, f, &r->arena, &by, &count);
		out_table_row(t);
		out_table_text(t, f->name);
		out_table_text(t, schema_figure_type_text(f->type));
		out_table_cell(t, join_by(r, by, count));
	}
	printed = out_table_print(r->c->out, t);
	return rc == RC_OK ? printed : rc;
}

/* --- the request -------------------------------------------------------------- */

/* Cuts --by at its commas, but not inside of age(birth_date,on,5). */
static int read_by(struct reading *r)
{
	const char *text = cmd_option(r->args, "by");
	unsigned depth = 0;
	char *p = r->by_text;

	if (text == NULL) {
		return CMD_OK;
	}
	r->request.by = r->by;
	if (strlen(text) >= sizeof(r->by_text)) {
		return cmd_fail(r->c, CMD_USAGE, NULL, "--by is too long");
	}
	strcpy(r->by_text, text);
	while (*p != '\0' && r->request.by_count <= LIMIT_DIMENSIONS_MAX) {
		r->by[r->request.by_count++] = p;
		for (; *p != '\0' && (*p != ',' || depth > 0); p++) {
			depth += *p == '(';
			depth -= *p == ')' && depth > 0;
		}
		if (*p == ',') {
			*p++ = '\0';
		}
	}
	return r->request.by_count <= LIMIT_DIMENSIONS_MAX ?
		       CMD_OK :
		       cmd_fail(r->c, CMD_USAGE, NULL, "--by names more than %d dimensions",
				(int)LIMIT_DIMENSIONS_MAX);
}

static int read_day(struct reading *r)
{
	const char *text = cmd_option(r->args, "on");
	int32_t packed = 0;

	r->request.day = (int32_t)(clock_now_ms() / DAY_MS);
	if (text == NULL) {
		return CMD_OK;
	}
	if (r->request.figure->type != FIGURE_STOCK || r->request.figure->from == NULL) {
		return cmd_fail(r->c, CMD_USAGE, "leave --on out",
				"figure %s is not a stock on a day", r->request.figure->name);
	}
	if (date_parse(bytes_of(text), false, &packed) != RC_OK) {
		return cmd_fail(r->c, CMD_USAGE, "a date is written like 2016-12-09",
				"--on: this is not a date");
	}
	r->request.day = date_to_days(packed);
	return CMD_OK;
}

static int find_figure(struct reading *r)
{
	const struct schema *s = &r->node.store->catalog->schema;
	const char *name = r->args->words[0];
	struct nearest n = nearest_init(bytes_of(name));
	uint32_t i;

	r->request.figure = schema_figure_by_name(s, bytes_of(name));
	if (r->request.figure != NULL && !r->request.figure->closed) {
		return CMD_OK;
	}
	if (r->request.figure != NULL) {
		return cmd_fail(r->c, CMD_SCHEMA, "see `kerwen figures`", "figure %s is closed",
				name);
	}
	for (i = 0; i < s->figures_count; i++) {
		nearest_offer(&n, s->figures[i].name, s->figures[i].name);
	}
	return n.found == NULL ?
		       cmd_fail(r->c, CMD_USAGE, "see `kerwen figures`",
				"there is no figure \"%s\"", name) :
		       cmd_fail(r->c, CMD_USAGE, "see `kerwen figures`",
				"there is no figure \"%s\"; did you mean \"%s\"?", name, n.found);
}

/* A figure without dimensions is one number: when somebody was heard and there
 * is nothing to count, that is 0. */
static void fill_in_zero(struct reading *r)
{
	static const struct figures_row zero = { NULL, 0 };
	bool is_heard = false;
	uint32_t i;

	for (i = 0; i < r->heard_count; i++) {
		is_heard = is_heard || r->heard[i].through_ms > 0;
	}
	if (is_heard && r->table.by_count == 0 && r->table.rows_count == 0) {
		r->table.rows = &zero;
		r->table.rows_count = 1;
	}
}

static int read_table(struct reading *r)
{
	struct figures_error e = { "", "" };
	enum rc rc = RC_OK;
	int code = find_figure(r);

	if (code == CMD_OK) {
		code = read_by(r);
	}
	if (code == CMD_OK) {
		code = read_day(r);
	}
	if (code != CMD_OK) {
		return code;
	}
	r->request.where = cmd_option(r->args, "where");
	rc = figures_read(r->node.store, r->txn, &r->request, &r->arena, &r->table, &e);
	if (rc == RC_INVALID) {
		return cmd_fail(r->c, CMD_USAGE, e.hint, "%s", e.text);
	}
	if (rc == RC_OK) {
		rc = figures_list_heard(r->node.store, r->txn, &r->arena, &r->heard,
					&r->heard_count);
	}
	if (rc == RC_OK) {
		fill_in_zero(r);
	}
	return rc == RC_OK ? CMD_OK : open_fail(r->c, rc, "the figure cannot be read");
}

/* --- printing ------------------------------------------------------------------ */

static enum rc put_rows(const struct figures_table *t, json_t *rows)
{
	uint32_t i, k;
	int failed = 0;

	for (i = 0; i < t->rows_count && failed == 0; i++) {
		const struct figures_row *r = &t->rows[i];
		json_t *row = json_object();

		for (k = 0; k < t->by_count; k++) {
			json_t *value = r->texts[k].p == NULL ? json_null() :
								out_string(r->texts[k]);

			failed |= json_object_set_new(row, t->by[k], value);
		}
		failed |= json_object_set_new(row, "value", json_integer((json_int_t)r->value));
		failed |= json_array_append_new(rows, row);
	}
	return failed == 0 ? RC_OK : RC_NOMEM;
}

static enum rc put_heard(const struct reading *r, json_t *list)
{
	uint32_t i;
	int failed = 0;

	for (i = 0; i < r->heard_count; i++) {
		const struct figures_heard *h = &r->heard[i];
		json_t *one = json_object(), *through = json_null();

		if (h->through_ms > 0) {
			through = out_time((uint64_t)h->through_ms);
		}
		failed |= json_object_set_new(one, "office", json_string(h->office->name));
		failed |= json_object_set_new(one, "through", through);
		failed |= json_array_append_new(list, one);
	}
	return failed == 0 ? RC_OK : RC_NOMEM;
}

static enum rc print_json(const struct reading *r)
{
	const struct figures_table *t = &r->table;
	json_t *document = out_document(), *by = json_array(), *rows = json_array();
	json_t *heard = json_array();
	enum rc rc = put_rows(t, rows);
	uint32_t i;
	int failed = 0;

	if (rc == RC_OK) {
		rc = put_heard(r, heard);
	}
	for (i = 0; i < t->by_count; i++) {
		failed |= json_array_append_new(by, json_string(t->by[i]));
	}
	failed |= json_object_set_new(document, "figure", json_string(r->request.figure->name));
	failed |= json_object_set_new(document, "by", by);
	failed |= json_object_set_new(document, "rows", rows);
	failed |= json_object_set_new(document, "total",
				      t->has_total ? json_integer((json_int_t)t->total) :
						     json_null());
	failed |= json_object_set_new(document, "heard", heard);
	if (rc != RC_OK || failed != 0) {
		json_decref(document);
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	return out_json(r->c->out, document);
}

static enum rc print_csv(const struct reading *r)
{
	const struct figures_table *t = &r->table;
	struct out *o = r->c->out;
	uint32_t i, k;

	for (k = 0; k < t->by_count; k++) {
		out_csv_cell(o, bytes_of(t->by[k]), k == 0);
	}
	out_csv_cell(o, bytes_of("value"), t->by_count == 0);
	out_csv_end(o);
	for (i = 0; i < t->rows_count; i++) {
		char value[24];

		for (k = 0; k < t->by_count; k++) {
			out_csv_cell(o, t->rows[i].texts[k], k == 0);
		}
		(void)snprintf(value, sizeof(value), "%lld", (long long)t->rows[i].value);
		out_csv_cell(o, bytes_of(value), t->by_count == 0);
		out_csv_end(o);
	}
	return RC_OK;
}

/* Under every table: who was heard. Silence is not zero. */
static void print_heard(const struct reading *r)
{
	struct out *o = r->c->out;
	uint32_t i, silent = 0;

	out_line(o, "%s", "");
	for (i = 0; i < r->heard_count; i++) {
		const struct figures_heard *h = &r->heard[i];

		if (h->through_ms > 0) {
			out_line(o, "heard  %s  through %s", h->office->name,
				 origin_time(h->through_ms).text);
		}
		silent += h->through_ms == 0;
	}
	for (i = 0; i < r->heard_count; i++) {
		if (r->heard[i].through_ms == 0) {
			out_line(o, "silent %s", r->heard[i].office->name);
		}
	}
	if (silent > 0) {
		out_line(o, "Silence is not zero: %u of %u offices were never heard.", silent,
			 r->heard_count);
	}
}

static enum rc print_table(const struct reading *r)
{
	const struct figures_table *table = &r->table;
	struct out_column columns[LIMIT_DIMENSIONS_MAX + 1] = { { .name = NULL } };
	struct out_table *t = NULL;
	uint32_t i, k;
	enum rc rc = RC_OK;

	for (k = 0; k < table->by_count; k++) {
		columns[k].name = table->by[k];
	}
	columns[k].name = r->request.figure->name;
	columns[k].is_number = true;
	t = out_table_new(columns, table->by_count + 1);
	for (i = 0; i < table->rows_count; i++) {
		const struct figures_row *row = &table->rows[i];

		out_table_row(t);
		for (k = 0; k < table->by_count; k++) {
			out_table_cell(t, row->texts[k].p == NULL ? bytes_of("unknown") :
								    row->texts[k]);
		}
		out_table_number(t, row->value);
	}
	if (table->by_count > 0 && table->has_total && table->rows_count > 0) {
		out_table_row(t);
		out_table_text(t, "total");
		for (k = 1; k < table->by_count; k++) {
			out_table_text(t, "");
		}
		out_table_number(t, table->total);
	}
	rc = out_table_print(r->c->out, t);
	print_heard(r);
	return rc;
}

static int print(struct reading *r)
{
	enum rc rc = RC_OK;

	if (r->c->out->json) {
		rc = print_json(r);
	} else if (cmd_has(r->args, "csv")) {
		rc = print_csv(r);
	} else {
		rc = print_table(r);
	}
	return rc == RC_OK ? CMD_OK : open_fail(r->c, rc, "the figure cannot be printed");
}

static int print_list(struct reading *r)
{
	enum rc rc = r->c->out->json ? list_json(r) : list_table(r);

	return rc == RC_OK ? CMD_OK : open_fail(r->c, rc, "the figures cannot be listed");
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct reading r = { .c = c, .args = args };
	int code = open_node(c, &r.node);

	if (code == CMD_OK && mem_arena_open(&r.arena, FIGURES_ARENA_BYTES) != RC_OK) {
		code = open_fail(c, RC_NOMEM, "the figure cannot be read");
	}
	if (code == CMD_OK) {
		code = open_read(c, &r.node, &r.txn);
	}
	if (code == CMD_OK) {
		code = args->words_count == 0 ? print_list(&r) : read_table(&r);
		if (code == CMD_OK && args->words_count > 0) {
			code = print(&r);
		}
		store_end(r.node.store, r.txn);
	}
	mem_arena_close(&r.arena);
	open_close(&r.node);
	return code;
}

static const struct cmd_option options[] = {
	{ .name = "by", .value = "D,...", .help = "these dimensions (default: all of the figure)" },
	{ .name = "where", .value = "EXPR", .help = "over its dimensions: year >= 2016" },
	{ .name = "on", .value = "DATE", .help = "of a stock: on this day (default: today)" },
	{ .name = "csv", .help = "as CSV" },
	{ 0 },
};

const struct command cmd_figures_command = {
	.name = "figures",
	.words = "[NAME]",
	.words_min = 0,
	.words_max = 1,
	.summary = "lists the figures, or prints the table of one",
	.details = "Under a table stands which offices were heard, and up to when.\n"
		   "In --where, year(date) is called year, quarter(date) quarter, and so on.",
	.options = options,
	.run = run,
};
