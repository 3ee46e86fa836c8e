/*
 * The tables that follow from records: unique index, open conflicts, figures.
 *
 * They move with every change (work.h). When the schema changes what they
 * mean, they are made anew from the records.
 */
#ifndef KERWEN_DERIVE_H
#define KERWEN_DERIVE_H

#include "node/store/work.h"
#include "sync/view.h"

/* Makes them anew if the schema in force is not the one they were made for.
 * Called inside a work after the national scope moved. */
enum rc derive_follow_schema(struct work *w);

/* Makes them anew. */
enum rc derive_rebuild(struct work *w);

/* Whether any register has more than one sibling, or existence more than one
 * head: then what is shown may change when a cut arrives, though the record
 * itself does not (CONFLICTS_SIBLINGS). */
bool derive_is_contended(const struct record *r);

#endif
