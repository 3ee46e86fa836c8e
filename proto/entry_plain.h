/*
 * The form in which nearly all changes come, read in one pass: no form's
 * vector, fields in the order of their numbers, each once. It is a shortcut
 * beside the screening and unpacking of entry_decode.c, never another opinion:
 * what it takes, that takes too, with the same result.
 */
#ifndef KERWEN_ENTRY_PLAIN_H
#define KERWEN_ENTRY_PLAIN_H

#include "sync/arena.h"
#include "sync/entry.h"

/*
 * Reads a change of an entry with header h. Borrows from b and from a.
 * RC_NOTFOUND: it is not plain, or something is wrong with it; the long way
 * tells which. RC_NOMEM: the arena is exhausted.
 */
enum rc entry_plain_change(struct bytes b, const struct header *h, struct arena *a,
			   struct change *out);

#endif
