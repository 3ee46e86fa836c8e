#include "node/base/crypto.h"

#include <sodium.h>
#include <string.h>

#include "node/base/mem.h"

static void hash(uint8_t out[HASH_LEN], const struct bytes *pieces, uint32_t count)
{
	crypto_generichash_state state;
	uint32_t i;

	crypto_generichash_init(&state, NULL, 0, HASH_LEN);
	for (i = 0; i < count; i++) {
		crypto_generichash_update(&state, pieces[i].p, pieces[i].len);
	}
	crypto_generichash_final(&state, out, HASH_LEN);
}

static bool verify(const uint8_t key[KEY_LEN], struct bytes text, const uint8_t sig[SIG_LEN])
{
	return crypto_sign_verify_detached(sig, text.p, text.len, key) == 0;
}

const struct crypto crypto_sodium = { .hash = hash, .verify = verify };

enum rc crypto_key_derive(const uint8_t seed[CRYPTO_SEED_LEN], struct crypto_key *out)
{
	memset(out, 0, sizeof(*out));
	out->secret = mem_secret_new(crypto_sign_SECRETKEYBYTES);
	if (out->secret == NULL) {
		return RC_NOMEM;
	}
	crypto_sign_seed_keypair(out->public, out->secret, seed);
	return RC_OK;
}

enum rc crypto_key_make(struct crypto_key *out)
{
	uint8_t seed[CRYPTO_SEED_LEN];
	enum rc rc;

	memset(out, 0, sizeof(*out));
	randombytes_buf(seed, sizeof(seed));
	rc = crypto_key_derive(seed, out);
	sodium_memzero(seed, sizeof(seed));
	return rc;
}

void crypto_key_drop(struct crypto_key *key)
{
	mem_secret_free(key->secret);
	memset(key, 0, sizeof(*key));
}

const uint8_t *crypto_key_seed(const struct crypto_key *key)
{
	return key->secret;
}

void crypto_key_sign(const struct crypto_key *key, struct bytes text, uint8_t sig[SIG_LEN])
{
	crypto_sign_detached(sig, NULL, text.p, text.len, key->secret);
}

_Static_assert((int)CRYPTO_SEALED_LEN == (int)crypto_box_SEALBYTES, "the box has another size");

enum rc crypto_sealed_make(const uint8_t to[KEY_LEN], struct bytes text, uint8_t *out)
{
	uint8_t curve[crypto_box_PUBLICKEYBYTES];

	if (crypto_sign_ed25519_pk_to_curve25519(curve, to) != 0 ||
	    crypto_box_seal(out, text.p, text.len, curve) != 0) {
		return RC_INVALID;
	}
	return RC_OK;
}

enum rc crypto_sealed_open(const struct crypto_key *key, struct bytes box, uint8_t *out)
{
	uint8_t curve[crypto_box_PUBLICKEYBYTES];
	uint8_t *secret = mem_secret_new(crypto_box_SECRETKEYBYTES);
	enum rc rc = RC_BADSIG;

	if (secret == NULL) {
		return RC_NOMEM;
	}
	if (box.len >= CRYPTO_SEALED_LEN &&
	    crypto_sign_ed25519_pk_to_curve25519(curve, key->public) == 0 &&
	    crypto_sign_ed25519_sk_to_curve25519(secret, key->secret) == 0 &&
	    crypto_box_seal_open(out, box.p, box.len, curve, secret) == 0) {
		rc = RC_OK;
	}
	mem_secret_free(secret);
	return rc;
}
