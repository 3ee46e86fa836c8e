/* `kerwen unlink ID ID`. */
#include "node/cmd/cmd.h"
#include "node/cmd/verdict.h"

static const struct cmd_option options[] = {
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	return verdict_run(c, args, VERDICT_UNLINK);
}

const struct command cmd_unlink_command = {
	.name = "unlink",
	.words = "ID ID",
	.words_min = 2,
	.words_max = 2,
	.summary = "takes back that two records are the same",
	.details = "What else is linked with either of them stays so.",
	.options = options,
	.run = run,
};
