/* `kerwen version` */
#include "node/cmd/cmd.h"

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	json_t *document;

	(void)args;
	if (!c->out->json) {
		out_line(c->out, "kerwen %s", CMD_VERSION);
		return CMD_OK;
	}
	document = json_pack("{s:i, s:s}", "format", 1, "version", CMD_VERSION);
	return (int)cmd_exit_of(out_json(c->out, document));
}

const struct command cmd_version_command = {
	.name = "version",
	.summary = "the version of this program",
	.run = run,
};
