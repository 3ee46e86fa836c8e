/*
 * Writing again what was set aside: the same changes, with their author, time,
 * reason and what their author had seen, in a fresh incarnation. Each entry
 * names the one that it replaces.
 */
#ifndef KERWEN_REISSUE_H
#define KERWEN_REISSUE_H

#include "node/store/work.h"

/* Issues all that is set aside and not issued yet, commit by commit, in the
 * order in which it was written. changes: how many record changes that were. */
enum rc reissue_all(struct work *w, uint64_t *changes);

#endif
