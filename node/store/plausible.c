#include "node/store/plausible.h"

#include "node/store/feeds.h"
#include "proto/entry_codec.h"

enum { DAY_MS = 24 * 3600 * 1000, AHEAD_MS = 5 * 60 * 1000 };

#define YEAR_MS    INT64_C(31622400000)   /* 366 days */
#define PROGRAM_MS INT64_C(1577836800000) /* 2020-01-01 */

enum { AWAY_YEARS = 10 };

/* The author's time of an entry; INT64_MIN: it is not held. */
static enum rc find_time(const struct records_stamps *s, struct dot d, int64_t *out)
{
	size_t mark = arena_mark(s->scratch);
	struct feed_entry stored;
	struct entry e;
	enum rc rc = d.seq == 0 ? RC_NOTFOUND : feeds_get_entry(s->txn, d, &stored);

	*out = INT64_MIN;
	if (rc == RC_OK) {
		rc = entry_decode(stored.bytes, s->scratch, &e);
	}
	if (rc == RC_OK) {
		*out = e.header.time_ms;
	}
	arena_release(s->scratch, mark);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The last entry of a feed of the centre, up to d, that is not more than a day
 * later than t: its times never decrease. 0: none. */
static enum rc find_last_before(const struct records_stamps *s, struct dot d, int64_t t,
				uint64_t *out)
{
	uint64_t low = 0, high = d.seq;
	enum rc rc = RC_OK;

	while (rc == RC_OK && low < high) {
		struct dot middle = { d.feed, low + (high - low + 1) / 2 };
		int64_t time = 0;

		rc = find_time(s, middle, &time);
		if (time - DAY_MS > t && time != INT64_MIN) {
			high = middle.seq - 1;
		} else {
			low = middle.seq;
		}
	}
	*out = low;
	return rc;
}

/* Whether t is before what the centre said in its entry d, which the author had
 * seen; *seen is when that was. The centre's clock may have been wrong as well:
 * if between two of its entries it went on by more than a year, nobody knows what
 * is true of a time that lies between them. */
static enum rc is_before(const struct records_stamps *s, struct dot d, int64_t t, int64_t *seen,
			 bool *out)
{
	struct dot last = { d.feed, 0 };
	int64_t before = 0, after = 0;
	enum rc rc = find_time(s, d, seen);

	*out = rc == RC_OK && *seen != INT64_MIN && t < *seen - DAY_MS;
	if (!*out) {
		return rc;
	}
	rc = find_last_before(s, d, t, &last.seq);
	if (rc == RC_OK) {
		rc = find_time(s, last, &before);
	}
	last.seq++;
	if (rc == RC_OK) {
		rc = find_time(s, last, &after);
	}
	*out = before == INT64_MIN || after - before <= YEAR_MS;
	return rc;
}

/* Whether a time that no cut bounds is too late. */
static bool is_after(int64_t t, int64_t seen_ms, int64_t now_ms)
{
	return t - AHEAD_MS > now_ms ||
	       (seen_ms != INT64_MIN && t - AWAY_YEARS * YEAR_MS > seen_ms);
}

enum rc plausible_judge(const struct records_stamps *s, const struct header *h, int64_t now_ms,
			struct plausible_time *out)
{
	struct records_stamps stamps = *s;
	struct view_source source = records_source(&stamps);
	struct dot epoch = { feed_pack(0, 0, h->epoch_incarnation), h->epoch_seq };
	struct dot seen = { feed_pack(0, feed_scope(h->feed), h->epoch_incarnation),
			    feed_office(h->feed) == 0 ? 0 : h->seen_centre };
	struct stamp stamp;
	int64_t epoch_ms = 0, seen_ms = 0, t = h->time_ms;
	bool before_epoch = false, before_seen = false;
	enum rc rc = source.stamp(source.ctx, (struct dot){ h->feed, h->seq }, &stamp);

	if (rc == RC_OK) {
		rc = is_before(s, epoch, t, &epoch_ms, &before_epoch);
	}
	if (rc == RC_OK) {
		rc = is_before(s, seen, t, &seen_ms, &before_seen);
	}
	if (rc != RC_OK) {
		return rc;
	}
	out->clamped_ms = stamp.time_ms;
	out->implausible = t < PROGRAM_MS || before_epoch || before_seen;
	if (h->is_carried) {
		out->implausible = false; /* it was within the bounds when the centre carried it */
	} else if (stamp.place != UINT64_MAX) {
		out->implausible = out->implausible || t - AHEAD_MS > stamp.time_ms;
	} else {
		out->implausible = out->implausible ||
				   is_after(t, seen_ms > epoch_ms ? seen_ms : epoch_ms, now_ms);
	}
	return RC_OK;
}
