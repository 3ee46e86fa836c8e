#include "node/store/quarantine.h"

#include <string.h>

#include "node/store/key.h"

enum { ROW_LEN = 1 + 1 + 8 + 8, ACCEPT_LEN = 8 + 8 };

const char *quarantine_reason_text(enum quarantine_reason why)
{
	switch (why) {
	case QUARANTINE_MALFORMED:
		return "it does not decode";
	case QUARANTINE_DENIED:
		return "its author may not write this";
	case QUARANTINE_INVALID:
		return "it breaks a rule of its kind or field";
	case QUARANTINE_TWICE:
		return "its entry changes this record already";
	case QUARANTINE_CLOSED:
		return "its office was closed before it came";
	case QUARANTINE_OLD:
		return "its author knew the record only as it was long ago";
	}
	return "for a reason that this program does not know";
}

const char *quarantine_state_text(enum quarantine_state state)
{
	switch (state) {
	case QUARANTINE_WAITING:
		return "waiting";
	case QUARANTINE_ACCEPTED:
		return "accepted";
	case QUARANTINE_DISCARDED:
		return "discarded";
	}
	return "";
}

static enum rc read_row(struct bytes k, struct bytes v, struct quarantine *out)
{
	struct bytes_reader key = bytes_reader_init(k), value = bytes_reader_init(v);

	out->dot.feed = bytes_get_be64(&key);
	out->dot.seq = bytes_get_be64(&key);
	out->place = bytes_get_be32(&key);
	out->why = (enum quarantine_reason)bytes_get_u8(&value);
	out->state = (enum quarantine_state)bytes_get_u8(&value);
	out->ruling.feed = bytes_get_be64(&value);
	out->ruling.seq = bytes_get_be64(&value);
	return bytes_is_done(&key) && bytes_is_done(&value) ? RC_OK : RC_CORRUPT;
}

enum rc quarantine_get(struct kv_txn *t, struct dot d, uint32_t place, struct quarantine *out)
{
	struct key k = key_quarantine(d, place);
	struct bytes v;
	enum rc rc = kv_get(t, KV_QUARANTINE, key_bytes(&k), &v);

	return rc == RC_OK ? read_row(key_bytes(&k), v, out) : rc;
}

enum rc quarantine_put(struct kv_txn *t, const struct quarantine *q)
{
	struct key k = key_quarantine(q->dot, q->place);
	uint8_t row[ROW_LEN];
	struct bytes_writer w = bytes_writer_init(row, sizeof(row));

	bytes_put_u8(&w, (uint8_t)q->why);
	bytes_put_u8(&w, (uint8_t)q->state);
	bytes_put_be64(&w, q->ruling.feed);
	bytes_put_be64(&w, q->ruling.seq);
	return kv_put(t, KV_QUARANTINE, key_bytes(&k), bytes_written(&w));
}

enum rc quarantine_next(struct kv_txn *t, const struct quarantine *after, struct quarantine *out)
{
	struct key from = { .len = 1 };
	struct kv_cursor *c = kv_cursor_open(t, KV_QUARANTINE);
	struct bytes k, v;
	enum rc rc = RC_NOMEM;

	from.b[0] = 0;
	if (after != NULL) {
		from = key_quarantine(after->dot, after->place);
	}
	if (c != NULL) {
		rc = kv_cursor_seek(c, key_bytes(&from), &k, &v);
	}
	if (rc == RC_OK && after != NULL && bytes_equal(k, key_bytes(&from))) {
		rc = kv_cursor_next(c, &k, &v);
	}
	if (rc == RC_OK) {
		rc = read_row(k, v, out);
	}
	kv_cursor_close(c);
	return rc;
}

enum rc quarantine_count(struct kv_txn *t, enum quarantine_state state, uint64_t *out)
{
	static const uint8_t zero = 0;
	struct kv_cursor *c = kv_cursor_open(t, KV_QUARANTINE);
	struct quarantine q;
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, bytes_at(&zero, 1), &k, &v);

	*out = 0;
	while (rc == RC_OK) {
		rc = read_row(k, v, &q);
		*out += rc == RC_OK && q.state == state;
		rc = rc == RC_OK ? kv_cursor_next(c, &k, &v) : rc;
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Key of the table accept: feed 8, seq 8, kind 2, id 16. */
static struct key accept_key(struct dot d, uint16_t kind, struct uuid id)
{
	struct key k = key_dot(d);
	struct bytes_writer w = bytes_writer_init(k.b + k.len, sizeof(k.b) - k.len);

	bytes_put_be16(&w, kind);
	bytes_put(&w, id.b, UUID_LEN);
	k.len += w.len;
	return k;
}

enum rc quarantine_put_accepted(struct kv_txn *t, struct dot d, uint16_t kind, struct uuid id,
				struct dot ruling)
{
	struct key k = accept_key(d, kind, id);
	uint8_t row[ACCEPT_LEN];
	struct bytes_writer w = bytes_writer_init(row, sizeof(row));

	bytes_put_be64(&w, ruling.feed);
	bytes_put_be64(&w, ruling.seq);
	return kv_put(t, KV_ACCEPT, key_bytes(&k), bytes_written(&w));
}

enum rc quarantine_get_accepted(struct kv_txn *t, struct dot d, uint16_t kind, struct uuid id,
				struct dot *ruling)
{
	struct key k = accept_key(d, kind, id);
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_ACCEPT, key_bytes(&k), &v);

	if (rc != RC_OK) {
		return rc;
	}
	r = bytes_reader_init(v);
	ruling->feed = bytes_get_be64(&r);
	ruling->seq = bytes_get_be64(&r);
	return bytes_is_done(&r) ? RC_OK : RC_CORRUPT;
}

enum rc quarantine_in_force(struct kv_txn *t, struct dot d, uint32_t place, bool *out)
{
	struct quarantine q;
	enum rc rc = quarantine_get(t, d, place, &q);

	*out = rc == RC_NOTFOUND || (rc == RC_OK && q.state == QUARANTINE_ACCEPTED);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc quarantine_version_covers(const struct quarantine_version *v, struct dot d, bool *out)
{
	struct dot ruling = { 0, 0 };
	enum rc rc = RC_OK;

	*out = vv_covers(v->version, d);
	if (*out) {
		rc = quarantine_get_accepted(v->txn, d, v->kind, v->id, &ruling);
		*out = rc == RC_NOTFOUND || (rc == RC_OK && vv_covers(v->version, ruling));
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
