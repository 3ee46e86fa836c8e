/*
 * Carrying: writing again, in another scope, what is live in a part of a
 * record, so that it shows there what it showed here (proto/README.md, chapter
 * "moves").
 *
 *   carry_take | carry_decode -> carry_fit -> { carry_put }
 *
 * What one entry said and still stands is one *piece*, and is written as one
 * entry with its author, office and time (struct author_origin); pieces go in
 * the order of places. So siblings stay siblings, `latest` and `fixed` choose
 * as before, and a log keeps its order. Sums of counters, and what has to be
 * tidied up in the other scope, are nobody's words: they come first.
 *
 * A change that is carried has a form, the vector of the part that it goes to
 * as it was before: it replaces what stood there then, and neither the pieces
 * beside it nor what the writer had not seen.
 */
#ifndef KERWEN_CARRY_H
#define KERWEN_CARRY_H

#include "node/store/commit.h"
#include "sync/view.h"

struct carry_piece {
	bool is_own; /* nobody's words: origin means nothing */
	struct author_origin origin;
	struct op *ops;
	uint32_t ops_count;
};

struct carry {
	struct carry_piece *pieces;
	uint32_t count;
};

/*
 * Lists what is live in a part: all but the home. Everything is copied into a.
 * src: as records_source. RC_NOMEM, RC_CORRUPT, or what the store answered.
 */
enum rc carry_take(struct kv_txn *t, const struct part *p, const struct view_source *src,
		   struct arena *a, struct carry *out);

/*
 * Takes away what `there`, the part that it goes to, has already (members of
 * sets that the same office added at the same time, lines of logs, sums), and
 * adds what undoes the rest of it. src: where `there` stands. RC_NOMEM, or what
 * the source returned.
 */
enum rc carry_fit(struct carry *c, const struct part *there, const struct view_source *src,
		  struct arena *a);

/* Where it goes. */
struct carry_target {
	uint16_t scope, kind;
	struct uuid id;
	enum life life; /* as the scope wants it */
	struct vv form; /* the vector of the part as it was; borrowed */
};

/*
 * Writes pieces from *from on, at most `max` of them, into a commit; moves
 * *from. The pieces must live until the work is flushed. As commit_put.
 */
enum rc carry_put(struct commit *c, const struct carry_target *to, const struct carry *carry,
		  uint32_t *from, uint32_t max);

/* Whose words an entry holds: the origin of what carries it on. The author is
 * copied into a. As history_load. */
enum rc carry_origin(struct kv_txn *t, struct dot d, const struct view_source *src, struct arena *a,
		     struct author_origin *out);

/* The pieces as bytes, for a sealed box; w's error is sticky. And back:
 * borrowed from b, lists in a. RC_CORRUPT, RC_NOMEM. */
void carry_encode(const struct carry *c, struct bytes_writer *w);
enum rc carry_decode(struct bytes b, struct arena *a, struct carry *out);

#endif
