/*
 * Moves in the fixture's world: asking, answering, and looking at where a
 * record is. Calls that cannot fail in a sound program abort the test.
 */
#ifndef KERWEN_MOVING_H
#define KERWEN_MOVING_H

#include "fixture.h"
#include "node/store/moves.h"
#include "sync/view.h"

/* Two exchanges of every office: all hear of everything. */
void moving_sync_all(struct fixture *f);

/* Asks for a move of a person; gives the transfer's id. */
struct uuid moving_ask(struct fixture_node *n, struct uuid id, uint16_t to);

/* The same where it may be refused. */
enum rc moving_try_ask(struct fixture_node *n, struct uuid id, uint16_t to,
		       struct moves_refusal *why);

/* Answers the open transfer of a record, or withdraws it. RC_NOTFOUND: there
 * is none here. */
enum rc moving_accept(struct fixture_node *n, struct uuid id);
enum rc moving_decline(struct fixture_node *n, struct uuid id);
enum rc moving_withdraw(struct fixture_node *n, struct uuid id);

/* A transfer as it is here; texts are of no use. */
struct transfer moving_transfer(struct fixture_node *n, struct uuid transfer);

/* How a person stands, and its home; 0: not known. */
struct record_life moving_life(struct fixture_node *n, struct uuid id);
uint16_t moving_home(struct fixture_node *n, struct uuid id);

/* The siblings of a field of a person, the shown one first, each with the
 * office whose it is: "Mary@1 Merw@2", with "!" in front in open conflict; a
 * clear is "-". Lives until the next call. */
const char *moving_siblings(struct fixture_node *n, struct uuid id, const char *field);

/* `verify` of every node finds nothing. */
void moving_verify_all(struct fixture *f);

#endif
