/*
 * Dialling: makes a connection to a node that may have several addresses.
 *
 * Happy path: the addresses are tried in turn, each in all its meanings (a
 * name may stand for several), until one is open: TLS, too, with the pinned
 * key. Then the handlers' on_open gets the connection and the dial is gone.
 * Failure modes: a name that nobody knows, a refusal, no answer (connect_ms),
 * another key or no TLS: on to the next; after the last one, or when
 * timeout_ms is over, on_failed, once, and the dial is gone. Neither comes
 * from inside dial_start.
 */
#ifndef KERWEN_DIAL_H
#define KERWEN_DIAL_H

#include "node/net/conn.h"

struct net;
struct dial;

struct dial_options {
	struct net *net;              /* borrowed */
	const char *const *addresses; /* HOST:PORT; copied */
	size_t count;                 /* at least 1 */
	const uint8_t *pin;           /* the key expected, KEY_LEN bytes; copied */
	uint32_t timeout_ms;          /* for all of it, until it is open */
	struct conn_limits limits;
	const struct conn_handlers *handlers; /* borrowed until the connection is gone */
	void *owner;
	/*
	 * RC_UNREACHED: nobody answered at any address, text says how the last
	 * one failed; RC_TIMEOUT; or the failure of an address where somebody
	 * did answer (see tls_read), such as RC_DENIED "wrong key". text is a
	 * constant.
	 */
	void (*on_failed)(void *owner, enum rc rc, const char *text);
};

/* Gives; ends by itself as said above, or with dial_drop. RC_INVALID: not an
 * address; RC_NOMEM. Nothing was started then. */
enum rc dial_start(const struct dial_options *o, struct dial **out);

/* Gives up; no callback comes any more. Only before on_open and on_failed. */
void dial_drop(struct dial *d);

/*
 * How long to wait before dialling again: from 1 s, doubling up to 5 minutes,
 * of which random (32 even bits) picks a time in the upper half, so that
 * offices do not come back all at once. attempt: failures in a row, from 1 on.
 */
uint32_t dial_backoff_ms(uint32_t attempt, uint32_t random);

#endif
