/*
 * A new key for an office whose directory is whole: its key is lost, or the
 * centre has made it void.
 */
#ifndef KERWEN_NEW_KEY_H
#define KERWEN_NEW_KEY_H

#include "node/cmd/open.h"

/*
 * After an invitation was taken: makes a new key if the one in DIR is not to be
 * used, or is not there, and says so. CMD_OK also if there is nothing to do; the
 * code of RC_BUSY: a daemon runs with the old one; else reported, and the same command
 * goes on with it.
 */
int new_key_if_void(struct cmd_context *c, struct cmd_node *n);

#endif
