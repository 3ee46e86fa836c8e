#include "node/cmd/conflict_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "node/cmd/conflict_figures.h"
#include "node/cmd/sibling.h"
#include "node/cmd/value_out.h"

enum { LINE_BYTES_MAX = 1024 };

/* One touch of "deleted, but edited". */
struct touch {
	struct dot dot;
	bool deleted;
};

/* All heads, the deletions first. */
static enum rc list_touches(struct show *s, struct touch **out, uint32_t *count)
{
	uint32_t i, k, pass, max = 0;

	for (i = 0; i < s->record.parts_count; i++) {
		max += s->record.parts[i].part.heads_count;
	}
	*count = 0;
	*out = arena_take(s->arena, max * sizeof(**out));
	for (pass = 0; *out != NULL && pass < 2; pass++) {
		for (i = 0; i < s->record.parts_count; i++) {
			const struct part *p = &s->record.parts[i].part;

			for (k = 0; !s->record.parts[i].left && k < p->heads_count; k++) {
				if (p->heads[k].deleted == (pass == 0)) {
					(*out)[(*count)++] =
						(struct touch){ p->heads[k].dot, pass == 0 };
				}
			}
		}
	}
	return *out == NULL ? RC_NOMEM : RC_OK;
}

/* The texts of the kind's title, as one cell each. */
static enum rc title_of(struct show *s, uint32_t i, struct bytes *out)
{
	const struct schema_kind *k = s->record.kind;

	return value_out_cell(&s->record, &k->fields[k->title.fields[i]], &s->source, s->arena,
			      out);
}

static uint32_t title_count(const struct show *s)
{
	return s->record.kind == NULL ? 0 : s->record.kind->title.fields_count;
}

/* --- for people ------------------------------------------------------------------- */

static enum rc print_head(struct show *s)
{
	char id[UUID_TEXT_LEN + 1], title[LINE_BYTES_MAX], shown[LINE_BYTES_MAX];
	struct bytes kind = show_kind_name(s), home = bytes_of("centre"), cell, over;
	struct bytes_writer w = bytes_writer_init(title, sizeof(title) - 1);
	enum rc rc = show_oversize(s, &over);
	uint32_t i;

	uuid_format(s->record.id, id);
	(void)show_home(s, &home);
	for (i = 0; rc == RC_OK && i < title_count(s); i++) {
		rc = title_of(s, i, &cell);
		if (rc == RC_OK && cell.len > 0) {
			bytes_put(&w, w.len == 0 ? ": " : ", ", 2);
			bytes_put(&w, cell.p, cell.len);
		}
	}
	text_printable(shown, sizeof(shown), bytes_at(title, w.len));
	out_line(s->out, "%.*s %s of %.*s%s", (int)kind.len, (const char *)kind.p, id,
		 (int)home.len, (const char *)home.p, shown);
	if (rc == RC_OK && over.len > 0) {
		out_line(s->out, "over a limit: %.*s", (int)over.len, (const char *)over.p);
	}
	return rc;
}

static enum rc add_origin(struct show *s, struct out_table *t, struct dot d, int64_t now_ms)
{
	struct origin o;
	enum rc rc = origin_get(s->store, s->txn, d, s->arena, &o);

	if (rc == RC_OK) {
		out_table_cell(t, o.office);
		out_table_cell(t, o.author);
		out_table_text(t, origin_moment(&o).text);
		out_table_text(t, origin_age(o.clamped_ms, now_ms).text);
	}
	return rc;
}

static enum rc add_sibling(struct show *s, struct out_table *t, const struct schema_field *f,
			   const struct field_view *v, uint32_t number, int64_t now_ms)
{
	uint32_t i = sibling_find(f, v, number);
	char name[LIMIT_NAME_BYTES_MAX + 16];
	struct bytes text;
	enum rc rc = show_item_text(s, f, v->items[i], &text);

	if (rc != RC_OK) {
		return rc;
	}
	(void)snprintf(name, sizeof(name), "%s@%u", f->name, number);
	out_table_row(t);
	out_table_text(t, name);
	out_table_cell(t, text);
	out_table_text(t, sibling_is_shown(v, i) ? "shown" : "");
	return add_origin(s, t, v->items[i]->dot, now_ms);
}

static enum rc add_field(struct show *s, struct out_table *t, const struct schema_field *f,
			 int64_t now_ms)
{
	struct field_view v;
	enum rc rc = view_field(&s->record, f, &s->source, s->arena, &v);
	uint32_t n;

	for (n = 1; rc == RC_OK && n <= v.count; n++) {
		rc = add_sibling(s, t, f, &v, n, now_ms);
	}
	return rc;
}

