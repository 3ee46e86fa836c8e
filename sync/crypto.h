/*
 * What sync/ needs of cryptography, handed in as functions: the node fills
 * this table from libsodium (node/base/crypto.h), a test from what it likes.
 */
#ifndef KERWEN_CRYPTO_H
#define KERWEN_CRYPTO_H

#include "sync/bytes.h"

enum { HASH_LEN = 32, KEY_LEN = 32, SIG_LEN = 64, SYSTEM_LEN = 16 };

struct crypto {
	/* BLAKE2b-256 (RFC 7693, no key) over the pieces, one after another. */
	void (*hash)(uint8_t out[HASH_LEN], const struct bytes *pieces, uint32_t count);
	/* Whether sig is key's Ed25519 signature (RFC 8032) of text. */
	bool (*verify)(const uint8_t key[KEY_LEN], struct bytes text, const uint8_t sig[SIG_LEN]);
};

#endif
