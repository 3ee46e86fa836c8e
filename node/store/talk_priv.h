/* What talk.c and talk_act.c share: the one hears what happens, the other does
 * what the session wants. Private to the two. */
#ifndef KERWEN_TALK_PRIV_H
#define KERWEN_TALK_PRIV_H

#include "node/store/talk.h"

/* Steps the session, and carries out what it wants. frame: a chunk's. */
void talk_step_with(struct talk *t, struct session_event *e, struct bytes frame);

/* What a caller hears whose key is not known here. */
extern const char talk_stranger_text[];

/* Ends the conversation; refusal 0: without a word to the peer. */
void talk_drop(struct talk *t, enum rc rc, enum refusal refusal, const char *text);
/* The same for a failure of this node's own: the peer hears whose it is. */
void talk_fail_here(struct talk *t, enum rc rc);
/* What a failure of ours or a refusal tells the peer. */
enum refusal talk_refusal_of(enum rc rc);

void talk_send_simple(struct talk *t, enum message_type type, uint32_t credit, uint64_t ask);
/* Whether the peer may have what is damaged here, and was not asked for it yet. */
enum rc talk_find_wants(struct talk *t, struct kv_txn *txn, bool *out);
/* An office asks for what it lacks of its own. */
void talk_send_want(struct talk *t, const struct dot *wants, uint32_t count);

#endif
