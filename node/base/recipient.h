/*
 * Recipients: whoever may open a backup by a key and not by a passphrase.
 *
 * The public key is handed out as text, "kb1" and hexadecimal: 32 bytes of an
 * X25519 key and the first 4 of their BLAKE2b-256, so that a slip of the pen is
 * noticed. The secret one stands in a file of its owner, kept far from the
 * machines whose backups it opens: "kerwen-backup-key-1 " and hexadecimal.
 */
#ifndef KERWEN_RECIPIENT_H
#define KERWEN_RECIPIENT_H

#include "node/base/path.h"

enum {
	RECIPIENT_LEN = 32,
	RECIPIENT_SECRET_LEN = 32,
	RECIPIENT_TEXT_LEN = 75,
	RECIPIENT_LOCK_LEN = 80
};

struct recipient_key {
	uint8_t public[RECIPIENT_LEN];
	uint8_t *secret; /* locked memory */
};

/* Makes a key in a new file (0600). Gives; recipient_key_drop wipes.
 * RC_EXISTS: there is a file; else as path_write. */
enum rc recipient_key_create(const char *path, struct recipient_key *out, struct path_problem *why);

/* Reads one. RC_NOTFOUND; RC_DENIED: others can read it; RC_CORRUPT: no such key. */
enum rc recipient_key_load(const char *path, struct recipient_key *out, struct path_problem *why);

void recipient_key_drop(struct recipient_key *key); /* zeroes are fine */

void recipient_format(const uint8_t public[RECIPIENT_LEN], char text[RECIPIENT_TEXT_LEN + 1]);

/* RC_INVALID: it is not one, or was misspelt. */
enum rc recipient_parse(const char *text, uint8_t public[RECIPIENT_LEN]);

/* 32 secret bytes that only the recipient can read: libsodium's sealed box
 * (X25519, BLAKE2b nonce, XSalsa20-Poly1305). RC_INVALID: a key of low order. */
enum rc recipient_lock(const uint8_t public[RECIPIENT_LEN],
		       const uint8_t secret[RECIPIENT_SECRET_LEN], uint8_t out[RECIPIENT_LOCK_LEN]);

/* RC_BADSIG: it was made for another, or altered. */
enum rc recipient_unlock(const struct recipient_key *key, const uint8_t lock[RECIPIENT_LOCK_LEN],
			 uint8_t secret[RECIPIENT_SECRET_LEN]);

#endif
