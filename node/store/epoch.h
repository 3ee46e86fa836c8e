/*
 * What the nation said at an epoch: by the rights of that moment an entry is
 * judged, on every node alike, whenever it comes (design: "Context").
 *
 * Most entries are judged by the present catalog, because nothing of it has
 * changed since. For the others one earlier catalog is kept, made anew from
 * the entries, for all epochs between two changes.
 */
#ifndef KERWEN_EPOCH_H
#define KERWEN_EPOCH_H

#include "node/store/store.h"

/*
 * The catalog of an epoch. Of one that is not here yet, or is of another life
 * of the centre, the present one. Inside a transaction; borrowed until the
 * next call. RC_NOMEM, RC_CORRUPT, or what the store answered.
 */
enum rc epoch_catalog(struct store *s, const struct epoch *e, const struct catalog **out);

#endif
