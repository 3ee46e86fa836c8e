/* `kerwen run`: the daemon, in the foreground. */
#include "node/base/log.h"
#include "node/cmd/addresses.h"
#include "node/net/daemon.h"

static int report(struct cmd_context *c, enum rc rc, const struct path_problem *why)
{
	enum cmd_exit code = rc == RC_UNKNOWN ? CMD_FAILED :
			     rc == RC_DENIED  ? CMD_LOCKED :
						cmd_exit_of(rc);

	return rc == RC_OK ? CMD_OK : cmd_fail(c, code, why->hint, "%s: %s", c->dir, why->text);
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct cmd_node n = { .store = NULL };
	struct crypto_key key = { .secret = NULL };
	struct addresses addresses = { .count = 0 };
	struct daemon_options o = { .dir = c->dir, .key = &key, .config = NULL };
	struct path_problem why = { .text = "" };
	enum rc rc = RC_OK;
	int code = open_node(c, &n);

	(void)args;
	if (code == CMD_OK) {
		code = open_key(c, &n, &key);
	}
	if (code == CMD_OK) {
		code = addresses_find(c, &n, &addresses);
	}
	if (code == CMD_OK) {
		log_init(LOG_DAEMON, c->out->quiet);
		o.store = n.store;
		o.config = &n.config;
		o.addresses = addresses.items;
		o.addresses_count = addresses.count;
		rc = daemon_run(&o, &why);
		code = report(c, rc, &why);
	}
	crypto_key_drop(&key);
	open_close(&n);
	return code;
}

static const struct cmd_option options[] = {
	OPEN_KEY_OPTION,
	{ 0 },
};

const struct command cmd_run_command = {
	.name = "run",
	.summary = "runs the daemon of DIR in the foreground; SIGTERM ends it",
	.details = "A centre listens for its offices; an office keeps a link to its centre.\n"
		   "Commands work beside it and are noticed at once.",
	.options = options,
	.run = run,
};
