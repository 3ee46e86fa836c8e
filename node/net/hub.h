/*
 * What all conversations of one process share: loop, store, key, writer - and
 * the links themselves.
 *
 *   hub_open -> hub_accept (a listener's connections) | hub_link (a dial's)
 *            -> on_done, on_gone for each link -> hub_close
 *
 * A link is one connection with its conversation (node/store/talk.h). It
 * lives until its connection is gone and its last job came back. Everything
 * runs on the loop thread.
 */
#ifndef KERWEN_HUB_H
#define KERWEN_HUB_H

#include "node/base/crypto.h"
#include "node/net/conn.h"
#include "node/net/net.h"
#include "node/net/writer.h"
#include "node/store/talk.h"

struct hub;
struct link;

struct link_handlers {
	void *ctx; /* borrowed */
	/* The link's goals are reached (ask 0), or its peer answered an ask. */
	void (*on_done)(void *ctx, struct link *l, uint64_t ask);
	/* The link is over; it must not be used after. RC_OK: in order. */
	void (*on_gone)(void *ctx, struct link *l, enum rc rc, const char *text);
};

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

/* For listen.h: its connections become links; owner is the hub. */
extern const struct conn_handlers hub_accept_handlers;

/*
 * For dial.h: a link of an office to its centre, and the handlers of the
 * connection that is to carry it; owner is the link. token: for a first
 * contact, or NULL. stays: go on after the goals. NULL: out of memory.
 */
struct link *hub_link(struct hub *h, bool stays, const uint8_t *token,
		      const struct link_handlers *handlers);
extern const struct conn_handlers hub_dial_handlers;
/* The dial failed: frees the link; on_gone is called. */
void hub_link_failed(struct link *l, enum rc rc, const char *text);

/* This node has new entries: all links look. goals: they are to be reached,
 * then on_done. */
void hub_moved(struct hub *h, bool goals);

/* What a link did, for reports. */
struct link_counts {
	uint64_t changes_sent, changes_received;
	uint64_t bytes_in, bytes_out;
	uint32_t round_trips;
};
struct link_counts link_counts(const struct link *l);

/* The office's number; 0 at an office. */
uint16_t link_peer(const struct link *l);
bool link_is_connected(const struct link *l); /* TLS is up */
bool link_is_open(const struct link *l);      /* both have said hello */

/* Ends the conversation in order, or at once with a reason (a constant). */
void link_finish(struct link *l);
void link_drop(struct link *l, enum rc rc, const char *text);

/* Asks the office at the other end for a sync; on_done brings the answer. */
void link_ask(struct link *l, uint64_t ask);

/* Walks the links: NULL gives the first, NULL comes after the last. */
struct link *hub_next(struct hub *h, struct link *l);

#endif
