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
 * directory runs already; RC_UNKNOWN: the database failed: restart it;
 * RC_INVALID, RC_DENIED, RC_IO: it could not listen; why (a constant) says
 * more.
 */
enum rc daemon_run(const struct daemon_options *o, const char **why);

#endif
