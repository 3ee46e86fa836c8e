#include "node/store/restore_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "node/base/config.h"
#include "node/store/datadir.h"

static bool exists_in(const char *dir, const char *name)
{
	char path[PATH_BYTES_MAX];

	return path_join(path, dir, name) == RC_OK && path_exists(path);
}

/* Removes a directory and the files in it, but no directory below. */
static void remove_flat(const char *dir, const char *name)
{
	char path[PATH_BYTES_MAX];
	const struct dirent *entry;
	DIR *d = path_join(path, dir, name) == RC_OK ? opendir(path) : NULL;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			(void)unlinkat(dirfd(d), entry->d_name, 0);
		}
	}
	if (d != NULL) {
		closedir(d);
		(void)rmdir(path);
	}
}

static void remove_file(const char *dir, const char *name)
{
	char path[PATH_BYTES_MAX];

	if (path_join(path, dir, name) == RC_OK) {
		(void)unlink(path);
	}
}

/* What a restore made that did not come to its end, and nothing else. */
static void clear(const char *dir)
{
	char staging[PATH_BYTES_MAX];

	if (path_join(staging, dir, RESTORE_DIR_STAGING) != RC_OK || !path_exists(staging) ||
	    exists_in(dir, CONFIG_FILE)) {
		return;
	}
	if (exists_in(staging, CONFIG_FILE)) {
		remove_flat(dir, STORE_DIR);
		remove_file(dir, DATADIR_KEY_FILE);
	}
	remove_flat(staging, STORE_DIR);
	remove_flat(dir, RESTORE_DIR_STAGING);
}

static enum rc lock_dir(struct restore_dir *d, struct path_problem *why)
{
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0) {
		return path_fail_errno(why, "open", d->path);
	}
	return flock(d->fd, LOCK_EX | LOCK_NB) == 0 ?
		       RC_OK :
		       path_fail(why, RC_BUSY, "wait for it, or choose another directory",
				 "another program is restoring into %s", d->path);
}

/* Locked first, then cleared, then judged. */
static enum rc take_dir(struct restore_dir *d, struct path_problem *why)
{
	enum rc rc = RC_OK;

	if (!d->was_there) {
		rc = path_make_dir(d->path, why);
	}
	if (rc == RC_OK) {
		rc = lock_dir(d, why);
	}
	if (rc == RC_OK && d->was_there) {
		clear(d->path);
		rc = path_make_dir(d->path, why);
	}
	return rc == RC_OK ? path_check_local(d->path, why) : rc;
}

static void end(struct restore_dir *d)
{
	if (d->fd >= 0) {
		close(d->fd);
	}
	memset(d, 0, sizeof(*d));
	d->fd = -1;
}

void restore_dir_undo(struct restore_dir *d)
{
	if (d->fd >= 0) {
		clear(d->path);
		if (!d->was_there) {
			(void)rmdir(d->path);
		}
	}
	end(d);
}

enum rc restore_dir_begin(struct restore_dir *d, const char *dir, struct path_problem *why)
{
	char db[PATH_BYTES_MAX];
	enum rc rc = RC_OK;

	memset(d, 0, sizeof(*d));
	d->fd = -1;
	if (strlen(dir) >= sizeof(d->path) ||
	    path_join(d->staging, dir, RESTORE_DIR_STAGING) != RC_OK ||
	    path_join(db, d->staging, STORE_DIR) != RC_OK) {
		return path_fail(why, RC_LIMIT, NULL, "the path %.64s... is too long", dir);
	}
	(void)snprintf(d->path, sizeof(d->path), "%s", dir);
	d->was_there = path_exists(dir);
	rc = take_dir(d, why);
	if (rc != RC_OK) {
		end(d); /* it is not ours to take away */
		return rc;
	}
	rc = path_make_dir(d->staging, why);
	if (rc == RC_OK) {
		rc = path_make_dir(db, why);
	}
	if (rc != RC_OK) {
		restore_dir_undo(d);
	}
	return rc;
}

static enum rc move(const struct restore_dir *d, const char *name, struct path_problem *why)
{
	char from[PATH_BYTES_MAX], to[PATH_BYTES_MAX];

	if (path_join(from, d->staging, name) != RC_OK || path_join(to, d->path, name) != RC_OK) {
		return path_fail(why, RC_LIMIT, NULL, "the path %.64s... is too long", d->path);
	}
	return rename(from, to) == 0 ? RC_OK : path_fail_errno(why, "write", to);
}

static enum rc sync_dir(int fd, const char *path, struct path_problem *why)
{
	return fsync(fd) == 0 ? RC_OK : path_fail_errno(why, "write", path);
}

enum rc restore_dir_keep(struct restore_dir *d, struct path_problem *why)
{
	char data[PATH_BYTES_MAX];
	enum rc rc = path_join(data, d->staging, STORE_DIR "/data.mdb");

	rc = rc == RC_OK ? path_sync_directory_of(data, why) :
			   path_fail(why, rc, NULL, "the path %.64s... is too long", d->path);
	if (rc == RC_OK) {
		rc = move(d, STORE_DIR, why);
	}
	if (rc == RC_OK) {
		rc = move(d, DATADIR_KEY_FILE, why);
	}
	if (rc == RC_OK) {
		rc = sync_dir(d->fd, d->path, why);
	}
	if (rc == RC_OK) {
		rc = move(d, CONFIG_FILE, why);
	}
	if (rc != RC_OK) {
		restore_dir_undo(d);
		return rc;
	}
	(void)rmdir(d->staging);
	rc = sync_dir(d->fd, d->path, why);
	end(d);
	return rc;
}
