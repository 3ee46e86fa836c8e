/*
 * Whether there is room for new records: below LIMIT_MAP_FULL_PERCENT of
 * max_size, and with the disk's reserve free (disk.h). What is short is said
 * in words, with how much there is and how much is needed.
 */
#ifndef KERWEN_ROOM_H
#define KERWEN_ROOM_H

#include "node/base/path.h"
#include "node/store/kv.h"

/* RC_OK; RC_FULL: new records are to be refused, why says what is short. */
enum rc room_check(const struct kv_room *r, struct path_problem *why);

#endif
