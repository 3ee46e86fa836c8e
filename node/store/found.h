/*
 * Founding a system: the centre's first commit, and its data directory.
 */
#ifndef KERWEN_FOUND_H
#define KERWEN_FOUND_H

#include "node/base/path.h"
#include "node/store/store.h"

/* What a new system is. Everything is borrowed. */
struct found {
	const char *name;            /* of the system and its centre; one line, NFC */
	const char *listen;          /* HOST:PORT or NULL */
	const struct schema *schema; /* checked, not numbered */
	struct bytes author;
	const uint8_t *recovery; /* the public recovery key, or NULL: see appoint.h */
};

/* The info of a new centre: system id and incarnation are drawn. Keys are the
 * caller's to fill in. RC_LIMIT: the name is too long. */
enum rc found_info(const struct found *f, const struct store_world *world, struct store_info *out);

/*
 * Writes the first commit into a centre's empty store: the record of the
 * system and the schema in parts. why: as path.h, without a hint.
 * RC_INVALID: the schema cannot be adopted; else as commit.h.
 */
enum rc found_system(struct store *s, const struct found *f, struct path_problem *why);

/* Makes the data directory of a new centre: all of it, or nothing is left.
 * Codes as datadir_begin and found_system. */
enum rc found_centre(const char *dir, uint64_t max_bytes, const struct found *f,
		     const struct store_world *world, struct path_problem *why);

/* Whether others can dial what a node listens on: not a wildcard, not port 0. */
bool found_is_dialable(const char *address);

#endif
