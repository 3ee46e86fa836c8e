/* The node's key in its file: bare, or under a passphrase. */
#include <sodium.h>
#include <string.h>

#include "node/base/crypto.h"
#include "node/base/keyfile.h"
#include "node/base/mem.h"

enum { BARE, PROTECTED, FORMS, PROTECTED_LEN = KEY_LEN + PASSPHRASE_LOCK_LEN };

static const struct keyfile_form forms[FORMS] = {
	[BARE] = { "kerwen-key-1 ", CRYPTO_SEED_LEN },
	[PROTECTED] = { "kerwen-key-2 ", PROTECTED_LEN },
};

_Static_assert((int)CRYPTO_SEED_LEN == (int)PASSPHRASE_SECRET_LEN, "a seed fits a lock");

enum rc crypto_key_create(const char *path, struct crypto_key *out, struct path_problem *why)
{
	enum rc rc = crypto_key_make(out);

	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "no memory for a key");
	}
	rc = keyfile_write(path, &forms[BARE], crypto_key_seed(out), PATH_NEW, why);
	if (rc != RC_OK) {
		crypto_key_drop(out);
	}
	return rc;
}

/* What of the content is public. */
static enum rc look(struct crypto_file *f, size_t form)
{
	struct crypto_key key;
	enum rc rc;

	f->is_protected = form == PROTECTED;
	if (f->is_protected) {
		memcpy(f->public, f->content, KEY_LEN);
		return RC_OK;
	}
	rc = crypto_key_derive(f->content, &key);
	if (rc == RC_OK) {
		memcpy(f->public, key.public, KEY_LEN);
	}
	crypto_key_drop(&key);
	return rc;
}

enum rc crypto_file_parse(struct bytes text, struct crypto_file *out)
{
	size_t form = 0;
	enum rc rc = RC_NOMEM;

	memset(out, 0, sizeof(*out));
	out->content = mem_secret_new(PROTECTED_LEN);
	if (out->content != NULL) {
		rc = keyfile_parse(text, forms, FORMS, &form, out->content);
	}
	if (rc == RC_OK) {
		rc = look(out, form);
	}
	if (rc != RC_OK) {
		crypto_file_drop(out);
	}
	return rc;
}

enum rc crypto_file_read(const char *path, struct crypto_file *out, struct path_problem *why)
{
	size_t form = 0;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	out->content = mem_secret_new(PROTECTED_LEN);
	if (out->content == NULL) {
		return path_fail(why, RC_NOMEM, NULL, "no memory for a key");
	}
	rc = keyfile_read(path, forms, FORMS, &form, out->content, why);
	if (rc == RC_CORRUPT) {
		path_fail(why, rc, "put the node's own key file back from a backup",
			  "%s is not a Kerwen key", path);
	} else if (rc == RC_NOTFOUND) {
		path_fail(why, rc, "put the node's own key file back from a backup",
			  "%s is missing", path);
	} else if (rc == RC_OK) {
		rc = look(out, form);
	}
	if (rc != RC_OK) {
		crypto_file_drop(out);
	}
	return rc;
}

void crypto_file_drop(struct crypto_file *f)
{
	mem_secret_free(f->content);
	memset(f, 0, sizeof(*f));
}

enum rc crypto_file_open(const struct crypto_file *f, const struct passphrase *p,
			 struct crypto_key *out)
{
	uint8_t *seed = NULL;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	if (!f->is_protected) {
		return crypto_key_derive(f->content, out);
	}
	if (p == NULL) {
		return RC_DENIED;
	}
	seed = mem_secret_new(CRYPTO_SEED_LEN);
	rc = seed == NULL ? RC_NOMEM : passphrase_unlock(p, f->content + KEY_LEN, seed);
	if (rc == RC_OK) {
		rc = crypto_key_derive(seed, out);
	}
	mem_secret_free(seed);
	if (rc == RC_OK && memcmp(out->public, f->public, KEY_LEN) != 0) {
		crypto_key_drop(out);
		rc = RC_CORRUPT;
	}
	return rc;
}

enum rc crypto_file_replace(const char *path, const struct crypto_key *key,
			    const struct passphrase *p, const struct passphrase_cost *cost,
			    struct path_problem *why)
{
	uint8_t content[PROTECTED_LEN];
	enum rc rc;

	if (p == NULL) {
		return keyfile_write(path, &forms[BARE], crypto_key_seed(key), PATH_REPLACE, why);
	}
	memcpy(content, key->public, KEY_LEN);
	rc = passphrase_lock(p, cost, crypto_key_seed(key), content + KEY_LEN);
	if (rc != RC_OK) {
		return path_fail(why, rc, "end other programs and try again",
				 "no memory to put the key under a passphrase");
	}
	return keyfile_write(path, &forms[PROTECTED], content, PATH_REPLACE, why);
}

enum rc crypto_key_load(const char *path, struct crypto_key *out, struct path_problem *why)
{
	struct crypto_file f;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	rc = crypto_file_read(path, &f, why);
	if (rc != RC_OK) {
		return rc;
	}
	rc = crypto_file_open(&f, NULL, out);
	crypto_file_drop(&f);
	return rc == RC_OK ? RC_OK : path_fail(why, rc, NULL, "%s: %s", path, rc_text(rc));
}
