/* What hub.c and link.c share. */
#ifndef KERWEN_HUB_PRIV_H
#define KERWEN_HUB_PRIV_H

#include "node/net/hub.h"
#include "node/store/talk.h"

struct hub {
	struct net *net;
	struct store *store, *writer_store;
	const struct crypto_key *key;
	struct writer *writer;
	struct hub_handlers handlers;
	struct link *links;
	bool closing;
	bool moved; /* jobs that came back have written something */
};

struct link {
	struct hub *hub;
	struct link_handlers handlers;
	struct link *next, *before;
	struct conn *conn; /* NULL before it opened and after it is gone */
	struct talk talk;
	uint64_t ask;       /* the question its office was asked; 0: none */
	uint64_t opened_ms; /* monotonic */
	uint32_t jobs;      /* under way at the writer */
	bool is_over;       /* on_gone was called */
	enum rc rc;
	char text[440];
	uint8_t peer_key[KEY_LEN];
	int64_t heard_ms;              /* when the peer said hello, or last sent something */
	int64_t noted_ms;              /* when that was written down */
	struct conn_counters counters; /* when the connection ended */
};

#endif
