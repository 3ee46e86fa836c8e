/*
 * What all conversations of one process share: loop, store, key, writer - and
 * the links themselves.
 *
 *   hub_open -> links come and go (link.h) -> hub_close -> hub_free
 *
 * Everything runs on the loop thread.
 */
#ifndef KERWEN_HUB_H
#define KERWEN_HUB_H

#include "node/base/crypto.h"
#include "node/net/link.h"
#include "node/net/net.h"
#include "node/net/writer.h"

struct hub;

struct hub_handlers {
	struct link_handlers accepted; /* of links that others opened */
	/* A writer's job failed so that nobody knows what is on the disk. */
	void (*on_broken)(void *ctx);
	void *ctx; /* borrowed */
};

/*
 * Borrows loop, store and key; the store is used on the loop thread, and a
 * second one (store_share) belongs to the writer. Gives. RC_NOMEM, RC_INVALID.
 */
enum rc hub_open(uv_loop_t *loop, struct store *store, const struct crypto_key *key,
		 const struct hub_handlers *handlers, struct hub **out);

/* Drops all links and stops the writer; free it with hub_free after the loop
 * has ended. */
void hub_close(struct hub *h);
void hub_free(struct hub *h);

struct net *hub_net(struct hub *h);

/* This node has new entries: all links look. */
void hub_moved(struct hub *h);

/* Walks the links: NULL gives the first, NULL comes after the last. */
struct link *hub_next(struct hub *h, struct link *l);

#endif
