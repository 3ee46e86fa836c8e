#include "node/cmd/origin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/store/feeds.h"
#include "node/store/plausible.h"
#include "proto/entry_codec.h"

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

/* Who said it: whose words they are, if the entry carries them. */
static uint16_t office_of(const struct header *h)
{
	return h->is_carried ? h->carried_office : feed_office(h->feed);
}

/* The same for an entry at hand; author and reason borrow from its header. */
static enum rc read_header(const struct store *s, struct kv_txn *t, const struct header *h,
			   struct arena *a, struct origin *out)
{
	struct records_stamps stamps = { t, s->info.centre_incarnation, a };
	struct plausible_time time = { 0, false };
	enum rc rc = plausible_judge(&stamps, h, s->world->now_ms(), &time);

	*out = (struct origin){
		.dot = { h->feed, h->seq },
		.office = origin_office(s, office_of(h), a),
		.author = h->author,
		.reason = h->reason,
		.time_ms = h->is_carried ? h->carried_ms : h->time_ms,
		.is_carried = h->is_carried,
		.clamped_ms = time.clamped_ms,
		.implausible = time.implausible,
		.commit = h->commit,
	};
	return rc;
}

/* Of an entry only a few words are kept: a record may have thousands. The
 * arena is given back to mark first, so they go by another place. */
static enum rc keep_words(struct origin *o, struct arena *a, size_t mark)
{
	uint8_t words[LIMIT_AUTHOR_BYTES_MAX + LIMIT_REASON_BYTES_MAX];
	struct bytes_writer w = bytes_writer_init(words, sizeof(words));
	struct bytes kept;

	bytes_put(&w, o->author.p, o->author.len);
	bytes_put(&w, o->reason.p, o->reason.len);
	arena_release(a, mark);
	kept = arena_copy(a, bytes_written(&w));
	if (kept.p == NULL || w.rc != RC_OK) {
		return w.rc == RC_OK ? RC_NOMEM : RC_CORRUPT;
	}
	o->author.p = kept.p;
	o->reason.p = kept.p + o->author.len;
	return RC_OK;
}

enum rc origin_get(const struct store *s, struct kv_txn *t, struct dot d, struct arena *a,
		   struct origin *out)
{
	size_t mark = arena_mark(a);
	struct feed_entry stored;
	struct entry e;
	uint16_t office = 0;
	enum rc rc = feeds_get_entry(t, d, &stored);

	if (rc == RC_OK) {
		rc = entry_decode(stored.bytes, a, &e);
	}
	if (rc == RC_OK) {
		office = office_of(&e.header);
		rc = read_header(s, t, &e.header, a, out);
	}
	if (rc == RC_OK) {
		rc = keep_words(out, a, mark);
		out->office = origin_office(s, office, a);
	}
	return rc;
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

struct origin_text origin_moment(const struct origin *o)
{
	struct origin_text out = origin_time(o->time_ms);
	size_t len = strlen(out.text);

	(void)snprintf(out.text + len, sizeof(out.text) - len, "%s",
		       o->implausible ? " clock?" : "");
	return out;
}

struct origin_text origin_age(int64_t ms, int64_t now_ms)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = { { INT64_C(86400000), "day" }, { 3600000, "hour" }, { 60000, "minute" } };
	int64_t age = now_ms > ms ? now_ms - ms : 0;
	struct origin_text out = { "just now" };
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t n = age / units[i].ms;

		if (n > 0) {
			(void)snprintf(out.text, sizeof(out.text), "%" PRId64 " %s%s", n,
				       units[i].name, n == 1 ? "" : "s");
			break;
		}
	}
	return out;
}

enum rc origin_put_json(json_t *object, const struct origin *o)
{
	int failed = json_object_set_new(object, "dot", json_string(origin_dot(o->dot).text));

	failed |= json_object_set_new(object, "office", out_string(o->office));
	failed |= json_object_set_new(object, "author", out_string(o->author));
	failed |= json_object_set_new(object, "time",
				      out_time(o->time_ms < 0 ? 0 : (uint64_t)o->time_ms));
	if (o->implausible) {
		failed |= json_object_set_new(object, "implausible", json_true());
	}
	return failed == 0 ? RC_OK : RC_NOMEM;
}
