/*
 * A YAML file as a bounded tree with positions: how schema and config files
 * are read.
 *
 * Stricter than YAML, because people are to get what they wrote: no anchors,
 * aliases, tags or second document, no doubled keys, keys are plain texts, no
 * control characters; at most 1 MiB, 16 levels, 64 keys a map, 131072 values.
 * Scalars stay the text that stands there (no octal, no `no` for false) in
 * NFC; what they mean is decided by the getter that is used.
 *
 * The error is sticky: after the first failure getters give their fallback,
 * and one check of rc at the end is enough. libyaml is used directly: libcyaml
 * reports wrong positions and knows neither lists of lists, free keys, nor
 * "one map or a list".
 */
#ifndef KERWEN_YAMLTREE_H
#define KERWEN_YAMLTREE_H

#include "sync/arena.h"

enum { YAMLTREE_FILE_MAX = 1048576, YAMLTREE_ARENA_MIN = 4194304 };

enum yamltree_type { YAMLTREE_TEXT, YAMLTREE_LIST, YAMLTREE_MAP };

struct yamltree_node {
	enum yamltree_type type;
	uint32_t line, column;             /* from 1 */
	const char *text;                  /* TEXT */
	bool is_plain;                     /* TEXT without quotes */
	const struct yamltree_node *first; /* LIST, MAP: its children in order */
	uint32_t count;
	const struct yamltree_node *next; /* the next child of the parent */
	const char *key;                  /* in a MAP, else NULL */
	uint32_t key_line, key_column;
};

struct yamltree {
	const struct yamltree_node *root; /* a MAP */
	struct arena *arena;              /* borrowed; holds everything */
	enum rc rc;
	char error[320]; /* "line 3, column 7: ..." or without a position */
};

/*
 * Reads a file. t->rc and the result: RC_NOTFOUND, RC_DENIED, RC_IO, RC_LIMIT
 * (too large), RC_INVALID (with a position), RC_NOMEM.
 */
enum rc yamltree_load(struct yamltree *t, const char *path, struct arena *a);

/* The same from memory. */
enum rc yamltree_parse(struct yamltree *t, struct bytes text, struct arena *a);

/* Records a failure at a node, unless there is one already. */
void yamltree_fail(struct yamltree *t, const struct yamltree_node *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Zeroed memory of the arena; NULL after a failure or when it is exhausted. */
void *yamltree_take(struct yamltree *t, size_t count, size_t size);

/* Fails at the first key that is not in the list (which ends with NULL). */
void yamltree_only(struct yamltree *t, const struct yamltree_node *map, const char *const *keys);

/* The value of a key; NULL when there is none. */
const struct yamltree_node *yamltree_find(const struct yamltree_node *map, const char *key);

/* As above; fails when it is there but of another type. */
const struct yamltree_node *yamltree_get(struct yamltree *t, const struct yamltree_node *map,
					 const char *key, enum yamltree_type type);

/* As above; fails when it is missing. */
const struct yamltree_node *yamltree_need(struct yamltree *t, const struct yamltree_node *map,
					  const char *key, enum yamltree_type type);

/* The text of a key; NULL when there is none, fails when it is empty. */
const char *yamltree_text(struct yamltree *t, const struct yamltree_node *map, const char *key);

/* As above; fails when it is missing and gives "". */
const char *yamltree_need_text(struct yamltree *t, const struct yamltree_node *map,
			       const char *key);

/* true or false; false when there is none. */
bool yamltree_bool(struct yamltree *t, const struct yamltree_node *map, const char *key);

/* A decimal number of the range, without leading zeros. */
struct yamltree_range {
	uint32_t min, max;
};
uint32_t yamltree_uint(struct yamltree *t, const struct yamltree_node *map, const char *key,
		       struct yamltree_range range, uint32_t fallback);

/* The place of the value among the names (a list that ends with NULL). */
unsigned yamltree_choice(struct yamltree *t, const struct yamltree_node *map, const char *key,
			 const char *const *names, unsigned fallback);

#endif
