/*
 * What the centre does about records that move (react.h). The rules stand in
 * proto/README.md, chapter "moves".
 *
 *   asking office's transfer ──► its twin, for the receiving office
 *   answer, or a withdrawal  ──► the outcome, in both
 *   "accepted"               ──► and the record written for its new home
 *   a change of the old home that had not seen the move ──► carried on
 */
#ifndef KERWEN_REACT_MOVE_H
#define KERWEN_REACT_MOVE_H

#include "node/store/work.h"

/* One record change of an entry. */
struct react_change {
	uint16_t kind;
	struct uuid id;
	struct dot dot;
	uint32_t place; /* among the entry's changes */
};

/* Does for a transfer what is not done yet. What is wrong with it ends it, as
 * "void"; else the work has failed. */
enum rc react_move(struct work *w, struct uuid transfer);

/* Carries a change that came to a part which its record had left to where the
 * record is now, as its author's: there it stands beside what is there. */
enum rc react_stray(struct work *w, const struct react_change *c);

#endif
