#define _GNU_SOURCE
#include "tests/node/fakedisk.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct fakedisk fakedisk;

enum { BLOCK = 4096 };

/* ISO C has no cast from an object to a function. */
static void find(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(function, &found, sizeof(found));
}

int statvfs(const char *restrict path, struct statvfs *restrict out)
{
	int (*real)(const char *, struct statvfs *) = NULL;

	if (!fakedisk.is_set) {
		find("statvfs", &real);
		return real(path, out);
	}
	memset(out, 0, sizeof(*out));
	out->f_bsize = out->f_frsize = BLOCK;
	out->f_blocks = (fsblkcnt_t)(fakedisk.all_bytes / BLOCK);
	out->f_bfree = out->f_bavail = (fsblkcnt_t)(fakedisk.free_bytes / BLOCK);
	out->f_flag = fakedisk.is_read_only ? ST_RDONLY : 0;
	return 0;
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = NULL;

	if (fakedisk.write_errno != 0) {
		errno = fakedisk.write_errno;
		return -1;
	}
	find("pwrite", &real);
	return real(fd, buf, fakedisk.writes_short ? n / 2 : n, at);
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off_t at)
{
	return pwrite(fd, buf, n, at);
}

ssize_t writev(int fd, const struct iovec *v, int count)
{
	ssize_t (*real)(int, const struct iovec *, int) = NULL;

	if (fakedisk.write_errno != 0) {
		errno = fakedisk.write_errno;
		return -1;
	}
	find("writev", &real);
	return real(fd, v, fakedisk.writes_short ? (count + 1) / 2 : count);
}
