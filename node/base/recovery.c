#include "node/base/recovery.h"

#include <sodium.h>
#include <string.h>

enum { CHECK_LEN = 4, HASH_BYTES = 32, GROUP = 8, DIGITS = 2 * (CRYPTO_SEED_LEN + CHECK_LEN) };

static const char head[] = "kr1";

_Static_assert(RECOVERY_TEXT_LEN == sizeof(head) - 1 + DIGITS + DIGITS / GROUP, "text");

static void add_check(uint8_t all[CRYPTO_SEED_LEN + CHECK_LEN])
{
	uint8_t hash[HASH_BYTES];

	crypto_generichash(hash, sizeof(hash), all, CRYPTO_SEED_LEN, NULL, 0);
	memcpy(all + CRYPTO_SEED_LEN, hash, CHECK_LEN);
	sodium_memzero(hash, sizeof(hash));
}

void recovery_format(const struct crypto_key *key, char text[RECOVERY_TEXT_LEN + 1])
{
	uint8_t all[CRYPTO_SEED_LEN + CHECK_LEN];
	char hex[DIGITS + 1];
	size_t i, n = sizeof(head) - 1;

	memcpy(all, crypto_key_seed(key), CRYPTO_SEED_LEN);
	add_check(all);
	sodium_bin2hex(hex, sizeof(hex), all, sizeof(all));
	memcpy(text, head, n);
	for (i = 0; i < DIGITS; i++) {
		if (i % GROUP == 0) {
			text[n++] = '-';
		}
		text[n++] = hex[i];
	}
	text[n] = '\0';
	sodium_memzero(all, sizeof(all));
	sodium_memzero(hex, sizeof(hex));
}

enum rc recovery_parse(const char *text, struct crypto_key *out)
{
	uint8_t all[CRYPTO_SEED_LEN + CHECK_LEN], given[CRYPTO_SEED_LEN + CHECK_LEN];
	size_t got = 0, len = strlen(text);
	const char *end = NULL;
	enum rc rc = RC_INVALID;

	memset(out, 0, sizeof(*out));
	if (len > sizeof(head) - 1 && strncmp(text, head, sizeof(head) - 1) == 0 &&
	    sodium_hex2bin(given, sizeof(given), text + sizeof(head) - 1, len - (sizeof(head) - 1),
			   "- \t\r\n", &got, &end) == 0 &&
	    got == sizeof(given) && *end == '\0') {
		memcpy(all, given, CRYPTO_SEED_LEN);
		add_check(all);
		rc = sodium_memcmp(all, given, sizeof(all)) == 0 ? crypto_key_derive(given, out) :
								   RC_INVALID;
	}
	sodium_memzero(all, sizeof(all));
	sodium_memzero(given, sizeof(given));
	return rc;
}
