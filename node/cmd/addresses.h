/* Where an office finds its centre: kerwen.yaml first, then what the centre
 * itself has told. */
#ifndef KERWEN_ADDRESSES_H
#define KERWEN_ADDRESSES_H

#include "node/cmd/open.h"

enum { ADDRESSES_MAX = 32 };

struct addresses {
	const char *items[ADDRESSES_MAX]; /* in the node's memory; each once */
	uint32_t count;
};

/* CMD_OK; otherwise it was reported. */
int addresses_find(struct cmd_context *c, struct cmd_node *n, struct addresses *out);

#endif
