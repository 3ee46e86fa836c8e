#include "node/store/restored.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char meta_restored[] = "restored";

enum { RESTORED_LEN = 8 * 8 + 4 + 1 };

static const int64_t day_ms = 86400000;

enum rc restored_get(struct kv_txn *t, struct restored *out)
{
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_restored), &v);

	memset(out, 0, sizeof(*out));
	if (rc != RC_OK) {
		return rc;
	}
	r = bytes_reader_init(v);
	out->noticed_ms = (int64_t)bytes_get_be64(&r);
	out->settled_ms = (int64_t)bytes_get_be64(&r);
	out->returned = bytes_get_be64(&r);
	out->issued = bytes_get_be64(&r);
	out->parts_lost = bytes_get_be64(&r);
	out->lost_first = bytes_get_be64(&r);
	out->lost_last = bytes_get_be64(&r);
	out->lost_incarnation = bytes_get_be32(&r);
	out->cause = (enum restored_cause)bytes_get_u8(&r);
	out->entries = bytes_get_be64(&r);
	return bytes_is_done(&r) ? RC_OK : RC_CORRUPT;
}

enum rc restored_store(struct kv_txn *t, const struct restored *r)
{
	uint8_t buffer[RESTORED_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be64(&w, (uint64_t)r->noticed_ms);
	bytes_put_be64(&w, (uint64_t)r->settled_ms);
	bytes_put_be64(&w, r->returned);
	bytes_put_be64(&w, r->issued);
	bytes_put_be64(&w, r->parts_lost);
	bytes_put_be64(&w, r->lost_first);
	bytes_put_be64(&w, r->lost_last);
	bytes_put_be32(&w, r->lost_incarnation);
	bytes_put_u8(&w, (uint8_t)r->cause);
	bytes_put_be64(&w, r->entries);
	return kv_put(t, KV_META, bytes_of(meta_restored), bytes_written(&w));
}

enum rc restored_open(struct kv_txn *t, enum restored_cause cause, int64_t now_ms,
		      struct restored *out)
{
	enum rc rc = restored_get(t, out);

	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	if (rc == RC_NOTFOUND || out->settled_ms != 0) {
		memset(out, 0, sizeof(*out));
		out->noticed_ms = now_ms < 1 ? 1 : now_ms;
		out->cause = cause;
	}
	return RC_OK;
}

void restored_note_return(struct restored *r, uint64_t changes, uint32_t incarnation,
			  uint64_t commit, bool lacks_part)
{
	r->returned += changes;
	r->parts_lost += lacks_part;
	/* Commits leave in their order: those before one that arrived did, too. */
	if (r->lost_last != 0 && incarnation == r->lost_incarnation && commit >= r->lost_first) {
		r->lost_first = commit + 1;
	}
}

uint64_t restored_lost(const struct restored *r)
{
	return r->lost_last != 0 && r->lost_first <= r->lost_last ?
		       r->lost_last - r->lost_first + 1 :
		       0;
}

/* A text that grows, clause by clause. */
struct text {
	char *p;
	size_t len, clauses;
};

static void say(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct text *t, const char *format, ...)
{
	size_t room = RESTORED_TEXT_MAX - t->len;
	va_list args;
	int n = snprintf(t->p + t->len, room, "%s", t->clauses == 0 ? "" : "; ");

	t->len += n > 0 ? (size_t)n : 0;
	room = RESTORED_TEXT_MAX - t->len;
	va_start(args, format);
	n = vsnprintf(t->p + t->len, room, format, args);
	va_end(args);
	t->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
	t->clauses++;
}

static const char *changes_of(uint64_t n)
{
	return n == 1 ? "change" : "changes";
}

static void say_lost(struct text *t, const struct restored *r)
{
	uint64_t lost = restored_lost(r);

	if (r->parts_lost > 0) {
		say(t,
		    "%" PRIu64 " %s came back without the fields that only this office keeps: what "
		    "those held is lost",
		    r->parts_lost, r->parts_lost == 1 ? "entry" : "entries");
	}
	if (lost == 1) {
		say(t, "entry %" PRIu64 " was written here and never sent: it is lost",
		    r->lost_last);
	} else if (lost > 1) {
		say(t,
		    "entries %" PRIu64 "-%" PRIu64
		    " were written here and never sent: they are lost",
		    r->lost_first, r->lost_last);
	}
}

static void say_cause(struct text *t, const struct restored *r)
{
	switch (r->cause) {
	case RESTORED_COPY:
		say(t,
		    "this directory was restored from a copy, or runs in two places: %" PRIu64
		    " %s of yours came back from the centre",
		    r->returned, changes_of(r->returned));
		break;
	case RESTORED_CLOSED:
		say(t, "what this office wrote to was closed, by a new key or by the centre");
		break;
	}
}

static void say_issued(struct text *t, const struct restored *r)
{
	const char *what = r->cause == RESTORED_COPY ? "written after that" :
						       "not confirmed before that";

	if (r->issued > 0) {
		say(t, "%" PRIu64 " %s %s issued again", r->issued, what,
		    r->issued == 1 ? "was" : "were");
	}
}

void restored_centre_text(const struct restored *r, int64_t now_ms, char out[RESTORED_TEXT_MAX])
{
	struct text t = { out, 0, 0 };
	uint64_t gone = r->lost_last == 0 ? 0 : r->lost_last - r->lost_first + 1;

	out[0] = '\0';
	if (r->noticed_ms == 0 || now_ms - r->noticed_ms > RESTORED_SHOWN_DAYS * day_ms) {
		return;
	}
	say(&t,
	    "this centre was restored from a copy: %" PRIu64 " of its own entries, with %" PRIu64
	    " %s, came back from offices, which bring theirs again when they next sync",
	    r->entries, r->returned, changes_of(r->returned));
	if (gone > 0) {
		say(&t,
		    "its entries %" PRIu64 "-%" PRIu64
		    " were written after the copy: what no office brings back of them is lost",
		    r->lost_first, r->lost_last);
	}
}

void restored_text(const struct restored *r, int64_t now_ms, char out[RESTORED_TEXT_MAX])
{
	struct text t = { out, 0, 0 };

	out[0] = '\0';
	if (r->noticed_ms == 0 ||
	    (r->settled_ms != 0 && now_ms - r->settled_ms > RESTORED_SHOWN_DAYS * day_ms)) {
		return;
	}
	say_cause(&t, r);
	if (r->settled_ms == 0) {
		say(&t, "the next sync goes on with it");
		return;
	}
	say_issued(&t, r);
	say_lost(&t, r);
}
