/* What is said of one value, wherever it is shown. */
#include <stdio.h>
#include <string.h>

#include "node/base/text.h"
#include "node/cmd/closed_code.h"
#include "node/cmd/shared.h"
#include "node/cmd/show.h"
#include "node/cmd/sibling.h"
#include "node/cmd/value_out.h"
#include "node/store/bounds.h"
#include "sync/feed.h"

void show_begin(struct show *s, struct out *o, struct store *store, struct kv_txn *t)
{
	memset(s, 0, sizeof(*s));
	s->out = o;
	s->store = store;
	s->txn = t;
	s->arena = &store->arena;
	s->stamps = (struct records_stamps){ t, store->info.centre_incarnation, s->arena };
	s->source = records_source(&s->stamps);
}

struct bytes show_kind_name(struct show *s)
{
	char text[48];

	if (s->record.kind != NULL) {
		return bytes_of(s->record.kind->name);
	}
	(void)snprintf(text, sizeof(text), "kind %u (unknown here)", s->record.kind_number);
	return arena_copy(s->arena, bytes_of(text));
}

bool show_home(struct show *s, struct bytes *out)
{
	uint16_t office = 0, region = 0;

	if (!view_home(&s->record, &office, &region)) {
		return false;
	}
	*out = origin_office(s->store, office, s->arena);
	return true;
}

/* --- links ---------------------------------------------------------------------- */

enum target { TARGET_HERE, TARGET_MISSING, TARGET_DELETED };

/* Looks where a link leads. The arena is given back. */
static enum rc find_target(struct show *s, struct bytes value, enum target *out)
{
	size_t mark = arena_mark(s->arena);
	const struct schema *schema = &s->store->catalog->schema;
	struct record r;
	struct uuid id;
	uint16_t kind = 0;
	enum rc rc = RC_NOTFOUND;

	if (value.len == UUID_LEN) {
		memcpy(id.b, value.p, UUID_LEN);
		rc = records_find_kind(s->txn, schema, id, &kind);
	}
	if (rc == RC_OK) {
		rc = records_get(s->txn, s->store->catalog, kind, id, s->arena, &r);
	}
	if (rc == RC_OK) {
		*out = view_life(&r).deleted ? TARGET_DELETED : TARGET_HERE;
	} else if (rc == RC_NOTFOUND) {
		*out = TARGET_MISSING;
		rc = RC_OK;
	}
	arena_release(s->arena, mark);
	return rc;
}

static enum rc target_of(struct show *s, const struct schema_field *f, const struct item *item,
			 enum target *out)
{
	*out = TARGET_HERE;
	return f->type == VALUE_LINK && f->merge != MERGE_COUNTER && !item->cleared ?
		       find_target(s, item->value, out) :
		       RC_OK;
}

/* --- one value ------------------------------------------------------------------ */

enum rc show_item_text(struct show *s, const struct schema_field *f, const struct item *item,
		       struct bytes *out)
{
	enum { MARK_MAX = 16 };
	enum target target = TARGET_HERE;
	struct bytes_writer w;
	const char *mark = NULL;
	enum rc rc = RC_OK;

	*out = bytes_of("(cleared)");
	if (!item->cleared) {
		rc = value_out_text(f, item->value, s->arena, out);
	}
	if (rc == RC_OK && shared_is_offices(f)) {
		*out = origin_office(s->store, (uint16_t)value_number(VALUE_INT, item->value),
				     s->arena);
	}
	if (rc == RC_OK && !item->cleared) {
		rc = closed_code_mark(f, item->value, closed_code_today(s->store), s->arena, out);
	}
	if (rc == RC_OK) {
		rc = target_of(s, f, item, &target);
	}
	if (rc != RC_OK || target == TARGET_HERE) {
		return rc;
	}
	mark = target == TARGET_DELETED ? " (deleted)" : " (not here)";
	w = bytes_writer_init(arena_take(s->arena, out->len + MARK_MAX), out->len + MARK_MAX);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	bytes_put(&w, out->p, out->len);
	bytes_put(&w, mark, strlen(mark));
	*out = bytes_written(&w);
	return RC_OK;
}

