/*
 * The line of the centre: in each scope, its feeds one after another.
 *
 * A centre that was restored goes on in a new incarnation, whose feeds name the
 * entry of the one before that they follow. Places count along this line, over
 * all of its pieces: cuts are ordered by them (feeds.h). What an earlier
 * incarnation wrote beyond the entry that was followed is a *branch*: whoever has
 * it gives it back, and it is cut like an office's; its own cuts order nothing,
 * but tell what was seen by those who had them.
 *
 *   meta    "line" and be16 scope -> be32 incarnation, be64 base, be64 upto ...:
 *           the piece has the places base + seq, as far as upto. Nothing: the
 *           centre has one incarnation, and places are its seqs
 *   branch  feed, be32 incarnation of the centre, seq -> be64 the centre's seq
 */
#ifndef KERWEN_LINE_H
#define KERWEN_LINE_H

#include "node/store/work.h"

enum { LINE_MAX = 128 /* incarnations of the centre */ };

struct line_piece {
	uint32_t incarnation;
	uint64_t base, upto; /* places; upto UINT64_MAX: it is written to */
};

struct line {
	struct line_piece items[LINE_MAX];
	uint32_t count;
};

/* count 0: one incarnation only. */
enum rc line_get(struct kv_txn *t, uint16_t scope, struct line *out);

/* The place of an entry of the centre. RC_NOTFOUND: it is on a branch. */
enum rc line_place(struct kv_txn *t, struct dot d, uint64_t *out);

/* The last seq of a feed of the centre that is on the line: UINT64_MAX for the
 * one that is written to, 0 for one that is on it with nothing. */
enum rc line_end(struct kv_txn *t, uint64_t feed, uint64_t *out);

/* Whether one who had applied a feed of the centre up to seen.seq had applied d, an
 * entry of another feed of the scope. */
enum rc line_covers(struct kv_txn *t, struct dot seen, struct dot d, bool *out);

/* The first entry of a feed of the centre, up to seq max, whose writer had applied d.
 * *out is max + 1: none of them. */
enum rc line_first(struct kv_txn *t, uint64_t feed, struct dot d, uint64_t max, uint64_t *out);

/*
 * A feed becomes the last piece of the line, behind the entry that its genesis
 * follows, or alone; what was cut beyond that is not cut any more. before: the
 * incarnation that the centre had until now. *moved: there was such, or an entry of the centre.
 * RC_LIMIT: too many incarnations; RC_GAP: it follows what is not here.
 */
enum rc line_switch(struct kv_txn *t, struct arena *a, uint64_t feed, uint32_t before, bool *moved);

/* Notes what an entry of a branch had cut. */
enum rc line_note_branch(struct kv_txn *t, const struct header *h);

/* Whether it is noted that an entry of a branch had cut d; and that note. */
enum rc line_is_noted(struct kv_txn *t, struct dot d, struct dot centre, bool *out);
enum rc line_note(struct kv_txn *t, struct dot d, struct dot centre);

/* Whether an entry of any branch had cut d. */
enum rc line_was_cut(struct kv_txn *t, struct dot d, bool *out);

/*
 * Numbers that the lost centre may have given out are passed over: the next one is
 * at least behind what was next when the incarnation began, by as much as its own
 * number says, so that two incarnations that do not know of each other differ.
 */
enum line_number { LINE_SCOPES, LINE_NUMBERS };
enum rc line_skip(struct kv_txn *t, enum line_number what, uint32_t incarnation, uint16_t next);
enum rc line_skips(struct kv_txn *t, enum line_number what, uint16_t *next);

/* What the genesis of a feed of the centre follows. RC_NOTFOUND: nothing. */
enum rc line_parent(struct kv_txn *t, uint64_t feed, struct cut *out);

#endif
