#include "node/store/peers.h"

#include <string.h>

#include "node/store/key.h"

enum { PEER_LEN = 16, LIFE_LEN = 8 };

enum rc peers_get(struct kv_txn *t, uint16_t number, struct peer_state *out)
{
	struct key k = key_kind(number);
	struct bytes v;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_PEER, key_bytes(&k), &v);

	memset(out, 0, sizeof(*out));
	out->number = number;
	if (rc != RC_OK) {
		return rc;
	}
	r = bytes_reader_init(v);
	out->contact_ms = (int64_t)bytes_get_be64(&r);
	out->heard_ms = (int64_t)bytes_get_be64(&r);
	return bytes_is_done(&r) ? RC_OK : RC_CORRUPT;
}

enum rc peers_note(struct kv_txn *t, uint16_t number, int64_t contact_ms, int64_t heard_ms)
{
	struct peer_state now;
	struct key k = key_kind(number);
	uint8_t buffer[PEER_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	enum rc rc = peers_get(t, number, &now);

	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return rc;
	}
	bytes_put_be64(&w, (uint64_t)(contact_ms > now.contact_ms ? contact_ms : now.contact_ms));
	bytes_put_be64(&w, (uint64_t)(heard_ms > now.heard_ms ? heard_ms : now.heard_ms));
	return kv_put(t, KV_PEER, key_bytes(&k), bytes_written(&w));
}

static struct key key_life(uint16_t number, uint32_t incarnation)
{
	struct key k = key_kind(number);
	struct bytes_writer w = bytes_writer_init(k.b + k.len, sizeof(k.b) - k.len);

	bytes_put_be32(&w, incarnation);
	k.len += w.len;
	return k;
}

enum rc peers_note_life(struct kv_txn *t, uint16_t number, uint32_t incarnation, int64_t contact_ms)
{
	struct key k = key_life(number, incarnation);
	uint8_t buffer[LIFE_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be64(&w, (uint64_t)contact_ms);
	return kv_put(t, KV_PEER, key_bytes(&k), bytes_written(&w));
}

enum rc peers_next_life(struct kv_txn *t, uint16_t number, uint32_t *incarnation,
			int64_t *contact_ms)
{
	struct key from = key_life(number, *incarnation), prefix = key_kind(number);
	struct kv_cursor *c = kv_cursor_open(t, KV_PEER);
	struct bytes k, v;
	struct bytes_reader r;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&from), &k, &v);

	if (rc == RC_OK && (k.len != from.len || !key_has_prefix(k, &prefix))) {
		rc = RC_NOTFOUND;
	}
	if (rc == RC_OK) {
		r = bytes_reader_init(bytes_at(k.p + prefix.len, k.len - prefix.len));
		*incarnation = bytes_get_be32(&r);
		r = bytes_reader_init(v);
		*contact_ms = (int64_t)bytes_get_be64(&r);
		rc = bytes_is_done(&r) ? RC_OK : RC_CORRUPT;
	}
	kv_cursor_close(c);
	return rc;
}
