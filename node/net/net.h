/*
 * What all connections of one loop share: the loop, the TLS context with the
 * node's key, the frame codec, and one buffer to read into. So an idle
 * connection has no buffers of its own.
 *
 * Start here: net_open, then listen.h and dial.h make connections, and conn.h
 * says what can be done with them. Everything in these four runs on the
 * loop's thread, callbacks too.
 */
#ifndef KERWEN_NET_H
#define KERWEN_NET_H

#include <uv.h>

#include "node/net/tls.h"
#include "proto/frame.h"

enum { NET_READ_BYTES_MAX = 65536 };

/* Only the files of node/net look inside. */
struct net {
	uv_loop_t *loop; /* borrowed */
	struct tls_context *tls;
	struct frame_codec *codec;
	uint32_t conns; /* that exist, closing ones too */
	uint8_t read_buf[NET_READ_BYTES_MAX];
};

/*
 * Borrows the loop; seed as in tls_context_new. Ignores SIGPIPE for the
 * process. Gives. RC_NOMEM, RC_INVALID as tls_context_new.
 */
enum rc net_open(uv_loop_t *loop, const uint8_t seed[TLS_SEED_LEN], struct net **out);

/*
 * Frees; NULL is fine. Every connection, listener and dial must be gone
 * before: drop them, then run the loop until it has nothing left to do.
 */
void net_close(struct net *n);

#endif
