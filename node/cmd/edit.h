/*
 * One change to one record from the command line: what add, set, delete and
 * restore have in common. Each is one commit of one draft.
 */
#ifndef KERWEN_EDIT_H
#define KERWEN_EDIT_H

#include "node/cmd/author_arg.h"
#include "node/store/commit.h"

/* For the option tables. */
#define EDIT_VERSION_OPTION                                                                        \
	{                                                                                          \
		.name = "if-version", .value = "VERSION",                                          \
		.help = "the version you looked at: newer changes are kept beside yours"           \
	}
#define EDIT_CONFLICT_OPTION                                                                       \
	{                                                                                          \
		.name = "fail-on-conflict",                                                        \
		.help = "exit with 4 if the record is in open conflict afterwards"                 \
	}

/*
 * Opens DIR, writes, prints, and returns the exit code. The first word is the
 * kind (DRAFT_ADD) or the record; the rest are FIELD=VALUE.
 */
int edit_run(struct cmd_context *c, const struct cmd_args *args, enum draft_act act);

#endif
