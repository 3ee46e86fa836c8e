/*
 * Cryptography by libsodium: the functions that sync/ asks for, and the node's
 * own Ed25519 key, which signs seals and is the key of its TLS certificate.
 *
 * random_init comes first.
 */
#ifndef KERWEN_BASE_CRYPTO_H
#define KERWEN_BASE_CRYPTO_H

#include "node/base/passphrase.h"
#include "sync/crypto.h"

enum { CRYPTO_SEED_LEN = 32 };

/* For everything in sync/ and the store. */
extern const struct crypto crypto_sodium;

/* The 32 bytes of RFC 8032 in locked memory, and what follows from them. */
struct crypto_key {
	uint8_t public[KEY_LEN];
	uint8_t *secret; /* locked; seed, then public key; see crypto_key_seed */
};

/*
 * A key file as it is read. Its one line is
 *
 *   kerwen-key-1 SEED           in hexadecimal
 *   kerwen-key-2 PUBLIC LOCK    one number: the public key, then the seed
 *                               locked with a passphrase (passphrase.h)
 */
struct crypto_file {
	bool is_protected;
	uint8_t public[KEY_LEN]; /* of a protected one: what it says of itself */
	uint8_t *content;        /* locked memory */
};

/* A key that lives nowhere; for tests and bundles. RC_NOMEM. */
enum rc crypto_key_make(struct crypto_key *out);

/* The key of a seed. Gives. RC_NOMEM. */
enum rc crypto_key_derive(const uint8_t seed[CRYPTO_SEED_LEN], struct crypto_key *out);

/* Wipes it. A key of zeroes is fine. */
void crypto_key_drop(struct crypto_key *key);

/* The seed: what TLS wants as the raw private key. Borrows from the key. */
const uint8_t *crypto_key_seed(const struct crypto_key *key);

/* Signs text (RFC 8032, not prehashed). */
void crypto_key_sign(const struct crypto_key *key, struct bytes text, uint8_t sig[SIG_LEN]);

/*
 * A sealed box: only who has the secret of `to` can open it, and nobody can
 * tell who made it. The Ed25519 key stands for the X25519 key that follows
 * from it (libsodium: crypto_sign_ed25519_pk_to_curve25519, crypto_box_seal;
 * the format is described in proto/README.md). A box is CRYPTO_SEALED_LEN longer
 * than its text.
 */
enum { CRYPTO_SEALED_LEN = 48 };

/* Writes text.len + CRYPTO_SEALED_LEN bytes. RC_INVALID: `to` is not a key. */
enum rc crypto_sealed_make(const uint8_t to[KEY_LEN], struct bytes text, uint8_t *out);

/* Writes box.len - CRYPTO_SEALED_LEN bytes. RC_BADSIG: it is not for this key, or
 * was changed. */
enum rc crypto_sealed_open(const struct crypto_key *key, struct bytes box, uint8_t *out);

/*
 * Makes a key and stores it in a new file that only its owner can read.
 * Gives; crypto_key_drop frees. RC_EXISTS: there is a file, left as it is;
 * else as path_write. why: what to tell the user.
 */
enum rc crypto_key_create(const char *path, struct crypto_key *out, struct path_problem *why);

/*
 * Reads a key file. Gives; crypto_file_drop frees.
 * RC_NOTFOUND; RC_DENIED: others could read the file; RC_CORRUPT: not a key.
 */
enum rc crypto_file_read(const char *path, struct crypto_file *out, struct path_problem *why);

/* The same from its text. RC_CORRUPT, RC_NOMEM. */
enum rc crypto_file_parse(struct bytes text, struct crypto_file *out);

void crypto_file_drop(struct crypto_file *f); /* zeroes are fine */

/*
 * The key in it. Gives; crypto_key_drop frees. p: NULL if it is not protected.
 * RC_DENIED: it is, and p is NULL; RC_BADSIG: another passphrase, or altered;
 * RC_CORRUPT: not the seed of the public key beside it; else as
 * passphrase_unlock.
 */
enum rc crypto_file_open(const struct crypto_file *f, const struct passphrase *p,
			 struct crypto_key *out);

/* Puts a key file in the place of another in one step. p NULL: without a
 * passphrase, and cost is not looked at. Codes as path_write, RC_NOMEM. */
enum rc crypto_file_replace(const char *path, const struct crypto_key *key,
			    const struct passphrase *p, const struct passphrase_cost *cost,
			    struct path_problem *why);

/* Reads a file that is not protected: crypto_file_read and crypto_file_open. */
enum rc crypto_key_load(const char *path, struct crypto_key *out, struct path_problem *why);

#endif
