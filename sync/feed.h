/*
 * Feeds: their ids, their hash chain, and what a seal signs.
 *
 *   h(0) = H(genesis)            h(n) = H(h(n-1) || e(n))
 *   e(n) = H(header || leaf(0) || leaf(1) ...)
 *   leaf(i) = H(salt(i) || change i)
 *   salt(2k), salt(2k+1) = first and second half of H(entry salt || be32 k)
 *
 * H is BLAKE2b-256. A leaf for each record change lets an authorised erasure
 * put the leaf in place of the change; the salts of the others are then listed
 * one by one, so that the hash of what was erased cannot be guessed from.
 */
#ifndef KERWEN_FEED_H
#define KERWEN_FEED_H

#include "sync/crypto.h"

enum { FEED_SALT_LEN = 16, FEED_SEAL_TEXT_LEN = 12 + SYSTEM_LEN + 8 + 8 + HASH_LEN };

/* Office 16 bits, scope 16 bits, incarnation 32 bits, high to low. */
uint64_t feed_pack(uint16_t office, uint16_t scope, uint32_t incarnation);
uint16_t feed_office(uint64_t feed);
uint16_t feed_scope(uint64_t feed);
uint32_t feed_incarnation(uint64_t feed);

/* h(0). genesis: the encoded Genesis message. */
void feed_chain_first(const struct crypto *c, struct bytes genesis, uint8_t out[HASH_LEN]);

/*
 * h(n) from h(n-1) and the entry's pieces. changes: the encoded record
 * changes. before and out may be the same memory.
 */
void feed_chain_next(const struct crypto *c, const uint8_t before[HASH_LEN], struct bytes header,
		     struct bytes salt, const struct bytes *changes, uint32_t changes_count,
		     uint8_t out[HASH_LEN]);

/*
 * The text that a seal signs: "kerwen.seal\0", system, feed, seq, h(seq); the
 * numbers big-endian. Exactly FEED_SEAL_TEXT_LEN bytes.
 */
void feed_seal_text(const uint8_t system[SYSTEM_LEN], uint64_t feed, uint64_t seq,
		    const uint8_t hash[HASH_LEN], uint8_t out[FEED_SEAL_TEXT_LEN]);

#endif
