/*
 * Reading a command line by the table of commands. Options may stand before,
 * between and after the words; "--" ends them. A value follows its option as
 * the next argument or behind "=".
 */
#ifndef KERWEN_CMD_ARGS_H
#define KERWEN_CMD_ARGS_H

#include "node/cmd/cmd.h"

enum cmd_args_result {
	CMD_ARGS_RUN,        /* args is complete, c->command is set */
	CMD_ARGS_OVERVIEW,   /* help without a command */
	CMD_ARGS_HELP,       /* help on c->command */
	CMD_ARGS_GROUP_HELP, /* help on the group args->words[0] */
	CMD_ARGS_WRONG       /* reported */
};

/* Sets c->dir, c->command and the modes of c->out as well. Moves argv. */
enum cmd_args_result cmd_args_parse(struct cmd_context *c, int argc, char **argv,
				    struct cmd_args *args);

/* The options that every command takes; an empty one ends them. */
struct cmd_args_global {
	char letter;
	struct cmd_option option;
};

extern const struct cmd_args_global cmd_args_globals[];

/* Whether `name` is the first word of commands of two words. */
bool cmd_args_is_group(const struct command *const *table, const char *name);

/* The command of that name, or NULL. */
const struct command *cmd_args_find(const struct command *const *table, const char *name);

#endif
