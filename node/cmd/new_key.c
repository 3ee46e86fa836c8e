#include "node/cmd/new_key.h"

#include <string.h>

#include "node/net/control.h"
#include "node/store/datadir.h"
#include "node/store/join.h"

/* Whether DIR's key cannot be used, whatever the centre says. */
static bool is_lost(const struct cmd_node *n, const char *path)
{
	struct crypto_file f = { .content = NULL };
	struct path_problem why;
	enum rc rc = crypto_file_read(path, &f, &why);
	bool lost = rc == RC_NOTFOUND ||
		    (rc == RC_OK && memcmp(f.public, n->store->info.key, KEY_LEN) != 0);

	crypto_file_drop(&f);
	return lost;
}

static int make_key(struct cmd_context *c, struct cmd_node *n, const char *path)
{
	struct path_problem why;
	struct crypto_key key;
	enum rc rc = crypto_key_make(&key);
	int code = CMD_OK;

	if (rc == RC_OK) {
		rc = join_put_key(n->store, key.public);
	}
	if (rc != RC_OK) {
		code = open_fail(c, rc, "its new key cannot be kept");
	} else if (crypto_file_replace(path, &key, NULL, NULL, &why) != RC_OK) {
		code = cmd_fail_path(c, CMD_FAILED, &why);
	}
	crypto_key_drop(&key);
	return code;
}

int new_key_if_void(struct cmd_context *c, struct cmd_node *n)
{
	char path[PATH_BYTES_MAX];
	bool is_void = false;
	enum rc rc = path_join(path, c->dir, DATADIR_KEY_FILE);
	int code = CMD_OK;

	if (rc == RC_OK) {
		rc = join_key_is_void(n->store, n->store->info.key, &is_void);
	}
	if (rc != RC_OK) {
		return open_fail(c, rc, "its key cannot be looked at");
	}
	if (!is_void && !is_lost(n, path)) {
		return CMD_OK;
	}
	if (control_is_held(c->dir)) {
		return cmd_fail(c, cmd_exit_of(RC_BUSY), "end it, and give the same command again",
				"a daemon of %s runs with the old key", c->dir);
	}
	code = make_key(c, n, path);
	if (code == CMD_OK) {
		out_note(c->out,
			 "%s has a new key, without a passphrase (`kerwen key protect`); what the "
			 "centre has not confirmed is issued again under it at the next sync",
			 c->dir);
	}
	return code;
}
