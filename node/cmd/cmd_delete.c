/* `kerwen delete ID`. */
#include "node/cmd/edit.h"

static const struct cmd_option options[] = {
	EDIT_VERSION_OPTION,
	EDIT_CONFLICT_OPTION,
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	return edit_run(c, args, DRAFT_DELETE);
}

const struct command cmd_delete_command = {
	.name = "delete",
	.words = "ID",
	.words_min = 1,
	.words_max = 1,
	.summary = "deletes a record; `restore` brings it back",
	.details = "Its history is kept. Whoever changes it without knowing of the deletion\n"
		   "opens a conflict.",
	.options = options,
	.run = run,
};
