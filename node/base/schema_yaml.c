/*
 * Schema files: the root, code lists and kinds. Fields are read by
 * schema_yaml_field.c, figures by schema_yaml_figure.c. Code lists are read
 * first wherever they stand, because fields refer to them.
 */
#include "node/base/schema_yaml.h"

#include <stdio.h>
#include <string.h>

#include "node/base/schema_yaml_field.h"
#include "node/base/schema_yaml_figure.h"
#include "node/base/yamltree.h"
#include "sync/date.h"

static const char *const WRITERS[] = { "any", "centre", NULL };

/* --- code lists --- */

static int32_t read_date(struct yamltree *t, const struct yamltree_node *map, const char *key)
{
	const char *text = yamltree_text(t, map, key);
	int32_t date = 0;

	if (text != NULL && date_parse(bytes_of(text), false, &date) != RC_OK) {
		yamltree_fail(t, yamltree_find(map, key), "%s must be a date like 2016-12-31", key);
	}
	return date;
}

/* A code is a map, or just the code. */
static void read_code(struct yamltree *t, const struct yamltree_node *n, struct schema_code *out)
{
	static const char *const KEYS[] = {
		"code", "en", "tk", "ru", "valid_to", "successor", NULL
	};
	const struct yamltree_node *label = NULL;

	out->label = "";
	if (n->type == YAMLTREE_TEXT) {
		out->code = n->text;
		return;
	}
	if (n->type != YAMLTREE_MAP) {
		yamltree_fail(t, n, "expected a code, as {code: XXX, en: label}");
		return;
	}
	yamltree_only(t, n, KEYS);
	out->code = yamltree_need_text(t, n, "code");
	label = yamltree_get(t, n, "en", YAMLTREE_TEXT);
	if (label != NULL) {
		out->label = label->text;
	}
	out->label_tk = yamltree_text(t, n, "tk");
	out->label_ru = yamltree_text(t, n, "ru");
	out->valid_to = read_date(t, n, "valid_to");
	out->successor = yamltree_text(t, n, "successor");
}

static void read_list(struct yamltree *t, const struct yamltree_node *n, struct schema_codes *out)
{
	static const char *const KEYS[] = { "name", "values", NULL };
	const struct yamltree_node *values = NULL;
	struct schema_code *codes = NULL;

	if (n->type != YAMLTREE_MAP) {
		yamltree_fail(t, n, "expected a code list, as {name: NAME, values: [...]}");
		return;
	}
	yamltree_only(t, n, KEYS);
	out->name = yamltree_need_text(t, n, "name");
	values = yamltree_need(t, n, "values", YAMLTREE_LIST);
	if (values == NULL) {
		return;
	}
	codes = yamltree_take(t, values->count, sizeof(*codes));
	out->codes = codes;
	for (n = values->first; n != NULL && t->rc == RC_OK; n = n->next) {
		read_code(t, n, &codes[out->codes_count++]);
	}
}

static void read_lists(struct yamltree *t, struct schema *out)
{
	const struct yamltree_node *list = yamltree_get(t, t->root, "codes", YAMLTREE_LIST);
	const struct yamltree_node *n = NULL;
	struct schema_codes *codes = NULL;

	if (list == NULL) {
		return;
	}
	codes = yamltree_take(t, list->count, sizeof(*codes));
	out->codes = codes;
	for (n = list->first; n != NULL && t->rc == RC_OK; n = n->next) {
		read_list(t, n, &codes[out->codes_count++]);
	}
}

/* --- kinds --- */

/* A list of field names as places in the kind's fields. */
static void read_key(struct yamltree *t, const struct yamltree_node *list,
		     const struct schema_kind *kind, struct schema_key *out)
{
	uint16_t *places = yamltree_take(t, list->count, sizeof(*places));
	const struct yamltree_node *n = NULL;

	out->fields = places;
	for (n = list->first; n != NULL && t->rc == RC_OK; n = n->next) {
		const struct schema_field *f = NULL;

		if (n->type == YAMLTREE_TEXT) {
			f = schema_field_by_name(kind, bytes_of(n->text));
		}
		if (f == NULL) {
			yamltree_fail(t, n, "kind %s has no field %.64s", kind->name,
				      n->type == YAMLTREE_TEXT ? n->text : "of this form");
			return;
		}
		places[out->fields_count++] = (uint16_t)(f - kind->fields);
	}
}

static void read_uniques(struct yamltree *t, const struct yamltree_node *map,
			 struct schema_kind *kind)
{
	const struct yamltree_node *list = yamltree_get(t, map, "unique", YAMLTREE_LIST);
	const struct yamltree_node *n = NULL;
	struct schema_key *keys = NULL;

	if (list == NULL) {
		return;
	}
	keys = yamltree_take(t, list->count, sizeof(*keys));
	kind->uniques = keys;
	for (n = list->first; n != NULL && t->rc == RC_OK; n = n->next) {
		if (n->type != YAMLTREE_LIST) {
			yamltree_fail(t, n, "unique is a list of lists: [[issuer, number]]");
			return;
		}
		read_key(t, n, kind, &keys[kind->uniques_count++]);
	}
}

