/* `kerwen add KIND F=V...`: a new record. */
#include "node/cmd/edit.h"

static const struct cmd_option options[] = {
	{ .name = "for", .value = "OFFICE", .help = "at the centre: the office it belongs to" },
	EDIT_CONFLICT_OPTION,
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	return edit_run(c, args, DRAFT_ADD);
}

const struct command cmd_add_command = {
	.name = "add",
	.words = "KIND [FIELD=VALUE]...",
	.words_min = 1,
	.words_max = CMD_MANY,
	.summary = "adds a record and prints its id",
	.details =
		"Several elements of a set are joined by \"|\": citizenship=TKM|UZB; a bar "
		"inside of\n"
		"one is written \"\\|\", a backslash \"\\\\\". What should be unique, but is used "
		"by\n"
		"another record here, is stored all the same: a note says so.",
	.options = options,
	.run = run,
};
