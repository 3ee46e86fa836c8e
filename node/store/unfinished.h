/*
 * A data directory that is being made, and what is left of it when whoever
 * made it was killed.
 *
 *   unfinished_begin -> key, db/ -> unfinished_end | unfinished_undo
 *
 * The first file in DIR is UNFINISHED_FILE, locked by whoever makes DIR. At
 * the end it gets the settings and becomes kerwen.yaml in one step: so a
 * directory has either the one name or the other, and what has the first was
 * never used and may be cleared. Only names that are made here are cleared.
 */
#ifndef KERWEN_UNFINISHED_H
#define KERWEN_UNFINISHED_H

#include "node/base/path.h"

#define UNFINISHED_FILE "kerwen.yaml.unfinished"

/* Whether an init of DIR, or a restore into it, was begun and did not end. */
bool unfinished_is(const char *dir);

/*
 * Makes DIR, or takes an empty one, or one that was left unfinished, which
 * is cleared. *was_there tells whether DIR existed. Gives *fd, the mark:
 * unfinished_end or unfinished_undo. RC_EXISTS: DIR has other things; RC_BUSY:
 * another init or restore is at it; RC_DENIED, RC_INVALID (network file system), RC_FULL,
 * RC_IO. Nothing but a new empty DIR may be left then.
 */
enum rc unfinished_begin(const char *dir, int *fd, bool *was_there, struct path_problem *why);

/*
 * The last step of unfinished_begin alone: puts the mark into DIR, which was
 * seen to be empty. RC_EXISTS: it is not any more, and all in it is left alone;
 * RC_BUSY, and codes as above. fd is to be closed whatever comes of it, if it
 * is not -1.
 */
enum rc unfinished_mark(const char *dir, int *fd, struct path_problem *why);

/* Makes DIR a whole one, durably: its kerwen.yaml says `config`. Closes fd.
 * After a failure DIR is as it was: undo it. RC_FULL, RC_IO, RC_DENIED. */
enum rc unfinished_end(const char *dir, int *fd, struct bytes config, struct path_problem *why);

/* Clears what was made in DIR, the mark last, and closes fd. */
void unfinished_undo(const char *dir, int *fd);

#endif
