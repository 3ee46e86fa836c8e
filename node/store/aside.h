/*
 * Putting changes aside that were applied before: when a node learns later
 * than others that they may not stand. So what is in quarantine is a function
 * of entries, not of the order in which they came.
 */
#ifndef KERWEN_ASIDE_H
#define KERWEN_ASIDE_H

#include "node/store/work.h"

/*
 * After the nation moved: puts aside what entries behind a closing point say
 * that were let in by a cut which knew of the closing (closing.h). What is not
 * RC_OK has failed the work.
 */
enum rc aside_follow_closings(struct work *w);

/* Puts a change of an applied entry aside and makes its record anew, unless
 * that was done, or undone, before. */
enum rc aside_put(struct work *w, const struct entry *e, uint32_t place,
		  enum quarantine_reason why);

#endif
