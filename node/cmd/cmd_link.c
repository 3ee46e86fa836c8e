/* `kerwen link ID ID`. */
#include "node/cmd/cmd.h"
#include "node/cmd/verdict.h"

static const struct cmd_option options[] = {
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	return verdict_run(c, args, VERDICT_LINK);
}

const struct command cmd_link_command = {
	.name = "link",
	.words = "ID ID",
	.words_min = 2,
	.words_max = 2,
	.summary = "says that two records are the same: figures count them once",
	.details = "Both records stay as they are, and `unlink` takes it back. At most 64 records\n"
		   "are linked into one; it counts as the one with the smallest id that is not "
		   "deleted.\n"
		   "An office links its own records, the centre all that it sees.",
	.options = options,
	.run = run,
};
