/* The getters of yamltree.h. */
#include "node/base/yamltree.h"

#include <stdio.h>
#include <string.h>

#include "node/base/text.h"

void *yamltree_take(struct yamltree *t, size_t count, size_t size)
{
	void *p = t->rc == RC_OK ? arena_take_zeroed(t->arena, count, size) : NULL;

	if (p == NULL && t->rc == RC_OK) {
		t->rc = RC_NOMEM;
	}
	return p;
}

static const char *name_type(enum yamltree_type type)
{
	switch (type) {
	case YAMLTREE_TEXT:
		return "a single value";
	case YAMLTREE_LIST:
		return "a list";
	case YAMLTREE_MAP:
		return "a map (key: value)";
	}
	return "?";
}

/* Joins names by commas for an error; cuts what does not fit. */
static void join_names(char *out, size_t max, const char *const *names)
{
	size_t len = 0;

	out[0] = '\0';
	for (; *names != NULL && len < max; names++) {
		int n = snprintf(out + len, max - len, "%s%s", len > 0 ? ", " : "", *names);

		len += n > 0 ? (size_t)n : 0;
	}
}

static size_t count_names(const char *const *names)
{
	size_t count = 0;

	while (names[count] != NULL) {
		count++;
	}
	return count;
}

static void fail_unknown(struct yamltree *t, const struct yamltree_node *n, const char *const *keys)
{
	struct yamltree_node at = { .line = n->key_line, .column = n->key_column };
	const char *nearest = text_nearest(n->key, keys, count_names(keys));
	char known[200];

	if (nearest != NULL) {
		yamltree_fail(t, &at, "unknown key \"%.64s\"; did you mean %s?", n->key, nearest);
		return;
	}
	join_names(known, sizeof(known), keys);
	yamltree_fail(t, &at, "unknown key \"%.64s\"; known here: %s", n->key, known);
}

void yamltree_only(struct yamltree *t, const struct yamltree_node *map, const char *const *keys)
{
	const struct yamltree_node *n;

	for (n = map->first; n != NULL; n = n->next) {
		const char *const *key = keys;

		while (*key != NULL && strcmp(*key, n->key) != 0) {
			key++;
		}
		if (*key == NULL) {
			fail_unknown(t, n, keys);
			return;
		}
	}
}

const struct yamltree_node *yamltree_find(const struct yamltree_node *map, const char *key)
{
	const struct yamltree_node *n;

	for (n = map->first; n != NULL; n = n->next) {
		if (strcmp(n->key, key) == 0) {
			return n;
		}
	}
	return NULL;
}

const struct yamltree_node *yamltree_get(struct yamltree *t, const struct yamltree_node *map,
					 const char *key, enum yamltree_type type)
{
	const struct yamltree_node *n = yamltree_find(map, key);

	if (n == NULL || n->type == type) {
		return n;
	}
	yamltree_fail(t, n, "%s must be %s", key, name_type(type));
	return NULL;
}

static void fail_missing(struct yamltree *t, const struct yamltree_node *map, const char *key)
{
	yamltree_fail(t, map, "the key %s is missing here", key);
}

const struct yamltree_node *yamltree_need(struct yamltree *t, const struct yamltree_node *map,
					  const char *key, enum yamltree_type type)
{
	const struct yamltree_node *n = yamltree_get(t, map, key, type);

	if (n == NULL) {
		fail_missing(t, map, key);
	}
	return n;
}

const char *yamltree_text(struct yamltree *t, const struct yamltree_node *map, const char *key)
{
	const struct yamltree_node *n = yamltree_get(t, map, key, YAMLTREE_TEXT);

	if (n == NULL) {
		return NULL;
	}
	if (n->text[0] == '\0') {
		yamltree_fail(t, n, "%s has no value", key);
		return NULL;
	}
	return n->text;
}

const char *yamltree_need_text(struct yamltree *t, const struct yamltree_node *map, const char *key)
{
	const char *text = yamltree_text(t, map, key);

	if (text == NULL) {
		fail_missing(t, map, key);
		return "";
	}
	return text;
}

bool yamltree_bool(struct yamltree *t, const struct yamltree_node *map, const char *key)
{
	const struct yamltree_node *n = yamltree_get(t, map, key, YAMLTREE_TEXT);

	if (n == NULL || strcmp(n->text, "false") == 0) {
		return false;
	}
	if (strcmp(n->text, "true") != 0) {
		yamltree_fail(t, n, "%s must be true or false, not \"%.40s\"", key, n->text);
		return false;
	}
	return true;
}

uint32_t yamltree_uint(struct yamltree *t, const struct yamltree_node *map, const char *key,
		       struct yamltree_range range, uint32_t fallback)
{
	const struct yamltree_node *n = yamltree_get(t, map, key, YAMLTREE_TEXT);
	uint64_t v = 0;
	size_t i;

	if (n == NULL) {
		return fallback;
	}
	for (i = 0; n->text[i] >= '0' && n->text[i] <= '9' && v <= range.max; i++) {
		v = v * 10 + (uint64_t)(n->text[i] - '0');
	}
	if (i == 0 || n->text[i] != '\0' || v < range.min || v > range.max ||
	    (n->text[0] == '0' && i > 1)) {
		yamltree_fail(
			t, n,
			"%s must be a decimal number from %lu to %lu without leading zeros, not "
			"\"%.40s\"",
			key, (unsigned long)range.min, (unsigned long)range.max, n->text);
		return fallback;
	}
	return (uint32_t)v;
}

unsigned yamltree_choice(struct yamltree *t, const struct yamltree_node *map, const char *key,
			 const char *const *names, unsigned fallback)
{
	const char *text = yamltree_text(t, map, key);
	char known[200];
	unsigned i;

	if (text == NULL) {
		return fallback;
	}
	for (i = 0; names[i] != NULL; i++) {
		if (strcmp(text, names[i]) == 0) {
			return i;
		}
	}
	join_names(known, sizeof(known), names);
	yamltree_fail(t, yamltree_find(map, key), "%s is one of %s, not \"%.40s\"", key, known,
		      text);
	return fallback;
}
