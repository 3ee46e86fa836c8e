#include "node/store/closed_feed.h"

#include <string.h>

enum rc closed_feed_read(struct bytes b, struct closed_feed *out)
{
	struct bytes_reader r = bytes_reader_init(b);
	struct bytes hash;

	out->last.feed = bytes_get_be64(&r);
	out->last.seq = bytes_get_be64(&r);
	hash = bytes_get(&r, HASH_LEN);
	if (!bytes_is_done(&r)) {
		return RC_CORRUPT;
	}
	memcpy(out->hash, hash.p, HASH_LEN);
	return RC_OK;
}

void closed_feed_write(const struct closed_feed *c, uint8_t out[CLOSED_FEED_LEN])
{
	struct bytes_writer w = bytes_writer_init(out, CLOSED_FEED_LEN);

	bytes_put_be64(&w, c->last.feed);
	bytes_put_be64(&w, c->last.seq);
	bytes_put(&w, c->hash, HASH_LEN);
}
