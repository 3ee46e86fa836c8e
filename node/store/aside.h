/*
 * Putting changes aside that were applied before: a node's own, which it applies
 * when it writes them, and everybody judges when a cut lets them in. So what is
 * in quarantine is a function of entries, on this node too.
 */
#ifndef KERWEN_ASIDE_H
#define KERWEN_ASIDE_H

#include "node/store/work.h"

/* Puts a change of an applied entry aside and makes its record anew, unless
 * that was done, or undone, before. */
enum rc aside_put(struct work *w, const struct entry *e, uint32_t place,
		  enum quarantine_reason why);

#endif
