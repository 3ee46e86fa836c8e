#include "node/base/path.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "node/base/disk.h"

enum rc path_fail(struct path_problem *why, enum rc rc, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	snprintf(why->hint, sizeof(why->hint), "%s", hint == NULL ? "" : hint);
	return rc;
}

enum rc path_fail_errno(struct path_problem *why, const char *what, const char *path)
{
	static const struct {
		int error;
		enum rc rc;
		const char *hint;
	} known[] = {
		{ ENOENT, RC_NOTFOUND, NULL },
		{ ENOTDIR, RC_NOTFOUND, NULL },
		{ EEXIST, RC_EXISTS, NULL },
		{ EACCES, RC_DENIED, NULL },
		{ EPERM, RC_DENIED, NULL },
		{ EROFS, RC_DENIED, "the file system is mounted read-only" },
		{ ENOSPC, RC_FULL, "make room on the disk and try again" },
		{ EDQUOT, RC_FULL, "make room within your quota and try again" },
		{ ENOMEM, RC_NOMEM, NULL },
	};
	int error = errno;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].error == error) {
			return path_fail(why, known[i].rc, known[i].hint, "cannot %s %s: %s", what,
					 path, strerror(error));
		}
	}
	return path_fail(why, RC_IO, NULL, "cannot %s %s: %s", what, path, strerror(error));
}

enum rc path_join(char out[PATH_BYTES_MAX], const char *dir, const char *name)
{
	size_t dir_len = strlen(dir);
	const char *slash = dir_len > 0 && dir[dir_len - 1] == '/' ? "" : "/";
	int len = name[0] == '/' ? snprintf(out, PATH_BYTES_MAX, "%s", name) :
				   snprintf(out, PATH_BYTES_MAX, "%s%s%s", dir, slash, name);

	return len < 0 || len >= PATH_BYTES_MAX ? RC_LIMIT : RC_OK;
}

bool path_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static enum rc check_empty(const char *path, struct path_problem *why)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool is_empty = true;

	if (dir == NULL) {
		return errno == ENOTDIR ? path_fail(why, RC_EXISTS, "choose another directory",
						    "%s is not a directory", path) :
					  path_fail_errno(why, "open", path);
	}
	while (is_empty && (entry = readdir(dir)) != NULL) {
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	}
	closedir(dir);
	return is_empty ? RC_OK :
			  path_fail(why, RC_EXISTS, "choose a new or an empty directory",
				    "%s is not empty", path);
}

enum rc path_make_dir(const char *path, struct path_problem *why)
{
	struct stat st;
	enum rc rc;

	if (mkdir(path, 0700) == 0) {
		return RC_OK;
	}
	if (errno != EEXIST) {
		return path_fail_errno(why, "make", path);
	}
	rc = check_empty(path, why);
	if (rc != RC_OK) {
		return rc;
	}
	if (stat(path, &st) != 0) {
		return path_fail_errno(why, "look at", path);
	}
	if (st.st_uid != geteuid()) {
		return path_fail(why, RC_DENIED, "choose a directory of your own",
				 "%s belongs to another user", path);
	}
	return chmod(path, 0700) == 0 ? RC_OK : path_fail_errno(why, "close to others", path);
}

static enum rc fail_foreign(const char *path, const char *command, uid_t owner,
			    struct path_problem *why)
{
	const struct passwd *pw = getpwuid(owner);
	char name[64], hint[PATH_PROBLEM_MAX];

	if (pw == NULL) {
		snprintf(name, sizeof(name), "#%lu", (unsigned long)owner);
	} else {
		snprintf(name, sizeof(name), "%s", pw->pw_name);
	}
	snprintf(hint, sizeof(hint), "sudo -u %s kerwen -C %s %s", name, path,
		 command == NULL ? "..." : command);
	return path_fail(why, RC_DENIED, hint, "%s belongs to the user %s", path, name);
}

