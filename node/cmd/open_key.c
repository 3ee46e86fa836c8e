/* The node's key, for commands that sign or speak TLS. */
#include <stdlib.h>
#include <string.h>

#include "node/cmd/ask.h"
#include "node/cmd/open.h"
#include "node/store/datadir.h"

/* --passphrase-file of a command that has it, else what the environment says. */
static const char *find_passphrase_file(const struct cmd_context *c)
{
	const char *path = c->args == NULL ? NULL : cmd_option_if(c->args, OPEN_KEY_OPTION_NAME);
	const char *other = getenv("KERWEN_PASSPHRASE_FILE");

	if (path == NULL && other != NULL && other[0] != '\0') {
		path = other;
	}
	return path;
}

int open_key_file(struct cmd_context *c, const struct cmd_node *n, struct crypto_file *out)
{
	struct path_problem why;
	char path[PATH_BYTES_MAX];
	enum rc rc = path_join(path, c->dir, DATADIR_KEY_FILE);

	memset(out, 0, sizeof(*out));
	if (rc != RC_OK) {
		return open_fail(c, rc, "its key cannot be read");
	}
	rc = crypto_file_read(path, out, &why);
	if (rc != RC_OK) {
		return cmd_fail_path(c, CMD_WRONG_KEY, &why);
	}
	if (memcmp(out->public, n->store->info.key, KEY_LEN) != 0) {
		crypto_file_drop(out);
		return cmd_fail(c, CMD_WRONG_KEY, "put back the key that belongs to this directory",
				"%s is not the key of this database", path);
	}
	return CMD_OK;
}

int open_key_of(struct cmd_context *c, const struct crypto_file *f, struct crypto_key *out)
{
	struct ask ask = { .path = find_passphrase_file(c),
			   .prompt = "Passphrase of the key",
			   .failed = CMD_WRONG_KEY,
			   .hint = "name a file with it: --passphrase-file FILE, or "
				   "KERWEN_PASSPHRASE_FILE in the environment" };
	struct passphrase p = { .text = NULL };
	enum rc rc;
	int code = f->is_protected ? ask_passphrase(c, &ask, &p) : CMD_OK;

	memset(out, 0, sizeof(*out));
	if (code != CMD_OK) {
		return code;
	}
	rc = crypto_file_open(f, &p, out);
	passphrase_drop(&p);
	if (rc == RC_BADSIG) {
		return cmd_fail(c, CMD_WRONG_KEY, "try again",
				"%s: this is not the passphrase of its key", c->dir);
	}
	return rc == RC_OK ? CMD_OK :
			     cmd_fail(c, rc == RC_NOMEM ? CMD_FAILED : CMD_WRONG_KEY,
				      rc == RC_NOMEM ? "end other programs and try again" :
						       "restore the directory from a backup",
				      "%s: its key cannot be opened: %s", c->dir, rc_text(rc));
}

int open_key(struct cmd_context *c, const struct cmd_node *n, struct crypto_key *out)
{
	struct crypto_file f;
	int code = open_key_file(c, n, &f);

	memset(out, 0, sizeof(*out));
	if (code == CMD_OK) {
		code = open_key_of(c, &f, out);
	}
	crypto_file_drop(&f);
	return code;
}
