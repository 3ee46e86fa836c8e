/* `kerwen backup-key`: a key that opens backups in place of a passphrase. */
#include "node/base/recipient.h"
#include "node/cmd/cmd.h"

static enum cmd_exit exit_of(enum rc rc)
{
	return rc == RC_CORRUPT ? CMD_WRONG_KEY : rc == RC_DENIED ? CMD_LOCKED : cmd_exit_of(rc);
}

static int print(struct cmd_context *c, const char *file, const char *text)
{
	json_t *document = NULL;

	out_line(c->out, "%s", text);
	if (!c->out->json) {
		return CMD_OK;
	}
	document = json_pack("{s:i, s:s, s:s}", "format", 1, "file", file, "recipient", text);
	return out_json(c->out, document) == RC_OK ?
		       CMD_OK :
		       cmd_fail(c, CMD_FAILED, NULL, "the result could not be written");
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	const char *file = args->words[0];
	bool is_there = path_exists(file);
	char text[RECIPIENT_TEXT_LEN + 1];
	struct recipient_key key;
	struct path_problem why;
	enum rc rc = is_there ? recipient_key_load(file, &key, &why) :
				recipient_key_create(file, &key, &why);
	int code = CMD_OK;

	if (rc != RC_OK) {
		return cmd_fail_path(c, exit_of(rc), &why);
	}
	if (!is_there) {
		out_note(c->out,
			 "%s opens the backups that are made for this key; keep it away from "
			 "the machines whose backups they are",
			 file);
	}
	recipient_format(key.public, text);
	code = print(c, file, text);
	recipient_key_drop(&key);
	return code;
}

const struct command cmd_backup_key_command = {
	.name = "backup-key",
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.summary = "makes a key for backups and prints its public half",
	.details =
		"A backup made with --recipient and what is printed can be opened with FILE, and\n"
		"with nothing else. If FILE is there already, only its public half is printed.",
	.run = run,
};
