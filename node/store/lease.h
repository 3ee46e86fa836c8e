/*
 * The lease: a small file beside the database that says how far an office has
 * written. Copies of the two that were taken at different moments do not
 * belong together, and that is seen before anything is written (life.h).
 *
 * It hands out commit numbers in blocks. A block has a random nonce, which the
 * database has too:
 *
 *   file: old and new block (durable) -> database: the new block, in the
 *   transaction of its first commit -> file: the new block alone (lazily)
 *
 * After each commit the file says its number, without waiting for the disk:
 * it may lag, but is never ahead of what is durable in the database.
 *
 * The file is LEASE_LEN bytes: "KWLEASE1", system 16, be16 office, be32
 * incarnation, be64 old nonce, be64 nonce, be64 bound, be64 last, and the
 * first 16 bytes of BLAKE2b-256 over all before.
 */
#ifndef KERWEN_LEASE_H
#define KERWEN_LEASE_H

#include "sync/crypto.h"

#define LEASE_FILE "lease"

enum { LEASE_LEN = 8 + SYSTEM_LEN + 2 + 4 + 4 * 8 + 16, LEASE_BLOCK = 4096 /* commits */ };

struct lease {
	uint8_t system[SYSTEM_LEN];
	uint16_t office;
	uint32_t incarnation;
	uint64_t old_nonce; /* of the block before; equal to nonce once the new one is in use */
	uint64_t nonce;
	uint64_t bound; /* the last commit number of the block */
	uint64_t last;  /* the last commit that is known to be written */
};

/* What the database says of itself. */
struct lease_match {
	uint32_t incarnation;
	bool is_leased; /* it has a block */
	uint64_t nonce;
	uint64_t commit; /* its last commit */
};

enum lease_verdict {
	LEASE_FITS,
	LEASE_NONE,           /* neither has a block yet: the first write takes one */
	LEASE_ALIEN,          /* missing, torn, or of another directory */
	LEASE_DATABASE_OLDER, /* commits are missing in the database */
	LEASE_DOUBT /* it cannot be told: an older lease, or a crash at a change of blocks */
};

/*
 * Whether a lease (NULL: there is none that can be read) belongs to a database
 * of this system and office.
 *
 *   file                          database            verdict
 *   of another system or office   leased              alien
 *   any                           not leased          none, or older when its
 *                                                     incarnation is ahead
 *   last beyond the commit        leased              older
 *   other incarnation             leased              doubt
 *   nonce                         the same            fits
 *   old nonce only                the same            doubt: the block may have
 *                                                     been used and lost
 *   other nonces                  leased              doubt
 */
enum lease_verdict lease_judge(const struct lease *l, const uint8_t system[SYSTEM_LEN],
			       uint16_t office, const struct lease_match *db);

/* Reads DIR_FD/lease. RC_NOTFOUND: there is none; RC_CORRUPT: torn, or no
 * lease; RC_IO, RC_DENIED. */
enum rc lease_read(int dir_fd, const struct crypto *c, struct lease *out);

/* Writes it, 0600. durable: waits for the disk. RC_FULL, RC_IO, RC_DENIED. */
enum rc lease_write(int dir_fd, const struct crypto *c, const struct lease *l, bool durable);

/* Says that the block with this nonce is in use, up to commit `last`, unless
 * the file has gone on. What fails is left: the file lags. */
void lease_advance(int dir_fd, const struct crypto *c, uint64_t nonce, uint64_t last);

#endif
