/*
 * The seal of the worked example in proto/README.md, made with the node's own
 * cryptography: the part of tests/proto/test_wire_spec.c that needs a key.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "node/base/crypto.h"
#include "sync/feed.h"

enum { README_BYTES_MAX = 131072 };

static char readme[README_BYTES_MAX]; /* without blanks and line ends */

static void read_readme(void)
{
	FILE *file = fopen("proto/README.md", "r");
	size_t len = 0;
	int c;

	cr_assert_not_null(file, "proto/README.md is not here: run this in the top folder");
	while ((c = fgetc(file)) != EOF && len < sizeof(readme) - 1) {
		if (c != ' ' && c != '\n') {
			readme[len++] = (char)c;
		}
	}
	readme[len] = '\0';
	(void)fclose(file);
}

/* How many bytes stand there in hexadecimal, up to len. */
static size_t read_hex(const char *text, uint8_t *out, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned byte;

		if (sscanf(text + 2 * i, "%2x", &byte) != 1) {
			break;
		}
		out[i] = (uint8_t)byte;
	}
	return i;
}

/* What the README prints behind "name = "; formulas begin like that too. */
static void read_printed(const char *name, uint8_t *out, size_t len)
{
	const char *at = strstr(readme, name);

	while (at != NULL && read_hex(at + strlen(name), out, len) < len) {
		at = strstr(at + 1, name);
	}
	cr_assert_not_null(at, "proto/README.md has no %s", name);
}

Test(wire_seal, seal_is_as_printed, .init = read_readme)
{
	uint8_t key[KEY_LEN], text[FEED_SEAL_TEXT_LEN], seal[SIG_LEN];

	read_printed("publickey=", key, sizeof(key));
	read_printed("sealtext=", text, sizeof(text));
	read_printed("seal=", seal, sizeof(seal));
	cr_assert(crypto_sodium.verify(key, bytes_at(text, sizeof(text)), seal));
	text[FEED_SEAL_TEXT_LEN - 1] ^= 1;
	cr_assert_not(crypto_sodium.verify(key, bytes_at(text, sizeof(text)), seal));
}

/* The beginning of the chain, once more with libsodium's BLAKE2b. */
Test(wire_seal, hash_of_the_genesis_is_as_printed, .init = read_readme)
{
	uint8_t genesis[61], printed[HASH_LEN], hash[HASH_LEN];

	read_printed("genesis=", genesis, sizeof(genesis));
	read_printed("h(0)=", printed, sizeof(printed));
	feed_chain_first(&crypto_sodium, bytes_at(genesis, sizeof(genesis)), hash);
	cr_assert_eq(memcmp(hash, printed, HASH_LEN), 0);
}
