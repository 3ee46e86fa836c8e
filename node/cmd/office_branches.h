/*
 * Proofs that an office writes a feed in two branches (equivocation.h), for
 * `office show`.
 */
#ifndef KERWEN_OFFICE_BRANCHES_H
#define KERWEN_OFFICE_BRANCHES_H

#include "node/cmd/open.h"

/* An array, one object for each. NULL: out of memory. Gives. */
json_t *office_branches_list(uint16_t office, struct kv_txn *t);

/* A line for each. */
void office_branches_show(struct cmd_context *c, uint16_t office, struct kv_txn *t);

#endif
