/*
 * An office that was restored from a copy, or runs in two places: what it does
 * when it meets the centre.
 *
 *   hello          rejoin_judge: which of its feeds the centre knows otherwise
 *   leave          rejoin_leave: nothing more goes into those incarnations
 *   take back      rejoin_meet: entries of its own that come from the centre;
 *                  what stands in their place here is set aside (setaside.h)
 *   issue again    rejoin_issue: when all of the centre has come in, what
 *                  nobody else has is written again, in a fresh incarnation
 *
 * Each step is one transaction, and follows from what is stored: a link that
 * falls, or a process that is killed, leaves the rest to the next sync.
 */
#ifndef KERWEN_REJOIN_H
#define KERWEN_REJOIN_H

#include "node/store/work.h"
#include "sync/message.h"

enum { REJOIN_TORN_MAX = 16 };

/* What a hello means. */
struct rejoin_plan {
	struct dot wants[LIMIT_SCOPES_PER_SESSION_MAX]; /* what to take back, each behind a seq */
	uint32_t wants_count;
	uint32_t torn[REJOIN_TORN_MAX]; /* incarnations that go no further */
	uint32_t torn_count;
};

/* An office: what the centre's hello means. RC_LIMIT: too many incarnations. */
enum rc rejoin_judge(struct store *s, struct kv_txn *t, const struct hello *h,
		     struct rejoin_plan *out);

/* The centre: incarnations of which the office's hello says something else than
 * is here. Nothing of them is taken in this conversation. */
enum rc rejoin_judge_office(struct store *s, struct kv_txn *t, const struct hello *h,
			    struct rejoin_plan *out);

/* The centre: whether it holds more of an office's feed than up to d, or another
 * entry there; hash: as a hello has it. */
enum rc rejoin_is_other(struct store *s, struct kv_txn *t, struct dot d, const uint8_t *hash,
			bool *out);

/* Leaves the incarnations. */
enum rc rejoin_leave(struct work *w, const uint32_t *torn, uint32_t count);

/* An office whose nation moved, or that got another key: leaves what was closed
 * or is under the other key, so that what is not confirmed is issued again.
 * Not when all of the office is closed. */
enum rc rejoin_leave_closed(struct work *w);

/* Whether an incarnation was left because the centre knows it otherwise. */
enum rc rejoin_is_torn(struct kv_txn *t, uint32_t incarnation, bool *out);

/*
 * Before the entries of a feed of this office that came from the centre are
 * stored: `first` is the first that differs from what is here, or that is new.
 * Leaves the incarnation if it is the present one; sets aside what differs.
 */
enum rc rejoin_meet(struct work *w, uint64_t feed, uint64_t first);

/* Counts one that was stored. */
enum rc rejoin_note_return(struct work *w, uint64_t feed, const struct header *h, bool known);

/* An office that runs in two places: the other one issued an entry again that
 * is here, too. */
enum rc rejoin_note_replaced(struct work *w, const struct header *h);

/* Before a cut of an own feed is applied up to seq: what was issued again for
 * entries that the cut covers is void. */
enum rc rejoin_prefer(struct work *w, uint64_t feed, uint64_t seq);

/* Whether entries wait to be issued again. */
enum rc rejoin_owes(struct kv_txn *t, bool *out);

/* Issues them, or finds that there is nothing to do; the story is over then. */
enum rc rejoin_issue(struct work *w);

#endif
