#include "node/store/unfinished.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/config.h"
#include "node/store/datadir.h"
#include "node/store/lease.h"

enum { SUFFIX_LEN = 6 }; /* of a file that path_write had not put in place */

static const char *const DIR_NAMES[] = { UNFINISHED_FILE, DATADIR_KEY_FILE, STORE_DIR, LEASE_FILE,
					 NULL };
static const char *const DB_NAMES[] = { "data.mdb", "lock.mdb", NULL };

static bool has(const char *dir, const char *name)
{
	char path[PATH_BYTES_MAX];

	return path_join(path, dir, name) == RC_OK && path_exists(path);
}

bool unfinished_is(const char *dir)
{
	return has(dir, UNFINISHED_FILE) && !has(dir, CONFIG_FILE);
}

/* --- what may be there ---------------------------------------------------- */

/* "key.XXXXXX", as mkstemp(3) makes it. */
static bool is_temporary_key(const char *name)
{
	size_t len = sizeof(DATADIR_KEY_FILE) - 1;

	return strncmp(name, DATADIR_KEY_FILE ".", len + 1) == 0 &&
	       strlen(name) == len + 1 + SUFFIX_LEN;
}

static bool is_ours(const char *name, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (strcmp(name, *names) == 0) {
			return true;
		}
	}
	return false;
}

/* Walks DIR or DIR/db: says whether all in it is ours, or removes what is.
 * The mark stays: it goes last. */
static bool walk(const char *path, bool is_db, bool removes)
{
	DIR *dir = opendir(path);
	const struct dirent *e = NULL;
	bool all = dir != NULL;

	while (all && (e = readdir(dir)) != NULL) {
		bool ours = is_ours(e->d_name, is_db ? DB_NAMES : DIR_NAMES) ||
			    (!is_db && is_temporary_key(e->d_name));

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
			continue;
		}
		all = removes || ours;
		if (removes && ours && strcmp(e->d_name, UNFINISHED_FILE) != 0 &&
		    strcmp(e->d_name, STORE_DIR) != 0) {
			(void)unlinkat(dirfd(dir), e->d_name, 0);
		}
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	return all;
}

static void clear(const char *dir)
{
	char db[PATH_BYTES_MAX];

	if (path_join(db, dir, STORE_DIR) == RC_OK) {
		(void)walk(db, true, true);
		(void)rmdir(db);
	}
	(void)walk(dir, false, true);
}

/* --- the mark ------------------------------------------------------------- */

static enum rc fail_busy(const char *dir, struct path_problem *why)
{
	return path_fail(why, RC_BUSY, "let it finish",
			 "another `kerwen init` or `restore` is making %s", dir);
}

/* Whoever holds the lock makes DIR; the system lets it go with its holder. */
static enum rc lock_mark(const char *dir, int fd, struct path_problem *why)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_SETLK, &lock) == 0 ? RC_OK : fail_busy(dir, why);
}

/* The other init may have ended between our open and our lock. */
static bool is_still_named(int fd, const char *path)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && lstat(path, &there) == 0 && mine.st_ino == there.st_ino &&
	       mine.st_dev == there.st_dev && S_ISREG(mine.st_mode);
}

static enum rc fail_not_empty(const char *dir, struct path_problem *why)
{
	return path_fail(why, RC_EXISTS, "choose a new or an empty directory", "%s is not empty",
			 dir);
}

/* Whether there is nothing in DIR but the mark. */
static bool holds_mark_alone(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e = NULL;
	bool alone = dir != NULL;

	while (alone && (e = readdir(dir)) != NULL) {
		alone = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			strcmp(e->d_name, UNFINISHED_FILE) == 0;
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	return alone;
}

enum rc unfinished_mark(const char *dir, int *fd, struct path_problem *why)
{
	char path[PATH_BYTES_MAX];
	enum rc rc = path_join(path, dir, UNFINISHED_FILE);

	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "the path %.64s... is too long", dir);
	}
	*fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0) {
		return errno == EEXIST ? fail_busy(dir, why) : path_fail_errno(why, "write", path);
	}
	rc = lock_mark(dir, *fd, why);
	if (rc == RC_OK && !holds_mark_alone(dir)) {
		(void)unlink(path);
		return fail_not_empty(dir, why); /* another init has made it meanwhile */
	}
	return rc == RC_OK ? path_sync_directory_of(path, why) : rc;
}

/* An unfinished one: ours alone, with nothing in it but what init makes. */
static enum rc take_over(const char *dir, int *fd, struct path_problem *why)
{
	char path[PATH_BYTES_MAX], db[PATH_BYTES_MAX];
	enum rc rc = path_check_owner(dir, "init", why);

	if (rc != RC_OK) {
		return rc;
	}
	if (path_join(path, dir, UNFINISHED_FILE) != RC_OK ||
	    path_join(db, dir, STORE_DIR) != RC_OK) {
		return path_fail(why, RC_LIMIT, NULL, "the path %.64s... is too long", dir);
	}
	*fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd < 0) {
		return path_fail_errno(why, "open", path);
	}
	rc = lock_mark(dir, *fd, why);
	if (rc != RC_OK) {
		return rc;
	}
	if (!is_still_named(*fd, path) || !walk(dir, false, false) ||
	    (path_exists(db) && !walk(db, true, false))) {
		return fail_not_empty(dir, why);
	}
	clear(dir);
	return RC_OK;
}

static void let_go(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
	*fd = -1;
}

enum rc unfinished_begin(const char *dir, int *fd, bool *was_there, struct path_problem *why)
{
	enum rc rc;

	*fd = -1;
	*was_there = path_exists(dir);
	rc = path_make_dir(dir, why);
	if (rc == RC_OK) {
		rc = path_check_local(dir, why);
		if (rc == RC_OK) {
			rc = unfinished_mark(dir, fd, why);
		}
	} else if (rc == RC_EXISTS && unfinished_is(dir)) {
		rc = path_check_local(dir, why);
		if (rc == RC_OK) {
			rc = take_over(dir, fd, why);
		}
	}
	if (rc != RC_OK) {
		let_go(fd);
	}
	return rc;
}

enum rc unfinished_end(const char *dir, int *fd, struct bytes config, struct path_problem *why)
{
	char mark[PATH_BYTES_MAX], path[PATH_BYTES_MAX];
	struct path_problem ignored;
	enum rc rc = path_join(mark, dir, UNFINISHED_FILE);

	if (rc == RC_OK) {
		rc = path_join(path, dir, CONFIG_FILE);
	}
	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "the path %.64s... is too long", dir);
	}
	rc = ftruncate(*fd, 0) == 0 ? path_write_open(*fd, config, path, why) :
				      path_fail_errno(why, "write", path);
	if (rc == RC_OK && rename(mark, path) != 0) {
		rc = path_fail_errno(why, "write", path);
	}
	if (rc == RC_OK) {
		rc = path_sync_directory_of(path, why);
		if (rc != RC_OK) {
			(void)rename(path, mark);
		}
	}
	if (rc == RC_OK) {
		/* The name of DIR itself; where the one above may not be read,
		 * the system has to see to it. */
		(void)path_sync_directory_of(dir, &ignored);
		let_go(fd);
	}
	return rc;
}

void unfinished_undo(const char *dir, int *fd)
{
	char mark[PATH_BYTES_MAX];

	if (*fd < 0) {
		return;
	}
	clear(dir);
	if (path_join(mark, dir, UNFINISHED_FILE) == RC_OK) {
		(void)unlink(mark);
	}
	let_go(fd);
}
