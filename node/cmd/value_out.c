#include "node/cmd/value_out.h"

#include <stdlib.h>

enum {
	SHORT_BYTES_MAX = 64,           /* any value but text, code and bytes */
	DOT_BYTES_MAX = 16 + 1 + 20 + 1 /* "FEED:SEQ," */
};

static enum value_type type_of(const struct schema_field *f)
{
	return f->merge == MERGE_COUNTER ? VALUE_INT : f->type;
}

enum rc value_out_text(const struct schema_field *f, struct bytes v, struct arena *a,
		       struct bytes *out)
{
	size_t max = 2 * v.len + SHORT_BYTES_MAX; /* bytes take two digits each */
	struct bytes_writer w;

	if (f->type == VALUE_TEXT || f->type == VALUE_CODE) {
		*out = v;
		return RC_OK;
	}
	w = bytes_writer_init(arena_take(a, max), max);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	value_format(type_of(f), f->scale, v, &w);
	*out = bytes_written(&w);
	return w.rc;
}

json_t *value_out_json(const struct schema_field *f, struct bytes v)
{
	enum value_type type = type_of(f);
	uint8_t buffer[SHORT_BYTES_MAX], *p = buffer;
	size_t max = sizeof(buffer);
	struct bytes_writer w;
	json_t *text = NULL;

	switch (type) {
	case VALUE_INT:
		return json_integer((json_int_t)value_number(type, v));
	case VALUE_BOOL:
		return json_boolean(value_number(type, v) != 0);
	case VALUE_TEXT:
	case VALUE_CODE:
		return out_string(v);
	case VALUE_BYTES:
		max = 2 * v.len + 1;
		p = malloc(max);
		break;
	case VALUE_DECIMAL:
	case VALUE_DATE:
	case VALUE_PDATE:
	case VALUE_TIME:
	case VALUE_LINK:
		break;
	}
	if (p != NULL) {
		w = bytes_writer_init(p, max);
		value_format(type, f->scale, v, &w);
		text = out_string(bytes_written(&w));
	}
	if (p != buffer) {
		free(p);
	}
	return text;
}

/* Appends an element of a list: what would end it is escaped. */
static void put_element(struct bytes_writer *w, struct bytes text)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		bytes_put(w, "\\", text.p[i] == '|' || text.p[i] == '\\');
		bytes_put(w, text.p + i, 1);
	}
}

/* Joins the texts of the values of a set or a log. */
static enum rc join(const struct schema_field *f, const struct values *v, struct arena *a,
		    struct bytes *out)
{
	struct bytes *texts = arena_take(a, v->count * sizeof(*texts));
	struct bytes_writer w;
	size_t len = v->count;
	enum rc rc = texts == NULL ? RC_NOMEM : RC_OK;
	uint32_t i;

	for (i = 0; i < v->count && rc == RC_OK; i++) {
		rc = value_out_text(f, v->items[i], a, &texts[i]);
		len += rc == RC_OK ? 2 * texts[i].len : 0;
	}
	if (rc != RC_OK) {
		return rc;
	}
	w = bytes_writer_init(arena_take(a, len), len);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < v->count; i++) {
		bytes_put(&w, "|", i > 0);
		put_element(&w, texts[i]);
	}
	*out = bytes_written(&w);
	return w.rc;
}

enum rc value_out_cell(const struct record *r, const struct schema_field *f,
		       const struct view_source *src, struct arena *a, struct bytes *out)
{
	bool is_list = f->merge == MERGE_SET || f->merge == MERGE_LOG;
	struct values v = { NULL, 0 };
	enum rc rc = view_values(r, f, src, a, &v);

	*out = bytes_at(NULL, 0);
	if (rc != RC_OK || v.count == 0) {
		return rc;
	}
	return is_list ? join(f, &v, a, out) : value_out_text(f, v.items[0], a, out);
}

static json_t *list_values(const struct schema_field *f, const struct values *v)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < v->count; i++) {
		if (json_array_append_new(list, value_out_json(f, v->items[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

enum rc value_out_field(const struct record *r, const struct schema_field *f,
			const struct view_source *src, struct arena *a, json_t **out)
{
	bool is_list = f->merge == MERGE_SET || f->merge == MERGE_LOG;
	struct values v = { NULL, 0 };
	enum rc rc = view_values(r, f, src, a, &v);

	*out = NULL;
	if (rc != RC_OK || v.count == 0) {
		return rc;
	}
	*out = is_list ? list_values(f, &v) : value_out_json(f, v.items[0]);
	return *out == NULL ? RC_NOMEM : RC_OK;
}

enum rc value_out_fields(const struct record *r, const struct view_source *src, struct arena *a,
			 json_t **out)
{
	json_t *fields = json_object(), *value = NULL;
	enum rc rc = fields == NULL ? RC_NOMEM : RC_OK;
	uint32_t i;

	for (i = 0; i < r->kind->fields_count && rc == RC_OK; i++) {
		const struct schema_field *f = &r->kind->fields[i];

		rc = value_out_field(r, f, src, a, &value);
		if (rc == RC_OK && value != NULL &&
		    json_object_set_new(fields, f->name, value) != 0) {
			rc = RC_NOMEM;
		}
	}
	if (rc != RC_OK) {
		json_decref(fields);
		fields = NULL;
	}
	*out = fields;
	return rc;
}

enum rc value_out_version(const struct record *r, struct arena *a, struct bytes *out)
{
	struct vv v = { NULL, 0, 0 };
	struct bytes_writer w;
	size_t max = 1;
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < r->parts_count; i++) {
		v.max += r->parts[i].part.vector.count;
	}
	v.dots = arena_take(a, v.max * sizeof(*v.dots));
	max += (size_t)v.max * DOT_BYTES_MAX;
	w = bytes_writer_init(arena_take(a, max), max);
	if (v.dots == NULL || w.p == NULL) {
		return RC_NOMEM;
	}
	rc = view_version(r, &v);
	vv_format(&v, &w);
	*out = bytes_written(&w);
	return rc == RC_OK ? w.rc : rc;
}
