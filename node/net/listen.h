/*
 * A listener: accepts connections, within bounds, and never goes deaf.
 *
 * Happy path: a client connects, shakes hands, and the handlers' on_open gets
 * the connection. Failure modes:
 * - conns_max connections: the rest waits with the system until one is gone.
 * - strangers_max of which nobody knows yet who they are (conn_vouch): the
 *   rest waits; but the oldest of them that had stranger_grace_ms makes room.
 *   So a thousand silent clients, with TLS or without, cost the others little,
 *   and a storm of honest ones is served in turn. Strangers make room for
 *   others, too, when there are conns_max.
 * - no descriptors or memory left: the rest waits with the system, and the
 *   listener tries again soon. No descriptor is kept in reserve to turn them
 *   away with: a client that waits is served sooner than one that has to
 *   come back. listen_fit keeps some for everything else.
 * Each of the three is told in the log, at most once a minute.
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
	uint32_t strangers_max;
	uint32_t stranger_grace_ms;
};

/* Limits of connections by default, at most 16384 at once, 1024 of them
 * strangers, 4 s of grace. The rest is zero. */
struct listen_options listen_options_default(void);

/* Lowers the three bounds to what a process that may have so many descriptors
 * can bear: LISTEN_RESERVE of them (at most half) stay for files, the control
 * socket and its clients. */
enum { LISTEN_RESERVE = 48 };
void listen_fit(struct listen_options *o, uint64_t descriptors);

/*
 * Gives; listen_close ends it. *why, if it fails: text for people, a constant.
 * RC_INVALID: no such address here; RC_BUSY: somebody listens there; RC_DENIED:
 * the system does not allow it; RC_IO, RC_NOMEM.
 */
enum rc listen_open(const struct listen_options *o, struct listener **out, const char **why);

/* The port, also when the system chose it. */
uint16_t listen_port(const struct listener *l);

/* How many of its connections there are, and how many of them are strangers. */
uint32_t listen_count(const struct listener *l);
uint32_t listen_count_strangers(const struct listener *l);

/* Accepts no more. Its connections live on, and may outlive it; strangers are
 * dropped. NULL is fine. */
void listen_close(struct listener *l);

#endif
