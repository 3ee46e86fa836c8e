/* `kerwen duplicates [KIND]`: records that may stand for one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/cmd/duplicates.h"
#include "node/cmd/value_arg.h"
#include "node/cmd/value_out.h"

enum { ROWS_AT_ONCE = 1000, KINDS_MAX = LIMIT_KINDS_MAX, COLUMNS_MAX = 10 };

/* One printing. */
struct listing {
	struct cmd_context *c;
	struct out_table *table;
	uint64_t left, printed, likely;
	bool has_more;
	bool is_linked; /* groups are printed, not pairs */
	bool oversized;
};

static const char *const states[] = { "", "linked", "not the same", "disputed" };
static const char *const state_words[] = { "candidate", "linked", "not-same", "disputed" };

static const char *home_of(const struct duplicates *d, const struct record *r)
{
	uint16_t office = 0, region = 0;
	const char *name = NULL;

	if (view_home(r, &office, &region)) {
		name = catalog_office_name(d->node->store->catalog, office);
	}
	return name == NULL ? "" : name;
}

/* --- JSON -------------------------------------------------------------------------- */

static enum rc put_field(const struct duplicates_slice *s, const struct record *r,
			 const struct schema_field *f, json_t *fields)
{
	json_t *value = NULL;
	enum rc rc = f == NULL ? RC_OK : value_out_field(r, f, &s->source, s->arena, &value);

	if (rc == RC_OK && value != NULL && json_object_set_new(fields, f->name, value) != 0) {
		rc = RC_NOMEM;
	}
	return rc;
}

/* {"id","home","fields"}: what tells them apart, as far as this node has it. */
static enum rc make_record(const struct duplicates *d, const struct duplicates_slice *s,
			   const struct record *r, json_t *list)
{
	char id[UUID_TEXT_LEN + 1];
	json_t *o = json_object(), *fields = json_object();
	enum rc rc = RC_OK;
	int failed = 0;

	uuid_format(r->id, id);
	failed |= json_object_set_new(o, "id", json_string(id));
	failed |= json_object_set_new(o, "home", json_string(home_of(d, r)));
	failed |= json_object_set(o, "fields", fields);
	failed |= json_array_append_new(list, o);
	rc = failed != 0 ? RC_NOMEM : put_field(s, r, s->name, fields);
	if (rc == RC_OK) {
		rc = put_field(s, r, s->date, fields);
	}
	if (rc == RC_OK) {
		rc = put_field(s, r, s->year, fields);
	}
	if (rc == RC_OK) {
		rc = put_field(s, r, s->third, fields);
	}
	json_decref(fields);
	return rc;
}

static enum rc print_element(struct listing *l, json_t *o)
{
	enum rc rc = RC_OK;

	(void)fputs(l->printed > 0 ? "," : "", l->c->out->to);
	rc = json_dumpf(o, l->c->out->to, JSON_COMPACT) == 0 ? RC_OK : RC_IO;
	json_decref(o);
	return rc;
}

static enum rc print_pair(struct listing *l, const struct duplicates *d,
			  const struct duplicates_slice *s, const struct duplicates_pair *pair)
{
	json_t *records = json_array();
	enum rc rc = make_record(d, s, pair->a, records);
	json_t *o = NULL;

	if (rc == RC_OK) {
		rc = make_record(d, s, pair->b, records);
	}
	if (rc != RC_OK) {
		json_decref(records);
		return rc;
	}
	o = json_pack("{s:s, s:s, s:s, s:o}", "kind", s->kind->name, "level",
		      pair->is_likely ? "likely" : "possible", "state", state_words[pair->state],
		      "records", records);
	return o == NULL ? RC_NOMEM : print_element(l, o);
}

