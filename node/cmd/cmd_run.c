/* `kerwen run`: the daemon, in the foreground. */
#include "node/base/log.h"
#include "node/cmd/addresses.h"
#include "node/net/daemon.h"

static int report(struct cmd_context *c, bool is_centre, enum rc rc, const char *why)
{
	if (rc == RC_OK) {
		return CMD_OK;
	}
	if (rc == RC_BUSY) {
		return cmd_fail(c, CMD_LOCKED,
				is_centre ? "end the other one, or use another `listen` in "
					    "kerwen.yaml" :
					    "it does the work already; see `kerwen status`",
				"%s: %s", c->dir, why);
	}
	if (rc == RC_UNKNOWN) {
		return cmd_fail(c, CMD_FAILED, "start it again, then `kerwen verify`",
				"%s: the database failed while writing", c->dir);
	}
	return cmd_fail(c, cmd_exit_of(rc),
			is_centre ? "see `listen` in kerwen.yaml" : "see `centre` in kerwen.yaml",
			"%s: %s", c->dir, why[0] == '\0' ? rc_text(rc) : why);
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct cmd_node n = { .store = NULL };
	struct crypto_key key = { .secret = NULL };
	struct addresses addresses = { .count = 0 };
	struct daemon_options o = { .dir = c->dir, .key = &key, .config = NULL };
	const char *why = "";
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
		code = report(c, n.store->info.is_centre, rc, why);
	}
	crypto_key_drop(&key);
	open_close(&n);
	return code;
}

const struct command cmd_run_command = {
	.name = "run",
	.summary = "runs the daemon of DIR in the foreground; SIGTERM ends it",
	.details = "A centre listens for its offices; an office keeps a link to its centre.\n"
		   "Commands work beside it and are noticed at once.",
	.run = run,
};
