/*
 * Which of an office's incarnations a hello tells of: it has room for some only,
 * and an office that was restored often has more.
 */
#ifndef KERWEN_HEADS_H
#define KERWEN_HEADS_H

#include "node/store/feeds.h"
#include "sync/limits.h"

enum {
	HEADS_LIVES_MAX = 4, /* earlier incarnations of the centre, in each of three scopes */
	HEADS_MAX =
		(LIMIT_SCOPES_PER_SESSION_MAX - 1 - 3 * HEADS_LIVES_MAX) / 2 /* in each of two */
};

/* The feeds of an office in a scope that are held here: all, or those that were
 * cut last and those with entries that wait. In order of feeds; borrow from t. */
enum rc heads_newest(struct kv_txn *t, uint16_t office, uint16_t scope,
		     struct feed_state out[HEADS_MAX], uint32_t *count);

#endif
