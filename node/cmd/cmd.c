#include "node/cmd/cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "node/cmd/cmd_args.h"

static const struct {
	enum cmd_exit code;
	const char *text;
} exits[] = {
	{ CMD_OK, "done" },
	{ CMD_FAILED, "failed" },
	{ CMD_USAGE, "the command line, or what was to be written, is wrong" },
	{ CMD_REJECTED, "done, but some rows or entries were rejected" },
	{ CMD_CONFLICT,
	  "conflicts are open, or a unique key is shared (with `--fail-on-conflict`)" },
	{ CMD_UNREACHED,
	  "the peer cannot be reached, or another program answers at its address; changes are "
	  "kept" },
	{ CMD_NO_DAEMON, "needs a running daemon" },
	{ CMD_NOT_INIT, "not initialised, or another database format" },
	{ CMD_LOCKED, "locked, or not the owner of DIR (prints the `sudo -u` line)" },
	{ CMD_WRONG_KEY, "wrong key" },
	{ CMD_INTEGRITY, "integrity or signature" },
	{ CMD_SCHEMA, "schema" },
	{ CMD_REFUSED, "refused by the peer, or it cannot store anything" },
	{ CMD_INTERRUPTED, "interrupted" },
};

const char *cmd_exit_text(int code)
{
	size_t i;

	for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		if ((int)exits[i].code == code) {
			return exits[i].text;
		}
	}
	return NULL;
}

enum cmd_exit cmd_exit_of(enum rc rc)
{
	switch (rc) {
	case RC_OK:
		return CMD_OK;
	case RC_CORRUPT:
	case RC_BADSIG:
	case RC_GAP:
	case RC_FORK:
	case RC_UNKNOWN:
		return CMD_INTEGRITY;
	case RC_VERSION:
		return CMD_NOT_INIT;
	case RC_BUSY:
		return CMD_LOCKED;
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
		return CMD_UNREACHED;
	case RC_SYSTEM:
		return CMD_REFUSED;
	case RC_NOMEM:
	case RC_LIMIT:
	case RC_NOTFOUND:
	case RC_EXISTS:
	case RC_INVALID:
	case RC_DENIED:
	case RC_FULL:
	case RC_IO:
		return CMD_FAILED;
	}
	return CMD_FAILED;
}

enum cmd_exit cmd_exit_of_new(enum rc rc)
{
	switch (rc) {
	case RC_EXISTS:
	case RC_INVALID:
		return CMD_USAGE;
	case RC_DENIED:
		return CMD_LOCKED;
	case RC_OK:
	case RC_NOMEM:
	case RC_LIMIT:
	case RC_NOTFOUND:
	case RC_CORRUPT:
	case RC_BADSIG:
	case RC_GAP:
	case RC_FORK:
	case RC_FULL:
	case RC_IO:
	case RC_BUSY:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
	case RC_VERSION:
	case RC_SYSTEM:
	case RC_UNKNOWN:
		break;
	}
	return cmd_exit_of(rc);
}

int cmd_fail(struct cmd_context *c, enum cmd_exit code, const char *hint, const char *format, ...)
{
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	(void)fflush(c->out->to);
	c->has_reported = true;
	out_error(c->out, (int)code, message, hint);
	return (int)code;
}

int cmd_fail_path(struct cmd_context *c, enum cmd_exit code, const struct path_problem *why)
{
	return cmd_fail(c, code, why->hint, "%s", why->text);
}

/* A result that did not get out is a failure, unless its reader left; but
 * what was saved is saved, and must not be done twice. */
static int finish(struct cmd_context *c, int code)
{
	const char *reason = "write error";

	errno = 0;
	if (out_flush(c->out) == RC_OK || c->has_reported) {
		return code;
	}
	code = code == CMD_OK ? CMD_FAILED : code;
	if (errno != 0) {
		reason = errno == EBADF ? "standard output is closed" : strerror(errno);
	}
	if (c->has_saved) {
		return cmd_fail(c, (enum cmd_exit)code,
				"do not give the command again: see `kerwen list` and `status`",
				"it was saved, but the result could not be written: %s", reason);
	}
	if (errno == EPIPE) {
		return code;
	}
	return cmd_fail(c, (enum cmd_exit)code, errno == EBADF ? NULL : "is the disk full?",
			"the result could not be written: %s", reason);
}

static const char *default_dir(void)
{
	const char *dir = getenv("KERWEN_DIR");

	return dir == NULL || dir[0] == '\0' ? "." : dir;
}

int cmd_main(const struct command *const *table, int argc, char **argv)
{
	struct out o = out_init(stdout, stderr);
	struct cmd_args args = { 0 };
	struct cmd_context c = { .dir = default_dir(), .out = &o, .table = table, .args = &args };
	enum cmd_args_result result;

	result = cmd_args_parse(&c, argc, argv, &args);
	log_init(LOG_COMMAND, o.quiet);
	switch (result) {
	case CMD_ARGS_RUN:
		return finish(&c, args.command->run(&c, &args));
	case CMD_ARGS_OVERVIEW:
		cmd_print_overview(&c);
		return finish(&c, CMD_OK);
	case CMD_ARGS_HELP:
		(void)cmd_print_help(&c, c.command->name);
		return finish(&c, CMD_OK);
	case CMD_ARGS_GROUP_HELP:
		(void)cmd_print_help(&c, args.words[0]);
		return finish(&c, CMD_OK);
	case CMD_ARGS_WRONG:
		return CMD_USAGE;
	}
	return CMD_USAGE;
}
