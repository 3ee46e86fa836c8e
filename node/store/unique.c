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

enum { HOLDER_LEN = 1 + 2 + UUID_LEN };

static struct key with_holder(const struct key *k, const struct unique_holder *h)
{
	struct key full = *k;
	struct bytes_writer w = bytes_writer_init(full.b + full.len, sizeof(full.b) - full.len);

	bytes_put_u8(&w, h->deleted);
	bytes_put_be16(&w, h->office);
	bytes_put(&w, h->id.b, UUID_LEN);
	full.len += w.len;
	return full;
}

bool unique_split(struct bytes key, const struct key *k, struct unique_holder *out)
{
	struct bytes_reader r;
	struct bytes id;

	if (key.len != k->len + HOLDER_LEN || !key_has_prefix(key, k)) {
		return false;
	}
	r = bytes_reader_init(bytes_at(key.p + k->len, HOLDER_LEN));
	out->deleted = bytes_get_u8(&r) != 0;
	out->office = bytes_get_be16(&r);
	id = bytes_get(&r, UUID_LEN);
	memcpy(out->id.b, id.p, UUID_LEN);
	return true;
}

enum rc unique_put(struct kv_txn *t, const struct key *k, const struct unique_holder *h)
{
	struct key full = with_holder(k, h);

	return kv_put(t, KV_UNIQUE, key_bytes(&full), bytes_at(NULL, 0));
}

enum rc unique_del(struct kv_txn *t, const struct key *k, const struct unique_holder *h)
{
	struct key full = with_holder(k, h);

	return kv_del(t, KV_UNIQUE, key_bytes(&full));
}

bool unique_has(struct kv_txn *t, const struct key *k, const struct unique_holder *h)
{
	struct key full = with_holder(k, h);
	struct bytes v;

	return kv_get(t, KV_UNIQUE, key_bytes(&full), &v) == RC_OK;
}

/* The first key that is not before `from` - or, if that is one, behind it. */
static enum rc seek(struct kv_cursor *c, const struct key *k, const struct unique_holder *after,
		    struct unique_holder *out)
{
	struct key from = after == NULL ? *k : with_holder(k, after);
	struct bytes found, v;
	enum rc rc = kv_cursor_seek(c, key_bytes(&from), &found, &v);

	if (rc == RC_OK && bytes_equal(found, key_bytes(&from))) {
		rc = kv_cursor_next(c, &found, &v);
	}
	return rc == RC_OK && !unique_split(found, k, out) ? RC_NOTFOUND : rc;
}

enum rc unique_find(struct kv_txn *t, const struct key *k, const struct unique_holder *after,
		    struct unique_holder *out)
{
	struct kv_cursor *c = kv_cursor_open(t, KV_UNIQUE);
	struct unique_holder from; /* out may be the same */
	enum rc rc = RC_NOMEM;

	if (after != NULL) {
		from = *after;
	}
	if (c != NULL) {
		rc = seek(c, k, after == NULL ? NULL : &from, out);
	}
	kv_cursor_close(c);
	return rc;
}

enum rc unique_others(struct kv_txn *t, const struct key *k, struct uuid id, const uint16_t *office,
		      struct unique_holder out[2], uint32_t *count)
{
	struct kv_cursor *c = kv_cursor_open(t, KV_UNIQUE);
	struct unique_holder h = { .office = office == NULL ? 0 : *office };
	struct bytes found, v;
	enum rc rc = c == NULL ? RC_NOMEM : seek(c, k, &h, &h);

	*count = 0;
	while (rc == RC_OK && !h.deleted && (office == NULL || h.office == *office)) {
		if (!uuid_equal(h.id, id)) {
			out[(*count)++] = h;
		}
		if (*count == 2) {
			break;
		}
		rc = kv_cursor_next(c, &found, &v);
		rc = rc == RC_OK && !unique_split(found, k, &h) ? RC_NOTFOUND : rc;
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc unique_list(struct kv_txn *t, const struct key *k, struct uuid id,
		    struct unique_holder *out, uint32_t max, uint64_t *total)
{
	struct kv_cursor *c = kv_cursor_open(t, KV_UNIQUE);
	struct unique_holder h;
	struct bytes found, v;
	enum rc rc = c == NULL ? RC_NOMEM : seek(c, k, NULL, &h);

	*total = 0;
	while (rc == RC_OK && !h.deleted) {
		if (!uuid_equal(h.id, id)) {
			if (*total < max) {
				out[*total] = h;
			}
			(*total)++;
		}
		rc = kv_cursor_next(c, &found, &v);
		rc = rc == RC_OK && !unique_split(found, k, &h) ? RC_NOTFOUND : rc;
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc unique_offices(struct kv_txn *t, const struct key *k, struct uuid id, uint16_t *out,
		       uint32_t max, uint32_t *count)
{
	struct kv_cursor *c = kv_cursor_open(t, KV_UNIQUE);
	struct unique_holder h;
	enum rc rc = c == NULL ? RC_NOMEM : seek(c, k, NULL, &h);

	*count = 0;
	while (rc == RC_OK && !h.deleted && *count < max) {
		if (!uuid_equal(h.id, id)) {
			out[(*count)++] = h.office;
			memset(h.id.b, 0xff, UUID_LEN); /* on to the next home */
		}
		rc = seek(c, k, &h, &h);
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc unique_count_living(struct kv_txn *t, uint16_t kind, uint32_t number, uint64_t *out)
{
	struct key prefix = key_kind(kind);
	struct kv_cursor *c = kv_cursor_open(t, KV_UNIQUE);
	struct bytes k, v;
	enum rc rc = RC_NOMEM;

	prefix.b[prefix.len++] = (uint8_t)number;
	if (c != NULL) {
		rc = kv_cursor_seek(c, key_bytes(&prefix), &k, &v);
	}
	for (*out = 0; rc == RC_OK && key_has_prefix(k, &prefix); rc = kv_cursor_next(c, &k, &v)) {
		*out += k.len > HOLDER_LEN && k.p[k.len - HOLDER_LEN] == 0;
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
