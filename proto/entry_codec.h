/*
 * Entries between bytes and memory: entry.proto through protobuf-c, screened
 * first and unpacked into the caller's arena.
 *
 * Decoding borrows from the bytes given, which must live as long as the
 * result. Codes: RC_CORRUPT for bytes that are not an entry, RC_LIMIT for a
 * bound of the format, RC_NOMEM when the arena is exhausted.
 */
#ifndef KERWEN_ENTRY_CODEC_H
#define KERWEN_ENTRY_CODEC_H

#include "sync/arena.h"
#include "sync/entry.h"
#include "sync/feed.h"
#include "sync/limits.h"

/* Decodes the frame of an entry and its header, not the changes. */
enum rc entry_decode(struct bytes b, struct arena *a, struct entry *out);

/* Decodes a header alone. */
enum rc entry_decode_header(struct bytes b, struct arena *a, struct header *out);

/* Decodes change i of an entry. */
enum rc entry_decode_change(const struct entry *e, uint32_t i, struct arena *a, struct change *out);

/* Decodes the bytes of a change by themselves, for who knows the record: id
 * means nothing. */
enum rc entry_decode_ops(struct bytes b, struct arena *a, struct change *out);

/* Writers: appended to w, whose sticky error tells of a lack of room. */
void entry_encode_header(const struct header *h, struct bytes_writer *w);
/* step: place of a record made by this commit, or -1 to write c->id. */
void entry_encode_change(const struct change *c, int64_t step, struct bytes_writer *w);
void entry_encode(struct bytes header, struct bytes salt, const struct bytes *changes,
		  uint32_t changes_count, struct bytes_writer *w);

void entry_encode_genesis(const struct genesis *g, struct bytes_writer *w);
enum rc entry_decode_genesis(struct bytes b, struct arena *a, struct genesis *out);

/* The chain hash after this entry; see feed_chain_next. */
void entry_chain(const struct crypto *c, const struct entry *e, const uint8_t before[HASH_LEN],
		 uint8_t out[HASH_LEN]);

#endif
