/* One record for people. */
#include "node/cmd/show.h"

#include <stdio.h>

#include "node/cmd/value_out.h"

static void print_head(struct show *s)
{
	struct record_life life = view_life(&s->record);
	uint16_t office = 0, region = 0;
	char id[UUID_TEXT_LEN + 1];
	struct bytes home = bytes_of("centre");

	uuid_format(s->record.id, id);
	if (view_home(&s->record, &office, &region)) {
		home = origin_office(s->store, office, s->arena);
	}
	out_line(s->out, "%s %s of %.*s%s", s->record.kind->name, id, (int)home.len,
		 (const char *)home.p, life.deleted ? ", deleted" : "");
	if (life.conflict) {
		out_line(s->out, "open conflict: one deleted it, another changed it; "
				 "`kerwen delete` or `kerwen restore` decides");
	}
}

static const struct out_column field_columns[] = {
	{ .name = "field" },  { .name = "value" }, { .name = "office" },
	{ .name = "author" }, { .name = "time" },
};

enum { FIELD_COLUMNS = sizeof(field_columns) / sizeof(field_columns[0]) };

static enum rc add_item_row(struct show *s, struct out_table *t, const char *name,
			    const struct schema_field *f, const struct item *item)
{
	struct bytes text = bytes_of("(cleared)");
	struct origin o;
	enum rc rc = RC_OK;

	if (!item->cleared) {
		rc = value_out_text(f, item->value, s->arena, &text);
	}
	if (rc == RC_OK) {
		rc = origin_get(s->store, s->txn, item->dot, s->arena, &o);
	}
	if (rc != RC_OK) {
		return rc;
	}
	out_table_row(t);
	out_table_text(t, name);
	out_table_cell(t, text);
	out_table_cell(t, o.office);
	out_table_cell(t, o.author);
	out_table_text(t, origin_time(o.time_ms).text);
	return RC_OK;
}

static enum rc add_register(struct show *s, struct out_table *t, const struct schema_field *f,
			    const struct field_view *v)
{
	char name[LIMIT_NAME_BYTES_MAX + 32];
	enum rc rc = RC_OK;
	uint32_t i;

	(void)snprintf(name, sizeof(name), "%s%s", f->name, v->conflict ? " (conflict)" : "");
	if (v->shown < v->count) {
		rc = add_item_row(s, t, name, f, v->items[v->shown]);
	}
	for (i = 0; i < v->count && rc == RC_OK; i++) {
		bool is_first = v->shown == v->count && i == 0;

		if (i != v->shown) {
			rc = add_item_row(s, t, is_first ? name : "  or", f, v->items[i]);
		}
	}
	return rc;
}

static enum rc add_others(struct show *s, struct out_table *t, const struct schema_field *f,
			  const struct field_view *v)
{
	enum rc rc = RC_OK;
	uint32_t i;

	if (f->merge == MERGE_COUNTER) {
		out_table_row(t);
		out_table_text(t, f->name);
		out_table_number(t, v->sum);
		return RC_OK;
	}
	for (i = 0; i < v->count && rc == RC_OK; i++) {
		rc = add_item_row(s, t, i == 0 ? f->name : "", f, v->items[i]);
	}
	return rc;
}

/* A field that was cleared and is nothing else is unset. */
static bool is_unset(const struct field_view *v)
{
	return v->count == 0 || (v->count == 1 && v->items[0]->cleared);
}

static enum rc print_fields(struct show *s)
{
	struct out_table *t = out_table_new(field_columns, FIELD_COLUMNS);
	enum rc rc = RC_OK, printed = RC_OK;
	uint32_t i;

	for (i = 0; i < s->record.kind->fields_count && rc == RC_OK; i++) {
		const struct schema_field *f = &s->record.kind->fields[i];
		struct field_view v;

		rc = view_field(&s->record, f, &s->source, s->arena, &v);
		if (rc != RC_OK || is_unset(&v)) {
			continue;
		}
		rc = f->merge == MERGE_REGISTER ? add_register(s, t, f, &v) :
						  add_others(s, t, f, &v);
	}
	printed = out_table_print(s->out, t);
	return rc == RC_OK ? printed : rc;
}

static const struct out_column history_columns[] = {
	{ .name = "time" },   { .name = "office" }, { .name = "author" },
	{ .name = "change" }, { .name = "reason" },
};

enum { HISTORY_COLUMNS = sizeof(history_columns) / sizeof(history_columns[0]) };

static enum rc add_step_row(struct show *s, struct out_table *t, const struct show_step *step,
			    bool is_first)
{
	const char *life = is_first ? "added" : step->life == LIFE_DELETED ? "deleted" : "";
	size_t len = 16;
	struct bytes_writer w;
	uint32_t i;

	for (i = 0; i < step->changes_count; i++) {
		len += step->changes[i].len + 1;
	}
	w = bytes_writer_init(arena_take(s->arena, len), len);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	bytes_put(&w, life, bytes_of(life).len);
	for (i = 0; i < step->changes_count; i++) {
		bytes_put(&w, " ", w.len > 0);
		bytes_put(&w, step->changes[i].p, step->changes[i].len);
	}
	out_table_row(t);
	out_table_text(t, origin_time(step->origin.time_ms).text);
	out_table_cell(t, step->origin.office);
	out_table_cell(t, step->origin.author);
	out_table_cell(t, w.len == 0 ? bytes_of("touched") : bytes_written(&w));
	out_table_cell(t, step->origin.reason);
	return RC_OK;
}

static enum rc print_history(struct show *s)
{
	struct out_table *t = NULL;
	struct show_step *steps = NULL;
	uint32_t i, count = 0;
	enum rc rc = show_history(s, &steps, &count), printed = RC_OK;

	if (rc != RC_OK) {
		return rc;
	}
	out_line(s->out, "%s", "");
	t = out_table_new(history_columns, HISTORY_COLUMNS);
	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = add_step_row(s, t, &steps[i], i == 0);
	}
	printed = out_table_print(s->out, t);
	return rc == RC_OK ? printed : rc;
}

enum rc show_print_text(struct show *s)
{
	struct bytes version;
	enum rc rc = RC_OK;

	print_head(s);
	rc = print_fields(s);
	if (rc == RC_OK && s->history) {
		rc = print_history(s);
	}
	if (rc == RC_OK) {
		rc = value_out_version(&s->record, s->arena, &version);
	}
	if (rc == RC_OK) {
		out_line(s->out, "version %.*s", (int)version.len, (const char *)version.p);
	}
	return rc;
}
