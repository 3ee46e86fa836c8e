#include "node/base/crypto.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/mem.h"

/*
 * The key file is one line, so that a person can copy it to paper:
 * "kerwen-key-1 " and the seed in hexadecimal.
 */
#define FILE_HEAD "kerwen-key-1 "

enum {
	HEAD_LEN = sizeof(FILE_HEAD) - 1,
	HEX_LEN = 2 * CRYPTO_SEED_LEN,
	FILE_LEN = HEAD_LEN + HEX_LEN + 1
};

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

static enum rc derive_key(struct crypto_key *out, const uint8_t seed[CRYPTO_SEED_LEN])
{
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
	rc = derive_key(out, seed);
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

enum rc crypto_key_create(const char *path, struct crypto_key *out, struct path_problem *why)
{
	char *line = NULL;
	enum rc rc = crypto_key_make(out);

	if (rc == RC_OK) {
		line = mem_secret_new(FILE_LEN + 1);
	}
	if (line == NULL) {
		rc = path_fail(why, RC_NOMEM, NULL, "no memory for a key");
		goto out;
	}
	memcpy(line, FILE_HEAD, HEAD_LEN);
	sodium_bin2hex(line + HEAD_LEN, HEX_LEN + 1, out->secret, CRYPTO_SEED_LEN);
	line[FILE_LEN - 1] = '\n';
	rc = path_write(path, bytes_at(line, FILE_LEN), PATH_NEW, why);
out:
	mem_secret_free(line);
	if (rc != RC_OK) {
		crypto_key_drop(out);
	}
	return rc;
}

static enum rc parse_line(const char *line, size_t len, struct crypto_key *out)
{
	uint8_t seed[CRYPTO_SEED_LEN];
	enum rc rc = RC_CORRUPT;
	size_t got = 0;

	if (len == FILE_LEN && memcmp(line, FILE_HEAD, HEAD_LEN) == 0 && line[len - 1] == '\n' &&
	    sodium_hex2bin(seed, sizeof(seed), line + HEAD_LEN, HEX_LEN, NULL, &got, NULL) == 0 &&
	    got == sizeof(seed)) {
		rc = derive_key(out, seed);
	}
	sodium_memzero(seed, sizeof(seed));
	return rc;
}

enum rc crypto_key_load(const char *path, struct crypto_key *out, struct path_problem *why)
{
	char *line = NULL;
	size_t len = 0;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	rc = path_check_private(path, why);
	if (rc == RC_NOTFOUND) {
		return path_fail(why, rc, "put the node's own key file back from a backup",
				 "%s is missing", path);
	}
	if (rc != RC_OK) {
		return rc;
	}
	rc = path_read(path, FILE_LEN, &line, &len, why);
	if (rc == RC_OK) {
		rc = parse_line(line, len, out);
		if (rc == RC_CORRUPT) {
			path_fail(why, rc, "put the node's own key file back from a backup",
				  "%s is not a Kerwen key", path);
		} else if (rc != RC_OK) {
			path_fail(why, rc, NULL, "no memory for a key");
		}
	} else if (rc == RC_LIMIT) {
		rc = path_fail(why, RC_CORRUPT, "put the node's own key file back from a backup",
			       "%s is not a Kerwen key", path);
	}
	if (line != NULL) {
		sodium_memzero(line, len);
		free(line);
	}
	return rc;
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
