#include "node/cmd/origin.h"

#include <stdio.h>

#include "node/base/clock.h"
#include "node/store/history.h"
#include "sync/feed.h"

enum { NUMBER_LEN_MAX = 16 };

struct bytes origin_office(const struct store *s, uint16_t number, struct arena *a)
{
	const char *name = catalog_office_name(s->catalog, number);
	char *text = NULL;

	if (name != NULL) {
		return bytes_of(name);
	}
	text = arena_take(a, NUMBER_LEN_MAX);
	if (text == NULL) {
		return bytes_of("?");
	}
	(void)snprintf(text, NUMBER_LEN_MAX, "office %u", number);
	return bytes_of(text);
}

enum rc origin_get(const struct store *s, struct kv_txn *t, struct dot d, struct arena *a,
		   struct origin *out)
{
	struct entry e;
	enum rc rc = history_load(t, d, a, &e);

	if (rc != RC_OK) {
		return rc;
	}
	out->dot = d;
	out->office = origin_office(s, feed_office(d.feed), a);
	out->author = e.header.author;
	out->reason = e.header.reason;
	out->time_ms = e.header.time_ms;
	out->commit = e.header.commit;
	return RC_OK;
}

struct origin_text origin_dot(struct dot d)
{
	struct origin_text out = { "" };
	struct vv v = { .dots = &d, .count = 1, .max = 1 };
	struct bytes_writer w = bytes_writer_init(out.text, sizeof(out.text) - 1);

	vv_format(&v, &w);
	return out;
}

struct origin_text origin_time(int64_t ms)
{
	enum { TO_SECONDS = 19 };
	struct origin_text out = { "" };
	char text[CLOCK_TEXT_LEN + 1];

	clock_format(ms < 0 ? 0 : (uint64_t)ms, text);
	(void)snprintf(out.text, sizeof(out.text), "%.*sZ", TO_SECONDS, text);
	return out;
}

enum rc origin_put_json(json_t *object, const struct origin *o)
{
	int failed = json_object_set_new(object, "dot", json_string(origin_dot(o->dot).text));

	failed |= json_object_set_new(object, "office", out_string(o->office));
	failed |= json_object_set_new(object, "author", out_string(o->author));
	failed |= json_object_set_new(object, "time",
				      out_time(o->time_ms < 0 ? 0 : (uint64_t)o->time_ms));
	return failed == 0 ? RC_OK : RC_NOMEM;
}
