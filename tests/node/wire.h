/*
 * An exchange between an office and its centre through memory: real sessions,
 * real frames, real stores, and a wire that breaks after any frame.
 *
 * Nothing here belongs to a test framework: what cannot fail in a sound
 * program ends the process when it does.
 */
#ifndef KERWEN_WIRE_H
#define KERWEN_WIRE_H

#include "node/store/store.h"
#include "node/store/talk.h"

/* How an exchange ended at one side. */
struct wire_end {
	bool was_refused; /* by the other side */
	char text[440];
};

struct wire_node {
	struct store *store;       /* borrowed */
	struct send_signer signer; /* of the node's own feeds */
	/* Another store on the same database, for what comes in; NULL: one is
	 * made for each exchange. */
	struct store *writer;
	/* Called before the node takes something in; may be NULL. */
	void (*on_turn)(void *ctx);
	void *ctx;
	bool may_be_full;    /* what comes in may fail to be committed */
	struct wire_end end; /* of the last exchange */
};

/* A store on the same database whose memory is full of rubbish: arenas are not
 * cleared, and whoever relies on zeroes is to be seen. Gives. */
struct store *wire_writer(const struct store *s);

/*
 * One exchange, until its goals are reached, nobody has anything to say, or
 * the wire breaks: *cut_after frames from now (< 0: never), counted down.
 * RC_OK: goals reached; RC_CLOSED: broken; else why one side hung up.
 */
enum rc wire_sync(struct wire_node *office, struct wire_node *centre, int64_t *cut_after);

/* Gives the centre's national feed to an office that knows nothing yet, as an
 * invitation does. */
void wire_hand_over(struct wire_node *centre, struct store *office);

#endif
