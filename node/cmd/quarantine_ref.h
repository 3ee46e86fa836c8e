/*
 * How people name a change in quarantine: FEED:SEQ.PLACE, as `quarantine list`
 * prints it.
 */
#ifndef KERWEN_QUARANTINE_REF_H
#define KERWEN_QUARANTINE_REF_H

#include "node/cmd/cmd.h"
#include "sync/dot.h"

struct quarantine_ref {
	char text[64];
};
struct quarantine_ref quarantine_ref_text(struct dot d, uint32_t place);

/* CMD_USAGE, reported: not such a text. */
int quarantine_ref_read(struct cmd_context *c, const char *text, struct dot *d, uint32_t *place);

#endif
