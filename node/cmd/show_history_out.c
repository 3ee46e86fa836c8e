/* The history of a record, for people and as JSON. */
#include <stdio.h>

#include "node/cmd/show_history.h"
#include "node/cmd/value_out.h"

enum { SHOWN_BYTES_MAX = 60 }; /* of one value in a table */

static const char *sign_of(enum op_code code)
{
	switch (code) {
	case OP_PUT:
	case OP_CLEAR:
		return "=";
	case OP_SET_REMOVE:
		return "-=";
	case OP_SET_ADD:
	case OP_COUNT:
	case OP_LOG:
		return "+=";
	}
	return "";
}

static const char *op_text(enum op_code code)
{
	switch (code) {
	case OP_PUT:
		return "set";
	case OP_CLEAR:
		return "clear";
	case OP_SET_ADD:
		return "add";
	case OP_SET_REMOVE:
		return "remove";
	case OP_COUNT:
		return "count";
	case OP_LOG:
		return "log";
	}
	return "";
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

/* Writing past the end would only cut a table's cell: the sticky error of w
 * is not looked at, what fits is printed. */
static void put_text(struct bytes_writer *w, const char *text)
{
	bytes_put(w, text, bytes_of(text).len);
}

/* A long value is cut where a character begins. */
static void put_short(struct bytes_writer *w, struct bytes text)
{
	size_t len = text.len;

	if (len > SHOWN_BYTES_MAX) {
		len = SHOWN_BYTES_MAX;
		while (len > 0 && (text.p[len] & 0xc0) == 0x80) {
			len--;
		}
	}
	bytes_put(w, text.p, len);
	if (len < text.len) {
		put_text(w, "...");
	}
}

static enum rc change_text(struct show *s, const struct show_change *c, struct bytes *out)
{
	if (c->code == OP_COUNT) {
		char text[24];

		(void)snprintf(text, sizeof(text), "%lld",
			       (long long)value_number(VALUE_INT, c->value));
		*out = arena_copy(s->arena, bytes_of(text));
		return out->p == NULL ? RC_NOMEM : RC_OK;
	}
	return c->field == NULL ? show_raw_text(c->value, s->arena, out) :
				  value_out_text(c->field, c->value, s->arena, out);
}

static enum rc put_change(struct show *s, struct bytes_writer *w, const struct show_change *c)
{
	char name[LIMIT_NAME_BYTES_MAX + 16];
	struct bytes text = { NULL, 0 };
	enum rc rc = change_text(s, c, &text);

	if (c->field == NULL) {
		(void)snprintf(name, sizeof(name), "field %u", c->number);
	}
	if (rc == RC_OK) {
		put_text(w, w->len > 0 ? " " : "");
		put_text(w, c->field == NULL ? name : c->field->name);
		put_text(w, sign_of(c->code));
		put_short(w, text);
	}
	return rc;
}

/* "1-3 7": places as people count them. */
static enum rc places_text(const struct show_places *p, struct arena *a, struct bytes *out)
{
	enum { PLACE_BYTES = 24 };
	size_t max = ((size_t)p->count + 1) * PLACE_BYTES;
	struct bytes_writer w = bytes_writer_init(arena_take(a, max), max);
	uint32_t i, k;

	for (i = 0; i < p->count && w.p != NULL; i = k) {
		char text[PLACE_BYTES];

		for (k = i + 1; k < p->count && p->items[k] == p->items[k - 1] + 1; k++) {
		}
		(void)snprintf(text, sizeof(text), k - i > 1 ? "%s%u-%u" : "%s%u",
			       i == 0 ? "" : " ", p->items[i] + 1, p->items[k - 1] + 1);
		put_text(&w, text);
	}
	*out = bytes_written(&w);
	return w.p == NULL ? RC_NOMEM : RC_OK;
}

static const struct out_column history_columns[] = {
	{ .name = "n", .is_number = true },
	{ .name = "time" },
	{ .name = "office" },
	{ .name = "author" },
	{ .name = "change" },
	{ .name = "replaces" },
	{ .name = "beside" },
	{ .name = "reason" },
};

enum { HISTORY_COLUMNS = sizeof(history_columns) / sizeof(history_columns[0]) };

/* What a step did to the record as a whole; an edit of one that was deleted
 * brings it back, too. */
static const char *deed_of(const struct show_step *steps, uint32_t place)
{
	const struct show_step *step = &steps[place];
	uint32_t i;

	if (place == 0) {
		return "added";
	}
	if (step->life == LIFE_DELETED) {
		return "deleted";
	}
	for (i = 0; i < step->superseded.count; i++) {
		if (steps[step->superseded.items[i]].life == LIFE_DELETED) {
			return "restored";
		}
	}
	return "";
}

static enum rc describe(struct show *s, const struct show_step *steps, uint32_t place,
			struct bytes *out)
{
	const struct show_step *step = &steps[place];

	size_t max =
		32 + step->changes_count * (size_t)(LIMIT_NAME_BYTES_MAX + 32 + SHOWN_BYTES_MAX);
	struct bytes_writer w = bytes_writer_init(arena_take(s->arena, max), max);
	enum rc rc = w.p == NULL ? RC_NOMEM : RC_OK;
	uint32_t i;

	if (rc == RC_OK) {
		put_text(&w, deed_of(steps, place));
	}
	for (i = 0; i < step->changes_count && rc == RC_OK; i++) {
		rc = put_change(s, &w, &step->changes[i]);
	}
	*out = w.len == 0 ? bytes_of("touched") : bytes_written(&w);
	return rc;
}

static enum rc add_row(struct show *s, struct out_table *t, const struct show_step *steps,
		       uint32_t place)
{
	const struct show_step *step = &steps[place];
	struct bytes changes, superseded, beside;
	enum rc rc = describe(s, steps, place, &changes);

	if (rc == RC_OK) {
		rc = places_text(&step->superseded, s->arena, &superseded);
	}
	if (rc == RC_OK) {
		rc = places_text(&step->beside, s->arena, &beside);
	}
	if (rc != RC_OK) {
		return rc;
	}
	out_table_row(t);
	out_table_number(t, place + 1);
	out_table_text(t, origin_moment(&step->origin).text);
	out_table_cell(t, step->origin.office);
	out_table_cell(t, step->origin.author);
	out_table_cell(t, changes);
	out_table_cell(t, superseded);
	out_table_cell(t, beside);
	out_table_cell(t, step->origin.reason);
	return rc;
}

enum rc show_print_history(struct show *s)
{
	struct out_table *t = NULL;
	struct show_step *steps = NULL;
	uint32_t i, count = 0;
	bool is_cut = false;
	enum rc rc = show_history(s, &steps, &count), printed = RC_OK;

	if (rc != RC_OK) {
		return rc;
	}
	out_line(s->out, "%s", "");
	t = out_table_new(history_columns, HISTORY_COLUMNS);
	for (i = 0; i < count && rc == RC_OK; i++) {
		size_t mark = arena_mark(s->arena);

		rc = add_row(s, t, steps, i);
		arena_release(s->arena, mark);
	}
	printed = out_table_print(s->out, t);
	rc = rc == RC_OK ? show_history_is_cut(s, &is_cut) : rc;
	if (is_cut) {
		out_note(s->out,
			 "what is older was cleaned up (kerwen compact): the record's values "
			 "are kept, not how they came about");
	}
	return rc == RC_OK ? printed : rc;
}

/* --- JSON ----------------------------------------------------------------------- */

static enum rc put_value(struct show *s, const struct show_change *c, json_t *object)
{
	json_t *value = NULL;

	if (c->code == OP_CLEAR) {
		return RC_OK;
	}
	if (c->code != OP_COUNT && c->field == NULL) {
		return show_raw_json(c->value, s->arena, object);
	}
	value = c->code == OP_COUNT ? json_integer((json_int_t)value_number(VALUE_INT, c->value)) :
				      value_out_json(c->field, c->value);
	return json_object_set_new(object, "value", value) == 0 ? RC_OK : RC_NOMEM;
}

static enum rc list_changes(struct show *s, const struct show_step *step, json_t *list)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < step->changes_count && rc == RC_OK; i++) {
		const struct show_change *c = &step->changes[i];
		json_t *object = json_object();
		int failed = json_object_set_new(object, "field",
						 c->field == NULL ? json_integer(c->number) :
								    json_string(c->field->name));

