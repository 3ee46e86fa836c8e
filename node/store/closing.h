/*
 * Closing at the centre: an office that is no more (retired), one whose
 * machine is in wrong hands (revoked), and the feeds of a key that is lost
 * (rekey).
 *
 * A closing is a change of the office's national record: state, date and
 * reason, and for each feed that the centre holds of it the closing point -
 * seq and chain hash of the last cut: what was confirmed stays. It travels to
 * every node with the national feed, under the centre's seal.
 *
 * What an entry of a closed feed says may stand only if a cut of an entry
 * whose epoch lies before the closing covers it, or its seq is not beyond the
 * closing point. Everything else goes into quarantine, on every node alike,
 * where the centre may accept it (ruling.h). What the centre holds of a feed
 * beyond its cut when it closes it is put there at once.
 */
#ifndef KERWEN_CLOSING_H
#define KERWEN_CLOSING_H

#include "node/base/path.h"
#include "node/store/closed_feed.h"
#include "node/store/commit.h"

enum closing_type { CLOSING_RETIRE, CLOSING_REVOKE };

struct closing_request {
	enum closing_type type;
	uint16_t number;
	int32_t on;                  /* packed date; 0: today. From then on it is not counted */
	struct bytes author, reason; /* borrowed */
	bool is_dry;                 /* judge, and write nothing */
};

struct closing_report {
	int32_t on;
	struct closed_feed *feeds; /* gives; closing_report_free */
	uint32_t feeds_count;
	uint64_t aside; /* changes that went into quarantine by it */
};

/*
 * Closes an office. RC_DENIED: this is not the centre; RC_NOTFOUND: no such
 * office; RC_EXISTS: it is closed already; RC_INVALID: a bad date; else as
 * work_commit. why tells the user.
 */
enum rc closing_office(struct store *s, const struct closing_request *r, struct closing_report *out,
		       struct path_problem *why);
void closing_report_free(struct closing_report *r); /* zeroes are fine */

/*
 * Closes the feeds that a key has written and voids the key, as part of a
 * commit: for rekey. Feeds already closed stay as they are. RC_NOTFOUND.
 */
enum rc closing_void_key(struct commit *c, uint16_t number);

/*
 * The centre, in a work that is under way: closes all feeds of an incarnation
 * at their last cuts, because its owner writes it in two branches
 * (equivocation.h). Flushes the work. RC_NOTFOUND: no such office.
 */
enum rc closing_incarnation(struct work *w, uint16_t number, uint32_t incarnation);

/* "Mary was retired on 2026-11-24": why a peer is sent away, and what is to be
 * done. At most CLOSING_TEXT_MAX bytes with the NUL. */
enum { CLOSING_TEXT_MAX = 400 };
void closing_text(const struct office_info *o, char out[CLOSING_TEXT_MAX]);

#endif
