/*
 * What the centre does of itself when records change: its reactions.
 *
 * A change that came in or was written may oblige the centre to write, too: a
 * notice to the offices concerned, the two sides of a move. Whoever sees such
 * a change while the work is flushed leaves a task (react_ask); react_run does
 * the tasks before the work is committed, as commits of the centre inside the
 * same transaction (commit_join). So a
 * reaction is durable together with its cause, happens once, and needs nothing
 * to be remembered. Reactions may ask for more; they end because each writes
 * only what is not so yet.
 *
 * At an office there are no tasks. Reactions write records of their own and
 * never a register that people type into.
 */
#ifndef KERWEN_REACT_H
#define KERWEN_REACT_H

#include "node/store/work.h"

/* What is to be looked at again. */
enum react_type {
	REACT_UNIQUE,     /* the notices about a record that shares a unique key */
	REACT_UNIQUE_ALL, /* those about all who share one with this record */
	REACT_MOVE,       /* a transfer: react_move.h */
	REACT_STRAY,      /* a change in a part that its record had left: react_move.h */
	REACT_TYPES
};

/* Leaves a task about a record, once; nothing at an office. RC_NOMEM. */
enum rc react_ask(struct work *w, enum react_type type, uint16_t kind, struct uuid id);

/* Takes back a task that is left about a record. False: there is none. */
bool react_take_back(struct work *w, enum react_type type, uint16_t kind, struct uuid id);

/*
 * Looks at a change that was just applied to part `part` of r, and leaves the
 * tasks that follow from it. seen: what its author had seen. RC_NOMEM.
 */
enum rc react_watch(struct work *w, const struct record *r, uint32_t part, const struct change *c,
		    struct dot e, uint32_t place, const struct seen *seen);

/* Takes the first task if it is of this type. For those who do tasks. */
bool react_take(struct work *w, enum react_type type, uint16_t *kind, struct uuid *id);

/* Does all tasks; for work_commit, after a flush. What a task cannot do it
 * leaves undone; what is not RC_OK has failed the work. */
enum rc react_run(struct work *w);

/* Drops the tasks: the work ended. */
void react_forget(struct work *w);

#endif