enum rc path_check_owner(const char *path, const char *command, struct path_problem *why)
{
	char hint[PATH_PROBLEM_MAX];
	struct stat st;

	if (stat(path, &st) != 0) {
		return path_fail_errno(why, "look at", path);
	}
	if (!S_ISDIR(st.st_mode)) {
		return path_fail(why, RC_NOTFOUND, NULL, "%s is not a directory", path);
	}
	if (st.st_uid != geteuid()) {
		return fail_foreign(path, command, st.st_uid, why);
	}
	if ((st.st_mode & 077) != 0) {
		snprintf(hint, sizeof(hint), "chmod 700 %s", path);
		return path_fail(why, RC_DENIED, hint, "%s is open to other users", path);
	}
	return RC_OK;
}

enum rc path_check_private(const char *path, struct path_problem *why)
{
	char hint[PATH_PROBLEM_MAX];
	struct stat st;

	if (stat(path, &st) != 0) {
		return path_fail_errno(why, "look at", path);
	}
	if (st.st_uid != geteuid()) {
		return path_fail(why, RC_DENIED, NULL, "%s belongs to another user", path);
	}
	if ((st.st_mode & 077) != 0) {
		snprintf(hint, sizeof(hint), "chmod 600 %s", path);
		return path_fail(why, RC_DENIED, hint, "%s is open to other users", path);
	}
	return RC_OK;
}

enum rc path_check_writable(const char *path, struct path_problem *why)
{
	char hint[PATH_PROBLEM_MAX];
	struct disk disk;
	struct stat st;
	mode_t need = 0;

	if (stat(path, &st) != 0) {
		return path_fail_errno(why, "look at", path);
	}
	if (disk_get(path, &disk) == RC_OK && disk.is_read_only) {
		return path_fail(why, RC_DENIED,
				 "mount it writable: even reading needs a lock file there",
				 "%s is on a file system that is read-only", path);
	}
	if (st.st_uid != geteuid()) {
		return fail_foreign(path, NULL, st.st_uid, why);
	}
	need = S_ISDIR(st.st_mode) ? 0700 : 0600;
	if ((st.st_mode & need) != need) {
		snprintf(hint, sizeof(hint), "chmod %s %s", need == 0700 ? "u+rwx" : "u+rw", path);
		return path_fail(why, RC_DENIED, hint, "%s may not be written by its owner", path);
	}
	return RC_OK;
}

/* The numbers are those of statfs(2). */
const char *path_network_name(uint64_t magic)
{
	static const struct {
		uint32_t magic;
		const char *name;
	} known[] = {
		{ 0x6969, "NFS" },
		{ 0x517B, "SMB" },
		{ 0xFF534D42, "CIFS" },
		{ 0xFE534D42, "SMB2" },
		{ 0x65735546, "FUSE" },
		{ 0x01021997, "9P" },
		{ 0x5346414F, "AFS" },
		{ 0x6B414653, "AFS" },
		{ 0x73757245, "Coda" },
		{ 0x00C36400, "Ceph" },
		{ 0x0BD00BD0, "Lustre" },
		{ 0x7461636F, "OCFS2" },
		{ 0x01161970, "GFS2" },
		{ 0x564C, "NCP" },
		{ 0x786F4256, "a shared folder of a virtual machine" },
	};
	size_t i;

	/* f_type is signed and may be narrow: compare its low 32 bits. */
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].magic == (uint32_t)magic) {
			return known[i].name;
		}
	}
	return NULL;
}

enum rc path_check_local(const char *path, struct path_problem *why)
{
	struct statfs fs;
	const char *name;

	if (statfs(path, &fs) != 0) {
		return path_fail_errno(why, "look at", path);
	}
	name = path_network_name((uint64_t)fs.f_type);
	return name == NULL ?
		       RC_OK :
		       path_fail(why, RC_INVALID, "put the directory on a disk of this machine",
				 "%s is on a network file system (%s), where locks and "
				 "fsync cannot be relied on",
				 path, name);
}
