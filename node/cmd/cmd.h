/*
 * The frame of the command line: a table of commands drives parsing, --help
 * and "did you mean".
 *
 * Start here to add a command `foo`. Write node/cmd/cmd_foo.c:
 *
 *   static int run(struct cmd_context *c, const struct cmd_args *args);
 *
 *   static const struct cmd_option options[] = {
 *           { .name = "limit", .value = "N", .help = "at most N rows" },
 *           { .name = "csv", .help = "as CSV" },
 *           { 0 },
 *   };
 *
 *   const struct command cmd_foo_command = {
 *           .name = "foo",
 *           .words = "KIND [F=V]...",
 *           .words_min = 1,
 *           .words_max = CMD_MANY,
 *           .summary = "lists the foos of a kind",
 *           .options = options,
 *           .run = run,
 *   };
 *
 * and put it into cmd_table.c, in the order of the help. A command of two
 * words ("office invite") carries both in its name.
 *
 * run prints its result with c->out (out.h) and returns CMD_OK, or reports
 * once with cmd_fail and returns its value.
 */
#ifndef KERWEN_CMD_H
#define KERWEN_CMD_H

#include <limits.h>

#include "node/base/path.h"
#include "node/cmd/out.h"

#define CMD_VERSION "0.1.0"

/* The exit codes; cmd_exit_text has what the help says of each. */
enum cmd_exit {
	CMD_OK = 0,
	CMD_FAILED = 1,
	CMD_USAGE = 2,
	CMD_REJECTED = 3,
	CMD_CONFLICT = 4,
	CMD_UNREACHED = 5,
	CMD_NO_DAEMON = 6,
	CMD_NOT_INIT = 10,
	CMD_LOCKED = 11,
	CMD_WRONG_KEY = 12,
	CMD_INTEGRITY = 13,
	CMD_SCHEMA = 14,
	CMD_REFUSED = 15,
	CMD_INTERRUPTED = 130
};

enum { CMD_MANY = UINT_MAX / 2, CMD_GIVEN_MAX = 64 };

/* An option of one command; a table of them ends with an empty one. */
struct cmd_option {
	const char *name;  /* without the dashes */
	const char *value; /* what help calls its value; NULL: a switch */
	const char *help;
	bool is_required;
	bool may_repeat;
};

struct cmd_context {
	const char *dir; /* DIR: -C, else $KERWEN_DIR, else "."; borrowed */
	struct out *out; /* knows --json and -q */
	const struct command *command;
	const struct command *const *table;
	bool has_saved;              /* something was committed: see open_poke */
	bool has_reported;           /* a failure, with cmd_fail */
	const struct cmd_args *args; /* what the command was given; NULL in tests */
};

/* What was given on the command line; borrows argv. */
struct cmd_args {
	const struct command *command;
	const char *const *words; /* what is neither the command nor an option */
	unsigned words_count;
	unsigned given_count;
	struct cmd_given {
		const struct cmd_option *option;
		const char *value; /* "" for a switch */
	} given[CMD_GIVEN_MAX];
};

struct command {
	const char *name;
	const char *words; /* for the usage line; NULL: none */
	unsigned words_min, words_max;
	const char *summary;              /* one line, small letter, no stop */
	const char *details;              /* more lines for its own help; may be NULL */
	const struct cmd_option *options; /* may be NULL */
	int (*run)(struct cmd_context *c, const struct cmd_args *args);
};

/* All commands, NULL at the end (cmd_table.c). */
extern const struct command *const cmd_table[];

/* Parses, runs, flushes; returns the exit code. */
int cmd_main(const struct command *const *table, int argc, char **argv);

/*
 * The value of an option: the last one given, or NULL. A switch that was given
 * has "". nth: of an option that may repeat, counted from 0. The name must be
 * in the command's table.
 */
const char *cmd_option(const struct cmd_args *args, const char *name);
const char *cmd_option_nth(const struct cmd_args *args, const char *name, unsigned nth);
bool cmd_has(const struct cmd_args *args, const char *name);

/* As cmd_option, also for a command that has no such option: NULL. */
const char *cmd_option_if(const struct cmd_args *args, const char *name);

/* A whole number in min..max; leaves *value alone when the option was not
 * given. CMD_OK, or CMD_USAGE after reporting. */
int cmd_option_number(struct cmd_context *c, const struct cmd_args *args, const char *name,
		      uint64_t min, uint64_t max, uint64_t *value);

/*
 * Reports a failure on stderr - a line, or one JSON object with --json - and
 * returns the code. The message names the thing and the reason; hint (the next
 * step) may be NULL. Values of records do not belong in it.
 */
int cmd_fail(struct cmd_context *c, enum cmd_exit code, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with what path.h found out. */
int cmd_fail_path(struct cmd_context *c, enum cmd_exit code, const struct path_problem *why);

/* The code for a result that has no better one. Never CMD_OK, but for RC_OK. */
enum cmd_exit cmd_exit_of(enum rc rc);

/* The same where a directory is made from a file: what is not as it should be
 * there is a wrong command line. */
enum cmd_exit cmd_exit_of_new(enum rc rc);

/* What the help says of a code; NULL: there is no such code. */
const char *cmd_exit_text(int code);

/* For cmd_help.c: the help of everything, and of what begins with `name` (one
 * command or a group). false: there is none. */
void cmd_print_overview(struct cmd_context *c);
bool cmd_print_help(struct cmd_context *c, const char *name);

/* Reports that `name` is no command, with the one that was meant. */
int cmd_fail_unknown(struct cmd_context *c, const char *name);

#endif
