/*
 * The record that a row means, by its key: through the index of a unique, or
 * the table of import_lookup.h.
 */
#ifndef KERWEN_IMPORT_FIND_H
#define KERWEN_IMPORT_FIND_H

#include "node/cmd/import_row.h"

/*
 * Finds the first record with the key that is not deleted, else the first that
 * is, so that no row brings it back under another id. By fields that are no
 * unique, two that are not deleted are one too many.
 * RC_NOTFOUND: none has it; RC_INVALID with why: it is open which is meant;
 * else what the store answered.
 */
enum rc import_find(const struct import_context *x, const struct key *k, struct uuid *out,
		    struct import_reject *why);

#endif
