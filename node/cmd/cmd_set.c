/* `kerwen set ID F=V...`: changes a record. */
#include "node/cmd/edit.h"

static const struct cmd_option options[] = {
	EDIT_VERSION_OPTION,
	EDIT_CONFLICT_OPTION,
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	return edit_run(c, args, DRAFT_EDIT);
}

const struct command cmd_set_command = {
	.name = "set",
	.words = "ID FIELD=VALUE...",
	.words_min = 2,
	.words_max = CMD_MANY,
	.summary = "changes fields of a record",
	.details =
		"FIELD=VALUE sets, FIELD= clears. Sets, counters and logs take FIELD+=VALUE;\n"
		"sets and counters also FIELD-=VALUE. A set takes several as \"a|b\"; inside an\n"
		"element write \"\\|\" and \"\\\\\". What changes nothing writes nothing.\n"
		"A change settles an open conflict of the field, and says so; on a deleted\n"
		"record it brings the record back. ID may be the last 6 or more digits.",
	.options = options,
	.run = run,
};