		failed |= json_object_set_new(object, "op", json_string(op_text(c->code)));
		rc = put_value(s, c, object);
		failed |= json_array_append_new(list, object);
		rc = rc == RC_OK && failed != 0 ? RC_NOMEM : rc;
	}
	return rc;
}

static json_t *list_places(const struct show_places *p)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < p->count; i++) {
		if (json_array_append_new(list, json_integer((json_int_t)p->items[i] + 1)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static enum rc put_step(struct show *s, const struct show_step *step, uint32_t place, json_t *list)
{
	json_t *object = json_object(), *changes = json_array();
	int failed = json_object_set_new(object, "n", json_integer((json_int_t)place + 1));
	enum rc rc = origin_put_json(object, &step->origin);

	failed |= json_object_set_new(object, "reason", out_string(step->origin.reason));
	failed |= json_object_set_new(object, "life", json_string(life_text(step->life)));
	failed |= json_object_set_new(object, "changes", changes);
	failed |= json_object_set_new(object, "superseded", list_places(&step->superseded));
	failed |= json_object_set_new(object, "beside", list_places(&step->beside));
	if (rc == RC_OK && failed == 0) {
		rc = list_changes(s, step, changes);
	}
	failed |= json_array_append_new(list, object);
	return rc == RC_OK && failed != 0 ? RC_NOMEM : rc;
}

enum rc show_put_history(struct show *s, json_t *document)
{
	struct show_step *steps = NULL;
	json_t *list = json_array();
	uint32_t i, count = 0;
	bool is_cut = false;
	enum rc rc = show_history(s, &steps, &count);

	for (i = 0; i < count && rc == RC_OK; i++) {
		rc = put_step(s, &steps[i], i, list);
	}
	rc = rc == RC_OK ? show_history_is_cut(s, &is_cut) : rc;
	return json_object_set_new(document, "history", list) == 0 &&
			       json_object_set_new(document, "history_is_cut",
						   json_boolean(is_cut)) == 0 ?
		       rc :
		       RC_NOMEM;
}
