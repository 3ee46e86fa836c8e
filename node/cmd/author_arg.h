/*
 * Who writes and why: --author and --reason, for every command that writes.
 */
#ifndef KERWEN_AUTHOR_ARG_H
#define KERWEN_AUTHOR_ARG_H

#include "node/cmd/cmd.h"
#include "sync/limits.h"

/* For the option table of a command. */
#define AUTHOR_ARG_OPTIONS                                                                         \
	{ .name = "author", .value = "NAME", .help = "who writes (default: the system user)" },    \
	{                                                                                          \
		.name = "reason", .value = "TEXT", .help = "why, kept with the change"             \
	}

struct author_arg {
	struct bytes name, reason; /* borrow from the command line or from here */
	char user[LIMIT_AUTHOR_BYTES_MAX + 1];
};

/* Fills in both. CMD_USAGE, reported: too long, or not a line of text. */
int author_arg_get(struct cmd_context *c, const struct cmd_args *args, struct author_arg *out);

#endif
