/*
 * From what a record is called to its id, out of a CSV file that kerwen has
 * exported. Ids are given by the node that adds a record, so whoever writes
 * files that link to records asks for them first.
 */
#ifndef KERWEN_LOOKUP_H
#define KERWEN_LOOKUP_H

#include <stddef.h>

struct lookup;

/*
 * Reads a CSV file whose header has the columns id and those of `columns`
 * (1 or 2 names; the second may be NULL): together they name a record. Gives;
 * NULL: cannot be read, said on stderr.
 */
struct lookup *lookup_open(const char *path, const char *const columns[2]);
void lookup_close(struct lookup *l);

/* The id; NULL: there is none, said on stderr. Borrowed from the lookup. */
const char *lookup_id(const struct lookup *l, const char *first, const char *second);

#endif
