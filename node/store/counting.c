#include "node/store/counting.h"

#include <string.h>

#include "node/store/cells.h"

static const char meta_counting[] = "counting";

enum { FIGURE_BESIDE = 0, VALUE_LEN = 8 + 2 + UUID_LEN };

enum rc counting_get(struct kv_txn *t, struct counting *out)
{
	struct bytes v, id;
	struct bytes_reader r;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_counting), &v);

	memset(out, 0, sizeof(*out));
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	r = bytes_reader_init(v);
	out->token = bytes_get_be64(&r);
	out->kind = bytes_get_be16(&r);
	id = bytes_get(&r, UUID_LEN);
	if (!bytes_is_done(&r)) {
		memset(out, 0, sizeof(*out)); /* as good as none */
		return RC_OK;
	}
	memcpy(out->id.b, id.p, UUID_LEN);
	return RC_OK;
}

enum rc counting_put(struct kv_txn *t, const struct counting *c)
{
	uint8_t buffer[VALUE_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	bytes_put_be64(&w, c->token);
	bytes_put_be16(&w, c->kind);
	bytes_put(&w, c->id.b, UUID_LEN);
	return kv_put(t, KV_META, bytes_of(meta_counting), bytes_written(&w));
}

enum rc counting_drop(struct kv_txn *t)
{
	struct bytes v;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_counting), &v);

	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	rc = cells_drop(t, FIGURE_BESIDE);
	return rc == RC_OK ? kv_del(t, KV_META, bytes_of(meta_counting)) : rc;
}

bool counting_has(const struct counting *c, uint16_t kind, struct uuid id)
{
	return c->token != 0 &&
	       (kind < c->kind || (kind == c->kind && memcmp(id.b, c->id.b, UUID_LEN) <= 0));
}

enum rc counting_add(struct kv_txn *t, const struct crypto *c, struct bytes cell, int64_t amount)
{
	return cells_add(t, c, FIGURE_BESIDE, 0, cell, amount);
}

enum rc counting_walk(struct kv_txn *t, void *ctx,
		      enum rc (*each)(void *ctx, struct bytes cell, int64_t amount))
{
	return cells_walk(t, FIGURE_BESIDE, 0, ctx, each);
}
