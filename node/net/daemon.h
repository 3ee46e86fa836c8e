/*
 * The daemon of a data directory, in the foreground.
 *
 *   a centre   listens; every office that comes stays connected and is told
 *              what is new as it is written
 *   an office  keeps one link to its centre, dials again when it falls
 *              (dial_backoff_ms), or never with sync_every 0
 *
 * Both answer commands on control.sock, and end in order on SIGTERM or SIGINT.
 */
#ifndef KERWEN_DAEMON_H
#define KERWEN_DAEMON_H

#include "node/base/config.h"
#include "node/base/crypto.h"
#include "node/base/path.h"
#include "node/store/store.h"

struct daemon_options {
	const char *dir;
	struct store *store; /* borrowed; the daemon's until it ends */
	const struct crypto_key *key;
	const struct config *config;
	const char *const *addresses; /* an office: its centre's */
	uint32_t addresses_count;
};

/*
 * Runs until it is told to end. RC_OK: in order. RC_BUSY: a daemon of this
 * directory runs already, or somebody listens at the address; RC_UNKNOWN: the
 * database failed: restart it; RC_DENIED: DIR cannot be written; RC_INVALID,
 * RC_FULL, RC_NOTFOUND, RC_IO: it could not begin. why tells the user.
 */
enum rc daemon_run(const struct daemon_options *o, struct path_problem *why);

#endif