static enum rc add_life(struct show *s, struct out_table *t, int64_t now_ms)
{
	struct touch *touches = NULL;
	uint32_t i, count = 0;
	enum rc rc = list_touches(s, &touches, &count);

	for (i = 0; rc == RC_OK && i < count; i++) {
		out_table_row(t);
		out_table_text(t, touches[i].deleted ? "deleted" : "but edited");
		out_table_text(t, "");
		out_table_text(t, "");
		rc = add_origin(s, t, touches[i].dot, now_ms);
	}
	return rc;
}

static enum rc print_table(struct show *s, const struct conflicts_list *list, int64_t now_ms)
{
	static const struct out_column columns[] = {
		{ .name = "what" },   { .name = "value" }, { .name = "" },    { .name = "office" },
		{ .name = "author" }, { .name = "time" },  { .name = "age" },
	};
	struct out_table *t = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	enum rc rc = list->life ? add_life(s, t, now_ms) : RC_OK;
	uint32_t i;

	for (i = 0; rc == RC_OK && i < list->count; i++) {
		rc = add_field(s, t, list->fields[i], now_ms);
	}
	if (rc != RC_OK) {
		out_table_drop(t);
		return rc;
	}
	return out_table_print(s->out, t);
}

static void print_figures(struct show *s, const struct conflict_figures *figures)
{
	char line[LINE_BYTES_MAX] = "";
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < figures->count && len < sizeof(line); i++) {
		int n = snprintf(line + len, sizeof(line) - len, "%s%s", i == 0 ? "" : ", ",
				 figures->names[i]);

		len += n > 0 ? (size_t)n : 0;
	}
	if (figures->count > 0) {
		out_line(s->out, "moves: %s", line);
	}
}

enum rc conflict_out_text(struct show *s, int64_t now_ms)
{
	struct conflicts_list list;
	struct conflict_figures figures;
	enum rc rc = conflicts_of(&s->record, &s->source, s->arena, &list);

	if (rc == RC_OK) {
		rc = conflict_figures_of(s->store->catalog, s->record.kind, &list, s->arena,
					 &figures);
	}
	if (rc == RC_OK) {
		rc = print_head(s);
	}
	if (rc == RC_OK) {
		rc = show_print_shared(s);
	}
	if (rc == RC_OK && (list.life || list.count > 0)) {
		rc = print_table(s, &list, now_ms);
	}
	if (rc == RC_OK) {
		print_figures(s, &figures);
	}
	return rc;
}

/* --- JSON ------------------------------------------------------------------------- */

static enum rc put_age(struct show *s, struct dot d, int64_t now_ms, json_t *object)
{
	struct origin o;
	enum rc rc = origin_get(s->store, s->txn, d, s->arena, &o);
	int64_t age_s = rc == RC_OK && o.clamped_ms < now_ms ? (now_ms - o.clamped_ms) / 1000 : 0;

	if (rc == RC_OK && json_object_set_new(object, "age_s", json_integer(age_s)) != 0) {
		rc = RC_NOMEM;
	}
	return rc;
}

static enum rc list_siblings(struct show *s, const struct schema_field *f, int64_t now_ms,
			     json_t *list)
{
	struct field_view v;
	enum rc rc = view_field(&s->record, f, &s->source, s->arena, &v);
	uint32_t n;

	for (n = 1; rc == RC_OK && n <= v.count; n++) {
		uint32_t i = sibling_find(f, &v, n);
		json_t *object = NULL;

		rc = show_sibling_json(s, f, &v, i, &object);
		if (rc == RC_OK) {
			rc = put_age(s, v.items[i]->dot, now_ms, object);
		}
		if (json_array_append_new(list, object) != 0 && rc == RC_OK) {
			rc = RC_NOMEM;
		}
	}
	return rc;
}

/* "ask", "flow(A<B)": as a schema file spells it. */
static json_t *policy_of(struct show *s, const struct schema_field *f)
{
	size_t mark = arena_mark(s->arena);
	size_t max = 16 + (size_t)f->ranks_count * (LIMIT_NAME_BYTES_MAX + 1);
	struct bytes_writer w = bytes_writer_init(arena_take(s->arena, max), max);
	json_t *text = NULL;

	if (w.p != NULL) {
		schema_policy_format(f, &w);
		text = out_string(bytes_written(&w));
	}
	arena_release(s->arena, mark);
	return text;
}

