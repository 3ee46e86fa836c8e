/* `kerwen centre rekey` and `kerwen centre trust`: another key for the centre. */
#include <stdlib.h>
#include <string.h>

#include "node/base/recovery.h"
#include "node/cmd/ask.h"
#include "node/cmd/author_arg.h"
#include "node/cmd/open.h"
#include "node/net/control.h"
#include "node/store/appoint.h"
#include "node/store/datadir.h"

static int check_daemon(struct cmd_context *c)
{
	return control_is_held(c->dir) ?
		       cmd_fail(c, cmd_exit_of(RC_BUSY), "end it, and give the same command again",
				"a daemon of %s runs with the old key", c->dir) :
		       CMD_OK;
}

static int read_recovery(struct cmd_context *c, const struct cmd_args *args, struct crypto_key *out)
{
	struct ask ask = { .path = cmd_option(args, "recovery-file"),
			   .prompt = "Recovery key",
			   .failed = CMD_WRONG_KEY,
			   .hint = "name a file with it: --recovery-file FILE" };
	char text[PASSPHRASE_BYTES_MAX + 1];
	struct passphrase p = { .text = NULL };
	enum rc rc = RC_INVALID;
	int code = ask_passphrase(c, &ask, &p);

	memset(out, 0, sizeof(*out));
	if (code == CMD_OK && p.len < sizeof(text)) {
		memcpy(text, p.text, p.len);
		text[p.len] = '\0';
		rc = recovery_parse(text, out);
		explicit_bzero(text, sizeof(text));
	}
	passphrase_drop(&p);
	if (code != CMD_OK || rc == RC_OK) {
		return code;
	}
	return cmd_fail(c, rc == RC_INVALID ? CMD_WRONG_KEY : CMD_FAILED,
			"compare it with what was written down", "this is not a recovery key");
}

static int print(struct cmd_context *c, const char *name, json_t *value)
{
	json_t *document = NULL;

	if (!c->out->json) {
		json_decref(value);
		return CMD_OK;
	}
	document = out_document();
	if (document == NULL || json_object_set_new(document, name, value) != 0) {
		json_decref(document);
		document = NULL;
	}
	return out_json(c->out, document) == RC_OK ?
		       CMD_OK :
		       cmd_fail(c, CMD_FAILED, NULL, "the result could not be written");
}

/* Whatever fails on the way: with the recovery key all of it can be done again. */
static int appoint(struct cmd_context *c, struct cmd_node *n, const struct crypto_key *recovery,
		   struct bytes author, const char *out)
{
	uint8_t file[APPOINT_FILE_MAX];
	char path[PATH_BYTES_MAX];
	struct path_problem why;
	struct crypto_key key;
	size_t len = 0;
	enum rc rc = path_join(path, c->dir, DATADIR_KEY_FILE);
	int code = CMD_OK;

	if (rc == RC_OK) {
		rc = crypto_key_make(&key);
	}
	if (rc != RC_OK) {
		return open_fail(c, rc, "its new key cannot be made");
	}
	rc = appoint_make(n->store, recovery, key.public, author, file, &len, &why);
	if (rc != RC_OK) {
		code = cmd_fail_path(c, rc == RC_BADSIG ? CMD_WRONG_KEY : cmd_exit_of(rc), &why);
	}
	if (code == CMD_OK && crypto_file_replace(path, &key, NULL, NULL, &why) != RC_OK) {
		code = cmd_fail_path(c, CMD_FAILED, &why);
	}
	if (code == CMD_OK && path_write(out, bytes_at(file, len), PATH_NEW, &why) != RC_OK) {
		code = cmd_fail_path(c, CMD_FAILED, &why);
	}
	crypto_key_drop(&key);
	return code;
}

