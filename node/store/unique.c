#include "node/store/unique.h"

#include <string.h>

enum { START_MAX = 20 };

void unique_digest(const struct crypto *c, const struct bytes *values, uint32_t count,
		   uint8_t out[UNIQUE_DIGEST_LEN])
{
	struct bytes pieces[2 * LIMIT_DIMENSIONS_MAX];
	uint8_t lengths[LIMIT_DIMENSIONS_MAX][4], digest[HASH_LEN];
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct bytes_writer w = bytes_writer_init(lengths[i], sizeof(lengths[i]));

		bytes_put_be32(&w, (uint32_t)values[i].len);
		pieces[2 * i] = bytes_at(lengths[i], sizeof(lengths[i]));
		pieces[2 * i + 1] = values[i];
	}
	c->hash(digest, pieces, 2 * count);
	memcpy(out, digest, UNIQUE_DIGEST_LEN);
}

struct key unique_key(const struct crypto *c, const struct schema_kind *kind, uint32_t number,
		      const struct bytes *values)
{
	static const uint8_t separator = 0;
	uint32_t count = kind->uniques[number].fields_count;
	uint8_t digest[UNIQUE_DIGEST_LEN];
	struct key k = key_kind(kind->number);
	struct bytes_writer w = bytes_writer_init(k.b + k.len, sizeof(k.b) - k.len);
	size_t room = START_MAX;
	uint32_t i;

	bytes_put_u8(&w, (uint8_t)number);
	for (i = 0; i < count; i++) {
		size_t len = values[i].len < room ? values[i].len : room;

		bytes_put(&w, values[i].p, len);
		room -= len;
		if (room > 0) {
			bytes_put(&w, &separator, 1);
			room--;
		}
	}
	unique_digest(c, values, count, digest);
	bytes_put(&w, digest, UNIQUE_DIGEST_LEN);
	k.len += w.len;
	return k;
}

enum rc unique_key_of(const struct crypto *c, const struct record *r, uint32_t number,
		      const struct view_source *src, struct arena *a, struct key *out, bool *has)
{
	const struct schema_key *fields = &r->kind->uniques[number];
	struct bytes values[LIMIT_DIMENSIONS_MAX];
	uint32_t i;

	*has = false;
	for (i = 0; i < fields->fields_count; i++) {
		struct values v;
		enum rc rc = view_values(r, &r->kind->fields[fields->fields[i]], src, a, &v);

		if (rc != RC_OK || v.count == 0) {
			return rc;
		}
		values[i] = v.items[0];
	}
	*out = unique_key(c, r->kind, number, values);
	*has = true;
	return RC_OK;
}

static struct key with_id(const struct key *k, struct uuid id)
{
	struct key full = *k;

	memcpy(full.b + full.len, id.b, UUID_LEN);
	full.len += UUID_LEN;
	return full;
}

enum rc unique_put(struct kv_txn *t, const struct key *k, struct uuid id)
{
	struct key full = with_id(k, id);

	return kv_put(t, KV_UNIQUE, key_bytes(&full), bytes_at(NULL, 0));
}

enum rc unique_del(struct kv_txn *t, const struct key *k, struct uuid id)
{
	struct key full = with_id(k, id);

	return kv_del(t, KV_UNIQUE, key_bytes(&full));
}

bool unique_has(struct kv_txn *t, const struct key *k, struct uuid id)
{
	struct key full = with_id(k, id);
	struct bytes v;

	return kv_get(t, KV_UNIQUE, key_bytes(&full), &v) == RC_OK;
}

enum rc unique_find(struct kv_txn *t, const struct key *k, const struct uuid *after,
		    struct uuid *id)
{
	struct key from = after == NULL ? *k : with_id(k, *after);
	struct kv_cursor *c = kv_cursor_open(t, KV_UNIQUE);
	struct bytes found, v;
	enum rc rc = RC_NOMEM;

	if (c != NULL) {
		rc = kv_cursor_seek(c, key_bytes(&from), &found, &v);
	}
	if (rc == RC_OK && after != NULL && bytes_equal(found, key_bytes(&from))) {
		rc = kv_cursor_next(c, &found, &v);
	}
	if (rc == RC_OK && (!key_has_prefix(found, k) || found.len != k->len + UUID_LEN)) {
		rc = RC_NOTFOUND;
	}
	if (rc == RC_OK) {
		memcpy(id->b, found.p + k->len, UUID_LEN);
	}
	kv_cursor_close(c);
	return rc;
}
