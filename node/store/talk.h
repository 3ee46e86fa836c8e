/*
 * A session bound to a store, but to no wire: what the daemon puts on a TLS
 * connection and the simulator on a queue.
 *
 * The owner feeds what happens (talk_opened, talk_frame, ...) and supplies
 * what is to be done (struct talk_ops). Everything runs on the owner's thread;
 * the store is for reading only. Order of calls:
 *
 *   talk_init -> talk_opened -> { talk_frame | talk_stored | talk_admitted |
 *   talk_moved | talk_writable | talk_full } -> talk_fini
 *
 * After ops->drop nothing more is asked of the owner.
 */
#ifndef KERWEN_TALK_H
#define KERWEN_TALK_H

#include "node/store/places.h"
#include "node/store/receive.h"

struct talk_ops {
	void *ctx; /* borrowed */
	/* Sends one frame; copies it. */
	void (*send)(void *ctx, struct bytes frame);
	/* Makes the peer's chunk durable, then calls talk_stored. Copies. */
	void (*store)(void *ctx, struct bytes frame);
	/* Judges a first contact, then calls talk_admitted. */
	void (*admit)(void *ctx, const struct hello *hello);
	/* An office: leaves these incarnations of its own (rejoin_leave), before
	 * any chunk that is stored after this. */
	void (*leave)(void *ctx, const uint32_t *torn, uint32_t count);
	/* An office: rejoin_issue, then calls talk_issued. */
	void (*issue)(void *ctx);
	/* Goals are reached (ask 0), or the peer answered an ask. */
	void (*done)(void *ctx, uint64_t ask);
	/* Ends the conversation: close when everything is out. text may be "". */
	void (*drop)(void *ctx, enum rc rc, const char *text);
};

struct talk {
	struct session session;
	struct send send;
	struct store *store; /* borrowed; of the owner's thread */
	struct talk_ops ops;
	uint16_t peer;
	uint8_t token[TOKEN_LEN];
	bool has_token;
	bool was_refused;          /* the peer ended it, with a Refuse */
	struct receive_down down;  /* the centre: of its chunks; see receive.h */
	struct dot wanted;         /* an office: what was asked for last */
	uint64_t asked_notes;      /* damaged things that the peer was asked for; see heal.h */
	uint32_t awaits;           /* an office: the centre's incarnation that is to end; 0: none */
	uint32_t peer_incarnation; /* the office's; 0: not told */
	uint64_t healed;           /* that came back */
	uint64_t entries_sent, changes_sent, entries_received, changes_received;
	int64_t peer_time_ms;              /* the peer's clock, from its hello */
	struct dot peer_heads[PLACES_MAX]; /* the office's own feeds, from its hello */
	uint32_t peer_heads_count;
};

/* peer: the office's number at the centre (0 and knows_peer false: not known
 * yet); at an office 0. token: for a first contact, or NULL. */
void talk_init(struct talk *t, struct store *store, uint16_t peer, bool knows_peer, bool stays,
	       const uint8_t *token, struct send_signer signer, const struct talk_ops *ops);
void talk_fini(struct talk *t);

void talk_opened(struct talk *t);
void talk_frame(struct talk *t, struct bytes frame);
void talk_stored(struct talk *t, enum rc rc, const struct receive_result *r);
/* rc RC_OK: the peer is the office that its hello named; else it is sent away. */
void talk_admitted(struct talk *t, enum rc rc);
/* What was to be issued again is. */
void talk_issued(struct talk *t, enum rc rc);
/* The peer's key is nobody's any more: sends it away. */
void talk_turn_away(struct talk *t, const char *text);
/* This node has new entries. A peer whose office was closed is sent away. */
void talk_moved(struct talk *t);
void talk_writable(struct talk *t);
void talk_full(struct talk *t);
/* Sends an ask to the office; ops->done brings the answer. */
void talk_ask(struct talk *t, uint64_t ask);

/* Whether everything that the office had when it said hello is applied. */
bool talk_is_heard(struct talk *t);

/* An office: whether the centre confirmed more of its own changes than are here,
 * and has not sent them. */
bool talk_lacks_own(struct talk *t);

#endif