static json_t *value_of(const struct schema_field *f, const struct item *item)
{
	if (f->merge == MERGE_COUNTER) {
		return json_integer((json_int_t)item->sum);
	}
	return item->cleared ? json_null() : value_out_json(f, item->value);
}

enum rc show_item_json(struct show *s, const struct schema_field *f, const struct item *item,
		       json_t *object)
{
	enum target target = TARGET_HERE;
	enum rc rc = target_of(s, f, item, &target);
	int failed = json_object_set_new(object, "value", value_of(f, item));

	failed |= closed_code_put_json(f, item->value, object);
	if (rc == RC_OK && target != TARGET_HERE) {
		failed |= json_object_set_new(object, "dangling", json_true());
		failed |= json_object_set_new(object, "target",
					      json_string(target == TARGET_DELETED ? "deleted" :
										     "missing"));
	}
	return rc == RC_OK && failed != 0 ? RC_NOMEM : rc;
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

enum rc show_sibling_json(struct show *s, const struct schema_field *f, const struct field_view *v,
			  uint32_t i, json_t **out)
{
	json_t *sibling = json_object();
	int failed = 0;
	enum rc rc = sibling == NULL ? RC_NOMEM : show_item_json(s, f, v->items[i], sibling);

	if (rc == RC_OK) {
		rc = put_origin(s, sibling, f, v->items[i]);
	}
	if (f->merge == MERGE_REGISTER) {
		failed |= json_object_set_new(sibling, "n", json_integer(sibling_number(f, v, i)));
		failed |=
			json_object_set_new(sibling, "shown", json_boolean(sibling_is_shown(v, i)));
	}
	rc = rc == RC_OK && failed != 0 ? RC_NOMEM : rc;
	if (rc != RC_OK) {
		json_decref(sibling);
		sibling = NULL;
	}
	*out = sibling;
	return rc;
}

/* --- bytes that nobody here explains ---------------------------------------------- */

static bool is_printable(struct bytes v)
{
	size_t i;

	for (i = 0; i < v.len; i++) {
		if (v.p[i] < 0x20 || v.p[i] == 0x7f) {
			return false;
		}
	}
	return v.len > 0 && text_is_utf8(v);
}

enum rc show_raw_text(struct bytes v, struct arena *a, struct bytes *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i, len = 2 * v.len;
	char *hex = NULL;

	*out = v;
	if (is_printable(v)) {
		return RC_OK;
	}
	hex = arena_take(a, len);
	if (hex == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < v.len; i++) {
		hex[2 * i] = digits[v.p[i] >> 4];
		hex[2 * i + 1] = digits[v.p[i] & 15];
	}
	*out = bytes_at(hex, len);
	return RC_OK;
}

enum rc show_raw_json(struct bytes v, struct arena *a, json_t *object)
{
	struct bytes text;
	enum rc rc = show_raw_text(v, a, &text);

	if (rc != RC_OK) {
		return rc;
	}
	return json_object_set_new(object, is_printable(v) ? "value" : "hex", out_string(text)) ==
			       0 ?
		       RC_OK :
		       RC_NOMEM;
}

enum rc show_oversize(struct show *s, struct bytes *out)
{
	enum { TEXT_MAX = 128 };
	struct bounds_excess e = bounds_of(&s->record, s->arena);
	struct bytes_writer w = bytes_writer_init(arena_take(s->arena, TEXT_MAX), TEXT_MAX);

	*out = bytes_at(NULL, 0);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	if (e.kind != BOUNDS_NONE) {
		bounds_format(&e, &w);
		*out = bytes_written(&w);
	}
	return w.rc;
}
