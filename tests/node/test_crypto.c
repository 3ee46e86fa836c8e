#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/crypto.h"
#include "node/base/random.h"

static char dir[64], path[128];
static struct path_problem why;

static void make_dir(void)
{
	random_init();
	snprintf(dir, sizeof(dir), "/tmp/kerwen-crypto-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
}

static void remove_dir(void)
{
	unlink(path);
	rmdir(dir);
}

TestSuite(crypto, .init = make_dir, .fini = remove_dir);

static void expect_hex(const uint8_t *got, size_t len, const char *expected)
{
	char text[129];
	size_t i;

	for (i = 0; i < len; i++) {
		snprintf(text + 2 * i, 3, "%02x", got[i]);
	}
	cr_expect_str_eq(text, expected);
}

Test(crypto, hashes_pieces_as_if_they_were_one)
{
	struct bytes whole = bytes_of("abc");
	struct bytes parts[] = { bytes_of("a"), { NULL, 0 }, bytes_of("bc") };
	uint8_t out[HASH_LEN];
	/* BLAKE2b-256 of "abc" and of nothing, computed with another program. */
	const char *abc = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
	const char *empty = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8";

	crypto_sodium.hash(out, &whole, 1);
	expect_hex(out, sizeof(out), abc);
	crypto_sodium.hash(out, parts, 3);
	expect_hex(out, sizeof(out), abc);
	crypto_sodium.hash(out, NULL, 0);
	expect_hex(out, sizeof(out), empty);
}

Test(crypto, verifies_what_it_signed_and_nothing_else)
{
	struct crypto_key key, other;
	uint8_t sig[SIG_LEN];

	cr_assert_eq(crypto_key_make(&key), RC_OK);
	cr_assert_eq(crypto_key_make(&other), RC_OK);
	crypto_key_sign(&key, bytes_of("kerwen"), sig);
	cr_expect(crypto_sodium.verify(key.public, bytes_of("kerwen"), sig));
	cr_expect_not(crypto_sodium.verify(key.public, bytes_of("Kerwen"), sig));
	cr_expect_not(crypto_sodium.verify(other.public, bytes_of("kerwen"), sig));
	sig[0] ^= 1;
	cr_expect_not(crypto_sodium.verify(key.public, bytes_of("kerwen"), sig));
	crypto_key_drop(&key);
	crypto_key_drop(&other);
	crypto_key_drop(&other);
}

Test(crypto, a_stored_key_comes_back_and_is_private)
{
	struct crypto_key made, loaded;
	struct stat st;

	cr_assert_eq(crypto_key_create(path, &made, &why), RC_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(crypto_key_load(path, &loaded, &why), RC_OK);
	cr_expect_eq(memcmp(made.public, loaded.public, KEY_LEN), 0);
	cr_expect_eq(memcmp(crypto_key_seed(&made), crypto_key_seed(&loaded), CRYPTO_SEED_LEN), 0);
	crypto_key_drop(&made);
	crypto_key_drop(&loaded);
}

Test(crypto, never_overwrites_a_key)
{
	struct crypto_key first, second, loaded;

	cr_assert_eq(crypto_key_create(path, &first, &why), RC_OK);
	cr_assert_eq(crypto_key_create(path, &second, &why), RC_EXISTS);
	cr_expect_null(second.secret);
	cr_assert_eq(crypto_key_load(path, &loaded, &why), RC_OK);
	cr_expect_eq(memcmp(first.public, loaded.public, KEY_LEN), 0);
	crypto_key_drop(&first);
	crypto_key_drop(&loaded);
}

Test(crypto, refuses_key_files_that_are_not_one)
{
	static const struct {
		const char *content;
		const char *why;
	} rows[] = {
		{ "", "empty" },
		{ "kerwen-key-1 00\n", "too short" },
		{ "kerwen-key-2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
		  "another format" },
		{ "kerwen-key-1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeefg\n",
		  "not hexadecimal" },
		{ "kerwen-key-1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0",
		  "no end of line" },
		{ "kerwen-key-1 "
		  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n\n",
		  "longer" },
	};
	struct crypto_key key;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(path_write(path, bytes_of(rows[i].content), PATH_REPLACE, &why),
			     RC_OK);
		cr_expect_eq(crypto_key_load(path, &key, &why), RC_CORRUPT, "%s", rows[i].why);
		cr_expect_null(key.secret);
	}
}

Test(crypto, refuses_a_key_file_that_others_can_read)
{
	struct crypto_key key;

	cr_expect_eq(crypto_key_load(path, &key, &why), RC_NOTFOUND);
	cr_assert_eq(crypto_key_create(path, &key, &why), RC_OK);
	crypto_key_drop(&key);
	chmod(path, 0644);
	cr_expect_eq(crypto_key_load(path, &key, &why), RC_DENIED);
}
