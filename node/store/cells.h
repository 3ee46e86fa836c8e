/*
 * Figure cells as they are stored: (figure, part, cell) -> amount. A cell
 * whose amount is 0 is not stored. Cells longer than a key stand under a hash,
 * with their full text in the value.
 */
#ifndef KERWEN_CELLS_H
#define KERWEN_CELLS_H

#include "node/store/kv.h"
#include "sync/crypto.h"
#include "sync/figure.h"

/* Moves a cell by an amount. cell: the key of figure.h. */
enum rc cells_add(struct kv_txn *t, const struct crypto *c, uint16_t figure, uint16_t part,
		  struct bytes cell, int64_t amount);

/* Calls each for all cells of one counter, in key order; stops at the first
 * result that is not RC_OK and returns it. cell is borrowed for the call. */
enum rc cells_walk(struct kv_txn *t, uint16_t figure, uint16_t part, void *ctx,
		   enum rc (*each)(void *ctx, struct bytes cell, int64_t amount));

/* Drops all cells of one figure. */
enum rc cells_drop(struct kv_txn *t, uint16_t figure);

#endif
