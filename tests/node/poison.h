/*
 * Poison: what a program with an error writes into its own store, though its
 * office may not - and what the centre makes of it.
 */
#ifndef KERWEN_POISON_H
#define KERWEN_POISON_H

#include "fixture.h"
#include "node/store/quarantine.h"

/* Writes a change of a person that claims another office as its home, with one
 * more op, as one entry of the office's region. Gives its dot; place 0. */
struct dot poison_write(struct fixture_node *n, struct uuid id, struct op op);

/* The centre accepts or discards. The code is ruling_write's. */
enum rc poison_rule(struct fixture_node *centre, struct dot d, uint32_t place, bool accept);

/* The row of a change; asserts that there is one. */
struct quarantine poison_row(struct fixture_node *n, struct dot d, uint32_t place);

/* The nth row (from 0) that a node has. False: there are fewer. */
bool poison_find(struct fixture_node *n, uint32_t nth, struct quarantine *out);

#endif
