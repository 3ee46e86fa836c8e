/* `kerwen restore ID`, a record; `kerwen restore FILE`, a data directory. */
#include <string.h>

#include "node/cmd/edit.h"
#include "node/cmd/revive.h"
#include "sync/uuid.h"

static const struct cmd_option options[] = {
	EDIT_CONFLICT_OPTION,
	AUTHOR_ARG_OPTIONS,
	REVIVE_OPTIONS,
	{ 0 },
};

/* A misspelt id is still no file: a path of that length has a slash in it, or
 * is there. */
static bool is_record(const char *word)
{
	struct uuid id;

	return uuid_parse(bytes_of(word), &id) == RC_OK ||
	       (strlen(word) == UUID_TEXT_LEN && strchr(word, '/') == NULL && !path_exists(word));
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	bool is_id = is_record(args->words[0]);

	if (is_id && revive_is_meant(args)) {
		return cmd_fail(c, CMD_USAGE, "write ./FILE if it is a file",
				"%s is a record, not a backup", args->words[0]);
	}
	if (!is_id && (cmd_has(args, "author") || cmd_has(args, "reason") ||
		       cmd_has(args, "fail-on-conflict"))) {
		return cmd_fail(c, CMD_USAGE, "give the id of a record, or leave them out",
				"--author, --reason and --fail-on-conflict are for records");
	}
	return is_id ? edit_run(c, args, DRAFT_RESTORE) : revive_run(c, args);
}

const struct command cmd_restore_command = {
	.name = "restore",
	.words = "ID|FILE",
	.words_min = 1,
	.words_max = 1,
	.summary = "brings a deleted record back, or all of DIR from a backup",
	.details =
		"A backup is restored into a new or empty DIR, after everything in it was proved;\n"
		"the node that it came from must not go on working. Its next change begins a new\n"
		"incarnation.",
	.options = options,
	.run = run,
};
