/*
 * Whose a record is may be said by its maker and by the centre alone.
 *
 * An office puts the home (field 0) when it makes a record; rights.h sees to it
 * that it names itself. It may still name a record of somebody else. So a put
 * is put aside, too, if the part has a home that another author said before: one
 * whose entry was applied, and - the node's own entries are applied before the
 * centre has them - also cut. As cuts are applied in one order, all members of
 * the scope say the same, whatever the author claims to have seen.
 */
#ifndef KERWEN_HOME_H
#define KERWEN_HOME_H

#include "node/store/work.h"

/* Whether a change that puts the home is not its author's to make. e: its entry.
 * False for every other change. RC_OK, or the work failed. */
enum rc home_is_taken(struct work *w, const struct change *c, struct dot e, bool *out);

#endif
