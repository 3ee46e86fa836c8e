/*
 * Counting all figures again while others write.
 *
 * It takes longer than one transaction. So it is told to everybody how far the
 * count has come: a *place* (meta, "counting"), which moves in the transaction in
 * which the records before it were counted. Whoever changes what a record before
 * the place counts writes the difference beside, too (table `figure`, under the
 * figure 0, which none has). In the end what was counted, and what stands beside,
 * together are what the cells should say in that very transaction.
 *
 * A count that is given up leaves a place behind: that costs a little, and the
 * next one begins anew. So does one whose place was taken away, by another one or
 * because the schema changed.
 */
#ifndef KERWEN_COUNTING_H
#define KERWEN_COUNTING_H

#include "node/store/kv.h"
#include "sync/crypto.h"
#include "sync/uuid.h"

struct counting {
	uint64_t token; /* of the count; 0: none is under way */
	uint16_t kind;  /* records up to this kind and id are counted */
	struct uuid id;
};

/* Zeroes when there is none. */
enum rc counting_get(struct kv_txn *t, struct counting *out);
enum rc counting_put(struct kv_txn *t, const struct counting *c);
/* Takes the place, and all that was written beside, away. */
enum rc counting_drop(struct kv_txn *t);

/* Whether a record is counted already. */
bool counting_has(const struct counting *c, uint16_t kind, struct uuid id);

/* Writes a difference beside. cell: figure 2, part 2, cell. */
enum rc counting_add(struct kv_txn *t, const struct crypto *c, struct bytes cell, int64_t amount);

/* Calls each for all that stands beside, cells as above. */
enum rc counting_walk(struct kv_txn *t, void *ctx,
		      enum rc (*each)(void *ctx, struct bytes cell, int64_t amount));

#endif
