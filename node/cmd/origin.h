/*
 * Where a value comes from: the office, author and time of the entry that a
 * dot names.
 */
#ifndef KERWEN_ORIGIN_H
#define KERWEN_ORIGIN_H

#include "node/cmd/out.h"
#include "node/store/store.h"
#include "sync/vv.h"

struct origin {
	struct dot dot;
	struct bytes office; /* its name, or its number when it is not known */
	struct bytes author, reason;
	int64_t time_ms; /* the author's clock */
	uint64_t commit;
};

/* Everything lives in the arena or the catalog. As history_load. */
enum rc origin_get(const struct store *s, struct kv_txn *t, struct dot d, struct arena *a,
		   struct origin *out);

/* The name of an office; of an unknown one its number, in the arena. */
struct bytes origin_office(const struct store *s, uint16_t number, struct arena *a);

/* The dot as text, "FEED:SEQ"; the time in UTC, to the second. */
struct origin_text {
	char text[48];
};
struct origin_text origin_dot(struct dot d);
struct origin_text origin_time(int64_t ms);

/* Sets "dot", "office", "author" and "time" of an object. */
enum rc origin_put_json(json_t *object, const struct origin *o);

#endif
