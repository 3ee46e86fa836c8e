/* Passphrases, the locks they make, key files under them, and recipients. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/crypto.h"
#include "node/base/random.h"
#include "node/base/recipient.h"

/* The least that the algorithm takes: tests guess nothing. */
static const struct passphrase_cost cheap = { 1, 8192 };

static char dir[64], path[128];
static struct path_problem why;

static void make_dir(void)
{
	random_init();
	snprintf(dir, sizeof(dir), "/tmp/kerwen-pass-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
}

static void remove_dir(void)
{
	unlink(path);
	rmdir(dir);
}

TestSuite(passphrase, .init = make_dir, .fini = remove_dir);

static struct passphrase of(const char *text)
{
	struct passphrase p;

	cr_assert_eq(path_write(path, bytes_of(text), PATH_REPLACE, &why), RC_OK);
	cr_assert_eq(passphrase_read(path, &p, &why), RC_OK, "%s", why.text);
	return p;
}

Test(passphrase, is_the_first_line_of_its_file)
{
	static const struct {
		const char *content, *passphrase, *why;
	} rows[] = {
		{ "open sesame\n", "open sesame", "as an editor leaves it" },
		{ "open sesame", "open sesame", "no end of line" },
		{ "open sesame\r\nmore\n", "open sesame", "from Windows; the rest is ignored" },
		{ " a b \n", " a b ", "blanks belong to it" },
		{ "\n", NULL, "an empty line" },
		{ "", NULL, "nothing" },
	};
	struct passphrase p;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(path_write(path, bytes_of(rows[i].content), PATH_REPLACE, &why),
			     RC_OK);
		cr_assert_eq(passphrase_read(path, &p, &why),
			     rows[i].passphrase == NULL ? RC_INVALID : RC_OK, "%s", rows[i].why);
		if (rows[i].passphrase != NULL) {
			cr_expect(bytes_equal(bytes_at(p.text, p.len),
					      bytes_of(rows[i].passphrase)),
				  "%s", rows[i].why);
		}
		passphrase_drop(&p);
	}
}

Test(passphrase, a_file_that_everybody_can_read_is_refused)
{
	struct passphrase p = of("open sesame\n");

	passphrase_drop(&p);
	cr_assert_eq(chmod(path, 0644), 0);
	cr_assert_eq(passphrase_read(path, &p, &why), RC_DENIED);
	cr_expect_not_null(strstr(why.hint, "chmod 600"));
}

Test(passphrase, too_long_or_too_short_is_refused)
{
	static char text[PASSPHRASE_BYTES_MAX + 3];
	struct passphrase p;

	memset(text, 'x', PASSPHRASE_BYTES_MAX);
	p = of(text);
	cr_expect_eq(p.len, (size_t)PASSPHRASE_BYTES_MAX);
	passphrase_drop(&p);
	text[PASSPHRASE_BYTES_MAX] = 'x';
	cr_assert_eq(path_write(path, bytes_of(text), PATH_REPLACE, &why), RC_OK);
	cr_expect_eq(passphrase_read(path, &p, &why), RC_INVALID);
	p = of("1234567");
	cr_expect_eq(passphrase_check_new(&p, &why), RC_INVALID);
	passphrase_drop(&p);
	p = of("12345678");
	cr_expect_eq(passphrase_check_new(&p, &why), RC_OK);
	passphrase_drop(&p);
}

Test(passphrase, opens_its_lock_and_no_other_does)
{
	struct passphrase p = of("open sesame"), other = of("open sesami");
	uint8_t secret[32] = "thirty-two bytes that are secret", out[32];
	uint8_t lock[PASSPHRASE_LOCK_LEN], twice[PASSPHRASE_LOCK_LEN];

	cr_assert_eq(passphrase_lock(&p, &cheap, secret, lock), RC_OK);
	cr_assert_eq(passphrase_lock(&p, &cheap, secret, twice), RC_OK);
	cr_expect_neq(memcmp(lock, twice, sizeof(lock)), 0, "salt and nonce are drawn");
	cr_assert_eq(passphrase_unlock(&p, lock, out), RC_OK);
	cr_expect_arr_eq(out, secret, sizeof(out));
	cr_expect_eq(passphrase_unlock(&other, lock, out), RC_BADSIG);
	lock[104] ^= 1;
	cr_expect_eq(passphrase_unlock(&p, lock, out), RC_BADSIG);
	passphrase_drop(&p);
	passphrase_drop(&other);
}

Test(passphrase, a_lock_cannot_ask_for_all_of_the_machine)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum rc rc;
		const char *why;
	} rows[] = {
		{ 0, 2, RC_VERSION, "an algorithm that is not known" },
		{ 7, 1, RC_LIMIT, "256 passes" },
		{ 8, 0, RC_LIMIT, "no pass" },
		{ 12, 2, RC_LIMIT, "8 GiB" },
		{ 15, 0, RC_LIMIT, "less than 8 KiB" },
	};
	struct passphrase p = of("open sesame");
	uint8_t secret[32] = { 0 }, lock[PASSPHRASE_LOCK_LEN], bad[PASSPHRASE_LOCK_LEN], out[32];
	size_t i;

	cr_assert_eq(passphrase_lock(&p, &cheap, secret, lock), RC_OK);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(bad, lock, sizeof(bad));
		bad[rows[i].at] = rows[i].value;
		cr_expect_eq(passphrase_unlock(&p, bad, out), rows[i].rc, "%s", rows[i].why);
	}
	passphrase_drop(&p);
}

