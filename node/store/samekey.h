/*
 * Keys by which doubles are found where their names may not be known.
 *
 * A field derived as same(NAME, DATE, FIELD) holds such a key, made by a writer
 * that sees all three:
 *
 *   NAMEHASH              16 characters: of the folded name (fold.h)
 *   NAMEHASH-SAMEHASH     also of the date and the third value, when the name
 *                         has no initials, the date is known to the day, and
 *                         the third is set
 *
 * A hash is BLAKE2b over a secret of the system and the text, cut to 80 bits,
 * in base32. Every node of the system knows the secret, so that equal names
 * give equal keys everywhere; who only sees the keys can guess no name. The
 * exact form is in ../../proto/README.md.
 */
#ifndef KERWEN_SAMEKEY_H
#define KERWEN_SAMEKEY_H

#include "node/store/store.h"
#include "sync/view.h"

enum { SAMEKEY_HASH_LEN = 16, SAMEKEY_LEN_MAX = 2 * SAMEKEY_HASH_LEN + 1 };

/* What a key is made of: canonical values, empty when unset. */
struct samekey_parts {
	struct bytes name, date, third;
};

/*
 * The key, written to buffer; empty when the system has no secret, or there is
 * no name to fold. scratch is used and given back. RC_NOMEM.
 */
enum rc samekey_make(const struct store *s, const struct samekey_parts *parts,
		     struct arena *scratch, uint8_t buffer[SAMEKEY_LEN_MAX], struct bytes *out);

/* A key taken apart; borrows. False: it is none. */
struct samekey {
	struct bytes name, same; /* same is empty when it is not there */
};
bool samekey_read(struct bytes text, struct samekey *out);

#endif
