/*
 * What a record holds that the schema here does not explain: a newer schema
 * was at the writer. It is kept, merged by its operations and passed on, and
 * understood when the schema comes.
 */
#include <stdio.h>

#include "node/cmd/show.h"
#include "sync/feed.h"

static const char *class_text(enum field_class class)
{
	switch (class) {
	case CLASS_REGISTER:
		return "register";
	case CLASS_SET:
		return "set";
	case CLASS_COUNTER:
		return "counter";
	case CLASS_LOG:
		return "log";
	}
	return "";
}

static bool is_unknown(const struct record *r, const struct part_field *p)
{
	const struct schema_field *f = r->kind == NULL ? NULL :
							 schema_field_by_number(r->kind, p->number);

	return p->number != FIELD_HOME && (f == NULL || view_class(f->merge) != p->class);
}

static enum rc add_row(struct show *s, struct out_table *t, const struct part_field *p, uint32_t i)
{
	const struct item *item = &p->items[i];
	char name[48] = "";
	struct bytes text = bytes_of("(cleared)");
	struct origin o = { .office = { NULL, 0 } };
	enum rc rc = RC_OK;

	if (p->class == CLASS_COUNTER) {
		o.office = origin_office(s->store, feed_office(item->dot.feed), s->arena);
	} else {
		rc = item->cleared ? RC_OK : show_raw_text(item->value, s->arena, &text);
		rc = rc == RC_OK ? origin_get(s->store, s->txn, item->dot, s->arena, &o) : rc;
	}
	if (i == 0) {
		(void)snprintf(name, sizeof(name), "field %u (unknown here)", p->number);
	}
	out_table_row(t);
	out_table_text(t, name);
	if (p->class == CLASS_COUNTER) {
		out_table_number(t, item->sum);
	} else {
		out_table_cell(t, text);
	}
	out_table_cell(t, o.office);
	if (p->class != CLASS_COUNTER) {
		out_table_cell(t, o.author);
		out_table_text(t, origin_moment(&o).text);
	}
	return rc;
}

enum rc show_add_unknown(struct show *s, struct out_table *t)
{
	enum rc rc = RC_OK;
	uint32_t i, k, n;

	for (i = 0; i < s->record.parts_count; i++) {
		const struct part *p = &s->record.parts[i].part;

		for (k = 0; !s->record.parts[i].left && k < p->fields_count; k++) {
			for (n = 0; is_unknown(&s->record, &p->fields[k]) && rc == RC_OK &&
				    n < p->fields[k].items_count;
			     n++) {
				rc = add_row(s, t, &p->fields[k], n);
			}
		}
	}
	return rc;
}

static enum rc put_item(struct show *s, json_t *list, const struct part_field *p, uint32_t i)
{
	const struct item *item = &p->items[i];
	json_t *object = json_object();
	struct origin o;
	enum rc rc = object == NULL ? RC_NOMEM : RC_OK;
	int failed = 0;

	if (p->class == CLASS_COUNTER) {
		failed |= json_object_set_new(object, "value", json_integer(item->sum));
		failed |= json_object_set_new(object, "office",
					      out_string(origin_office(s->store,
								       feed_office(item->dot.feed),
								       s->arena)));
	} else {
		if (item->cleared) {
			failed |= json_object_set_new(object, "value", json_null());
		} else if (rc == RC_OK) {
			rc = show_raw_json(item->value, s->arena, object);
		}
		rc = rc == RC_OK ? origin_get(s->store, s->txn, item->dot, s->arena, &o) : rc;
		rc = rc == RC_OK ? origin_put_json(object, &o) : rc;
	}
	failed |= json_array_append_new(list, object);
	return rc == RC_OK && failed != 0 ? RC_NOMEM : rc;
}

static enum rc put_field(struct show *s, json_t *list, const struct part_field *p)
{
	json_t *items = json_array();
	json_t *field = json_pack("{s:i, s:s, s:o}", "field", (int)p->number, "class",
				  class_text(p->class), "items", items);
	enum rc rc = field == NULL ? RC_NOMEM : RC_OK;
	uint32_t i;

	for (i = 0; rc == RC_OK && i < p->items_count; i++) {
		rc = put_item(s, items, p, i);
	}
	return json_array_append_new(list, field) == 0 ? rc : RC_NOMEM;
}

enum rc show_put_unknown(struct show *s, json_t *document)
{
	json_t *list = json_array();
	enum rc rc = list == NULL ? RC_NOMEM : RC_OK;
	uint32_t i, k;

	for (i = 0; i < s->record.parts_count; i++) {
		const struct part *p = &s->record.parts[i].part;

		for (k = 0; !s->record.parts[i].left && k < p->fields_count && rc == RC_OK; k++) {
			if (is_unknown(&s->record, &p->fields[k])) {
				rc = put_field(s, list, &p->fields[k]);
			}
		}
	}
	if (rc != RC_OK || json_array_size(list) == 0) {
		json_decref(list);
		return rc;
	}
	return json_object_set_new(document, "unknown", list) == 0 ? RC_OK : RC_NOMEM;
}
