/*
 * Where a value comes from: the office, author and time of the entry that a
 * dot names; of what was carried to another home, those that it had.
 *
 * A time is the author's clock. One that cannot be right (plausible.h) is
 * printed all the same, and marked: "clock?" for people, "implausible" in JSON.
 */
#ifndef KERWEN_ORIGIN_H
#define KERWEN_ORIGIN_H

#include "node/cmd/out.h"
#include "node/store/store.h"
#include "sync/entry.h"

struct origin {
	struct dot dot;
	struct bytes office; /* its name, or its number when it is not known */
	struct bytes author, reason;
	int64_t time_ms;    /* the author's clock */
	int64_t clamped_ms; /* the same between its bounds: how old it is */
	bool implausible;   /* the author's clock was wrong */
	bool is_carried;    /* said again by the centre, for another home */
	uint64_t commit;
};

/* Everything lives in the arena or the catalog. RC_NOTFOUND, RC_CORRUPT,
 * RC_NOMEM. */
enum rc origin_get(const struct store *s, struct kv_txn *t, struct dot d, struct arena *a,
		   struct origin *out);

/* The name of an office; of an unknown one its number, in the arena. */
struct bytes origin_office(const struct store *s, uint16_t number, struct arena *a);

/* The dot as text, "FEED:SEQ"; the time in UTC, to the second; a time with
 * its mark; "3 days": how long ago something was. */
struct origin_text {
	char text[48];
};
struct origin_text origin_dot(struct dot d);
struct origin_text origin_time(int64_t ms);
struct origin_text origin_moment(const struct origin *o);
struct origin_text origin_age(int64_t ms, int64_t now_ms);

/* Sets "dot", "office", "author" and "time" of an object, and "implausible"
 * where it is. */
enum rc origin_put_json(json_t *object, const struct origin *o);

#endif
