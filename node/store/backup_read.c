/* Opening a backup: its header, and the way to its key. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/crypto.h"
#include "node/base/mem.h"
#include "node/store/backup.h"

enum { LEN_LEN = 4 };

static const char damaged[] = "take another copy of it, or an older backup";

static enum rc fail_head(const char *path, enum rc rc, struct path_problem *why)
{
	switch (rc) {
	case RC_INVALID:
		return path_fail(why, rc, "give the file that `kerwen backup` wrote",
				 "%s is not a backup", path);
	case RC_VERSION:
		return path_fail(why, rc, "use the version of kerwen that made it, or a newer one",
				 "%s is a backup of another format", path);
	case RC_OK:
	case RC_NOMEM:
	case RC_LIMIT:
	case RC_NOTFOUND:
	case RC_EXISTS:
	case RC_CORRUPT:
	case RC_BADSIG:
	case RC_GAP:
	case RC_FORK:
	case RC_DENIED:
	case RC_FULL:
	case RC_IO:
	case RC_BUSY:
	case RC_TIMEOUT:
	case RC_CLOSED:
	case RC_UNREACHED:
	case RC_SYSTEM:
	case RC_UNKNOWN:
		break;
	}
	return path_fail(why, RC_CORRUPT, damaged, "%s was cut short or altered", path);
}

/* Reads and decodes; the key's context is a hash of all of it. */
static enum rc read_head(struct backup *b)
{
	uint8_t head[BACKUP_HEAD_BYTES_MAX + BACKUP_MAGIC_LEN + LEN_LEN];
	const size_t start = BACKUP_MAGIC_LEN + LEN_LEN;
	struct bytes_reader r = bytes_reader_init(bytes_at(head + BACKUP_MAGIC_LEN, LEN_LEN));
	struct bytes all;
	ssize_t got = read(b->fd, head, start);
	uint32_t len = 0;
	enum rc rc = backup_header_check_magic(bytes_at(head, got < 0 ? 0 : (size_t)got));

	if (rc != RC_OK || got != (ssize_t)start) {
		return rc == RC_OK ? RC_CORRUPT : rc;
	}
	len = bytes_get_be32(&r);
	if (len > BACKUP_HEAD_BYTES_MAX || read(b->fd, head + start, len) != (ssize_t)len) {
		return RC_CORRUPT;
	}
	all = bytes_at(head, start + len);
	crypto_sodium.hash(b->key.context, &all, 1);
	return backup_header_decode(bytes_at(head + start, len), &b->header);
}

enum rc backup_open(struct backup *b, const char *path, struct path_problem *why)
{
	struct stat st;
	enum rc rc = RC_OK;

	memset(b, 0, sizeof(*b));
	b->path = path;
	b->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (b->fd < 0 || fstat(b->fd, &st) != 0) {
		rc = path_fail_errno(why, "open", path);
	} else if (!S_ISREG(st.st_mode)) {
		rc = fail_head(path, RC_INVALID, why);
	} else {
		b->bytes = (uint64_t)st.st_size;
		rc = read_head(b);
		rc = rc == RC_OK ? RC_OK : fail_head(path, rc, why);
	}
	if (rc != RC_OK) {
		backup_close(b);
	}
	return rc;
}

void backup_close(struct backup *b)
{
	if (b->fd >= 0) {
		close(b->fd);
	}
	mem_secret_free(b->key.key);
	memset(b, 0, sizeof(*b));
	b->fd = -1;
}

static const struct backup_lock *find_lock(const struct backup *b, enum backup_lock_kind kind,
					   const uint8_t *recipient)
{
	uint32_t i;

	for (i = 0; i < b->header.locks_count; i++) {
		const struct backup_lock *l = &b->header.locks[i];

		if (l->kind == kind &&
		    (recipient == NULL || memcmp(l->recipient, recipient, RECIPIENT_LEN) == 0)) {
			return l;
		}
	}
	return NULL;
}

static enum rc make_room(struct backup *b, struct path_problem *why)
{
	mem_secret_free(b->key.key);
	b->key.key = mem_secret_new(SECRETFILE_KEY_LEN);
	return b->key.key != NULL ? RC_OK : path_fail(why, RC_NOMEM, NULL, "no memory for a key");
}

enum rc backup_unlock_passphrase(struct backup *b, const struct passphrase *p,
				 struct path_problem *why)
{
	const struct backup_lock *l = find_lock(b, BACKUP_PASSPHRASE, NULL);
	enum rc rc = RC_OK;

	if (l == NULL) {
		return path_fail(why, RC_DENIED, "give the key with --key-file FILE",
				 "%s is locked with a key, not with a passphrase", b->path);
	}
	rc = make_room(b, why);
	if (rc != RC_OK) {
		return rc;
	}
	rc = passphrase_unlock(p, l->lock, b->key.key);
	if (rc == RC_NOMEM) {
		return path_fail(why, rc, "end other programs and try again",
				 "no memory to make a key of the passphrase");
	}
	return rc == RC_OK ?
		       RC_OK :
	       rc == RC_BADSIG ?
		       path_fail(why, rc, "try again; without the passphrase nobody can read it",
				 "%s: this is not its passphrase, or it was altered", b->path) :
		       fail_head(b->path, RC_CORRUPT, why);
}

enum rc backup_unlock_recipient(struct backup *b, const struct recipient_key *key,
				struct path_problem *why)
{
	const struct backup_lock *l = find_lock(b, BACKUP_RECIPIENT, key->public);
	bool has_passphrase = find_lock(b, BACKUP_PASSPHRASE, NULL) != NULL;
	enum rc rc = RC_OK;

	if (l == NULL) {
		return path_fail(why, RC_DENIED,
				 has_passphrase ? "give its passphrase" :
						  "`kerwen restore --list` prints for whom it was "
						  "made, `kerwen backup-key` what a key file is",
				 "%s was not made for this key", b->path);
	}
	rc = make_room(b, why);
	if (rc == RC_OK && recipient_unlock(key, l->lock, b->key.key) != RC_OK) {
		rc = path_fail(why, RC_BADSIG, damaged, "%s was altered", b->path);
	}
	return rc;
}
