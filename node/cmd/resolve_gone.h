/*
 * A decision that comes too late: what it would settle is not open. It tells
 * who settled it, or who wrote last, so that nobody has to search.
 */
#ifndef KERWEN_RESOLVE_GONE_H
#define KERWEN_RESOLVE_GONE_H

#include "node/cmd/edit.h"
#include "sync/view.h"

/* Report, and give the exit code. r: of the commit under way. */
int resolve_gone_field(struct edit *e, const struct record *r, const struct schema_field *f);
int resolve_gone_life(struct edit *e, const struct record *r);

#endif
