/*
 * When peers were heard: one row for each, by office number (0: the centre);
 * and, at the centre, one for each incarnation of an office that called.
 *
 * `heard` is the time through which everything that an office had written is
 * held and cut here: silence after it is not zero.
 */
#ifndef KERWEN_PEERS_H
#define KERWEN_PEERS_H

#include "node/store/kv.h"

struct peer_state {
	uint16_t number;
	int64_t contact_ms; /* last contact, by this node's clock; 0: never */
	int64_t heard_ms;   /* see above; 0: never */
};

/* Raises what is known of a peer; a 0 leaves it as it is. */
enum rc peers_note(struct kv_txn *t, uint16_t number, int64_t contact_ms, int64_t heard_ms);

/* Notes that an incarnation of an office called. */
enum rc peers_note_life(struct kv_txn *t, uint16_t number, uint32_t incarnation,
			int64_t contact_ms);

/* The first incarnation of an office at or after *incarnation, which moves to
 * it. RC_NOTFOUND: that was all. */
enum rc peers_next_life(struct kv_txn *t, uint16_t number, uint32_t *incarnation,
			int64_t *contact_ms);

/* RC_NOTFOUND: never heard. */
enum rc peers_get(struct kv_txn *t, uint16_t number, struct peer_state *out);

#endif
