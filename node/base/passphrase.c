#include "node/base/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/mem.h"

enum { ARGON2ID = 1, PASSES_MAX = 16, SALT_LEN = 16, NONCE_LEN = 24, BOX_LEN = 48 };

#define MEMORY_BYTES_MAX ((uint64_t)1 << 30)

_Static_assert(SALT_LEN == crypto_pwhash_SALTBYTES, "salt");
_Static_assert(NONCE_LEN == crypto_secretbox_NONCEBYTES, "nonce");
_Static_assert(BOX_LEN == crypto_secretbox_MACBYTES + PASSPHRASE_SECRET_LEN, "box");
_Static_assert(PASSPHRASE_SECRET_LEN == crypto_secretbox_KEYBYTES, "key");

const struct passphrase_cost passphrase_cost_default = {
	.passes = crypto_pwhash_OPSLIMIT_MODERATE,
	.memory_bytes = crypto_pwhash_MEMLIMIT_MODERATE,
};

void passphrase_drop(struct passphrase *p)
{
	mem_secret_free(p->text);
	memset(p, 0, sizeof(*p));
}

static enum rc check_line(const char *name, struct passphrase *p, struct path_problem *why)
{
	if (p->len > 0 && p->text[p->len - 1] == '\r') {
		p->len--;
	}
	if (p->len == 0 || p->len > PASSPHRASE_BYTES_MAX) {
		return path_fail(why, RC_INVALID, "write it as the first line",
				 "%s holds no passphrase of 1 to %d bytes", name,
				 PASSPHRASE_BYTES_MAX);
	}
	return RC_OK;
}

enum rc passphrase_read_line(int fd, const char *name, struct passphrase *out,
			     struct path_problem *why)
{
	enum rc rc = RC_OK;

	out->len = 0;
	out->text = mem_secret_new(PASSPHRASE_BYTES_MAX + 2);
	if (out->text == NULL) {
		return path_fail(why, RC_NOMEM, NULL, "no memory for a passphrase");
	}
	while (out->len < PASSPHRASE_BYTES_MAX + 2) {
		ssize_t n = read(fd, out->text + out->len, 1);

		if (n < 0) {
			rc = errno == EINTR ? path_fail(why, RC_CLOSED, NULL, "interrupted") :
					      path_fail_errno(why, "read", name);
		}
		if (n <= 0 || out->text[out->len] == '\n') {
			break;
		}
		out->len++;
	}
	if (rc == RC_OK) {
		rc = check_line(name, out, why);
	}
	if (rc != RC_OK) {
		passphrase_drop(out);
	}
	return rc;
}

static enum rc check_private(int fd, const char *path, struct path_problem *why)
{
	char hint[PATH_PROBLEM_MAX];
	struct stat st;

	if (fstat(fd, &st) != 0) {
		return path_fail_errno(why, "look at", path);
	}
	if (S_ISREG(st.st_mode) && (st.st_mode & 007) != 0) {
		(void)snprintf(hint, sizeof(hint), "chmod 600 %s", path);
		return path_fail(why, RC_DENIED, hint, "%s is open to other users", path);
	}
	return RC_OK;
}

enum rc passphrase_read(const char *path, struct passphrase *out, struct path_problem *why)
{
	enum rc rc;
	int fd;

	memset(out, 0, sizeof(*out));
	if (strcmp(path, "-") == 0) {
		return passphrase_read_line(STDIN_FILENO, "standard input", out, why);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return path_fail_errno(why, "open", path);
	}
	rc = check_private(fd, path, why);
	if (rc == RC_OK) {
		rc = passphrase_read_line(fd, path, out, why);
	}
	close(fd);
	return rc;
}

enum rc passphrase_check_new(const struct passphrase *p, struct path_problem *why)
{
	return p->len >= PASSPHRASE_BYTES_MIN ?
		       RC_OK :
		       path_fail(why, RC_INVALID, "take several words that nobody would guess",
				 "a passphrase of less than %d bytes is no lock",
				 PASSPHRASE_BYTES_MIN);
}

/* The key that a passphrase stands for; the caller's, in locked memory. */
static enum rc derive(const struct passphrase *p, const struct passphrase_cost *cost,
		      const uint8_t salt[SALT_LEN], uint8_t **out)
{
	*out = mem_secret_new(crypto_secretbox_KEYBYTES);
	if (*out == NULL ||
	    crypto_pwhash(*out, crypto_secretbox_KEYBYTES, p->text, p->len, salt, cost->passes,
			  (size_t)cost->memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
		mem_secret_free(*out);
		*out = NULL;
		return RC_NOMEM;
	}
	return RC_OK;
}

enum rc passphrase_lock(const struct passphrase *p, const struct passphrase_cost *cost,
			const uint8_t secret[PASSPHRASE_SECRET_LEN],
			uint8_t out[PASSPHRASE_LOCK_LEN])
{
	struct bytes_writer w = bytes_writer_init(out, PASSPHRASE_LOCK_LEN);
	uint8_t salt[SALT_LEN], nonce[NONCE_LEN], box[BOX_LEN];
	uint8_t *key = NULL;
	enum rc rc;

	randombytes_buf(salt, sizeof(salt));
	randombytes_buf(nonce, sizeof(nonce));
	rc = derive(p, cost, salt, &key);
	if (rc != RC_OK) {
		return rc;
	}
	crypto_secretbox_easy(box, secret, PASSPHRASE_SECRET_LEN, nonce, key);
	mem_secret_free(key);
	bytes_put_u8(&w, ARGON2ID);
	bytes_put_be64(&w, cost->passes);
	bytes_put_be64(&w, cost->memory_bytes);
	bytes_put(&w, salt, sizeof(salt));
	bytes_put(&w, nonce, sizeof(nonce));
	bytes_put(&w, box, sizeof(box));
	return w.rc;
}

enum rc passphrase_unlock(const struct passphrase *p, const uint8_t lock[PASSPHRASE_LOCK_LEN],
			  uint8_t secret[PASSPHRASE_SECRET_LEN])
{
	struct bytes_reader r = bytes_reader_init(bytes_at(lock, PASSPHRASE_LOCK_LEN));
	uint8_t kind = bytes_get_u8(&r);
	struct passphrase_cost cost = { .passes = bytes_get_be64(&r),
					.memory_bytes = bytes_get_be64(&r) };
	struct bytes salt = bytes_get(&r, SALT_LEN), nonce = bytes_get(&r, NONCE_LEN);
	struct bytes box = bytes_get(&r, BOX_LEN);
	uint8_t *key = NULL;
	enum rc rc;

	if (kind != ARGON2ID) {
		return RC_VERSION;
	}
	if (cost.passes < crypto_pwhash_OPSLIMIT_MIN || cost.passes > PASSES_MAX ||
	    cost.memory_bytes < crypto_pwhash_MEMLIMIT_MIN ||
	    cost.memory_bytes > MEMORY_BYTES_MAX) {
		return RC_LIMIT;
	}
	rc = derive(p, &cost, salt.p, &key);
	if (rc == RC_OK && crypto_secretbox_open_easy(secret, box.p, box.len, nonce.p, key) != 0) {
		rc = RC_BADSIG;
	}
	mem_secret_free(key);
	return rc;
}
