#include "node/store/plausible.h"

#include "node/store/feeds.h"
#include "proto/entry_codec.h"

enum { DAY_MS = 24 * 3600 * 1000, AHEAD_MS = 5 * 60 * 1000 };

#define PROGRAM_MS INT64_C(1577836800000) /* 2020-01-01 */

/* The time of the national entry that the author knew of; 0: not held. */
static enum rc find_epoch(const struct records_stamps *s, const struct header *h, int64_t *out)
{
	struct dot d = { feed_pack(0, 0, h->epoch_incarnation), h->epoch_seq };
	size_t mark = arena_mark(s->scratch);
	struct feed_entry stored;
	struct entry e;
	enum rc rc = d.seq == 0 ? RC_NOTFOUND : feeds_get_entry(s->txn, d, &stored);

	*out = 0;
	if (rc == RC_OK) {
		rc = entry_decode(stored.bytes, s->scratch, &e);
	}
	if (rc == RC_OK) {
		*out = e.header.time_ms;
	}
	arena_release(s->scratch, mark);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc plausible_judge(const struct records_stamps *s, const struct header *h,
			struct plausible_time *out)
{
	struct records_stamps stamps = *s;
	struct view_source source = records_source(&stamps);
	struct stamp stamp;
	int64_t epoch_ms = 0, t = h->time_ms;
	enum rc rc = source.stamp(source.ctx, (struct dot){ h->feed, h->seq }, &stamp);

	if (rc == RC_OK) {
		rc = find_epoch(s, h, &epoch_ms);
	}
	if (rc != RC_OK) {
		return rc;
	}
	out->clamped_ms = stamp.time_ms;
	if (h->is_carried) {
		out->implausible = false; /* it was within the bounds when the centre carried it */
		return RC_OK;
	}
	out->implausible = t < PROGRAM_MS || t < epoch_ms - DAY_MS || t < stamp.time_ms - DAY_MS ||
			   t - AHEAD_MS > stamp.time_ms;
	return RC_OK;
}
