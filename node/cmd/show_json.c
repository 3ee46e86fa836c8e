/* One record as JSON. */
#include "node/cmd/closed_code.h"
#include "node/cmd/show.h"
#include "node/cmd/show_history.h"
#include "node/cmd/value_out.h"

static enum rc list_siblings(struct show *s, const struct schema_field *f,
			     const struct field_view *v, json_t *list)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < v->count && rc == RC_OK; i++) {
		json_t *sibling = NULL;

		rc = show_sibling_json(s, f, v, i, &sibling);
		if (rc == RC_OK && json_array_append_new(list, sibling) != 0) {
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
	if (json_object_set_new(fields, f->name, field) != 0 ||
	    (v.shown < v.count && closed_code_put_json(f, v.items[v.shown]->value, field) != 0)) {
		return RC_NOMEM;
	}
	return list_siblings(s, f, &v, siblings);
}

/* Of a kind that is not known here there is but the number. */
static int put_kind(struct show *s, json_t *document)
{
	if (s->record.kind != NULL) {
		return json_object_set_new(document, "kind", json_string(s->record.kind->name));
	}
	return json_object_set_new(document, "kind", json_null()) |
	       json_object_set_new(document, "kind_number", json_integer(s->record.kind_number));
}

static enum rc put_head(struct show *s, json_t *document)
{
	struct record_life life = view_life(&s->record);
	char id[UUID_TEXT_LEN + 1];
	struct bytes version, home, over;
	bool conflict = false, has_home = show_home(s, &home);
	enum rc rc = value_out_version(&s->record, s->arena, &version);
	int failed = 0;

	if (rc == RC_OK) {
		rc = view_has_conflict(&s->record, &s->source, s->arena, &conflict);
	}
	if (rc == RC_OK) {
		rc = show_put_shared(s, document, &conflict);
	}
	if (rc == RC_OK) {
		rc = show_oversize(s, &over);
	}
	if (rc != RC_OK) {
		return rc;
	}
	uuid_format(s->record.id, id);
	failed |= json_object_set_new(document, "id", json_string(id));
	failed |= put_kind(s, document);
	failed |= json_object_set_new(document, "home", has_home ? out_string(home) : json_null());
	failed |= json_object_set_new(document, "version", out_string(version));
	failed |= json_object_set_new(document, "deleted", json_boolean(life.deleted));
	failed |= json_object_set_new(document, "conflict", json_boolean(conflict));
	if (life.conflict) {
		failed |= json_object_set_new(document, "life", json_true());
	}
	if (over.len > 0) {
		failed |= json_object_set_new(document, "oversize", json_true());
	}
	return failed == 0 ? show_move_json(s, document) : RC_NOMEM;
}

enum rc show_print_json(struct show *s)
{
	json_t *document = out_document(), *fields = json_object();
	uint32_t i, count = s->record.kind == NULL ? 0 : s->record.kind->fields_count;
	enum rc rc = put_head(s, document);

	if (json_object_set_new(document, "fields", fields) != 0) {
		rc = RC_NOMEM;
	}
	for (i = 0; i < count && rc == RC_OK && !s->is_foreign; i++) {
		rc = put_field(s, fields, &s->record.kind->fields[i]);
	}
	if (rc == RC_OK && !s->is_foreign) {
		rc = show_put_unknown(s, document);
	}
	if (rc == RC_OK && s->history && !s->is_foreign) {
		rc = show_put_history(s, document);
	}
	if (rc != RC_OK) {
		json_decref(document);
		return rc;
	}
	return out_json(s->out, document);
}
