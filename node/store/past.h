/*
 * What the two sides of a conversation say and send when the centre had several
 * incarnations (succeed.h); and what places.c needs for that, too.
 */
#ifndef KERWEN_PAST_H
#define KERWEN_PAST_H

#include "node/store/feeds.h"
#include "node/store/send.h"

enum { PAST_SCOPES_MAX = 3 };

/* The scopes that an office shares with its centre, the nation first; how many. */
uint32_t past_scopes(const struct store *s, uint16_t office, uint16_t out[PAST_SCOPES_MAX]);

/* A feed's state; zeroes when there is none. */
enum rc past_state(struct kv_txn *t, uint64_t feed, struct feed_state *out);

/* Sets a lane, unless it is further on. */
enum rc past_raise_lane(struct send *send, uint64_t feed, uint64_t next);

/* Adds the heads of earlier incarnations of the centre in a scope. */
enum rc past_hello(struct store *s, struct kv_txn *t, uint16_t scope, struct scope_head *list,
		   uint32_t *count);

/* The centre: whether an office has more of its feeds than stands on the line. */
bool past_is_ahead(struct kv_txn *t, const struct hello *h);

/* An office: whether the centre has less of its own feeds than is here, or goes on
 * in another incarnation: it was restored. */
bool past_is_behind(struct store *s, struct kv_txn *t, const struct hello *h);

/* An office: notes what it has of a scope that the centre lost (send_return). */
enum rc past_return(struct store *s, struct kv_txn *t, uint16_t scope, const struct hello *h,
		    struct send *send);

/* The centre: lanes for its feeds along the line, from what the hello (or NULL)
 * tells of each; and for an incarnation that began while the two speak. */
enum rc past_line(struct store *s, struct kv_txn *t, const struct hello *h, uint16_t scope,
		  struct send *send);
enum rc past_new_line(struct store *s, struct kv_txn *t, struct send *send);

#endif
