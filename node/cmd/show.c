/* One record for people. */
#include "node/cmd/show.h"

#include <stdio.h>

#include "node/cmd/show_history.h"
#include "node/cmd/sibling.h"
#include "node/cmd/value_out.h"

static bool is_national(const struct show *s)
{
	return s->record.kind == NULL || s->record.kind->reach == REACH_NATION;
}

static enum rc print_head(struct show *s)
{
	struct record_life life = view_life(&s->record);
	char id[UUID_TEXT_LEN + 1];
	struct bytes kind = show_kind_name(s), over;
	struct bytes home = bytes_of(is_national(s) ? "centre" : "an office not known here");
	enum rc rc = show_oversize(s, &over);

	uuid_format(s->record.id, id);
	(void)show_home(s, &home);
	out_line(s->out, "%.*s %s of %.*s%s", (int)kind.len, (const char *)kind.p, id,
		 (int)home.len, (const char *)home.p, life.deleted ? ", deleted" : "");
	if (life.conflict) {
		out_line(s->out, "open conflict: deleted, but edited; "
				 "`kerwen resolve ID --keep` or `--delete` decides");
	}
	if (rc == RC_OK && over.len > 0) {
		out_line(s->out, "over a limit: %.*s", (int)over.len, (const char *)over.p);
	}
	return rc == RC_OK ? show_print_shared(s) : rc;
}

static const struct out_column field_columns[] = {
	{ .name = "field" },  { .name = "value" }, { .name = "office" },
	{ .name = "author" }, { .name = "time" },
};

enum { FIELD_COLUMNS = sizeof(field_columns) / sizeof(field_columns[0]) };

static enum rc add_item_row(struct show *s, struct out_table *t, const char *name,
			    const struct schema_field *f, const struct item *item)
{
	struct bytes text;
	struct origin o;
	enum rc rc = show_item_text(s, f, item, &text);

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
	out_table_text(t, origin_moment(&o).text);
	return rc;
}

/* "born (conflict) @2", "  or @1": the number is what `resolve` takes. */
static enum rc add_sibling(struct show *s, struct out_table *t, const struct schema_field *f,
			   const struct field_view *v, uint32_t i, bool is_first)
{
	char name[LIMIT_NAME_BYTES_MAX + 48], number[16] = "";

	if (v->conflict) {
		(void)snprintf(number, sizeof(number), " @%u", sibling_number(f, v, i));
	}
	(void)snprintf(name, sizeof(name), "%s%s%s", is_first ? f->name : "  or",
		       is_first && v->conflict ? " (conflict)" : "", number);
	return add_item_row(s, t, name, f, v->items[i]);
}

static enum rc add_register(struct show *s, struct out_table *t, const struct schema_field *f,
			    const struct field_view *v)
{
	enum rc rc = RC_OK;
	uint32_t i;

	if (v->shown < v->count) {
		rc = add_sibling(s, t, f, v, v->shown, true);
	}
	for (i = 0; i < v->count && rc == RC_OK; i++) {
		if (i != v->shown) {
			rc = add_sibling(s, t, f, v, i, v->shown == v->count && i == 0);
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
	uint32_t i, count = s->record.kind == NULL ? 0 : s->record.kind->fields_count;
	enum rc rc = RC_OK, printed = RC_OK;

	for (i = 0; i < count && rc == RC_OK; i++) {
		const struct schema_field *f = &s->record.kind->fields[i];
		struct field_view v;

		rc = view_field(&s->record, f, &s->source, s->arena, &v);
		if (rc != RC_OK || is_unset(&v)) {
			continue;
		}
		rc = f->merge == MERGE_REGISTER ? add_register(s, t, f, &v) :
						  add_others(s, t, f, &v);
	}
	if (rc == RC_OK) {
		rc = show_add_unknown(s, t);
	}
	printed = out_table_print(s->out, t);
	return rc == RC_OK ? printed : rc;
}

enum rc show_print_text(struct show *s)
{
	struct bytes version;
	enum rc rc = print_head(s);

	if (rc == RC_OK) {
		rc = show_move_text(s);
	}
	if (rc == RC_OK && view_life(&s->record).exists) {
		rc = print_fields(s);
	}
	if (rc == RC_OK && s->history && !s->is_foreign) {
		rc = show_print_history(s);
	}
	if (rc == RC_OK) {
		rc = value_out_version(&s->record, s->arena, &version);
	}
	if (rc == RC_OK) {
		out_line(s->out, "version %.*s", (int)version.len, (const char *)version.p);
	}
	return rc;
}
