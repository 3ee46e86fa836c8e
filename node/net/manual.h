/*
 * A manual sync without a daemon: a loop of its own around one call.
 */
#ifndef KERWEN_MANUAL_H
#define KERWEN_MANUAL_H

#include "node/net/call.h"

struct manual_options {
	struct store *store;
	const struct crypto_key *key;
	const char *const *addresses;
	uint32_t addresses_count;
	uint32_t timeout_ms;
	/* Called about ten times a second while it lasts; may be NULL. */
	void (*on_progress)(void *ctx, uint64_t done, uint64_t total);
	void *ctx;
};

/* Blocks until it ended. SIGINT and SIGTERM end it in order: *interrupted.
 * RC_OK: result tells how it went; RC_NOMEM, RC_IO, RC_INVALID: it never
 * began. */
enum rc manual_run(const struct manual_options *o, struct call_result *result, bool *interrupted);

#endif
