/*
 * The centre's reaction to a unique key that living records share: a notice
 * about each of them to its home (notice.h).
 *
 * A task names a record, and is done by comparing: what notices about it should
 * stand, which stand. So it does not matter what happened, how often, or in
 * what order; it writes only what is not so yet.
 */
#ifndef KERWEN_REACT_UNIQUE_H
#define KERWEN_REACT_UNIQUE_H

#include "node/store/react.h"

/* Does the tasks REACT_UNIQUE that stand first, many in one commit. */
enum rc react_unique_run(struct work *w);

/* Leaves a task REACT_UNIQUE for each living holder of a key of the record. */
enum rc react_unique_spread(struct work *w, uint16_t kind, struct uuid id);

/* Leaves one for each record that a notice is about: the schema changed. */
enum rc react_unique_ask_all(struct work *w);

#endif
