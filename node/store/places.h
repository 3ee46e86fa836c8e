/*
 * Where this node stands, for the conversation with a peer: the places of
 * session.h, the hello, and from where to send after the peer's hello.
 *
 * All in the scopes that the office and its centre share: the nation's, the
 * office's `centre` scope and its region's. The `office` scope is nobody
 * else's business.
 */
#ifndef KERWEN_PLACES_H
#define KERWEN_PLACES_H

#include "node/store/send.h"
#include "sync/session.h"

enum { PLACES_MAX = 48 };

/* Record changes in this office's feeds that are shared with the centre, over
 * all incarnations: held here, and confirmed. */
enum rc places_count_own(struct store *s, struct kv_txn *t, uint64_t *written, uint64_t *confirmed);

/* The places of an office towards its centre. count: up to PLACES_MAX. */
enum rc places_get(struct store *s, struct kv_txn *t, struct session_place *out, uint32_t *count);

/* This node's hello to a peer (office number; 0: the centre). Lives in the
 * store's arena. Token and time are the caller's to fill in. */
enum rc places_hello(struct store *s, struct kv_txn *t, uint16_t peer, struct hello *out);

/*
 * Whether the peer's hello fits this node. RC_SYSTEM: another system;
 * RC_DENIED: another office than the key says; RC_FORK: the centre's feed has
 * two histories: the centre was restored.
 */
enum rc places_check(struct store *s, struct kv_txn *t, uint16_t peer, const struct hello *h);

/* Sets the lanes of a send after the peer's hello, or before it (h NULL) from
 * receipts. Lanes never move back; those of an office that are new are added. */
enum rc places_start(struct store *s, struct kv_txn *t, const struct hello *h, struct send *send);

/* The centre: the office wants a feed of its own back, behind a seq. RC_DENIED:
 * it is not its own; RC_LIMIT. */
enum rc places_give(struct store *s, struct kv_txn *t, struct dot want, struct send *send);

#endif
