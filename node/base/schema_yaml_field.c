#include "node/base/schema_yaml_field.h"

#include <string.h>

static const char *const REACHES[] = { "office", "centre", "region", "nation", NULL };
static const char *const MERGES[] = { "register", "set", "counter", "log", NULL };
static const char *const CHECKS[] = { "none", "mrz", NULL };
static const char *const POLICIES[] = { "ask", "latest", "fixed", "centre", "min", "max", NULL };

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

enum reach schema_yaml_field_reach(struct yamltree *t, const struct yamltree_node *map)
{
	return (enum reach)yamltree_choice(t, map, "reach", REACHES, REACH_OFFICE);
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
	out->reach = schema_yaml_field_reach(t, from);
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

void schema_yaml_field_read(struct yamltree *t, const struct yamltree_node *n,
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