static enum rc print_group(struct listing *l, const struct duplicates_slice *s,
			   const struct doubles_group *g)
{
	json_t *ids = json_array(), *o = NULL, *counts = json_null();
	char id[UUID_TEXT_LEN + 1];
	uint32_t i;

	for (i = 0; i < g->count; i++) {
		uuid_format(g->members[i].id, id);
		(void)json_array_append_new(ids, json_string(id));
		if (g->members[i].is_live && doubles_counts(g, g->members[i].id)) {
			counts = json_string(id);
		}
	}
	o = json_pack("{s:s, s:o, s:o}", "kind", s->kind->name, "ids", ids, "counts", counts);
	return o == NULL ? RC_NOMEM : print_element(l, o);
}

/* --- tables ------------------------------------------------------------------------ */

/* The last group of an id tells records apart, and can be typed. */
static void put_id(struct out_table *t, struct uuid id)
{
	char text[UUID_TEXT_LEN + 1];
	const char *group = NULL;

	uuid_format(id, text);
	group = strrchr(text, '-');
	out_table_text(t, group == NULL ? text : group + 1);
}

static struct out_table *open_pairs(const struct duplicates_slice *s)
{
	const struct out_column columns[COLUMNS_MAX] = {
		{ .name = "level" },        { .name = "id" },          { .name = "home" },
		{ .name = "id" },           { .name = "home" },        { .name = s->date->name },
		{ .name = s->third->name }, { .name = s->name->name }, { .name = s->name->name },
		{ .name = "note" },
	};

	return out_table_new(columns, COLUMNS_MAX);
}

static struct out_table *open_groups(void)
{
	static const struct out_column columns[] = { { .name = "counts" },
						     { .name = "home" },
						     { .name = "linked" } };

	return out_table_new(columns, 3);
}

static int print_table(struct listing *l)
{
	enum rc rc = l->table == NULL ? RC_OK : out_table_print(l->c->out, l->table);

	l->table = NULL;
	return rc == RC_OK ? CMD_OK : open_fail(l->c, rc, "the doubles cannot be listed");
}

/* The value of the field, or of another one if that is all there is; the first
 * record's, or the second's. */
static enum rc put_value(const struct duplicates_slice *s, const struct duplicates_pair *p,
			 const struct schema_field *f, const struct schema_field *other,
			 struct out_table *t)
{
	struct bytes cell = { NULL, 0 };
	enum rc rc = RC_OK;
	unsigned i;

	for (i = 0; i < 4 && rc == RC_OK && cell.len == 0; i++) {
		const struct schema_field *field = i < 2 ? f : other;

		if (field != NULL) {
			rc = value_out_cell(i % 2 == 0 ? p->a : p->b, field, &s->source, s->arena,
					    &cell);
		}
	}
	out_table_cell(t, cell);
	return rc;
}

static enum rc put_name(const struct duplicates_slice *s, const struct record *r,
			struct out_table *t)
{
	struct bytes cell = { NULL, 0 };
	enum rc rc = value_out_cell(r, s->name, &s->source, s->arena, &cell);

	out_table_cell(t, cell);
	return rc;
}

static enum rc add_pair(struct listing *l, const struct duplicates *d,
			const struct duplicates_slice *s, const struct duplicates_pair *pair)
{
	enum rc rc = RC_OK;

	out_table_row(l->table);
	out_table_text(l->table, pair->is_likely ? "likely" : "possible");
	put_id(l->table, pair->a->id);
	out_table_text(l->table, home_of(d, pair->a));
	put_id(l->table, pair->b->id);
	out_table_text(l->table, home_of(d, pair->b));
	rc = put_value(s, pair, s->date, s->year, l->table);
	if (rc == RC_OK) {
		rc = put_value(s, pair, s->third, NULL, l->table);
	}
	if (rc == RC_OK) {
		rc = put_name(s, pair->a, l->table);
	}
	if (rc == RC_OK) {
		rc = put_name(s, pair->b, l->table);
	}
	out_table_text(l->table, states[pair->state]);
	return rc;
}

