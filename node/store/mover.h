/*
 * Writing a record for its new home: the centre's part of a move
 * (proto/README.md, chapter "moves").
 *
 * What is live in the scopes of the old home is carried into those of the new
 * one (carry.h). Then, in one commit: the new home is put into every part that
 * the record has - in those that it leaves this is the mark -, and the
 * outcome of the transfer is written. A record with very many pieces takes
 * some commits before that one; all are of one work.
 */
#ifndef KERWEN_MOVER_H
#define KERWEN_MOVER_H

#include "node/store/commit.h"
#include "node/store/transfers.h"

/* What else goes into the last commit. */
struct mover_finish {
	void *ctx;
	enum rc (*write)(void *ctx, struct commit *c);
};

/* Whether what an office asks for can be at all, as far as the centre can tell
 * now. *why: what speaks against it, for people, or NULL. */
enum rc mover_check_asked(struct work *w, const struct transfer *t, const char **why);

/* Moves the record, unless *why. The work is flushed when it returns RC_OK. */
enum rc mover_run(struct work *w, const struct transfer *t, const struct mover_finish *finish,
		  const char **why);

#endif
