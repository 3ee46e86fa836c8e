#include "sync/feed.h"

#include <assert.h>
#include <string.h>

#include "sync/limits.h"

uint64_t feed_pack(uint16_t office, uint16_t scope, uint32_t incarnation)
{
	return (uint64_t)office << 48 | (uint64_t)scope << 32 | incarnation;
}

uint16_t feed_office(uint64_t feed)
{
	return (uint16_t)(feed >> 48);
}

uint16_t feed_scope(uint64_t feed)
{
	return (uint16_t)(feed >> 32);
}

uint32_t feed_incarnation(uint64_t feed)
{
	return (uint32_t)feed;
}

void feed_chain_first(const struct crypto *c, struct bytes genesis, uint8_t out[HASH_LEN])
{
	c->hash(out, &genesis, 1);
}

/* Salts come in pairs, one hash a pair; `pair` keeps the last one made. */
static void hash_leaf(const struct crypto *c, struct bytes salt, uint32_t i, struct bytes change,
		      uint8_t pair[HASH_LEN], uint8_t out[HASH_LEN])
{
	struct bytes pieces[2];
	uint8_t number[4];

	if (i % 2 == 0) {
		struct bytes_writer w = bytes_writer_init(number, sizeof(number));

		bytes_put_be32(&w, i / 2);
		pieces[0] = salt;
		pieces[1] = bytes_at(number, sizeof(number));
		c->hash(pair, pieces, 2);
	}
	pieces[0] = bytes_at(pair + (i % 2) * FEED_SALT_LEN, FEED_SALT_LEN);
	pieces[1] = change;
	c->hash(out, pieces, 2);
}

void feed_chain_next(const struct crypto *c, const uint8_t before[HASH_LEN], struct bytes header,
		     struct bytes salt, const struct bytes *changes, uint32_t changes_count,
		     uint8_t out[HASH_LEN])
{
	static const uint32_t max = LIMIT_CHANGES_PER_ENTRY_MAX;
	uint8_t leaves[LIMIT_CHANGES_PER_ENTRY_MAX][HASH_LEN];
	uint8_t pair[HASH_LEN], entry[HASH_LEN];
	struct bytes pieces[2];
	uint32_t i;

	assert(changes_count <= max);
	for (i = 0; i < changes_count; i++) {
		hash_leaf(c, salt, i, changes[i], pair, leaves[i]);
	}
	pieces[0] = header;
	pieces[1] = bytes_at(leaves, (size_t)changes_count * HASH_LEN);
	c->hash(entry, pieces, 2);
	pieces[0] = bytes_at(before, HASH_LEN);
	pieces[1] = bytes_at(entry, HASH_LEN);
	c->hash(out, pieces, 2);
}

void feed_seal_text(const uint8_t system[SYSTEM_LEN], uint64_t feed, uint64_t seq,
		    const uint8_t hash[HASH_LEN], uint8_t out[FEED_SEAL_TEXT_LEN])
{
	struct bytes_writer w = bytes_writer_init(out, FEED_SEAL_TEXT_LEN);

	bytes_put(&w, "kerwen.seal", 12);
	bytes_put(&w, system, SYSTEM_LEN);
	bytes_put_be64(&w, feed);
	bytes_put_be64(&w, seq);
	bytes_put(&w, hash, HASH_LEN);
	assert(w.rc == RC_OK && w.len == FEED_SEAL_TEXT_LEN);
}
