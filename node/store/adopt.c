#include "node/store/adopt.h"

#include <stdio.h>
#include <string.h>

#include "node/store/builtin.h"
#include "node/store/line.h"
#include "node/store/records.h"

enum { STORED_MAX = 65536 };

/* A part as it stands in the store. */
struct stored {
	struct bytes type, name, body;
	struct uuid id;
};

struct stored_list {
	struct stored *items;
	uint32_t count;
};

static enum rc shown(const struct record *r, const char *field, const struct view_source *src,
		     struct arena *a, struct bytes *out)
{
	const struct schema_field *f = schema_field_by_name(r->kind, bytes_of(field));
	struct values v = { NULL, 0 };
	enum rc rc = view_values(r, f, src, a, &v);

	*out = v.count > 0 ? v.items[0] : bytes_at(NULL, 0);
	return rc;
}

static enum rc read_stored(const struct record *r, const struct view_source *src, struct arena *a,
			   struct stored *out)
{
	enum rc rc = shown(r, "type", src, a, &out->type);

	if (rc == RC_OK) {
		rc = shown(r, "name", src, a, &out->name);
	}
	if (rc == RC_OK) {
		rc = shown(r, "body", src, a, &out->body);
	}
	out->id = r->id;
	return rc;
}

static enum rc list_stored(struct commit *c, struct arena *a, struct stored_list *out)
{
	struct store *s = c->work->store;
	struct records_stamps stamps = { c->work->txn, s->info.centre_incarnation, a };
	struct view_source source = records_source(&stamps);
	struct records_walk w;
	struct record r;
	enum rc rc = records_walk_start(&w, c->work->txn, s->catalog, BUILTIN_SCHEMA_PART, NULL);

	out->count = 0;
	while (rc == RC_OK && out->count < STORED_MAX) {
		rc = records_walk_next(&w, a, &r);
		if (rc == RC_OK) {
			rc = read_stored(&r, &source, a, &out->items[out->count++]);
		}
	}
	records_walk_end(&w);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static const struct stored *find_stored(const struct stored_list *list,
					const struct schema_codec_part *part)
{
	uint32_t i;

	for (i = 0; i < list->count; i++) {
		const struct stored *s = &list->items[i];

		if (bytes_equal(s->type, part->type) && bytes_equal(s->name, part->name)) {
			return s;
		}
	}
	return NULL;
}

static void compare_part(const struct stored_list *list, struct adopt_part *p)
{
	const struct stored *s = find_stored(list, &p->part);

	p->change = ADOPT_NEW;
	if (s != NULL) {
		p->id = s->id;
		p->change = bytes_equal(s->body, p->part.body) ? ADOPT_SAME : ADOPT_CHANGED;
	}
}

static enum rc compare_parts(const struct stored_list *list, const struct schema_codec_part *parts,
			     struct arena *a, struct adopt_plan *out)
{
	struct adopt_part *items = arena_take_zeroed(a, out->parts_count, sizeof(*items));
	uint32_t i;

	if (items == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < out->parts_count; i++) {
		items[i].part = parts[i];
		compare_part(list, &items[i]);
		out->changes_count += items[i].change != ADOPT_SAME;
	}
	out->parts = items;
	return RC_OK;
}

enum rc adopt_plan(struct commit *c, const struct schema *next, struct arena *a,
		   struct adopt_plan *out, struct schema_error *e)
{
	struct schema now;
	const struct schema *own = &c->work->store->catalog->own;
	struct stored_list list = { arena_take(a, STORED_MAX * sizeof(*list.items)), 0 };
	const struct schema_codec_part *parts = NULL;
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	(void)snprintf(e->text, sizeof(e->text), "the schema is too large");
	if (list.items == NULL) {
		return RC_NOMEM;
	}
	now = *own;
	rc = line_skips(c->work->txn, LINE_NUMBERS, &now.floor);
	if (rc == RC_OK) {
		rc = schema_adopt(own->name == NULL ? NULL : &now, next, a, &out->schema, e);
	}
	if (rc == RC_OK) {
		rc = schema_codec_encode(&out->schema, a, &parts, &out->parts_count);
	}
	if (rc == RC_OK) {
		rc = list_stored(c, a, &list);
	}
	return rc == RC_OK ? compare_parts(&list, parts, a, out) : rc;
}

enum rc adopt_write(struct commit *c, const struct adopt_plan *plan, struct draft_result *why)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < plan->parts_count && rc == RC_OK; i++) {
		const struct adopt_part *p = &plan->parts[i];
		bool is_new = p->change == ADOPT_NEW;
		struct builtin b;

		if (p->change == ADOPT_SAME) {
			continue;
		}
		b = builtin_begin(c, BUILTIN_SCHEMA_PART, is_new ? NULL : &p->id);
		if (is_new) {
			builtin_put(&b, "type", p->part.type);
			builtin_put(&b, "name", p->part.name);
		}
		builtin_put(&b, "body", p->part.body);
		rc = builtin_write(&b, why);
	}
	return rc;
}
