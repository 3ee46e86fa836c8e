#include "node/base/recipient.h"

#include <sodium.h>
#include <string.h>

#include "node/base/keyfile.h"
#include "node/base/mem.h"

#define TEXT_HEAD "kb1"

enum { HEAD_LEN = sizeof(TEXT_HEAD) - 1, CHECK_LEN = 4, HASH_BYTES = 32 };

_Static_assert(RECIPIENT_LEN == crypto_box_PUBLICKEYBYTES, "public key");
_Static_assert(RECIPIENT_SECRET_LEN == crypto_box_SECRETKEYBYTES, "secret key");
_Static_assert(RECIPIENT_LOCK_LEN == crypto_box_SEALBYTES + RECIPIENT_SECRET_LEN, "lock");
_Static_assert(RECIPIENT_TEXT_LEN == HEAD_LEN + 2 * (RECIPIENT_LEN + CHECK_LEN), "text");

static const struct keyfile_form form = { "kerwen-backup-key-1 ", RECIPIENT_SECRET_LEN };

static enum rc make_room(struct recipient_key *out, struct path_problem *why)
{
	memset(out, 0, sizeof(*out));
	out->secret = mem_secret_new(RECIPIENT_SECRET_LEN);
	return out->secret != NULL ? RC_OK : path_fail(why, RC_NOMEM, NULL, "no memory for a key");
}

enum rc recipient_key_create(const char *path, struct recipient_key *out, struct path_problem *why)
{
	enum rc rc = make_room(out, why);

	if (rc == RC_OK) {
		crypto_box_keypair(out->public, out->secret);
		rc = keyfile_write(path, &form, out->secret, PATH_NEW, why);
	}
	if (rc != RC_OK) {
		recipient_key_drop(out);
	}
	return rc;
}

enum rc recipient_key_load(const char *path, struct recipient_key *out, struct path_problem *why)
{
	size_t which = 0;
	enum rc rc = make_room(out, why);

	if (rc == RC_OK) {
		rc = keyfile_read(path, &form, 1, &which, out->secret, why);
	}
	if (rc == RC_CORRUPT) {
		path_fail(why, rc, "give the file that `kerwen backup-key` made",
			  "%s is not a key for backups", path);
	}
	if (rc == RC_OK) {
		crypto_scalarmult_base(out->public, out->secret);
	} else {
		recipient_key_drop(out);
	}
	return rc;
}

void recipient_key_drop(struct recipient_key *key)
{
	mem_secret_free(key->secret);
	memset(key, 0, sizeof(*key));
}

static void hash_key(const uint8_t public[RECIPIENT_LEN], uint8_t out[HASH_BYTES])
{
	crypto_generichash(out, HASH_BYTES, public, RECIPIENT_LEN, NULL, 0);
}

void recipient_format(const uint8_t public[RECIPIENT_LEN], char text[RECIPIENT_TEXT_LEN + 1])
{
	uint8_t all[RECIPIENT_LEN + CHECK_LEN], hash[HASH_BYTES];

	hash_key(public, hash);
	memcpy(all, public, RECIPIENT_LEN);
	memcpy(all + RECIPIENT_LEN, hash, CHECK_LEN);
	memcpy(text, TEXT_HEAD, HEAD_LEN);
	sodium_bin2hex(text + HEAD_LEN, 2 * sizeof(all) + 1, all, sizeof(all));
}

enum rc recipient_parse(const char *text, uint8_t public[RECIPIENT_LEN])
{
	uint8_t all[RECIPIENT_LEN + CHECK_LEN], hash[HASH_BYTES];
	size_t got = 0;

	if (strlen(text) != RECIPIENT_TEXT_LEN || strncmp(text, TEXT_HEAD, HEAD_LEN) != 0 ||
	    sodium_hex2bin(all, sizeof(all), text + HEAD_LEN, 2 * sizeof(all), NULL, &got, NULL) !=
		    0 ||
	    got != sizeof(all)) {
		return RC_INVALID;
	}
	hash_key(all, hash);
	if (memcmp(all + RECIPIENT_LEN, hash, CHECK_LEN) != 0) {
		return RC_INVALID;
	}
	memcpy(public, all, RECIPIENT_LEN);
	return RC_OK;
}

enum rc recipient_lock(const uint8_t public[RECIPIENT_LEN],
		       const uint8_t secret[RECIPIENT_SECRET_LEN], uint8_t out[RECIPIENT_LOCK_LEN])
{
	return crypto_box_seal(out, secret, RECIPIENT_SECRET_LEN, public) == 0 ? RC_OK : RC_INVALID;
}

enum rc recipient_unlock(const struct recipient_key *key, const uint8_t lock[RECIPIENT_LOCK_LEN],
			 uint8_t secret[RECIPIENT_SECRET_LEN])
{
	return crypto_box_seal_open(secret, lock, RECIPIENT_LOCK_LEN, key->public, key->secret) ==
			       0 ?
		       RC_OK :
		       RC_BADSIG;
}
