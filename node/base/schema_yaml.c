/*
 * Schema files: the root, code lists and kinds. Figures are read by
 * schema_yaml_figure.c. Code lists are read first wherever they stand, because
 * fields refer to them.
 */
#include "node/base/schema_yaml.h"

#include <stdio.h>
#include <string.h>

#include "node/base/schema_yaml_figure.h"
#include "node/base/yamltree.h"
#include "sync/date.h"

static const char *const REACHES[] = { "office", "centre", "region", "nation", NULL };
static const char *const MERGES[] = { "register", "set", "counter", "log", NULL };
static const char *const WRITERS[] = { "any", "centre", NULL };
static const char *const CHECKS[] = { "none", "mrz", NULL };
static const char *const POLICIES[] = { "ask", "latest", "fixed", "centre", "min", "max", NULL };

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
	(void)yamltree_get(t, n, "tk", YAMLTREE_TEXT);
	(void)yamltree_get(t, n, "ru", YAMLTREE_TEXT);
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

/* --- fields --- */

/* The inside of NAME(...), copied without blanks at its ends; NULL when the
 * text is not of this form. */
static char *copy_inside(struct yamltree *t, const char *text, const char *name)
{
	size_t start = strlen(name);
	size_t end = strlen(text);
	char *copy = NULL;

	if (end < start + 2 || strncmp(text, name, start) != 0 || text[start] != '(' ||
	    text[end - 1] != ')') {
		return NULL;
	}
	start++;
	end--;
	while (start < end && text[start] == ' ') {
		start++;
	}
	while (end > start && text[end - 1] == ' ') {
		end--;
	}
	copy = yamltree_take(t, end - start + 1, 1);
	if (copy != NULL) {
		memcpy(copy, text + start, end - start);
	}
	return copy;
}

/* Cuts "A < B | C" in place into codes and their ranks. */
static void split_flow(char *text, struct schema_rank *ranks, uint32_t *count)
{
	uint32_t rank = 0;

	for (;;) {
		size_t len = 0;
		size_t end;
		char separator;

		text += strspn(text, " ");
		len = strcspn(text, "<|");
		separator = text[len];
		end = len;
		while (end > 0 && text[end - 1] == ' ') {
			end--;
		}
		text[end] = '\0';
		ranks[*count].value = text;
		ranks[(*count)++].rank = rank;
		if (separator == '\0') {
			return;
		}
		rank += separator == '<';
		text += len + 1;
	}
}

static void read_flow(struct yamltree *t, const struct yamltree_node *n, struct schema_field *out)
{
	char *steps = copy_inside(t, n->text, "flow");
	struct schema_rank *ranks = NULL;
	uint32_t count = 1;
	size_t i;

	if (steps == NULL) {
		yamltree_fail(t, n,
			      "policy is one of ask, latest, fixed, centre, min, max, "
			      "flow(A<B|C), not \"%.40s\"",
			      n->text);
		return;
	}
	for (i = 0; steps[i] != '\0'; i++) {
		count += steps[i] == '<' || steps[i] == '|';
	}
	if (count > LIMIT_CODES_PER_LIST_MAX) {
		yamltree_fail(t, n, "a flow with too many steps");
		return;
	}
	ranks = yamltree_take(t, count, sizeof(*ranks));
	if (ranks != NULL) {
		out->policy = POLICY_FLOW;
		out->ranks = ranks;
		split_flow(steps, ranks, &out->ranks_count);
	}
}

/* What is computed is nobody's to decide about: only what it follows from is
 * asked about. */
static void read_policy(struct yamltree *t, const struct yamltree_node *map,
			struct schema_field *out)
{
	const struct yamltree_node *n = yamltree_get(t, map, "policy", YAMLTREE_TEXT);
	unsigned i;

	if (n == NULL) {
		out->policy = yamltree_find(map, "derived") == NULL ? POLICY_ASK : POLICY_LATEST;
		return;
	}
	if (out->merge != MERGE_REGISTER) {
		yamltree_fail(t, n, "a %s has no policy; leave it out",
			      schema_merge_text(out->merge));
		return;
	}
	for (i = 0; POLICIES[i] != NULL; i++) {
		if (strcmp(n->text, POLICIES[i]) == 0) {
			out->policy = (enum policy)i;
			return;
		}
	}
	read_flow(t, n, out);
}

