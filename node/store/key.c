#include "node/store/key.h"

#include <string.h>

struct bytes key_bytes(const struct key *k)
{
	return bytes_at(k->b, k->len);
}

struct key key_feed(uint64_t feed)
{
	struct key k;
	struct bytes_writer w = bytes_writer_init(k.b, sizeof(k.b));

	bytes_put_be64(&w, feed);
	k.len = w.len;
	return k;
}

struct key key_dot(struct dot d)
{
	struct key k;
	struct bytes_writer w = bytes_writer_init(k.b, sizeof(k.b));

	bytes_put_be64(&w, d.feed);
	bytes_put_be64(&w, d.seq);
	k.len = w.len;
	return k;
}

struct key key_kind(uint16_t kind)
{
	struct key k;
	struct bytes_writer w = bytes_writer_init(k.b, sizeof(k.b));

	bytes_put_be16(&w, kind);
	k.len = w.len;
	return k;
}

struct key key_record(uint16_t kind, struct uuid id)
{
	struct key k = key_kind(kind);

	memcpy(k.b + k.len, id.b, UUID_LEN);
	k.len += UUID_LEN;
	return k;
}

struct key key_part(uint16_t kind, struct uuid id, uint16_t scope)
{
	struct key k = key_record(kind, id);

	k.b[k.len++] = (uint8_t)(scope >> 8);
	k.b[k.len++] = (uint8_t)scope;
	return k;
}

struct key key_record_dot(uint16_t kind, struct uuid id, struct dot d)
{
	struct key k = key_record(kind, id);
	struct bytes_writer w = bytes_writer_init(k.b + k.len, sizeof(k.b) - k.len);

	bytes_put_be64(&w, d.feed);
	bytes_put_be64(&w, d.seq);
	k.len += w.len;
	return k;
}

struct key key_quarantine(struct dot d, uint32_t place)
{
	struct key k = key_dot(d);
	struct bytes_writer w = bytes_writer_init(k.b + k.len, sizeof(k.b) - k.len);

	bytes_put_be32(&w, place);
	k.len += w.len;
	return k;
}

bool key_has_prefix(struct bytes key, const struct key *prefix)
{
	return key.len >= prefix->len && memcmp(key.p, prefix->b, prefix->len) == 0;
}
