/*
 * `kerwen restore FILE`: a data directory from a backup; and with --list, what
 * a backup says of itself. (`kerwen restore ID` is a change to a record.)
 */
#ifndef KERWEN_REVIVE_H
#define KERWEN_REVIVE_H

#include "node/cmd/cmd.h"

/* For the option table. */
#define REVIVE_OPTIONS                                                                             \
	{ .name = "passphrase-file",                                                               \
	  .value = "FILE",                                                                         \
	  .help = "of a backup: holds its passphrase (-: stdin)" },                                \
		{ .name = "key-file",                                                              \
		  .value = "FILE",                                                                 \
		  .help = "of a backup: the key that it was made for" },                           \
	{                                                                                          \
		.name = "list", .help = "of a backup: only print what it says of itself"           \
	}

/* Restores into DIR, or lists. Returns the exit code. */
int revive_run(struct cmd_context *c, const struct cmd_args *args);

/* Whether one of the options was given. */
bool revive_is_meant(const struct cmd_args *args);

#endif
