/*
 * The recovery key of a system: an Ed25519 key that is made when a centre is
 * founded, shown once and kept on paper. All that it ever signs is who the
 * centre's key is (store/appoint.h).
 *
 * As text: "kr1" and, in hexadecimal, its 32 byte seed and the first 4 of the
 * seed's BLAKE2b-256, so that a slip of the pen is noticed. Blanks and dashes
 * mean nothing.
 */
#ifndef KERWEN_RECOVERY_H
#define KERWEN_RECOVERY_H

#include "node/base/crypto.h"

/* With a dash between every eight digits. */
enum { RECOVERY_TEXT_LEN = 3 + 9 + 72 };

void recovery_format(const struct crypto_key *key, char text[RECOVERY_TEXT_LEN + 1]);

/* Gives; crypto_key_drop. RC_INVALID: it is none, or was misspelt; RC_NOMEM. */
enum rc recovery_parse(const char *text, struct crypto_key *out);

#endif
