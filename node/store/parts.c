#include "node/store/parts.h"

#include "node/store/feeds.h"
#include "proto/entry_codec.h"

/* Entry, field 3, length-delimited: see proto/entry.proto. */
enum { TAG_CHANGE = 3 << 3 | 2, WIRE_LEN = 2 };

static uint32_t count_changes(struct bytes_reader r)
{
	uint32_t n = 0;

	while (r.rc == RC_OK && r.p < r.end) {
		n += bytes_get_varint(&r) == TAG_CHANGE;
		(void)bytes_get_block(&r);
	}
	return n;
}

enum rc parts_list(struct bytes entry, struct arena *a, struct parts_place **out, uint32_t *count)
{
	struct bytes_reader r = bytes_reader_init(entry);
	uint32_t max = count_changes(r);
	struct parts_place *list = arena_take(a, max * sizeof(*list));

	*count = 0;
	*out = list;
	if (list == NULL) {
		return RC_NOMEM;
	}
	while (r.rc == RC_OK && r.p < r.end) {
		uint64_t tag = bytes_get_varint(&r);
		struct bytes b = bytes_get_block(&r);

		if ((tag & 7) != WIRE_LEN) {
			return RC_CORRUPT;
		}
		if (tag == TAG_CHANGE && r.rc == RC_OK) {
			/* An empty change has no place: it counts all the same. */
			list[(*count)++] =
				(struct parts_place){ b.len == 0 ? 0 : (uint32_t)(b.p - entry.p),
						      (uint32_t)b.len };
		}
	}
	return r.rc;
}

void parts_put_reference(struct bytes_writer *w, struct dot d, struct parts_place place)
{
	bytes_put_u8(w, 0);
	bytes_put_be64(w, d.feed);
	bytes_put_varint(w, d.seq);
	bytes_put_varint(w, place.offset);
	bytes_put_varint(w, place.len);
}

bool parts_is_reference(struct bytes value, struct dot *out)
{
	struct bytes_reader r = bytes_reader_init(value);
	bool is = bytes_get_u8(&r) == 0;

	out->feed = bytes_get_be64(&r);
	out->seq = bytes_get_varint(&r);
	return is && r.rc == RC_OK;
}

/* Nothing was there that an author could have seen. */
static bool covers_nothing(void *ctx, struct dot d)
{
	(void)ctx;
	(void)d;
	return false;
}

static enum rc follow(struct kv_txn *t, struct bytes_reader *r, struct arena *a, struct part *out)
{
	struct dot d = { .feed = bytes_get_be64(r), .seq = bytes_get_varint(r) };
	uint64_t offset = bytes_get_varint(r), len = bytes_get_varint(r);
	struct seen seen = { .ctx = NULL, .covers = covers_nothing };
	struct feed_entry entry;
	struct change change;
	struct bytes copy;
	enum rc rc = bytes_is_done(r) ? feeds_get_entry(t, d, &entry) : RC_CORRUPT;

	if (rc == RC_NOTFOUND) {
		return RC_CORRUPT;
	}
	if (rc == RC_OK && (offset > entry.bytes.len || len > entry.bytes.len - offset)) {
		return RC_CORRUPT;
	}
	if (rc == RC_OK) {
		copy = arena_copy(a, bytes_at(entry.bytes.p + offset, (size_t)len));
		rc = copy.p == NULL ? RC_NOMEM : entry_decode_ops(copy, a, &change);
	}
	*out = part_init();
	return rc == RC_OK ? part_apply(out, &change, d, &seen, a) : rc;
}

enum rc parts_read(struct kv_txn *t, struct bytes value, struct arena *a, struct part *out)
{
	struct bytes_reader r = bytes_reader_init(value);
	struct bytes copy;

	if (bytes_get_u8(&r) == 0) {
		return r.rc == RC_OK ? follow(t, &r, a, out) : RC_CORRUPT;
	}
	copy = arena_copy(a, value);
	return copy.p == NULL ? RC_NOMEM : part_decode(copy, a, out);
}

enum rc parts_canonical(struct kv_txn *t, struct bytes value, struct arena *a, struct bytes *out)
{
	struct part part;
	struct bytes_writer w;
	enum rc rc = parts_read(t, value, a, &part);

	if (rc != RC_OK) {
		return rc;
	}
	w = bytes_writer_init(a->p + a->used, a->max - a->used);
	part_encode(&part, &w);
	if (w.rc != RC_OK) {
		return RC_NOMEM;
	}
	a->used += w.len; /* it was written where the next taking begins */
	*out = bytes_written(&w);
	return RC_OK;
}
