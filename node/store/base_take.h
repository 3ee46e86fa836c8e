/*
 * An office takes in the base of a scope, piece by piece, and then all of it at
 * once: until the last piece is here nothing of it is seen, and from then on
 * the scope stands at the floor, as if its entries had been applied.
 *
 *   base_take_piece   one piece, checked against what the centre signed, kept;
 *                     the last one: base_check, then base_put
 *
 * A link that falls costs the pieces on their way: the next Hello says how many
 * are here (base_take_stand). A base of another floor begins anew.
 *
 * A scope that is not empty - an office that was away below the floor, or was
 * restored from an old copy - gets the base in place of what it had; what this
 * office wrote itself and the base does not have is applied again on top of it.
 * Where it cannot be told whether the base has it, it is set aside and issued
 * again (rejoin.h); what of that touches records of the base becomes proposals.
 *
 * meta "taking SCOPE":  be64 F, be64 bytes, root 32, be32 pieces that are here.
 */
#ifndef KERWEN_BASE_TAKE_H
#define KERWEN_BASE_TAKE_H

#include "node/store/base_walk.h"
#include "sync/message.h"

/* A base under way. */
struct base_stand {
	struct base_point point; /* seq 0: none */
	uint32_t have, all;      /* pieces, the statement among them */
};

enum rc base_take_stand(struct kv_txn *t, uint16_t scope, struct base_stand *out);

/* How much of all bases under way is here, for people. False: there is none. */
bool base_take_percent(struct store *s, struct kv_txn *t, unsigned *percent);

/*
 * Takes one piece from a peer. RC_DENIED: not its to send; RC_GAP: not the next
 * one; RC_BADSIG, RC_CORRUPT, RC_LIMIT, RC_SYSTEM: it is not what the centre
 * signed, or makes no sense: nothing of the base is kept then. Else what the
 * store answered.
 */
enum rc base_take_piece(struct work *w, uint16_t from, const struct base_piece *p);

/* --- its parts ------------------------------------------------------------------ */

/* The rows of the pieces that are here. */
struct base_reader {
	struct kv_txn *txn;
	struct arena *arena;
	uint16_t scope;
	uint32_t number, end; /* the next piece, and behind the last */
	uint8_t *buffer;      /* own memory */
	size_t at, len, max;
};
void base_reader_start(struct base_reader *r, struct kv_txn *t, struct arena *a,
		       const struct base_stand *s, uint16_t scope);
/* Copied into the arena. RC_NOTFOUND: that was all; RC_CORRUPT. */
enum rc base_reader_next(struct base_reader *r, struct base_row *out);
void base_reader_end(struct base_reader *r);

/* Whether the pieces are a base of this scope and floor. RC_CORRUPT, RC_SYSTEM. */
enum rc base_check(struct work *w, const struct base_stand *s, uint16_t scope);

/* Puts it in place. */
enum rc base_put(struct work *w, const struct base_stand *s, uint16_t scope);

#endif
