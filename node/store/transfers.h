/*
 * Transfers: records of the built-in kind 5, each a record on its way from one
 * office to another (proto/README.md, chapter "moves").
 *
 * There are two of each: the asking office's, in its centre scope, and the
 * twin that the centre makes for the receiving office in that one's. Who may
 * say what is a matter of reading: a field counts only as written by whom it
 * belongs to.
 *
 *   asking office's                          twin
 *   record kind from to reason sealed   its office   the centre
 *   withdrawn                           its office   -
 *   remark                              its office   its office
 *   answer                              -            its office
 *   twin                                the centre   -
 *   outcome note                        the centre   the centre
 */
#ifndef KERWEN_TRANSFERS_H
#define KERWEN_TRANSFERS_H

#include "node/store/records.h"
#include "node/store/store.h"

enum transfer_field {
	TRANSFER_FIELD_RECORD = 1,
	TRANSFER_FIELD_KIND,
	TRANSFER_FIELD_FROM,
	TRANSFER_FIELD_TO,
	TRANSFER_FIELD_REASON,
	TRANSFER_FIELD_SEALED,
	TRANSFER_FIELD_ANSWER,
	TRANSFER_FIELD_WITHDRAWN,
	TRANSFER_FIELD_OUTCOME,
	TRANSFER_FIELD_NOTE,
	TRANSFER_FIELD_TWIN,
	TRANSFER_FIELD_REMARK
};

/* A sealed box comes in pieces. */
enum { TRANSFER_PIECE_BYTES = 16000, TRANSFER_PIECES_MAX = 500 };

/* How far it is. */
enum transfer_state {
	TRANSFER_ASKED,
	TRANSFER_WITHDRAWING, /* withdrawn, but the centre has not said so */
	TRANSFER_ACCEPTED,    /* answered, but the centre has not said so */
	TRANSFER_DECLINING,
	TRANSFER_MOVED, /* from here on it is over */
	TRANSFER_DECLINED,
	TRANSFER_WITHDRAWN,
	TRANSFER_VOID
};

struct transfer {
	struct uuid id;
	uint16_t office; /* in whose centre scope it lies */
	bool is_twin;
	struct uuid record;
	uint16_t kind, from, to;
	enum transfer_state state;
	struct dot asked;  /* the entry that made it */
	bool was_accepted; /* a twin: also when it has come to nothing */
	struct bytes reason, remark, note;
	bool has_twin;
	struct uuid twin;
};

/* Whether the centre has not ended it. */
bool transfers_is_open(const struct transfer *t);

/* Whether it was accepted and yet ended without a move. */
bool transfers_came_to_nothing(const struct transfer *t);

/* "asked", "moved" ... as --json has it. */
const char *transfers_state_text(enum transfer_state state);

/* Reads a record of the kind; texts are borrowed from it. RC_NOTFOUND: it does
 * not say what a transfer must. */
enum rc transfers_read(const struct catalog *c, const struct record *r, struct transfer *out);

/* Loads one; everything is copied into a. As records_get. */
enum rc transfers_get(const struct store *s, struct kv_txn *t, struct uuid id, struct arena *a,
		      struct transfer *out);

/* Whether there is any transfer here, open or not: else none need be looked
 * for. */
bool transfers_has_any(struct kv_txn *t);

/* The transfer of a record that is open, the asking office's first.
 * RC_NOTFOUND: there is none. */
enum rc transfers_find_open(const struct store *s, struct kv_txn *t, struct uuid record,
			    struct arena *a, struct transfer *out);

/* The last transfer, open or not, by which a record was offered to this
 * office. RC_NOTFOUND: none. */
enum rc transfers_find_offered(const struct store *s, struct kv_txn *t, struct uuid record,
			       struct arena *a, struct transfer *out);

/* The asking office's transfer that has this twin. RC_NOTFOUND. */
enum rc transfers_find_asked(const struct store *s, struct kv_txn *t, const struct transfer *twin,
			     struct arena *a, struct transfer *out);

/* Calls each for every transfer, in the order of their ids; it returns RC_OK to
 * go on. What it gets lives in a until the next one. */
enum rc transfers_each(const struct store *s, struct kv_txn *t, struct arena *a, void *ctx,
		       enum rc (*each)(void *ctx, const struct transfer *t));

/*
 * The sealed box, joined from its pieces, as they say by themselves: each is
 * be16 number from 0, be16 count, bytes. Lives in a. RC_GAP: a piece is
 * missing; RC_CORRUPT.
 */
enum rc transfers_box(const struct catalog *c, const struct record *r, struct arena *a,
		      struct bytes *out);

#endif