/* The place of the field that a key of `doubles` names. */
static uint16_t read_place(struct yamltree *t, const struct yamltree_node *map, const char *key,
			   const struct schema_kind *kind)
{
	const char *name = yamltree_need_text(t, map, key);
	const struct schema_field *f = schema_field_by_name(kind, bytes_of(name));

	if (f == NULL) {
		yamltree_fail(t, yamltree_find(map, key), "kind %s has no field %.64s", kind->name,
			      name);
		return 0;
	}
	return (uint16_t)(f - kind->fields);
}

static void read_doubles(struct yamltree *t, const struct yamltree_node *map,
			 struct schema_kind *kind)
{
	static const char *const KEYS[] = { "key", "same", "different", NULL };
	const struct yamltree_node *n = yamltree_get(t, map, "doubles", YAMLTREE_MAP);

	if (n != NULL) {
		yamltree_only(t, n, KEYS);
		kind->doubles.is_set = true;
		kind->doubles.key = read_place(t, n, "key", kind);
		kind->doubles.same = read_place(t, n, "same", kind);
		kind->doubles.different = read_place(t, n, "different", kind);
	}
}

static void read_fields(struct yamltree *t, const struct yamltree_node *map, const struct schema *s,
			struct schema_kind *kind)
{
	const struct yamltree_node *list = yamltree_need(t, map, "fields", YAMLTREE_LIST);
	const struct yamltree_node *n = NULL;
	struct schema_field *fields = NULL;

	if (list == NULL) {
		return;
	}
	if (list->count > LIMIT_FIELDS_PER_KIND_MAX) {
		yamltree_fail(t, list, "kind %s has more than 256 fields", kind->name);
		return;
	}
	fields = yamltree_take(t, list->count, sizeof(*fields));
	kind->fields = fields;
	for (n = list->first; n != NULL && t->rc == RC_OK; n = n->next) {
		struct schema_field *f = &fields[kind->fields_count++];

		schema_yaml_field_read(t, n, map, s, f);
		if (f->reach > kind->reach) {
			kind->reach = f->reach;
		}
	}
}

static void read_kind(struct yamltree *t, const struct yamltree_node *n, const struct schema *s,
		      struct schema_kind *out)
{
	static const char *const KEYS[] = { "name",   "reach",  "title",   "unique", "writers",
					    "fields", "closed", "doubles", NULL };
	const struct yamltree_node *title = NULL;

	if (n->type != YAMLTREE_MAP) {
		yamltree_fail(t, n, "expected a kind: a map with name and fields");
		return;
	}
	yamltree_only(t, n, KEYS);
	out->name = yamltree_need_text(t, n, "name");
	(void)schema_yaml_field_reach(t, n);
	out->writers = (enum writers)yamltree_choice(t, n, "writers", WRITERS, WRITERS_ANY);
	out->closed = yamltree_bool(t, n, "closed");
	read_fields(t, n, s, out);
	title = yamltree_get(t, n, "title", YAMLTREE_LIST);
	if (title != NULL) {
		read_key(t, title, out, &out->title);
	}
	read_uniques(t, n, out);
	read_doubles(t, n, out);
}

static void read_kinds(struct yamltree *t, struct schema *out)
{
	const struct yamltree_node *list = yamltree_need(t, t->root, "kinds", YAMLTREE_LIST);
	const struct yamltree_node *n = NULL;
	struct schema_kind *kinds = NULL;

	if (list == NULL) {
		return;
	}
	kinds = yamltree_take(t, list->count, sizeof(*kinds));
	out->kinds = kinds;
	for (n = list->first; n != NULL && t->rc == RC_OK; n = n->next) {
		read_kind(t, n, out, &kinds[out->kinds_count++]);
	}
}

/* --- the file --- */

static void read_root(struct yamltree *t, struct schema *out)
{
	static const char *const KEYS[] = {
		"schema", "version", "codes", "kinds", "figures", NULL
	};

	if (t->rc != RC_OK) {
		return;
	}
	yamltree_only(t, t->root, KEYS);
	out->name = yamltree_need_text(t, t->root, "schema");
	(void)yamltree_need_text(t, t->root, "version");
	out->version =
		yamltree_uint(t, t->root, "version", (struct yamltree_range){ 1, INT32_MAX }, 0);
	read_lists(t, out);
	read_kinds(t, out);
	schema_yaml_figure_read(t, out);
}

static enum rc end(struct yamltree *t, const struct schema *s, struct schema_error *e)
{
	if (t->rc == RC_OK) {
		return schema_check(s, t->arena, e);
	}
	(void)snprintf(e->text, sizeof(e->text), "%s",
		       t->error[0] != '\0' ? t->error : rc_text(t->rc));
	return t->rc;
}

enum rc schema_yaml_load(const char *path, struct arena *a, struct schema *out,
			 struct schema_error *e)
{
	struct yamltree t;

	*out = (struct schema){ .name = NULL };
	(void)yamltree_load(&t, path, a);
	read_root(&t, out);
	return end(&t, out, e);
}

enum rc schema_yaml_parse(struct bytes text, struct arena *a, struct schema *out,
			  struct schema_error *e)
{
	struct yamltree t;

	*out = (struct schema){ .name = NULL };
	(void)yamltree_parse(&t, text, a);
	read_root(&t, out);
	return end(&t, out, e);
}
