/*
 * Whether an author's clock can be believed. Clocks order nothing (design,
 * section 4); a wrong one is only said to be wrong wherever a time is shown.
 *
 * A time is not plausible if it
 *   - lies more than a day before something that its author had seen: the
 *     centre's entry at `seen_centre`, or that of its epoch - unless it lies
 *     between two entries of the centre with more than a year between them: then
 *     the centre's own clock may have been ahead, and its times, which never
 *     decrease, still are;
 *   - lies more than five minutes after the centre's cut of the entry, when
 *     it was there already;
 *   - has no cut yet - so only its own office sees it - and lies more than five
 *     minutes after now, or ten years after what its author had seen;
 *   - lies before 2020, when this program was not there.
 */
#ifndef KERWEN_PLAUSIBLE_H
#define KERWEN_PLAUSIBLE_H

#include "node/store/records.h"

/* The time of an entry that is held. */
struct plausible_time {
	int64_t clamped_ms; /* as for `latest`: between what bounds it (view.h) */
	bool implausible;   /* what the author's clock said */
};

/* now_ms: what the clock here says. RC_NOMEM, or what the store answered. */
enum rc plausible_judge(const struct records_stamps *s, const struct header *h, int64_t now_ms,
			struct plausible_time *out);

#endif
