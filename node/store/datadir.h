/*
 * Making a data directory: key, database and kerwen.yaml, or nothing.
 *
 *   datadir_begin -> (the maker's own writes) -> datadir_keep | datadir_undo
 *
 * Until datadir_keep everything that was made is taken away again by
 * datadir_undo, the directory too if it was not there before. What a maker that
 * was killed leaves is recognised and cleared by the next (unfinished.h).
 */
#ifndef KERWEN_DATADIR_H
#define KERWEN_DATADIR_H

#include "node/base/config.h"
#include "node/base/crypto.h"
#include "node/store/store.h"

#define DATADIR_KEY_FILE "key" /* the node's own key, in DIR */

struct datadir {
	char path[PATH_BYTES_MAX];
	bool was_there; /* an empty or unfinished directory was taken */
	int mark;       /* see unfinished.h */
	struct crypto_key key;
	struct store *store;
};

/*
 * Makes DIR (0700; the one above must exist), its key, and the database for
 * *info, whose key is filled in. Gives a datadir; keep or undo it.
 * RC_EXISTS: DIR is not empty; RC_BUSY: another init is making it;
 * RC_INVALID: on a network file system; else as
 * path.h and store_create. On failure nothing is left; why tells the user.
 */
enum rc datadir_begin(struct datadir *d, const char *dir, uint64_t max_bytes,
		      const struct store_world *world, struct store_info *info,
		      struct path_problem *why);

/* Writes kerwen.yaml, which makes the directory a whole one, and closes it.
 * On failure nothing is left. */
enum rc datadir_keep(struct datadir *d, const struct config *config, struct path_problem *why);

/* Takes away what was made. */
void datadir_undo(struct datadir *d);

#endif
