/* `kerwen key protect`, `unprotect` and `change`: a passphrase on DIR/key. */
#include "node/cmd/ask.h"
#include "node/cmd/open.h"
#include "node/store/datadir.h"

enum act { PROTECT, UNPROTECT, CHANGE };

static const char next_start[] =
	"a daemon reads it at its next start: see KERWEN_PASSPHRASE_FILE in the README";

/* Whether the key is in the state that the act begins with. */
static int check_state(struct cmd_context *c, const struct crypto_file *f, enum act act)
{
	if (act == PROTECT && f->is_protected) {
		return cmd_fail(c, CMD_FAILED, "change it with `kerwen key change`",
				"the key of %s has a passphrase already", c->dir);
	}
	if (act != PROTECT && !f->is_protected) {
		return cmd_fail(c, CMD_FAILED, "give it one with `kerwen key protect`",
				"the key of %s has no passphrase", c->dir);
	}
	return CMD_OK;
}

static int write_key(struct cmd_context *c, const struct crypto_key *key,
		     const struct passphrase *p)
{
	struct path_problem why;
	char path[PATH_BYTES_MAX];
	enum rc rc = path_join(path, c->dir, DATADIR_KEY_FILE);

	if (rc != RC_OK) {
		return open_fail(c, rc, "its key cannot be written");
	}
	rc = crypto_file_replace(path, key, p, &passphrase_cost_default, &why);
	return rc == RC_OK ? CMD_OK : cmd_fail_path(c, CMD_FAILED, &why);
}

static int tell(struct cmd_context *c, enum act act)
{
	json_t *document = NULL;

	if (act == UNPROTECT) {
		out_note(c->out, "the key of %s stands bare in its file", c->dir);
	} else {
		out_note(c->out, "the key of %s is under %s; %s", c->dir,
			 act == PROTECT ? "a passphrase" : "another passphrase", next_start);
	}
	if (!c->out->json) {
		return CMD_OK;
	}
	document = out_document();
	if (document != NULL &&
	    json_object_set_new(document, "protected", json_boolean(act != UNPROTECT)) != 0) {
		json_decref(document);
		document = NULL;
	}
	return out_json(c->out, document) == RC_OK ?
		       CMD_OK :
		       cmd_fail(c, CMD_FAILED, NULL, "the result could not be written");
}

/* The option that names the file of the new passphrase. */
static const char *new_option(enum act act)
{
	return act == PROTECT ? OPEN_KEY_OPTION_NAME : "new-passphrase-file";
}

static int rewrite(struct cmd_context *c, const struct cmd_args *args, const struct crypto_file *f,
		   enum act act)
{
	struct ask ask = { .prompt = "New passphrase of the key",
			   .is_new = true,
			   .failed = CMD_USAGE };
	char hint[64];
	struct passphrase p = { .text = NULL };
	struct crypto_key key = { .secret = NULL };
	int code = check_state(c, f, act);

	if (code == CMD_OK) {
		code = open_key_of(c, f, &key);
	}
	if (code == CMD_OK && act != UNPROTECT) {
		(void)snprintf(hint, sizeof(hint), "name a file with it: --%s FILE",
			       new_option(act));
		ask.hint = hint;
		ask.path = cmd_option(args, new_option(act));
		code = ask_passphrase(c, &ask, &p);
	}
	if (code == CMD_OK) {
		code = write_key(c, &key, act == UNPROTECT ? NULL : &p);
	}
	passphrase_drop(&p);
	crypto_key_drop(&key);
	return code == CMD_OK ? tell(c, act) : code;
}

static int run(struct cmd_context *c, const struct cmd_args *args, enum act act)
{
	struct crypto_file f = { .content = NULL };
	struct cmd_node n;
	int code = open_node(c, &n);

	if (code == CMD_OK) {
		code = open_key_file(c, &n, &f);
	}
	if (code == CMD_OK) {
		code = rewrite(c, args, &f, act);
	}
	crypto_file_drop(&f);
	open_close(&n);
	return code;
}

static int run_protect(struct cmd_context *c, const struct cmd_args *args)
{
	return run(c, args, PROTECT);
}

static int run_unprotect(struct cmd_context *c, const struct cmd_args *args)
{
	return run(c, args, UNPROTECT);
}

static int run_change(struct cmd_context *c, const struct cmd_args *args)
{
	return run(c, args, CHANGE);
}

static const struct cmd_option protect_options[] = {
	{ .name = OPEN_KEY_OPTION_NAME,
	  .value = "FILE",
	  .help = "holds the new passphrase (-: stdin); without it you are asked" },
	{ 0 },
};

static const struct cmd_option unprotect_options[] = {
	OPEN_KEY_OPTION,
	{ 0 },
};

static const struct cmd_option change_options[] = {
	OPEN_KEY_OPTION,
	{ .name = "new-passphrase-file",
	  .value = "FILE",
	  .help = "holds the new passphrase; without it you are asked" },
	{ 0 },
};

const struct command cmd_key_protect_command = {
	.name = "key protect",
	.summary = "puts the key of DIR under a passphrase",
	.details = "Commands that sign or connect (run, sync, office invite) ask for it then, or\n"
		   "read it from the file that --passphrase-file or KERWEN_PASSPHRASE_FILE names.\n"
		   "Whoever forgets it needs a new key from the centre. What the file was before\n"
		   "may still be on the disk, and is in older backups.",
	.options = protect_options,
	.run = run_protect,
};

const struct command cmd_key_unprotect_command = {
	.name = "key unprotect",
	.summary = "takes the passphrase off the key of DIR",
	.options = unprotect_options,
	.run = run_unprotect,
};

const struct command cmd_key_change_command = {
	.name = "key change",
	.summary = "puts the key of DIR under another passphrase",
	.options = change_options,
	.run = run_change,
};
