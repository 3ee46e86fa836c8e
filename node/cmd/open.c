#include "node/cmd/open.h"

#include <string.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/mem.h"
#include "node/base/random.h"
#include "node/net/control.h"
#include "node/store/datadir.h"
#include "node/store/unfinished.h"
#include "node/store/verify.h"

enum {
	SCRATCH_BYTES = 64 << 20, /* reserved; only what is used takes memory */
	POKE_TIMEOUT_MS = 200
};

static int64_t now_ms(void)
{
	return (int64_t)clock_now_ms();
}

const struct store_world open_world = {
	.crypto = &crypto_sodium,
	.random = random_bytes,
	.now_ms = now_ms,
};

static int fail_uninitialised(struct cmd_context *c)
{
	return cmd_fail(c, CMD_NOT_INIT, "make one with `kerwen init`, or name another with -C DIR",
			"%s is not a Kerwen data directory", c->dir);
}

/* Whether DIR has anything of ours. Unknown where we may not look inside. */
static bool is_strange(const char *dir)
{
	char config[PATH_BYTES_MAX], db[PATH_BYTES_MAX];

	return path_join(config, dir, CONFIG_FILE) == RC_OK &&
	       path_join(db, dir, STORE_DIR) == RC_OK && access(dir, X_OK) == 0 &&
	       !path_exists(config) && !path_exists(db);
}

static int check_dir(struct cmd_context *c)
{
	struct path_problem why;
	enum rc rc;

	if (unfinished_is(c->dir)) {
		return cmd_fail(c, CMD_NOT_INIT,
				"give the same command again: nothing was recorded here yet",
				"%s: its `kerwen init` or `restore` was not finished", c->dir);
	}
	if (!path_exists(c->dir) || is_strange(c->dir)) {
		return fail_uninitialised(c);
	}
	rc = path_check_owner(c->dir, c->command == NULL ? NULL : c->command->name, &why);
	if (rc == RC_NOTFOUND) {
		return fail_uninitialised(c);
	}
	if (rc != RC_OK) {
		return cmd_fail_path(c, rc == RC_DENIED ? CMD_LOCKED : CMD_FAILED, &why);
	}
	rc = path_check_local(c->dir, &why);
	return rc == RC_OK ? CMD_OK : cmd_fail_path(c, CMD_FAILED, &why);
}

/* A file that is there, but wrong, has its line named; this is the rest. */
static int fail_config(struct cmd_context *c, enum rc rc, const char *text)
{
	struct path_problem denied;
	char path[PATH_BYTES_MAX];

	if (rc == RC_DENIED && path_join(path, c->dir, CONFIG_FILE) == RC_OK &&
	    path_check_writable(path, &denied) == RC_DENIED) {
		return cmd_fail_path(c, CMD_LOCKED, &denied);
	}
	if (rc == RC_NOTFOUND) {
		return cmd_fail(
			c, CMD_NOT_INIT,
			"put it back from a backup, or write one with the lines `name:` and "
			"`role:` (centre or office)",
			"%s", text);
	}
	return cmd_fail(c, rc == RC_DENIED ? CMD_LOCKED : CMD_FAILED,
			rc == RC_EXISTS || rc == RC_LIMIT ? "put the right " CONFIG_FILE
							    " in its place, from a backup" :
							    NULL,
			"%s", text);
}

static int load_config(struct cmd_context *c, struct cmd_node *n)
{
	struct config_error e = { "" };
	enum rc rc = config_load(c->dir, &n->memory, &n->config, &e);

	if (rc == RC_OK) {
		return CMD_OK;
	}
	return rc == RC_INVALID ?
		       cmd_fail(c, CMD_FAILED, "correct this line of the file", "%s", e.text) :
		       fail_config(c, rc, e.text);
}

struct reason {
	enum cmd_exit code;
	const char *text, *hint;
};

/* What the store's codes mean to whoever gave a command. */
static struct reason explain(enum rc rc)
{
	const struct reason other = { cmd_exit_of(rc), rc_text(rc), NULL };

	switch (rc) {
	case RC_NOTFOUND:
		return (struct reason){ CMD_NOT_INIT, "it has no database",
					"make one with `kerwen init`" };
	case RC_VERSION:
		return (struct reason){ CMD_NOT_INIT, "its database has another format",
					"use the version of kerwen that made it, or a newer one" };
	case RC_BUSY:
		return (struct reason){ CMD_LOCKED, "another program holds its database",
					"end that program, or wait for it" };
	case RC_DENIED:
		return (struct reason){ CMD_LOCKED, "its files cannot be opened by this user",
					"give the command as the owner of the directory" };
	case RC_CORRUPT:
	case RC_BADSIG:
		return (struct reason){ CMD_INTEGRITY, "its database is damaged",
					"see `kerwen verify`; the centre has what it confirmed" };
	case RC_FULL:
		return (struct reason){ CMD_FAILED, "the disk or the database is full",
					"make room on the disk, or raise max_size in kerwen.yaml" };
	case RC_UNKNOWN:
		return (struct reason){ CMD_INTEGRITY, "whether it was written is not known",
					"look with `kerwen status`, then try again" };
	case RC_OK:
	case RC_NOMEM:
	case RC_LIMIT:
	case RC_EXISTS:
	case RC_INVALID:
	case RC_GAP:
	case RC_FORK:
	case RC_IO:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
	case RC_SYSTEM:
		break;
	}
	return other;
}

