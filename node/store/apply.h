/*
 * Applying what was received, exactly once and in causal order.
 *
 * At the centre an office's entries are applied as soon as their commit is
 * complete, and each feed that moved is cut. At an office the centre's feeds
 * are applied in order; a cut in them lets in the entries of other offices up
 * to it. What cannot be applied yet stays behind its feed's `applied` mark.
 */
#ifndef KERWEN_APPLY_H
#define KERWEN_APPLY_H

#include "node/store/work.h"

/* The cuts that the centre owes for what it applied, one for each feed. */
struct apply_cuts {
	struct cut *items; /* own memory: flushing the work does not touch it */
	uint32_t count, max;
};
void apply_cuts_free(struct apply_cuts *cuts);

/* Applies what can be of one office's feeds, and notes the cuts. The centre. */
enum rc apply_office(struct work *w, uint16_t office, struct apply_cuts *cuts);

/* The same for all offices and for what came back of the centre's own earlier
 * incarnations, in rounds: what was seen is cut, and that is written, before what
 * saw it. The centre. */
enum rc apply_returned(struct work *w, struct apply_cuts *cuts);

/* Writes the cuts that were noted as entries of the centre. */
enum rc apply_write_cuts(struct work *w, const struct apply_cuts *cuts);

/* Applies what can be of the centre's feeds, and what their cuts let in. told: see
 * succeed_follow. */
enum rc apply_centre(struct work *w, uint32_t told);

/*
 * Whether an entry's header may stand where it does: `before` is the header
 * of the entry before it in its feed, or NULL for the first. RC_CORRUPT if
 * not: the feed is held.
 */
enum rc apply_check_header(const struct header *h, const struct header *before);

#endif
