#include "node/store/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char magic[] = "KWLEASE1";

enum { MAGIC_LEN = 8, CHECK_LEN = 16 };

static enum rc rc_of_errno(void)
{
	switch (errno) {
	case ENOENT:
		return RC_NOTFOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return RC_DENIED;
	case ENOSPC:
	case EDQUOT:
		return RC_FULL;
	default:
		return RC_IO;
	}
}

static void make_check(const struct crypto *c, const uint8_t *file, uint8_t out[HASH_LEN])
{
	struct bytes all = bytes_at(file, LEASE_LEN - CHECK_LEN);

	c->hash(out, &all, 1);
}

static void encode(const struct crypto *c, const struct lease *l, uint8_t file[LEASE_LEN])
{
	struct bytes_writer w = bytes_writer_init(file, LEASE_LEN);
	uint8_t check[HASH_LEN];

	bytes_put(&w, magic, MAGIC_LEN);
	bytes_put(&w, l->system, SYSTEM_LEN);
	bytes_put_be16(&w, l->office);
	bytes_put_be32(&w, l->incarnation);
	bytes_put_be64(&w, l->old_nonce);
	bytes_put_be64(&w, l->nonce);
	bytes_put_be64(&w, l->bound);
	bytes_put_be64(&w, l->last);
	make_check(c, file, check);
	bytes_put(&w, check, CHECK_LEN);
}

static enum rc decode(const struct crypto *c, const uint8_t file[LEASE_LEN], struct lease *out)
{
	struct bytes_reader r = bytes_reader_init(bytes_at(file, LEASE_LEN));
	uint8_t check[HASH_LEN];

	make_check(c, file, check);
	if (memcmp(file, magic, MAGIC_LEN) != 0 ||
	    memcmp(file + LEASE_LEN - CHECK_LEN, check, CHECK_LEN) != 0) {
		return RC_CORRUPT;
	}
	(void)bytes_get(&r, MAGIC_LEN);
	memcpy(out->system, bytes_get(&r, SYSTEM_LEN).p, SYSTEM_LEN);
	out->office = bytes_get_be16(&r);
	out->incarnation = bytes_get_be32(&r);
	out->old_nonce = bytes_get_be64(&r);
	out->nonce = bytes_get_be64(&r);
	out->bound = bytes_get_be64(&r);
	out->last = bytes_get_be64(&r);
	return RC_OK;
}

enum lease_verdict lease_judge(const struct lease *l, const uint8_t system[SYSTEM_LEN],
			       uint16_t office, const struct lease_match *db)
{
	bool ours = l != NULL && memcmp(l->system, system, SYSTEM_LEN) == 0 && l->office == office;

	if (!db->is_leased) {
		return ours && l->incarnation == db->incarnation && l->last > db->commit ?
			       LEASE_DATABASE_OLDER :
			       LEASE_NONE;
	}
	if (!ours) {
		return LEASE_ALIEN;
	}
	if (l->last > db->commit) {
		return LEASE_DATABASE_OLDER;
	}
	return l->incarnation == db->incarnation && l->nonce == db->nonce ? LEASE_FITS :
									    LEASE_DOUBT;
}

static enum rc read_open(int fd, const struct crypto *c, struct lease *out)
{
	uint8_t file[LEASE_LEN + 1];
	ssize_t n = pread(fd, file, sizeof(file), 0);

	if (n < 0) {
		return rc_of_errno();
	}
	return n == LEASE_LEN ? decode(c, file, out) : RC_CORRUPT;
}

enum rc lease_read(int dir_fd, const struct crypto *c, struct lease *out)
{
	int fd = openat(dir_fd, LEASE_FILE, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum rc rc = fd < 0 ? rc_of_errno() : read_open(fd, c, out);

	if (fd >= 0) {
		(void)close(fd);
	}
	return rc;
}

/* Who writes the file holds it meanwhile: processes share a directory. */
static int open_locked(int dir_fd, int flags)
{
	int fd = openat(dir_fd, LEASE_FILE, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW,
			0600);

	while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
		if (errno != EINTR) {
			(void)close(fd);
			return -1;
		}
	}
	return fd;
}

/* In place: it fits one sector, and what is torn anyway fails its check. */
static enum rc write_open(int fd, const struct crypto *c, const struct lease *l)
{
	uint8_t file[LEASE_LEN];

	encode(c, l, file);
	if (pwrite(fd, file, LEASE_LEN, 0) != LEASE_LEN) {
		return rc_of_errno();
	}
	return RC_OK;
}

enum rc lease_write(int dir_fd, const struct crypto *c, const struct lease *l, bool durable)
{
	int fd = open_locked(dir_fd, O_RDWR | O_CREAT);
	enum rc rc = fd < 0 ? rc_of_errno() : write_open(fd, c, l);

	if (rc == RC_OK && (ftruncate(fd, LEASE_LEN) != 0 ||
			    (durable && (fsync(fd) != 0 || fsync(dir_fd) != 0)))) {
		rc = rc_of_errno();
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return rc;
}

void lease_advance(int dir_fd, const struct crypto *c, uint64_t nonce, uint64_t last)
{
	int fd = open_locked(dir_fd, O_RDWR);
	struct lease l;

	if (fd < 0) {
		return;
	}
	if (read_open(fd, c, &l) == RC_OK && l.nonce == nonce &&
	    (l.last < last || l.old_nonce != nonce)) {
		l.old_nonce = nonce;
		l.last = l.last < last ? last : l.last;
		(void)write_open(fd, c, &l);
	}
	(void)close(fd);
}
