#include "node/cmd/closed_code.h"

#include <string.h>

#include "node/cmd/value_out.h"
#include "sync/date.h"

enum { DATE_MAX = 16, DAY_MS = 86400000 };

int32_t closed_code_today(const struct store *s)
{
	int64_t now = s->world->now_ms();

	return date_time_is_valid(now) && now >= 0 ? date_from_days((int32_t)(now / DAY_MS)) : 0;
}

/* The code of a value if there is anything to say of it, else NULL. */
static const struct schema_code *find_code(const struct schema_field *f, struct bytes value)
{
	const struct schema_code *code = f->type == VALUE_CODE && f->codes != NULL ?
						 schema_code_find(f->codes, value) :
						 NULL;

	return code != NULL && (code->valid_to != 0 || code->successor != NULL) ? code : NULL;
}

static void put_text(struct bytes_writer *w, const char *text)
{
	bytes_put(w, text, strlen(text));
}

static void put_mark(struct bytes_writer *w, const struct schema_codes *list,
		     const struct schema_code *code, int32_t today)
{
	struct bytes current = schema_code_current(list, bytes_of(code->code));

	put_text(w, " (");
	if (code->valid_to != 0) {
		put_text(w, schema_code_is_closed(code, today) ? "closed " : "closes ");
		date_format(code->valid_to, w);
	}
	if (code->successor != NULL) {
		put_text(w, code->valid_to != 0 ? ", counts as " : "counts as ");
		bytes_put(w, current.p, current.len);
	}
	put_text(w, ")");
}

enum rc closed_code_mark(const struct schema_field *f, struct bytes value, int32_t today,
			 struct arena *a, struct bytes *text)
{
	const struct schema_code *code = find_code(f, value);
	size_t max = text->len + LIMIT_NAME_BYTES_MAX + 64;
	struct bytes_writer w;

	if (code == NULL) {
		return RC_OK;
	}
	w = bytes_writer_init(arena_take(a, max), max);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	bytes_put(&w, text->p, text->len);
	put_mark(&w, f->codes, code, today);
	*text = bytes_written(&w);
	return w.rc;
}

enum rc closed_code_cell(const struct record *r, const struct schema_field *f,
			 const struct view_source *src, int32_t today, struct arena *a,
			 struct bytes *out)
{
	struct values v = { NULL, 0 };
	struct bytes_writer w;
	size_t max = 1;
	uint32_t i;
	enum rc rc = RC_OK;

	if (f->type != VALUE_CODE || f->merge == MERGE_COUNTER) {
		return value_out_cell(r, f, src, a, out);
	}
	rc = view_values(r, f, src, a, &v);
	for (i = 0; rc == RC_OK && i < v.count; i++) {
		max += v.items[i].len + LIMIT_NAME_BYTES_MAX + 65;
	}
	w = bytes_writer_init(rc == RC_OK ? arena_take(a, max) : NULL, max);
	if (w.p == NULL) {
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	for (i = 0; i < v.count; i++) {
		const struct schema_code *code = find_code(f, v.items[i]);

		bytes_put(&w, "|", i > 0);
		bytes_put(&w, v.items[i].p, v.items[i].len);
		if (code != NULL) {
			put_mark(&w, f->codes, code, today);
		}
	}
	*out = bytes_written(&w);
	return w.rc;
}

int closed_code_put_json(const struct schema_field *f, struct bytes value, json_t *object)
{
	const struct schema_code *code = find_code(f, value);
	uint8_t buffer[DATE_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	int failed = 0;

	if (code != NULL && code->valid_to != 0) {
		date_format(code->valid_to, &w);
		failed |= json_object_set_new(object, "closed", out_string(bytes_written(&w)));
	}
	if (code != NULL && code->successor != NULL) {
		failed |= json_object_set_new(object, "successor",
					      out_string(schema_code_current(f->codes, value)));
	}
	return failed;
}

static enum rc list_field(const struct schema_field *f, const struct values *v, json_t **list)
{
	uint32_t i;

	for (i = 0; i < v->count; i++) {
		json_t *item = NULL;

		if (find_code(f, v->items[i]) == NULL) {
			continue;
		}
		*list = *list == NULL ? json_array() : *list;
		item = json_pack("{s:s, s:o}", "field", f->name, "code", out_string(v->items[i]));
		if (closed_code_put_json(f, v->items[i], item) != 0 ||
		    json_array_append_new(*list, item) != 0) {
			return RC_NOMEM;
		}
	}
	return RC_OK;
}

enum rc closed_code_list_json(const struct record *r, const struct view_source *src,
			      struct arena *a, json_t **out)
{
	uint32_t i, count = r->kind == NULL ? 0 : r->kind->fields_count;
	enum rc rc = RC_OK;

	*out = NULL;
	for (i = 0; i < count && rc == RC_OK; i++) {
		const struct schema_field *f = &r->kind->fields[i];
		struct values v = { NULL, 0 };

		if (f->type != VALUE_CODE || f->merge == MERGE_COUNTER) {
			continue;
		}
		rc = view_values(r, f, src, a, &v);
		if (rc == RC_OK) {
			rc = list_field(f, &v, out);
		}
	}
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}
