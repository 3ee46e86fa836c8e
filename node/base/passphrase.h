/*
 * Passphrases, and what is locked with them: a key file, a backup.
 *
 * A lock is 105 bytes that hold 32 secret ones:
 *
 *   1   1: Argon2id version 1.3 (RFC 9106), with libsodium's parallelism of 1
 *   8   passes, big-endian
 *   8   bytes of memory, big-endian
 *   16  salt
 *   24  nonce
 *   48  XSalsa20-Poly1305 (libsodium's secretbox) of the secret under the 32
 *       bytes that Argon2id makes of the passphrase
 */
#ifndef KERWEN_PASSPHRASE_H
#define KERWEN_PASSPHRASE_H

#include "node/base/path.h"

enum {
	PASSPHRASE_BYTES_MIN = 8, /* of a new one */
	PASSPHRASE_BYTES_MAX = 1024,
	PASSPHRASE_SECRET_LEN = 32,
	PASSPHRASE_LOCK_LEN = 105
};

/* Text in locked memory; zeroes are none. */
struct passphrase {
	char *text; /* no NUL */
	size_t len;
};

/* What guessing costs; opening costs it once. */
struct passphrase_cost {
	uint64_t passes;
	uint64_t memory_bytes;
};

/* For everything that people lock: about a second, 256 MiB. Tests have less. */
extern const struct passphrase_cost passphrase_cost_default;

/*
 * Reads the first line of a file ("-": of standard input), without its end.
 * Gives; passphrase_drop wipes. RC_INVALID: it is empty or too long;
 * RC_DENIED: everybody can read the file; RC_NOTFOUND, RC_IO, RC_NOMEM.
 */
enum rc passphrase_read(const char *path, struct passphrase *out, struct path_problem *why);

/* The same from an open file, of which no byte behind the line is read. `name`
 * is for the message. A read that a signal ends gives RC_CLOSED. */
enum rc passphrase_read_line(int fd, const char *name, struct passphrase *out,
			     struct path_problem *why);

/* Whether it may lock something new. RC_INVALID: too short. */
enum rc passphrase_check_new(const struct passphrase *p, struct path_problem *why);

void passphrase_drop(struct passphrase *p); /* zeroes are fine */

/* RC_NOMEM: the machine has not the memory that cost names. */
enum rc passphrase_lock(const struct passphrase *p, const struct passphrase_cost *cost,
			const uint8_t secret[PASSPHRASE_SECRET_LEN],
			uint8_t out[PASSPHRASE_LOCK_LEN]);

/* RC_BADSIG: another passphrase, or the lock was altered; RC_VERSION: a lock
 * of another kind; RC_LIMIT: it asks for more than 1 GiB or 16 passes. */
enum rc passphrase_unlock(const struct passphrase *p, const uint8_t lock[PASSPHRASE_LOCK_LEN],
			  uint8_t secret[PASSPHRASE_SECRET_LEN]);

#endif
