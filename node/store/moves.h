/*
 * An office's part of a move: asking, answering, withdrawing. The centre does
 * the rest (react_move.h).
 *
 * All but moves_accept are steps inside a commit of the caller. Refusals are
 * those of commit_is_refusal, with texts for people; anything else has failed
 * the commit.
 */
#ifndef KERWEN_MOVES_H
#define KERWEN_MOVES_H

#include "node/base/crypto.h"
#include "node/store/carry.h"
#include "node/store/transfers.h"

struct moves_refusal {
	char text[240], hint[240];
};

/* What is asked for. Everything is borrowed. */
struct moves_request {
	uint16_t kind;
	struct uuid record;
	uint16_t to;
	struct bytes reason; /* may be empty */
	struct bytes title;  /* what the receiving clerk is to see */
};

/*
 * Asks for a move to another office: seals the record's fields of reach
 * `office`, with the title, to that office's key, and adds the transfer.
 * fields: how many values of them there are. RC_DENIED, RC_NOTFOUND,
 * RC_INVALID.
 */
enum rc moves_ask(struct commit *c, const struct moves_request *request, struct uuid *transfer,
		  uint32_t *fields, struct moves_refusal *why);

/* Withdraws what this office asked for; remark: why, may be empty. */
enum rc moves_withdraw(struct commit *c, const struct transfer *t, struct bytes remark,
		       struct moves_refusal *why);

/* Takes a record over: opens the box, and writes what was in it into this
 * office's own scope; the answer is in the same commit, or, of very many
 * values, in the last one. Done again it writes nothing twice. */
enum rc moves_accept(struct store *s, struct bytes author, struct bytes reason, struct uuid id,
		     const struct crypto_key *key, struct moves_refusal *why);

/* Leaves it with the asking office; remark: why, may be empty. */
enum rc moves_decline(struct commit *c, const struct transfer *t, struct bytes remark,
		      struct moves_refusal *why);

/* What a box says, opened with this node's key. It lives in a. */
struct moves_box {
	struct bytes title;
	struct carry carry;
};

/* RC_BADSIG: sealed for another key; RC_GAP, RC_CORRUPT: not whole, or not of
 * this transfer. */
enum rc moves_open(const struct store *s, struct kv_txn *t, const struct transfer *transfer,
		   const struct crypto_key *key, struct arena *a, struct moves_box *out);

/* Whether a change of fields of reach `office` has to wait, because they are
 * on their way to another office. RC_DENIED, with texts. */
enum rc moves_judge_edit(struct work *w, struct uuid record, char *text, size_t text_max,
			 char *hint, size_t hint_max);

#endif