/* What the system did not let us: it is looked for where it can be. */
static enum rc find_denied(const char *dir, struct path_problem *why)
{
	static const char *const NAMES[] = { ".", STORE_DIR, STORE_DIR "/data.mdb",
					     STORE_DIR "/lock.mdb", NULL };
	char path[PATH_BYTES_MAX];
	unsigned i;

	for (i = 0; NAMES[i] != NULL; i++) {
		bool is_dir = i == 0;

		if (path_join(path, dir, NAMES[i]) == RC_OK &&
		    path_check_writable(is_dir ? dir : path, why) == RC_DENIED) {
			return RC_DENIED;
		}
	}
	return RC_OK;
}

int open_fail(struct cmd_context *c, enum rc rc, const char *doing)
{
	struct reason r = explain(rc);
	struct path_problem why;

	if (rc == RC_DENIED && find_denied(c->dir, &why) == RC_DENIED) {
		return cmd_fail_path(c, CMD_LOCKED, &why);
	}
	return cmd_fail(c, r.code, r.hint, "%s: %s: %s", c->dir, doing, r.text);
}

int open_fail_lost(struct cmd_context *c, enum rc rc, bool is_centre, const char *doing)
{
	const char *hint = is_centre ?
				   "put the whole directory back from a backup" :
				   "move the directory away, ask the centre for a new invitation "
				   "and join anew: it has what it confirmed";

	if (rc == RC_NOTFOUND) {
		return cmd_fail(c, CMD_NOT_INIT, hint, "%s: its database, %s, is missing", c->dir,
				STORE_DIR "/data.mdb");
	}
	return rc == RC_CORRUPT || rc == RC_BADSIG ?
		       cmd_fail(c, CMD_INTEGRITY, hint, "%s: %s: its database is damaged", c->dir,
				doing) :
		       open_fail(c, rc, doing);
}

/* A repair that was killed leaves everything usable, but not all of it right. */
static void note_repair(struct cmd_context *c, struct store *s)
{
	struct kv_txn *t = NULL;
	bool unfinished = false;

	if (kv_begin(s->kv, false, &t) == RC_OK && verify_is_unfinished(t, &unfinished) == RC_OK &&
	    unfinished) {
		out_note(c->out, "note: a repair of this directory was interrupted, or is under "
				 "way: `kerwen verify` does the rest");
	}
	kv_abort(t);
}

static int open_store(struct cmd_context *c, struct cmd_node *n)
{
	enum rc rc = store_open(c->dir, n->config.max_size, &open_world, &n->store);

	if (rc != RC_OK) {
		return open_fail_lost(c, rc, n->config.role == CONFIG_CENTRE,
				      "it cannot be opened");
	}
	if (n->config.state != NULL) {
		rc = store_keep_lease_in(n->store, n->config.state);
	}
	if (rc != RC_OK) {
		return cmd_fail(c, CMD_FAILED,
				"make it, for this user, or correct `state` in " CONFIG_FILE,
				"%s, where the lease is to be kept: %s", n->config.state,
				rc_text(rc));
	}
	note_repair(c, n->store);
	if (n->store->info.is_centre != (n->config.role == CONFIG_CENTRE)) {
		return cmd_fail(c, CMD_FAILED, "put back the role that it was made with",
				"%s: the role in " CONFIG_FILE " is not that of the database",
				c->dir);
	}
	return CMD_OK;
}

int open_node(struct cmd_context *c, struct cmd_node *out)
{
	int code = check_dir(c);

	memset(out, 0, sizeof(*out));
	if (code != CMD_OK) {
		return code;
	}
	if (mem_arena_open(&out->memory, CONFIG_ARENA_BYTES) != RC_OK ||
	    mem_arena_open(&out->scratch, SCRATCH_BYTES) != RC_OK) {
		code = open_fail(c, RC_NOMEM, "it cannot be opened");
	}
	if (code == CMD_OK) {
		code = load_config(c, out);
	}
	if (code == CMD_OK) {
		code = open_store(c, out);
	}
	if (code != CMD_OK) {
		open_close(out);
	}
	return code;
}

void open_close(struct cmd_node *n)
{
	store_close(n->store);
	mem_arena_close(&n->memory);
	mem_arena_close(&n->scratch);
	memset(n, 0, sizeof(*n));
}

int open_read(struct cmd_context *c, struct cmd_node *n, struct kv_txn **out)
{
	enum rc rc = store_begin(n->store, false, out);

	return rc == RC_OK ? CMD_OK : open_fail(c, rc, "it cannot be read");
}

void open_poke(struct cmd_context *c)
{
	json_t *answer = NULL;

	c->has_saved = true;
	(void)control_call(c->dir, "{\"do\":\"poke\"}", POKE_TIMEOUT_MS, &answer);
	json_decref(answer);
}
