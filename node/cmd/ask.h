/*
 * Asking for a passphrase: from a file that was named, else on the terminal
 * without showing it. Never from the command line, where everybody on the
 * machine could read it.
 */
#ifndef KERWEN_ASK_H
#define KERWEN_ASK_H

#include "node/base/passphrase.h"
#include "node/cmd/cmd.h"

struct ask {
	const char *path;     /* of the file; "-": standard input; NULL: the terminal */
	const char *prompt;   /* "Passphrase of X" */
	bool is_new;          /* asked for twice, and not too short */
	enum cmd_exit failed; /* when there is neither a file nor a terminal ... */
	const char *hint;     /* ... and what to do then */
};

/* Gives; passphrase_drop wipes. CMD_INTERRUPTED, CMD_USAGE: too short, or not
 * the same twice; CMD_FAILED: the file cannot be read; ask->failed. Reported. */
int ask_passphrase(struct cmd_context *c, const struct ask *ask, struct passphrase *out);

#endif