static void read_type(struct yamltree *t, const struct yamltree_node *map, struct schema_field *out)
{
	const char *text = yamltree_need_text(t, map, "type");
	enum rc rc = value_type_parse(bytes_of(text), &out->type);

	if (rc != RC_OK || out->type == VALUE_BYTES) {
		yamltree_fail(t, yamltree_find(map, "type"),
			      "field %s has the unknown type \"%.40s\"; types are text, int, "
			      "decimal, bool, date, pdate, time, code and link",
			      out->name, text);
	}
}

static void read_reach(struct yamltree *t, const struct yamltree_node *map,
		       const struct yamltree_node *kind, struct schema_field *out)
{
	const struct yamltree_node *from = map;

	if (yamltree_find(map, "reach") == NULL) {
		from = kind;
	}
	if (yamltree_find(from, "reach") == NULL) {
		yamltree_fail(t, map,
			      "field %s has no reach, and its kind no default; say reach: office, "
			      "centre, region or nation",
			      out->name);
		return;
	}
	out->reach = (enum reach)yamltree_choice(t, from, "reach", REACHES, REACH_OFFICE);
}

static void read_field_codes(struct yamltree *t, const struct yamltree_node *map,
			     const struct schema *s, struct schema_field *out)
{
	const char *name = yamltree_text(t, map, "codes");

	if (name == NULL) {
		return;
	}
	out->codes = schema_codes_by_name(s, bytes_of(name));
	if (out->codes == NULL) {
		yamltree_fail(t, yamltree_find(map, "codes"),
			      "field %s: there is no code list %.64s", out->name, name);
	}
}

/* Cuts "A, B" in place at its commas. False: more than there is room for. */
static bool split_names(char *text, const char *names[SCHEMA_DERIVE_FROM_MAX])
{
	uint32_t count = 0;

	while (text != NULL && count < SCHEMA_DERIVE_FROM_MAX) {
		char *comma = strchr(text, ',');
		size_t len;

		if (comma != NULL) {
			*comma++ = '\0';
		}
		text += strspn(text, " ");
		len = strcspn(text, " ");
		if (text[len + strspn(text + len, " ")] != '\0') {
			return false;
		}
		text[len] = '\0';
		names[count++] = text;
		text = comma;
	}
	return text == NULL;
}

static void read_derived(struct yamltree *t, const struct yamltree_node *map,
			 struct schema_field *out)
{
	const char *text = yamltree_text(t, map, "derived");
	char *inside = NULL;

	if (text == NULL) {
		return;
	}
	out->derive = DERIVE_YEAR;
	inside = copy_inside(t, text, "year");
	if (inside == NULL) {
		out->derive = DERIVE_SAME;
		inside = copy_inside(t, text, "same");
	}
	if (inside == NULL || !split_names(inside, out->derive_from)) {
		yamltree_fail(t, yamltree_find(map, "derived"),
			      "field %s: derived is year(DATE) or same(NAME, DATE, FIELD), not "
			      "\"%.40s\"",
			      out->name, text);
	}
}

static void read_field(struct yamltree *t, const struct yamltree_node *n,
		       const struct yamltree_node *kind, const struct schema *s,
		       struct schema_field *out)
{
	static const char *const KEYS[] = { "name",   "type",    "to",    "codes",    "scale",
					    "merge",  "policy",  "reach", "required", "index",
					    "closed", "derived", "check", NULL };

	if (n->type != YAMLTREE_MAP) {
		yamltree_fail(t, n, "expected a field, as {name: NAME, type: TYPE}");
		return;
	}
	yamltree_only(t, n, KEYS);
	out->name = yamltree_need_text(t, n, "name");
	read_type(t, n, out);
	out->merge = (enum merge)yamltree_choice(t, n, "merge", MERGES, MERGE_REGISTER);
	read_policy(t, n, out);
	read_reach(t, n, kind, out);
	out->required = yamltree_bool(t, n, "required");
	out->index = yamltree_bool(t, n, "index");
	out->closed = yamltree_bool(t, n, "closed");
	out->scale = (uint8_t)yamltree_uint(t, n, "scale", (struct yamltree_range){ 0, 9 }, 0);
	out->to = yamltree_text(t, n, "to");
	read_field_codes(t, n, s, out);
	read_derived(t, n, out);
	out->check = (enum check)yamltree_choice(t, n, "check", CHECKS, CHECK_NONE);
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

		read_field(t, n, map, s, f);
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
	(void)yamltree_choice(t, n, "reach", REACHES, REACH_OFFICE);
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