static enum rc add_group(struct listing *l, const struct duplicates *d,
			 const struct duplicates_slice *s, const struct doubles_group *g)
{
	struct record r;
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < g->count && rc == RC_OK; i++) {
		bool counts = g->members[i].is_live && doubles_counts(g, g->members[i].id);

		rc = records_get(s->txn, d->node->store->catalog, s->kind->number, g->members[i].id,
				 s->arena, &r);
		out_table_row(l->table);
		out_table_text(l->table, counts                ? "counts" :
					 g->members[i].is_live ? "" :
								 "deleted");
		out_table_text(l->table, rc == RC_OK ? home_of(d, &r) : "");
		put_id(l->table, g->members[i].id);
	}
	return rc;
}

/* --- what is found ------------------------------------------------------------------- */

static enum rc on_pair(struct duplicates *d, const struct duplicates_slice *s,
		       const struct duplicates_pair *pair)
{
	struct listing *l = d->ctx;
	enum rc rc = RC_OK;

	if (l->left == 0) {
		l->has_more = d->is_done = true;
		return RC_OK;
	}
	l->left--;
	if (l->c->out->json) {
		rc = print_pair(l, d, s, pair);
	} else {
		if (l->table == NULL) {
			l->table = open_pairs(s);
		}
		rc = add_pair(l, d, s, pair);
	}
	l->printed++;
	l->likely += pair->is_likely;
	if (rc == RC_OK && l->table != NULL && l->printed % ROWS_AT_ONCE == 0) {
		rc = out_table_print(l->c->out, l->table);
		l->table = NULL;
	}
	return rc;
}

static enum rc on_group(struct duplicates *d, const struct duplicates_slice *s,
			const struct doubles_group *group)
{
	struct listing *l = d->ctx;
	enum rc rc = RC_OK;

	if (l->c->out->json) {
		rc = print_group(l, s, group);
	} else {
		if (l->table == NULL) {
			l->table = open_groups();
		}
		rc = add_group(l, d, s, group);
	}
	l->printed++;
	return rc;
}

/* --- the command ---------------------------------------------------------------------- */

/* The kinds that are asked for, by name: they outlive the catalog. */
struct kinds {
	char names[KINDS_MAX][LIMIT_NAME_BYTES_MAX + 1];
	uint32_t count;
};

static void add_kind(struct kinds *out, const struct schema_kind *k)
{
	if (k->doubles.is_set && out->count < KINDS_MAX) {
		(void)snprintf(out->names[out->count++], sizeof(out->names[0]), "%s", k->name);
	}
}

static int choose_kinds(struct cmd_context *c, struct cmd_node *n, const char *name,
			struct kinds *out)
{
	const struct schema *schema = NULL;
	const struct schema_kind *k = NULL;
	struct kv_txn *t = NULL;
	uint32_t i;
	int code = open_read(c, n, &t);

	if (code != CMD_OK) {
		return code;
	}
	schema = &n->store->catalog->schema;
	if (name != NULL) {
		struct value_reader r = value_arg_reader(n->store, t, &n->scratch, NULL);

		k = value_arg_kind(&r, bytes_of(name));
		if (k == NULL) {
			code = cmd_fail(c, CMD_USAGE, r.hint, "%s", r.text);
		} else {
			add_kind(out, k);
		}
	}
	for (i = 0; name == NULL && i < schema->kinds_count; i++) {
		add_kind(out, &schema->kinds[i]);
	}
	if (code == CMD_OK && out->count == 0) {
		code = cmd_fail(c, CMD_USAGE, "say doubles: {key, same, different} in the schema",
				name == NULL ? "no kind has doubles in the schema" :
					       "%s has no doubles in the schema",
				name);
	}
	store_end(n->store, t);
	return code;
}

/* All kinds, one after another, in one list. */
static int find_all(struct duplicates *d, const struct kinds *kinds,
		    int (*find)(struct duplicates *d))
{
	struct listing *l = d->ctx;
	uint64_t oversized = 0;
	uint32_t i;
	int code = CMD_OK;

	for (i = 0; code == CMD_OK && i < kinds->count && !d->is_done; i++) {
		d->kind_name = kinds->names[i];
		code = find(d);
		oversized += d->oversized;
		d->oversized = 0;
		if (code == CMD_OK) {
			code = print_table(l);
		}
	}
	d->oversized = oversized;
	return code;
}

