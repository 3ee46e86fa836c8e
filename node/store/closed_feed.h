/*
 * The closing of one feed, as the office's record tells it: an element of the
 * set `closed_feeds`.
 *
 *   be64 feed || be64 seq || chain hash at seq (32 bytes)
 */
#ifndef KERWEN_CLOSED_FEED_H
#define KERWEN_CLOSED_FEED_H

#include "sync/bytes.h"
#include "sync/crypto.h"
#include "sync/dot.h"

enum { CLOSED_FEED_LEN = 8 + 8 + HASH_LEN };

/* A feed that the centre closed: nothing behind `last` may stand, unless a cut
 * covered it before (closing.h). */
struct closed_feed {
	struct dot last; /* seq 0: nothing of it */
	uint8_t hash[HASH_LEN];
	struct dot by; /* the centre's national entry that closed it */
};

/* RC_CORRUPT: not such an element. Leaves `by` alone. */
enum rc closed_feed_read(struct bytes b, struct closed_feed *out);
void closed_feed_write(const struct closed_feed *c, uint8_t out[CLOSED_FEED_LEN]);

#endif
