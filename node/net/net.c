#include "node/net/net.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

enum rc net_open(uv_loop_t *loop, const uint8_t seed[TLS_SEED_LEN], struct net **out)
{
	struct net *n = calloc(1, sizeof(*n));
	enum rc rc = RC_NOMEM;

	if (n == NULL) {
		return RC_NOMEM;
	}
	/* A peer that is gone must not end the process. */
	signal(SIGPIPE, SIG_IGN);
	n->loop = loop;
	rc = tls_context_new(seed, &n->tls);
	if (rc == RC_OK) {
		rc = frame_codec_new(&n->codec);
	}
	if (rc != RC_OK) {
		net_close(n);
		return rc;
	}
	*out = n;
	return RC_OK;
}

void net_close(struct net *n)
{
	if (n != NULL) {
		assert(n->conns == 0);
		frame_codec_free(n->codec);
		tls_context_free(n->tls);
		free(n);
	}
}
