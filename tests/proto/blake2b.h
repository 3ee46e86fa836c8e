/*
 * BLAKE2b with 32 bytes of output and no key (RFC 7693), for tests: slow, and
 * no code of ours or of libsodium's, so that it checks both.
 */
#ifndef KERWEN_BLAKE2B_H
#define KERWEN_BLAKE2B_H

#include "sync/crypto.h"

/* As `hash` of struct crypto. */
void blake2b_hash(uint8_t out[HASH_LEN], const struct bytes *pieces, uint32_t count);

#endif