Test(passphrase, what_people_lock_is_expensive_to_guess)
{
	cr_assert_geq(passphrase_cost_default.memory_bytes, (uint64_t)256 << 20);
	cr_assert_geq(passphrase_cost_default.passes, 3u);
}

Test(passphrase, a_key_file_goes_under_it_and_comes_back)
{
	struct passphrase p = of("open sesame"), other = of("open sesami");
	struct crypto_key key, back;
	struct crypto_file f;
	struct stat st;

	unlink(path);
	cr_assert_eq(crypto_key_create(path, &key, &why), RC_OK);
	cr_assert_eq(crypto_file_replace(path, &key, &p, &cheap, &why), RC_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(crypto_file_read(path, &f, &why), RC_OK);
	cr_expect(f.is_protected);
	cr_expect_arr_eq(f.public, key.public, KEY_LEN);
	cr_expect_eq(crypto_file_open(&f, NULL, &back), RC_DENIED);
	cr_expect_eq(crypto_key_load(path, &back, &why), RC_DENIED);
	cr_expect_eq(crypto_file_open(&f, &other, &back), RC_BADSIG);
	cr_expect_null(back.secret);
	cr_assert_eq(crypto_file_open(&f, &p, &back), RC_OK);
	cr_expect_arr_eq(crypto_key_seed(&back), crypto_key_seed(&key), CRYPTO_SEED_LEN);
	crypto_key_drop(&back);
	/* The public key beside it is proved by the seed. */
	f.content[0] ^= 1;
	f.public[0] ^= 1;
	cr_expect_eq(crypto_file_open(&f, &p, &back), RC_CORRUPT);
	crypto_file_drop(&f);
	cr_assert_eq(crypto_file_replace(path, &key, NULL, NULL, &why), RC_OK);
	cr_assert_eq(crypto_key_load(path, &back, &why), RC_OK);
	cr_expect_arr_eq(crypto_key_seed(&back), crypto_key_seed(&key), CRYPTO_SEED_LEN);
	crypto_key_drop(&back);
	crypto_key_drop(&key);
	passphrase_drop(&p);
	passphrase_drop(&other);
}

/* The file has no digit of the seed in it. */
Test(passphrase, a_protected_key_file_does_not_show_the_key)
{
	struct passphrase p = of("open sesame");
	struct crypto_key key;
	char hex[17], *text = NULL;
	size_t len = 0, i;

	unlink(path);
	cr_assert_eq(crypto_key_create(path, &key, &why), RC_OK);
	for (i = 0; i < 8; i++) {
		snprintf(hex + 2 * i, 3, "%02x", crypto_key_seed(&key)[i]);
	}
	cr_assert_eq(path_read(path, 4096, &text, &len, &why), RC_OK);
	cr_expect_not_null(strstr(text, hex), "the test looks for the right thing");
	free(text);
	cr_assert_eq(crypto_file_replace(path, &key, &p, &cheap, &why), RC_OK);
	cr_assert_eq(path_read(path, 4096, &text, &len, &why), RC_OK);
	cr_expect_null(strstr(text, hex));
	free(text);
	crypto_key_drop(&key);
	passphrase_drop(&p);
}

Test(passphrase, a_recipient_opens_what_was_locked_for_it)
{
	struct recipient_key key, again, other;
	uint8_t secret[32] = "thirty-two bytes that are secret", out[32];
	uint8_t lock[RECIPIENT_LOCK_LEN];

	cr_assert_eq(recipient_key_create(path, &key, &why), RC_OK);
	cr_assert_eq(recipient_key_create(path, &other, &why), RC_EXISTS);
	cr_assert_eq(recipient_key_load(path, &again, &why), RC_OK);
	cr_expect_arr_eq(again.public, key.public, RECIPIENT_LEN);
	unlink(path);
	cr_assert_eq(recipient_key_create(path, &other, &why), RC_OK);
	cr_assert_eq(recipient_lock(key.public, secret, lock), RC_OK);
	cr_assert_eq(recipient_unlock(&again, lock, out), RC_OK);
	cr_expect_arr_eq(out, secret, sizeof(out));
	cr_expect_eq(recipient_unlock(&other, lock, out), RC_BADSIG);
	lock[40] ^= 1;
	cr_expect_eq(recipient_unlock(&again, lock, out), RC_BADSIG);
	recipient_key_drop(&key);
	recipient_key_drop(&again);
	recipient_key_drop(&other);
}

Test(passphrase, a_misspelt_recipient_is_noticed)
{
	struct recipient_key key;
	char text[RECIPIENT_TEXT_LEN + 1], bad[RECIPIENT_TEXT_LEN + 2];
	uint8_t public[RECIPIENT_LEN];
	size_t i;

	cr_assert_eq(recipient_key_create(path, &key, &why), RC_OK);
	recipient_format(key.public, text);
	cr_assert_eq(recipient_parse(text, public), RC_OK);
	cr_expect_arr_eq(public, key.public, RECIPIENT_LEN);
	for (i = 0; i < RECIPIENT_TEXT_LEN; i++) {
		snprintf(bad, sizeof(bad), "%s", text);
		bad[i] = bad[i] == '0' ? '1' : '0';
		cr_expect_eq(recipient_parse(bad, public), RC_INVALID, "%s", bad);
	}
	text[RECIPIENT_TEXT_LEN - 1] = '\0';
	cr_expect_eq(recipient_parse(text, public), RC_INVALID);
	cr_expect_eq(recipient_parse("", public), RC_INVALID);
	recipient_key_drop(&key);
}