static int rekey(struct cmd_context *c, const struct cmd_args *args, struct cmd_node *n)
{
	const char *out = cmd_option(args, "out");
	struct crypto_key recovery = { .secret = NULL };
	struct author_arg author;
	struct path_problem why;
	int code = author_arg_get(c, args, &author);

	if (code == CMD_OK) {
		code = check_daemon(c);
	}
	if (code == CMD_OK && path_check_new(out, &why) != RC_OK) {
		code = cmd_fail_path(c, CMD_FAILED, &why);
	}
	if (code == CMD_OK) {
		code = read_recovery(c, args, &recovery);
	}
	if (code == CMD_OK) {
		code = appoint(c, n, &recovery, author.name, out);
	}
	crypto_key_drop(&recovery);
	if (code == CMD_OK) {
		out_note(c->out,
			 "%s has a new key, without a passphrase (`kerwen key protect`); every "
			 "office trusts it with `kerwen centre trust %s`",
			 c->dir, out);
		code = print(c, "appointment", json_string(out));
	}
	return code;
}

static int run_rekey(struct cmd_context *c, const struct cmd_args *args)
{
	struct cmd_node n;
	int code = open_node(c, &n);

	if (code == CMD_OK) {
		code = rekey(c, args, &n);
	}
	open_close(&n);
	return code;
}

static enum cmd_exit trust_exit_of(enum rc rc)
{
	switch (rc) {
	case RC_BADSIG:
	case RC_GAP:
	case RC_NOTFOUND:
		return CMD_WRONG_KEY;
	case RC_INVALID:
	case RC_DENIED:
		return CMD_USAGE;
	case RC_OK:
	case RC_NOMEM:
	case RC_LIMIT:
	case RC_EXISTS:
	case RC_CORRUPT:
	case RC_FORK:
	case RC_SYSTEM:
	case RC_FULL:
	case RC_IO:
	case RC_BUSY:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
	case RC_VERSION:
	case RC_UNKNOWN:
		break;
	}
	return cmd_exit_of(rc);
}

static int trust(struct cmd_context *c, struct cmd_node *n, const char *path)
{
	struct path_problem why;
	char *text = NULL;
	size_t len = 0;
	bool taken = false;
	enum rc rc = path_read(path, APPOINT_FILE_MAX, &text, &len, &why);

	if (rc == RC_OK) {
		rc = appoint_take(n->store, bytes_at(text, len), &taken, &why);
	} else if (rc == RC_LIMIT) {
		rc = RC_INVALID;
	}
	free(text);
	if (rc != RC_OK) {
		return cmd_fail_path(c, trust_exit_of(rc), &why);
	}
	out_note(c->out,
		 taken ? "%s trusts the centre's new key, and no other" :
			 "%s trusts this key of the centre already",
		 c->dir);
	return print(c, "taken", json_boolean(taken));
}

static int run_trust(struct cmd_context *c, const struct cmd_args *args)
{
	struct cmd_node n;
	int code = open_node(c, &n);

	if (code == CMD_OK) {
		code = check_daemon(c);
	}
	if (code == CMD_OK) {
		code = trust(c, &n, args->words[0]);
	}
	open_close(&n);
	return code;
}

static const struct cmd_option rekey_options[] = {
	{ .name = "out", .value = "FILE", .help = "for the offices", .is_required = true },
	{ .name = "recovery-file",
	  .value = "FILE",
	  .help = "holds the recovery key (-: stdin); without it you are asked" },
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

const struct command cmd_centre_rekey_command = {
	.name = "centre rekey",
	.summary = "gives the centre a new key, by the recovery key",
	.details =
		"For a centre whose key is lost or in wrong hands. The recovery key was shown by\n"
		"`kerwen init --centre`. Offices go on with the centre once they trust FILE.",
	.options = rekey_options,
	.run = run_rekey,
};

const struct command cmd_centre_trust_command = {
	.name = "centre trust",
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.summary = "takes the centre's new key (an office)",
	.details =
		"FILE is from `kerwen centre rekey`. It is believed only if the recovery key has\n"
		"signed it that this office's invitation named.",
	.run = run_trust,
};
