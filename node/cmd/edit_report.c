#include "node/cmd/edit_report.h"

#include <stdio.h>
#include <string.h>

#include "node/store/conflicts.h"

#define LIFE_NAME "(life)"

static const char *keep_name(const char *name, struct arena *a)
{
	return (const char *)arena_copy(a, bytes_at(name, strlen(name) + 1)).p;
}

static bool has_name(const struct edit_names *n, const char *name)
{
	uint32_t i;

	for (i = 0; i < n->count; i++) {
		if (strcmp(n->items[i], name) == 0) {
			return true;
		}
	}
	return false;
}

enum rc edit_report_open(const struct record *r, const struct view_source *src, struct arena *a,
			 struct arena *scratch, struct edit_open *out)
{
	size_t mark = arena_mark(scratch);
	struct conflicts_list list;
	enum rc rc = conflicts_of(r, src, scratch, &list);
	uint32_t i;

	memset(out, 0, sizeof(*out));
	if (rc == RC_OK) {
		out->life = list.life;
		out->fields.items = arena_take(a, list.count * sizeof(const char *));
		rc = out->fields.items == NULL ? RC_NOMEM : RC_OK;
	}
	for (i = 0; rc == RC_OK && i < list.count; i++) {
		out->fields.items[i] = keep_name(list.fields[i]->name, a);
		out->fields.count++;
		rc = out->fields.items[i] == NULL ? RC_NOMEM : RC_OK;
	}
	arena_release(scratch, mark);
	return rc;
}

/* Whether the field has another value that the form does not show. */
static bool has_unseen(const struct record *r, const struct draft *d, const struct draft_op *op)
{
	uint32_t i, k;

	for (i = 0; i < r->parts_count; i++) {
		const struct part_field *f = view_find(r, i, op->field->number, CLASS_REGISTER);

		for (k = 0; f != NULL && k < f->items_count; k++) {
			const struct item *item = &f->items[k];
			bool same = item->cleared == (op->code == OP_CLEAR) &&
				    bytes_equal(item->value, op->value);

			if (!same && !vv_covers(&d->form, item->dot)) {
				return true;
			}
		}
	}
	return false;
}

enum rc edit_report_concurrent(const struct record *r, const struct draft *d, struct arena *a,
			       struct edit_names *out)
{
	uint32_t i;

	out->count = 0;
	out->items = arena_take(a, d->ops_count * sizeof(const char *));
	for (i = 0; out->items != NULL && d->has_form && i < d->ops_count; i++) {
		const struct draft_op *op = &d->ops[i];

		if (op->field->merge != MERGE_REGISTER || !has_unseen(r, d, op)) {
			continue;
		}
		out->items[out->count] = keep_name(op->field->name, a);
		if (out->items[out->count++] == NULL) {
			return RC_NOMEM;
		}
	}
	return out->items == NULL ? RC_NOMEM : RC_OK;
}

/* Whether this conflict was open before and is not now. */
static bool has_settled(const struct edit_report *r, const char *field)
{
	return has_name(&r->before.fields, field) && !has_name(&r->after.fields, field);
}

/* "a, b and c" without the "and": names joined for a sentence. */
enum { NAMES_MAX = 400 };

struct joined {
	char text[NAMES_MAX];
	uint32_t count;
};

static void join(struct joined *j, const char *name)
{
	size_t len = strlen(j->text);

	(void)snprintf(j->text + len, sizeof(j->text) - len, "%s%s", j->count > 0 ? ", " : "",
		       name);
	j->count++;
}

static struct joined join_settled(const struct edit_report *r)
{
	struct joined j = { "", 0 };
	uint32_t i;

	for (i = 0; i < r->before.fields.count; i++) {
		if (has_settled(r, r->before.fields.items[i])) {
			join(&j, r->before.fields.items[i]);
		}
	}
	return j;
}

static struct joined join_names(const struct edit_names *n)
{
	struct joined j = { "", 0 };
	uint32_t i;

	for (i = 0; i < n->count; i++) {
		join(&j, n->items[i]);
	}
	return j;
}

void edit_report_note(const struct edit_report *r, struct out *o, bool deleted)
{
	struct joined settled = join_settled(r), beside = join_names(&r->concurrent);
	struct joined open = join_names(&r->after.fields);

	if (settled.count > 0) {
		out_note(o, "note: this settles the open conflict of %s", settled.text);
	}
	if (r->before.life && !r->after.life) {
		out_note(o,
			 "note: this settles the open conflict of a deletion and an edit: "
			 "the record is %s",
			 deleted ? "deleted" : "kept");
	}
	if (beside.count > 0) {
		out_note(o,
			 "note: changed since the version you looked at: %s; your value is kept "
			 "beside the other",
			 beside.text);
	}
	if (r->after.life) {
		join(&open, "deleted, but edited");
	}
	if (open.count > 0) {
		out_note(o, "note: this record is in open conflict: %s; see `kerwen conflicts`",
			 open.text);
	}
}

static json_t *list_names(const struct edit_names *n, bool life)
{
	json_t *list = json_array();
	int failed = 0;
	uint32_t i;

	for (i = 0; i < n->count; i++) {
		failed |= json_array_append_new(list, json_string(n->items[i]));
	}
	if (life) {
		failed |= json_array_append_new(list, json_string(LIFE_NAME));
	}
	if (failed != 0) {
		json_decref(list);
		list = NULL;
	}
	return list;
}

static json_t *list_settled(const struct edit_report *r)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < r->before.fields.count; i++) {
		if (has_settled(r, r->before.fields.items[i])) {
			json_array_append_new(list, json_string(r->before.fields.items[i]));
		}
	}
	if (r->before.life && !r->after.life) {
		json_array_append_new(list, json_string(LIFE_NAME));
	}
	return list;
}

enum rc edit_report_put_json(const struct edit_report *r, json_t *object)
{
	int failed = json_object_set_new(object, "settles", list_settled(r));

	failed |= json_object_set_new(object, "concurrent", list_names(&r->concurrent, false));
	failed |= json_object_set_new(object, "open", list_names(&r->after.fields, r->after.life));
	return failed == 0 ? RC_OK : RC_NOMEM;
}