static int print_json(struct duplicates *d, const struct kinds *kinds)
{
	struct listing *l = d->ctx;
	FILE *to = l->c->out->to;
	int code = CMD_OK;

	fprintf(to, "{\"format\":1,\"groups\":[");
	code = find_all(d, kinds, duplicates_find_groups);
	fprintf(to, "],\"oversized\":%" PRIu64 ",\"pairs\":[", d->oversized);
	l->printed = 0;
	if (code == CMD_OK) {
		code = find_all(d, kinds, duplicates_find_pairs);
	}
	fprintf(to, "],\"more\":%s}\n", l->has_more || d->is_cut ? "true" : "false");
	return code;
}

static int print_text(struct duplicates *d, const struct kinds *kinds)
{
	struct listing *l = d->ctx;
	struct out *o = l->c->out;
	int code =
		find_all(d, kinds, l->is_linked ? duplicates_find_groups : duplicates_find_pairs);

	if (code != CMD_OK) {
		return code;
	}
	if (l->is_linked) {
		out_line(o, "%" PRIu64 " %s", l->printed, l->printed == 1 ? "group" : "groups");
	} else {
		out_line(o, "%" PRIu64 " %s, %" PRIu64 " likely", l->printed,
			 l->printed == 1 ? "pair" : "pairs", l->likely);
	}
	if (d->oversized > 0) {
		out_note(o,
			 "note: %" PRIu64 " %s in groups of more than %d: each counts; "
			 "`kerwen unlink` what is wrong",
			 d->oversized, d->oversized == 1 ? "record is" : "records are",
			 (int)LIMIT_GROUP_RECORDS_MAX);
	}
	if (l->has_more || d->is_cut) {
		out_note(o, "note: there are more");
	}
	return CMD_OK;
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	static struct kinds kinds;
	struct cmd_node n = { 0 };
	struct listing l = { .c = c, .left = UINT64_MAX, .is_linked = cmd_has(args, "linked") };
	struct duplicates d = { .c = c,
				.node = &n,
				.all = cmd_has(args, "all"),
				.ctx = &l,
				.on_pair = on_pair,
				.on_group = on_group };
	int code = cmd_option_number(c, args, "limit", 1, UINT32_MAX, &l.left);

	kinds.count = 0;
	if (code == CMD_OK) {
		code = open_node(c, &n);
	}
	if (code == CMD_OK) {
		code = choose_kinds(c, &n, args->words_count > 0 ? args->words[0] : NULL, &kinds);
	}
	if (code == CMD_OK) {
		code = c->out->json ? print_json(&d, &kinds) : print_text(&d, &kinds);
	}
	out_table_drop(l.table);
	open_close(&n);
	return code;
}

static const struct cmd_option options[] = {
	{ .name = "limit", .value = "N", .help = "at most N pairs, the likely ones first" },
	{ .name = "all", .help = "also pairs that are linked, or not the same" },
	{ .name = "linked", .help = "the groups that are linked, instead" },
	{ 0 },
};

const struct command cmd_duplicates_command = {
	.name = "duplicates",
	.words = "[KIND]",
	.words_min = 0,
	.words_max = 1,
	.summary = "lists records that may be doubles; see `link` and `not-same`",
	.details =
		"Names are compared as they sound, in any alphabet, and need not be known here:\n"
		"likely pairs agree in name, date and a third value, possible ones in the name,\n"
		"and in nothing known they differ. A correction that the office has not seen yet\n"
		"is not held against a likely pair. Disputed: linked, and said not to be the "
		"same;\n"
		"they count as one until `link` or `not-same` is said anew. Nothing is ever "
		"merged.",
	.options = options,
	.run = run,
};
