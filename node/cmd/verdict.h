/*
 * What people say of two records that may be doubles: link, unlink, not-same.
 * Each is one commit that writes both records, and can be taken back.
 */
#ifndef KERWEN_VERDICT_H
#define KERWEN_VERDICT_H

#include "node/cmd/author_arg.h"

enum verdict {
	VERDICT_LINK,    /* the same: figures count them once */
	VERDICT_UNLINK,  /* nothing is said any more of their being the same */
	VERDICT_NOT_SAME /* two: they are not offered again */
};

/* Opens DIR, writes, prints, and returns the exit code. The words are two ids. */
int verdict_run(struct cmd_context *c, const struct cmd_args *args, enum verdict verdict);

#endif
