/*
 * A listener: accepts connections, within bounds, and never goes deaf.
 *
 * Happy path: a client connects, shakes hands, and the handlers' on_open gets
 * the connection. Failure modes:
 * - conns_max connections: the rest waits with the system until one is gone.
 * - half_open_max of them not open yet: the rest waits; but the oldest that
 *   took longer than half_open_grace_ms makes room for it. So a thousand
 *   silent clients cost the others little, and a storm of honest ones is
 *   served in turn.
 * - no descriptors or memory left: the rest waits with the system, and the
 *   listener tries again soon. No descriptor is kept in reserve to turn them
 *   away with: a client that waits is served sooner than one that has to
 *   come back.
 */
#ifndef KERWEN_LISTEN_H
#define KERWEN_LISTEN_H

#include "node/net/conn.h"

struct net;
struct listener;

struct listen_options {
	struct net *net;     /* borrowed */
	const char *address; /* HOST:PORT as in config.h; port 0: any */
	struct conn_limits limits;
	const struct conn_handlers *handlers; /* borrowed until all connections are gone */
	void *owner;
	/* A client did not come through the handshake. May be NULL. */
	void (*on_failed)(void *owner, enum rc rc, const char *text);
	uint32_t conns_max;
	uint32_t half_open_max;
	uint32_t half_open_grace_ms;
};

/* Limits of connections by default, at most 16384 at once, 256 of them not
 * open, 5 s of grace. The rest is zero. */
struct listen_options listen_options_default(void);

/*
 * Gives; listen_close ends it. *why, if it fails: text for people, a constant.
 * RC_INVALID: no such address here; RC_BUSY: somebody listens there; RC_DENIED:
 * the system does not allow it; RC_IO, RC_NOMEM.
 */
enum rc listen_open(const struct listen_options *o, struct listener **out, const char **why);

/* The port, also when the system chose it. */
uint16_t listen_port(const struct listener *l);

/* How many of its connections there are, and how many are not open yet. */
uint32_t listen_count(const struct listener *l);
uint32_t listen_count_half_open(const struct listener *l);

/* Accepts no more. Its connections live on, and may outlive it; those that
 * are not open are dropped. NULL is fine. */
void listen_close(struct listener *l);

#endif
