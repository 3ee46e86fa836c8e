/* `kerwen restore ID`. */
#include "node/cmd/edit.h"

static const struct cmd_option options[] = {
	EDIT_CONFLICT_OPTION,
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	return edit_run(c, args, DRAFT_RESTORE);
}

const struct command cmd_restore_command = {
	.name = "restore",
	.words = "ID",
	.words_min = 1,
	.words_max = 1,
	.summary = "brings a deleted record back",
	.options = options,
	.run = run,
};
