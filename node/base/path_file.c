/* Whole files: written in one step, or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/path.h"

enum rc path_write_open(int fd, struct bytes content, const char *path, struct path_problem *why)
{
	size_t at = 0;

	while (at < content.len) {
		ssize_t n = write(fd, content.p + at, content.len - at);

		if (n < 0 && errno != EINTR) {
			return path_fail_errno(why, "write", path);
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) == 0 ? RC_OK : path_fail_errno(why, "write", path);
}

static void directory_of(const char *path, char dir[PATH_BYTES_MAX])
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		snprintf(dir, PATH_BYTES_MAX, ".");
	} else {
		snprintf(dir, PATH_BYTES_MAX, "%.*s", (int)(slash - path) + 1, path);
	}
}

enum rc path_sync_directory_of(const char *path, struct path_problem *why)
{
	char dir[PATH_BYTES_MAX];
	enum rc rc = RC_OK;
	int fd;

	directory_of(path, dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return path_fail_errno(why, "open", dir);
	}
	if (fsync(fd) != 0) {
		rc = path_fail_errno(why, "write", dir);
	}
	close(fd);
	return rc;
}

/* link(2) never replaces, rename(2) always does. */
static enum rc put_in_place(const char *temporary, const char *path, enum path_write_mode mode,
			    struct path_problem *why)
{
	int result = mode == PATH_NEW ? link(temporary, path) : rename(temporary, path);

	if (result == 0) {
		return RC_OK;
	}
	if (errno == EEXIST) {
		return path_fail(why, RC_EXISTS, "choose another name, or move it away",
				 "%s exists already", path);
	}
	return path_fail_errno(why, "write", path);
}

enum rc path_write(const char *path, struct bytes content, enum path_write_mode mode,
		   struct path_problem *why)
{
	char temporary[PATH_BYTES_MAX];
	int len = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	enum rc rc;
	int fd;

	if (len < 0 || len >= PATH_BYTES_MAX) {
		return path_fail(why, RC_LIMIT, NULL, "the path %.64s... is too long", path);
	}
	fd = mkstemp(temporary);
	if (fd < 0) {
		return path_fail_errno(why, "write", path);
	}
	rc = path_write_open(fd, content, path, why);
	if (close(fd) != 0 && rc == RC_OK) {
		rc = path_fail_errno(why, "write", path);
	}
	if (rc == RC_OK) {
		rc = put_in_place(temporary, path, mode, why);
	}
	if (rc != RC_OK || mode == PATH_NEW) {
		(void)unlink(temporary);
	}
	return rc == RC_OK ? path_sync_directory_of(path, why) : rc;
}

static enum rc read_all(int fd, size_t max, char *p, size_t *len)
{
	size_t at = 0;

	while (at <= max) {
		ssize_t n = read(fd, p + at, max + 1 - at);

		if (n == 0) {
			*len = at;
			p[at] = '\0';
			return RC_OK;
		}
		if (n < 0 && errno != EINTR) {
			return RC_IO;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return RC_LIMIT;
}

/* What to do where the system has no advice of its own. */
static enum rc advise(struct path_problem *why, enum rc rc, const char *path)
{
	struct path_problem denied;

	if (rc == RC_DENIED && path_check_writable(path, &denied) == RC_DENIED) {
		*why = denied;
	} else if (why->hint[0] == '\0') {
		snprintf(why->hint, sizeof(why->hint), "%s",
			 rc == RC_NOTFOUND ? "check the name of the file and its folder" :
			 rc == RC_DENIED   ? "see who may read it, and its folder: ls -ld" :
					     "");
	}
	return rc;
}

enum rc path_open(const char *path, int flags, int *out, struct path_problem *why)
{
	struct stat st;
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	*out = -1;
	if (fd < 0 && errno != ENXIO && errno != ELOOP && errno != EISDIR) {
		return advise(why, path_fail_errno(why, "open", path), path);
	}
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0) {
			close(fd);
		}
		return path_fail(why, RC_EXISTS, "name a file: no folder, link, pipe or device",
				 "%s is not a file", path);
	}
	*out = fd;
	return RC_OK;
}

enum rc path_check_new(const char *path, struct path_problem *why)
{
	char dir[PATH_BYTES_MAX];
	enum rc rc;

	if (path_exists(path)) {
		return path_fail(why, RC_EXISTS, "choose another name, or move it away",
				 "%s exists already", path);
	}
	directory_of(path, dir);
	if (access(dir, W_OK | X_OK) == 0) {
		return RC_OK;
	}
	rc = path_fail_errno(why, "write", path);
	return advise(why, rc, dir);
}

enum rc path_read(const char *path, size_t max, char **out, size_t *len, struct path_problem *why)
{
	char *p = NULL;
	int fd = -1;
	enum rc rc = path_open(path, O_RDONLY, &fd, why);

	*out = NULL;
	*len = 0;
	if (rc != RC_OK) {
		return rc;
	}
	p = malloc(max + 2);
	if (p == NULL) {
		rc = path_fail(why, RC_NOMEM, NULL, "no memory to read %s", path);
		goto out;
	}
	rc = read_all(fd, max, p, len);
	if (rc == RC_IO) {
		rc = path_fail_errno(why, "read", path);
	} else if (rc == RC_LIMIT) {
		path_fail(why, rc, "is it the right file?", "%s is larger than %zu bytes", path,
			  max);
	}
out:
	close(fd);
	if (rc == RC_OK) {
		*out = p;
	} else {
		free(p);
	}
	return rc;
}
