/* `kerwen not-same ID ID`. */
#include "node/cmd/cmd.h"
#include "node/cmd/verdict.h"

static const struct cmd_option options[] = {
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	return verdict_run(c, args, VERDICT_NOT_SAME);
}

const struct command cmd_not_same_command = {
	.name = "not-same",
	.words = "ID ID",
	.words_min = 2,
	.words_max = 2,
	.summary = "says that two records are not the same: not offered again",
	.details = "A link between the two is taken away. `link` takes it back.",
	.options = options,
	.run = run,
};
