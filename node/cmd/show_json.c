/* One record as JSON. */
#include "node/cmd/show.h"
#include "node/cmd/value_out.h"
#include "sync/feed.h"

static json_t *value_of(const struct schema_field *f, const struct item *item)
{
	if (f->merge == MERGE_COUNTER) {
		return json_integer((json_int_t)item->sum);
	}
	return item->cleared ? json_null() : value_out_json(f, item->value);
}

/* A counter's sums belong to feeds, not to entries. */
static enum rc put_origin(struct show *s, json_t *sibling, const struct schema_field *f,
			  const struct item *item)
{
	struct origin o;
	enum rc rc = RC_OK;

	if (f->merge == MERGE_COUNTER) {
		struct bytes office =
			origin_office(s->store, feed_office(item->dot.feed), s->arena);

		return json_object_set_new(sibling, "office", out_string(office)) == 0 ? RC_OK :
											 RC_NOMEM;
	}
	rc = origin_get(s->store, s->txn, item->dot, s->arena, &o);
	return rc == RC_OK ? origin_put_json(sibling, &o) : rc;
}

static enum rc list_siblings(struct show *s, const struct schema_field *f,
			     const struct field_view *v, json_t *list)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < v->count && rc == RC_OK; i++) {
		json_t *sibling = json_object();

		if (json_object_set_new(sibling, "value", value_of(f, v->items[i])) != 0) {
			rc = RC_NOMEM;
		}
		if (rc == RC_OK) {
			rc = put_origin(s, sibling, f, v->items[i]);
		}
		if (json_array_append_new(list, sibling) != 0) {
			rc = RC_NOMEM;
		}
	}
	return rc;
}

static enum rc put_field(struct show *s, json_t *fields, const struct schema_field *f)
{
	struct field_view v;
	json_t *value = NULL, *field = NULL, *siblings = NULL;
	enum rc rc = view_field(&s->record, f, &s->source, s->arena, &v);

	if (rc != RC_OK || v.count == 0 || (v.count == 1 && v.items[0]->cleared)) {
		return rc;
	}
	rc = value_out_field(&s->record, f, &s->source, s->arena, &value);
	if (rc != RC_OK) {
		return rc;
	}
	siblings = json_array();
	field = json_pack("{s:o?, s:b, s:o}", "value", value, "conflict", v.conflict, "siblings",
			  siblings);
	if (json_object_set_new(fields, f->name, field) != 0) {
		return RC_NOMEM;
	}
	return list_siblings(s, f, &v, siblings);
}

static const char *life_text(enum life life)
{
	switch (life) {
	case LIFE_NONE:
		return "none";
	case LIFE_ALIVE:
		return "alive";
	case LIFE_DELETED:
		return "deleted";
	}
	return "";
}

static enum rc put_history(struct show *s, json_t *document)
{
	struct show_step *steps = NULL;
	json_t *list = json_array();
	uint32_t i, k, count = 0;
	enum rc rc = show_history(s, &steps, &count);

	for (i = 0; i < count && rc == RC_OK; i++) {
		json_t *step = json_object(), *changes = json_array();

		rc = origin_put_json(step, &steps[i].origin);
		for (k = 0; k < steps[i].changes_count; k++) {
			json_array_append_new(changes, out_string(steps[i].changes[k]));
		}
		if (json_object_set_new(step, "reason", out_string(steps[i].origin.reason)) != 0 ||
		    json_object_set_new(step, "life", json_string(life_text(steps[i].life))) != 0 ||
		    json_object_set_new(step, "changes", changes) != 0 ||
		    json_array_append_new(list, step) != 0) {
			rc = RC_NOMEM;
		}
	}
	if (json_object_set_new(document, "history", list) != 0) {
		return RC_NOMEM;
	}
	return rc;
}

static enum rc put_head(struct show *s, json_t *document)
{
	struct record_life life = view_life(&s->record);
	uint16_t office = 0, region = 0;
	char id[UUID_TEXT_LEN + 1];
	struct bytes version;
	bool conflict = false, has_home = view_home(&s->record, &office, &region);
	enum rc rc = value_out_version(&s->record, s->arena, &version);
	int failed = 0;

	if (rc == RC_OK) {
		rc = view_has_conflict(&s->record, &s->source, s->arena, &conflict);
	}
	if (rc != RC_OK) {
		return rc;
	}
	uuid_format(s->record.id, id);
	failed |= json_object_set_new(document, "id", json_string(id));
	failed |= json_object_set_new(document, "kind", json_string(s->record.kind->name));
	failed |=
		json_object_set_new(document, "home",
				    has_home ?
					    out_string(origin_office(s->store, office, s->arena)) :
					    json_null());
	failed |= json_object_set_new(document, "version", out_string(version));
	failed |= json_object_set_new(document, "deleted", json_boolean(life.deleted));
	failed |= json_object_set_new(document, "conflict", json_boolean(conflict));
	return failed == 0 ? RC_OK : RC_NOMEM;
}

enum rc show_print_json(struct show *s)
{
	json_t *document = out_document(), *fields = json_object();
	enum rc rc = put_head(s, document);
	uint32_t i;

	if (json_object_set_new(document, "fields", fields) != 0) {
		rc = RC_NOMEM;
	}
	for (i = 0; i < s->record.kind->fields_count && rc == RC_OK; i++) {
		rc = put_field(s, fields, &s->record.kind->fields[i]);
	}
	if (rc == RC_OK && s->history) {
		rc = put_history(s, document);
	}
	if (rc != RC_OK) {
		json_decref(document);
		return rc;
	}
	return out_json(s->out, document);
}
