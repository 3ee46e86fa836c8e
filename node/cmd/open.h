/*
 * Opening the data directory for a command.
 *
 *   code = open_node(c, &node);      the checks, config, store
 *   ...                              store_begin, commit_begin ...
 *   open_close(&node);               safe in every state
 *
 * Everything that fails here is reported, naming DIR, and comes back as the
 * exit code; CMD_OK means that nothing was printed.
 */
#ifndef KERWEN_OPEN_H
#define KERWEN_OPEN_H

#include "node/base/config.h"
#include "node/base/crypto.h"
#include "node/cmd/cmd.h"
#include "node/store/store.h"

struct cmd_node {
	struct store *store;
	struct config config; /* lives in memory */
	struct arena memory;
	struct arena scratch; /* the command's, for what outlives a transaction */
};

/* The world of a real node: libsodium and the system's clock. */
extern const struct store_world open_world;

/*
 * Opens DIR: it must be this user's alone, on a local disk, initialised, and of
 * this program's format. CMD_NOT_INIT, CMD_LOCKED, CMD_INTEGRITY, CMD_FAILED.
 */
int open_node(struct cmd_context *c, struct cmd_node *out);
void open_close(struct cmd_node *n); /* zeroes are fine */

/* For the option table of every command that calls open_key. */
#define OPEN_KEY_OPTION_NAME "passphrase-file"
#define OPEN_KEY_OPTION                                                                            \
	{                                                                                          \
		.name = OPEN_KEY_OPTION_NAME, .value = "FILE",                                     \
		.help = "holds the passphrase of the key, if it has one (-: stdin)"                \
	}

/*
 * Reads DIR/key, for those who sign or speak TLS; asks for its passphrase if it
 * has one. Gives: crypto_key_drop. CMD_WRONG_KEY: it is not the key of this
 * database, or this is not its passphrase; CMD_INTERRUPTED; else as open_node.
 */
int open_key(struct cmd_context *c, const struct cmd_node *n, struct crypto_key *out);

/* Its two halves, for those who write the file again: the file of this
 * database, and the key in it. Give: crypto_file_drop, crypto_key_drop. */
int open_key_file(struct cmd_context *c, const struct cmd_node *n, struct crypto_file *out);
int open_key_of(struct cmd_context *c, const struct crypto_file *f, struct crypto_key *out);

/* Reports what the store answered while the command was doing something, and
 * returns the exit code: the text names DIR and the next step. */
int open_fail(struct cmd_context *c, enum rc rc, const char *doing);

/* The same where `kerwen verify` cannot help: the database does not open, or
 * not even that could read it. */
int open_fail_lost(struct cmd_context *c, enum rc rc, bool is_centre, const char *doing);

/* Tells the daemon of DIR, if one runs, that something was written: after
 * every commit. It reports nothing; a daemon that misses it sends later. And
 * notes it in c, for a result that cannot be printed. */
void open_poke(struct cmd_context *c);

/* Begins a reading transaction; reports. End it with store_end. */
int open_read(struct cmd_context *c, struct cmd_node *n, struct kv_txn **out);

#endif
