/*
 * Taking in what a peer sent: checked whole, stored, applied.
 *
 * A run is verified - form, chain, seal, who may send it - before its first
 * byte is written, so that a bad one changes nothing and the work it came in
 * stays good for others.
 */
#ifndef KERWEN_RECEIVE_H
#define KERWEN_RECEIVE_H

#include "node/store/apply.h"
#include "sync/message.h"

/* Counts of one chunk. */
struct receive_result {
	uint64_t entries; /* that were new here */
	uint64_t changes; /* of records, each counted once */
	uint64_t healed;  /* damaged ones that came back: see heal.h */
	uint64_t feed;    /* of the run that failed */
	uint32_t forked;  /* the centre: an incarnation that goes on in two branches; 0: none */
	uint32_t proven;  /* and one whose owner was told (equivocation.h); 0: none */
	struct dot
		want; /* an office: a feed of its own that it lacks, behind a seq; feed 0: none */
};

enum { RECEIVE_DOWN_MAX = 16 };

/* Incarnations of the peer that are passed over: it says something else of them
 * than is here (rejoin.h). */
struct receive_down {
	uint32_t items[RECEIVE_DOWN_MAX];
	uint32_t count;
	bool is_restored;     /* the centre: the office has more of it than it has itself */
	uint32_t centre_life; /* an office: the incarnation that the centre told of; 0: none */
};

/*
 * Stores the runs of a chunk that came from a peer (0: the centre) and
 * applies what can be applied. down: at the centre, or NULL; if one run of an
 * incarnation forks, all of that are passed over. cuts: at the centre; else NULL. The chunk must
 * not live in the work's arena, which flushes empty.
 * Refusals, with nothing of the bad run stored: RC_CORRUPT, RC_BADSIG,
 * RC_DENIED (not this peer's to send), RC_GAP, RC_FORK, RC_SYSTEM, RC_LIMIT.
 * Failures of the work: RC_FULL, RC_IO, RC_NOMEM, RC_UNKNOWN.
 */
enum rc receive_chunk(struct work *w, uint16_t from, const struct receive_down *down,
		      const struct chunk *c, struct apply_cuts *cuts, struct receive_result *out);

/* Whether the code refuses the peer's bytes, and the work can go on. */
bool receive_is_refusal(enum rc rc);

#endif
