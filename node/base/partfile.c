#define _GNU_SOURCE /* renameat2 */
#include "node/base/partfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rc fail_exists(const char *path, struct path_problem *why)
{
	return path_fail(why, RC_EXISTS, "choose another name, or move it away",
			 "%s exists already", path);
}

/* Whether what was opened is a file that we may begin anew. */
static enum rc take(struct partfile *p, struct path_problem *why)
{
	struct stat st;

	if (fstat(p->fd, &st) != 0) {
		return path_fail_errno(why, "look at", p->part);
	}
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1) {
		return fail_exists(p->part, why);
	}
	if (flock(p->fd, LOCK_EX | LOCK_NB) != 0) {
		return path_fail(why, RC_BUSY, "wait for it, or choose another name",
				 "another program is writing %s", p->part);
	}
	/* FAT knows no modes. */
	(void)fchmod(p->fd, 0600);
	return ftruncate(p->fd, 0) == 0 ? RC_OK : path_fail_errno(why, "write", p->part);
}

enum rc partfile_open(struct partfile *p, const char *path, struct path_problem *why)
{
	int len = snprintf(p->part, sizeof(p->part), "%s.part", path);
	enum rc rc;

	p->fd = -1;
	if (len < 0 || (size_t)len >= sizeof(p->part)) {
		return path_fail(why, RC_LIMIT, NULL, "the path %.64s... is too long", path);
	}
	(void)snprintf(p->path, sizeof(p->path), "%s", path);
	if (path_exists(path)) {
		return fail_exists(path, why);
	}
	p->fd = open(p->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (p->fd < 0) {
		return path_fail_errno(why, "write", p->part);
	}
	rc = take(p, why);
	if (rc != RC_OK) {
		close(p->fd);
		p->fd = -1;
	}
	return rc;
}

/* Never replaces, where the file system can say so in one step. */
static enum rc give_name(const struct partfile *p, struct path_problem *why)
{
	if (renameat2(AT_FDCWD, p->part, AT_FDCWD, p->path, RENAME_NOREPLACE) == 0) {
		return RC_OK;
	}
	if (errno == EEXIST || ((errno == EINVAL || errno == ENOSYS) && path_exists(p->path))) {
		return fail_exists(p->path, why);
	}
	if ((errno == EINVAL || errno == ENOSYS) && rename(p->part, p->path) == 0) {
		return RC_OK;
	}
	return path_fail_errno(why, "write", p->path);
}

enum rc partfile_keep(struct partfile *p, struct path_problem *why)
{
	enum rc rc = fsync(p->fd) == 0 ? RC_OK : path_fail_errno(why, "write", p->part);

	if (rc == RC_OK) {
		rc = give_name(p, why);
	}
	if (rc == RC_OK) {
		close(p->fd);
		p->fd = -1;
		return path_sync_directory_of(p->path, why);
	}
	partfile_drop(p);
	return rc;
}

void partfile_drop(struct partfile *p)
{
	if (p->fd >= 0) {
		(void)unlink(p->part);
		close(p->fd);
		p->fd = -1;
	}
}