static enum rc list_fields(struct show *s, const struct conflicts_list *list, int64_t now_ms,
			   json_t *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; rc == RC_OK && i < list->count; i++) {
		const struct schema_field *f = list->fields[i];
		json_t *siblings = json_array();
		json_t *field = json_pack("{s:s, s:o, s:o}", "field", f->name, "policy",
					  policy_of(s, f), "siblings", siblings);

		if (json_array_append_new(out, field) != 0) {
			return RC_NOMEM;
		}
		rc = list_siblings(s, f, now_ms, siblings);
	}
	return rc;
}

static enum rc list_heads(struct show *s, int64_t now_ms, json_t *out)
{
	struct touch *touches = NULL;
	uint32_t i, count = 0;
	enum rc rc = list_touches(s, &touches, &count);

	for (i = 0; rc == RC_OK && i < count; i++) {
		json_t *object = json_pack("{s:b}", "deleted", touches[i].deleted);
		struct origin o;

		rc = origin_get(s->store, s->txn, touches[i].dot, s->arena, &o);
		if (rc == RC_OK) {
			rc = origin_put_json(object, &o);
		}
		if (rc == RC_OK) {
			rc = put_age(s, touches[i].dot, now_ms, object);
		}
		if (json_array_append_new(out, object) != 0 && rc == RC_OK) {
			rc = RC_NOMEM;
		}
	}
	return rc;
}

static enum rc list_title(struct show *s, json_t *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; rc == RC_OK && i < title_count(s); i++) {
		struct bytes cell;

		rc = title_of(s, i, &cell);
		if (rc == RC_OK && json_array_append_new(out, out_string(cell)) != 0) {
			rc = RC_NOMEM;
		}
	}
	return rc;
}

static enum rc put_head(struct show *s, json_t *object)
{
	char id[UUID_TEXT_LEN + 1];
	struct bytes home, version, over;
	bool has_home = show_home(s, &home);
	json_t *title = json_array();
	enum rc rc = value_out_version(&s->record, s->arena, &version);
	int failed = 0;

	if (rc == RC_OK) {
		rc = show_oversize(s, &over);
	}
	if (rc == RC_OK) {
		uuid_format(s->record.id, id);
		failed |= json_object_set_new(object, "id", json_string(id));
		failed |= json_object_set_new(object, "kind", out_string(show_kind_name(s)));
		failed |= json_object_set_new(object, "home",
					      has_home ? out_string(home) : json_null());
		failed |= json_object_set_new(object, "version", out_string(version));
		failed |= over.len > 0 && json_object_set_new(object, "oversize", json_true()) != 0;
		rc = list_title(s, title);
	}
	failed |= json_object_set_new(object, "title", title);
	return rc == RC_OK && failed != 0 ? RC_NOMEM : rc;
}

static enum rc put_body(struct show *s, const struct conflicts_list *list, int64_t now_ms,
			json_t *object)
{
	json_t *fields = json_array(), *heads = NULL, *names = json_array();
	struct conflict_figures figures = { NULL, 0 };
	int failed = json_object_set_new(object, "life", json_boolean(list->life));
	enum rc rc =
		conflict_figures_of(s->store->catalog, s->record.kind, list, s->arena, &figures);
	uint32_t i;

	failed |= json_object_set_new(object, "fields", fields);
	if (rc == RC_OK) {
		rc = list_fields(s, list, now_ms, fields);
	}
	if (rc == RC_OK && list->life) {
		heads = json_array();
		failed |= json_object_set_new(object, "heads", heads);
		rc = list_heads(s, now_ms, heads);
	}
	for (i = 0; i < figures.count; i++) {
		failed |= json_array_append_new(names, json_string(figures.names[i]));
	}
	failed |= json_object_set_new(object, "figures", names);
	return rc == RC_OK && failed != 0 ? RC_NOMEM : rc;
}

enum rc conflict_out_json(struct show *s, int64_t now_ms)
{
	json_t *object = json_object();
	bool conflict = false;
	struct conflicts_list list;
	enum rc rc = conflicts_of(&s->record, &s->source, s->arena, &list);

	if (rc == RC_OK) {
		rc = put_head(s, object);
	}
	if (rc == RC_OK) {
		rc = put_body(s, &list, now_ms, object);
	}
	if (rc == RC_OK) {
		rc = show_put_shared(s, object, &conflict);
	}
	if (rc == RC_OK) {
		rc = json_dumpf(object, s->out->to, JSON_COMPACT) == 0 ? RC_OK : RC_IO;
	}
	json_decref(object);
	return rc;
}
