/*
 * One link: a connection with its conversation (node/store/talk.h).
 *
 *   link_accept_handlers (a listener's connections) | link_new + a dial
 *            -> on_done, on_gone
 *
 * Happy path: the connection opens, the conversation starts, chunks go to the
 * writer and come back durable, on_done when the goals are reached, on_gone at
 * the end. Failure modes: whatever ends the conversation or the line comes to
 * on_gone once, with the first reason. The memory goes when the connection is
 * gone and the last job came back. Everything runs on the loop thread.
 */
#ifndef KERWEN_LINK_H
#define KERWEN_LINK_H

#include "node/net/conn.h"

struct hub;
struct link;

struct link_handlers {
	void *ctx; /* borrowed */
	/* The link's goals are reached (ask 0), or its peer answered an ask. */
	void (*on_done)(void *ctx, struct link *l, uint64_t ask);
	/* The link is over; it must not be used after. RC_OK: in order. */
	void (*on_gone)(void *ctx, struct link *l, enum rc rc, const char *text);
};

/* For listen.h: its connections become links; owner is the hub. */
extern const struct conn_handlers link_accept_handlers;

/*
 * For dial.h: a link of an office to its centre, and the handlers of the
 * connection that is to carry it; owner is the link. token: for a first
 * contact, or NULL. stays: go on after the goals. NULL: out of memory.
 */
struct link *link_new(struct hub *h, bool stays, const uint8_t *token,
		      const struct link_handlers *handlers);
extern const struct conn_handlers link_dial_handlers;
/* The dial failed: frees the link; on_gone is called. */
void link_failed(struct link *l, enum rc rc, const char *text);

/* What a link did, for reports. */
struct link_counts {
	uint64_t changes_sent, changes_received;
	uint64_t bytes_in, bytes_out;
	uint32_t round_trips;
};
struct link_counts link_counts(const struct link *l);

/* The office's number; 0 at an office. What the peer says of itself, until
 * its key or token is known. */
uint16_t link_peer(const struct link *l);
bool link_knows_peer(const struct link *l);
bool link_was_refused(const struct link *l);  /* the peer ended it with a Refuse */
bool link_lacks_own(struct link *l);          /* see talk_lacks_own */
bool link_is_connected(const struct link *l); /* TLS is up */
bool link_is_open(const struct link *l);      /* both have said hello */

/* Ends the conversation at once, with a reason (a constant). */
void link_drop(struct link *l, enum rc rc, const char *text);

/* Asks the office at the other end for a sync; on_done brings the answer. */
void link_ask(struct link *l, uint64_t ask);
/* The question that was not answered yet; 0: none. */
uint64_t link_asked(const struct link *l);

/* Drops a peer that holds a line for long without saying who it is. */
void link_look(struct link *l);

/* Writes down that the peer is there, unless that was done since. */
void link_note(struct link *l, int64_t older_than_ms);

/* This node has new entries: looks whether there is something to send. */
void link_moved(struct link *l);

#endif
