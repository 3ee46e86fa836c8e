/*
 * What the commands `move ...` share: which transfer somebody means, and how
 * it is told.
 */
#ifndef KERWEN_MOVE_H
#define KERWEN_MOVE_H

#include "node/cmd/open.h"
#include "node/store/moves.h"

struct move {
	struct cmd_context *c;
	const struct store *store;
	struct kv_txn *txn;
	struct arena *arena;
	const struct crypto_key *key; /* opens boxes; NULL: none is opened */
};

/* One transfer as it is told. */
struct move_told {
	struct transfer transfer;
	const char *kind;    /* its name, or "?" */
	struct bytes title;  /* of the record, or from the box; may be empty */
	struct bytes author; /* who asked */
	int64_t asked_ms;
};

/* Everything lives in the arena. RC_NOMEM, or what the store answered. */
enum rc move_tell(const struct move *m, const struct transfer *t, struct move_told *out);

/* What a list shows of a record, on one line: the fields of its title. */
enum rc move_title(const struct move *m, const struct record *r, struct bytes *out);

/*
 * The transfer that an id means: its own or its record's, or an ending of one;
 * the open one, else the last. Reports; the exit code.
 */
int move_find(const struct move *m, const char *text, struct transfer *out);

/* As JSON; gives. NULL: out of memory. */
json_t *move_json(const struct move *m, const struct move_told *told);

/* Reports a refusal of moves.h, or a failure; the exit code. */
int move_fail(struct cmd_context *c, enum rc rc, const struct moves_refusal *why,
	      const char *doing);

#endif
