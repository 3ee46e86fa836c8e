/*
 * The keys of the store's tables. All integers are big-endian, so that byte
 * order is number order, and most tables grow at their end.
 *
 *   meta        text
 *   feed, cut   feed id 8 [seq 8]
 *   entry, seal feed id 8, seq 8
 *   record      kind 2, id 16, scope 2
 *   dot         kind 2, id 16, feed id 8, seq 8
 *   unique      kind 2, key 1, start of the values, hash 16, deleted 1, home 2,
 *               id 16
 *   conflict    kind 2, id 16
 *   quarantine  feed id 8, seq 8, place in the entry 4
 *   accept      feed id 8, seq 8, kind 2, id 16
 *   figure      figure 2, part 2, cell
 */
#ifndef KERWEN_KEY_H
#define KERWEN_KEY_H

#include "sync/limits.h"
#include "sync/uuid.h"
#include "sync/vv.h"

struct key {
	uint8_t b[LIMIT_KEY_BYTES_MAX];
	size_t len;
};

/* The bytes of a key; borrows it. */
struct bytes key_bytes(const struct key *k);

struct key key_feed(uint64_t feed);
struct key key_dot(struct dot d); /* entry, seal, cut */
struct key key_kind(uint16_t kind);
struct key key_record(uint16_t kind, struct uuid id);
struct key key_part(uint16_t kind, struct uuid id, uint16_t scope);
struct key key_record_dot(uint16_t kind, struct uuid id, struct dot d);
struct key key_quarantine(struct dot d, uint32_t place);

/* Whether a key begins with another. */
bool key_has_prefix(struct bytes key, const struct key *prefix);

#endif
