#include "node/store/cells.h"

#include <string.h>

#include "node/store/key.h"

enum { COUNTER_LEN = 4, CELL_MAX = LIMIT_KEY_BYTES_MAX - COUNTER_LEN - 1 };

static struct key counter_key(uint16_t figure, uint16_t part)
{
	struct key k = key_kind(figure);

	k.b[k.len++] = (uint8_t)(part >> 8);
	k.b[k.len++] = (uint8_t)part;
	return k;
}

/* Short cells stand as they are; long ones as their start and a hash, which
 * fills the key to its last byte, as no short one does. */
static struct key cell_key(const struct crypto *c, uint16_t figure, uint16_t part,
			   struct bytes cell)
{
	struct key k = counter_key(figure, part);
	size_t start = cell.len;

	if (cell.len > CELL_MAX) {
		start = LIMIT_KEY_BYTES_MAX - COUNTER_LEN - HASH_LEN;
		c->hash(k.b + k.len + start, &cell, 1);
	}
	if (start > 0) {
		memcpy(k.b + k.len, cell.p, start);
	}
	k.len += cell.len > CELL_MAX ? start + HASH_LEN : start;
	return k;
}

enum rc cells_add(struct kv_txn *t, const struct crypto *c, uint16_t figure, uint16_t part,
		  struct bytes cell, int64_t amount)
{
	struct key k = cell_key(c, figure, part, cell);
	uint8_t buffer[10 + LIMIT_DIMENSIONS_MAX * (LIMIT_VALUE_BYTES_MAX + 8)];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	struct bytes v;
	enum rc rc = kv_get(t, KV_FIGURE, key_bytes(&k), &v);

	if (rc == RC_OK) {
		struct bytes_reader r = bytes_reader_init(v);

		amount = value_add(amount, bytes_get_zigzag(&r));
	} else if (rc != RC_NOTFOUND) {
		return rc;
	}
	if (amount == 0) {
		return kv_del(t, KV_FIGURE, key_bytes(&k));
	}
	bytes_put_zigzag(&w, amount);
	if (k.len == LIMIT_KEY_BYTES_MAX) {
		bytes_put(&w, cell.p, cell.len);
	}
	return w.rc == RC_OK ? kv_put(t, KV_FIGURE, key_bytes(&k), bytes_written(&w)) : w.rc;
}

enum rc cells_walk(struct kv_txn *t, uint16_t figure, uint16_t part, void *ctx,
		   enum rc (*each)(void *ctx, struct bytes cell, int64_t amount))
{
	struct key prefix = counter_key(figure, part);
	struct kv_cursor *c = kv_cursor_open(t, KV_FIGURE);
	struct bytes k, v;
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&prefix), &k, &v);

	while (rc == RC_OK && key_has_prefix(k, &prefix)) {
		struct bytes_reader r = bytes_reader_init(v);
		int64_t amount = bytes_get_zigzag(&r);
		struct bytes cell = bytes_at(k.p + COUNTER_LEN, k.len - COUNTER_LEN);

		if (k.len == LIMIT_KEY_BYTES_MAX) {
			cell = bytes_at(r.p, (size_t)(r.end - r.p));
		}
		rc = each(ctx, cell, amount);
		if (rc == RC_OK) {
			rc = kv_cursor_next(c, &k, &v);
		}
	}
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc cells_drop(struct kv_txn *t, uint16_t figure)
{
	struct key prefix = key_kind(figure);
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		struct kv_cursor *c = kv_cursor_open(t, KV_FIGURE);
		struct key found;
		struct bytes k, v;

		rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, key_bytes(&prefix), &k, &v);
		if (rc == RC_OK && !key_has_prefix(k, &prefix)) {
			rc = RC_NOTFOUND;
		}
		if (rc == RC_OK) {
			memcpy(found.b, k.p, k.len);
			found.len = k.len;
			rc = kv_del(t, KV_FIGURE, key_bytes(&found));
		}
		kv_cursor_close(c);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
