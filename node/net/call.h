/*
 * A manual sync: an office calls its centre, both say all that they had when
 * it began, and it ends. Used by `kerwen sync` by itself and by the daemon.
 */
#ifndef KERWEN_CALL_H
#define KERWEN_CALL_H

#include "node/net/hub.h"

struct call;

struct call_result {
	enum rc rc;              /* RC_OK: everything is confirmed */
	char text[440];          /* what happened, when it is not */
	bool was_open;           /* the centre was reached */
	bool was_refused;        /* by the centre, whose trouble rc is then */
	uint64_t sent, received; /* record changes */
	uint64_t confirmed;      /* record changes that got their receipt */
	uint64_t bytes_out, bytes_in;
	uint32_t round_trips;
};

struct call_options {
	struct hub *hub;              /* borrowed */
	struct store *store;          /* the loop thread's; borrowed */
	const char *const *addresses; /* the centre's HOST:PORT; copied */
	uint32_t addresses_count;
	uint32_t timeout_ms; /* for all of it */
	/* Everything ended; result is borrowed. Not called from call_start. */
	void (*on_end)(void *ctx, const struct call_result *result);
	void *ctx;
};

/* Gives; ends by itself with on_end. RC_INVALID: no addresses; RC_NOMEM. */
enum rc call_start(const struct call_options *o, struct call **out);

/* Ends it early; on_end follows. */
void call_drop(struct call *c, enum rc rc, const char *text);

/* How far it is, in record changes: confirmed of all that is to be. */
void call_progress(const struct call *c, uint64_t *done, uint64_t *total);

#endif
