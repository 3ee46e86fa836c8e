/*
 * Files and directories, with the care that data which must last needs:
 * what is written is durable when a call returns, or nothing has changed.
 *
 * A failure tells the user what and why in `struct path_problem`: `text`
 * names the path and the reason, `hint` the next step and may be empty.
 */
#ifndef KERWEN_PATH_H
#define KERWEN_PATH_H

#include "sync/bytes.h"

enum { PATH_BYTES_MAX = 4096, PATH_PROBLEM_MAX = 512 };

struct path_problem {
	char text[PATH_PROBLEM_MAX];
	char hint[PATH_PROBLEM_MAX];
};

/* Sets both texts; hint NULL: none. Too long ones are cut. Returns rc. */
enum rc path_fail(struct path_problem *why, enum rc rc, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* "cannot WHAT PATH: " and the text of errno; returns the rc that errno means. */
enum rc path_fail_errno(struct path_problem *why, const char *what, const char *path);

/* "dir/name", or name alone when it begins with a slash. RC_LIMIT. */
enum rc path_join(char out[PATH_BYTES_MAX], const char *dir, const char *name);

bool path_exists(const char *path);

/*
 * Makes a directory for its owner alone (0700). An empty one that the user
 * owns is taken as it is and closed to others. The directory above must exist.
 * RC_EXISTS: not empty, or not a directory; RC_DENIED, RC_FULL, RC_IO.
 */
enum rc path_make_dir(const char *path, struct path_problem *why);

/*
 * Whether the directory is this user's and nobody else can get in.
 * RC_NOTFOUND; RC_DENIED: another's, or open to others; the hint then is the
 * command to give (`command`: what the user was doing, or NULL).
 */
enum rc path_check_owner(const char *path, const char *command, struct path_problem *why);

/* Whether a file is this user's and nobody else can read it: as path_check_owner. */
enum rc path_check_private(const char *path, struct path_problem *why);

/*
 * Whether this user can write a file or directory: why a system call was
 * refused. RC_DENIED: the file system is read-only, it is another user's, or
 * its own modes forbid it; the hint says what to do. RC_NOTFOUND, RC_IO.
 */
enum rc path_check_writable(const char *path, struct path_problem *why);

/* RC_INVALID: on a network file system, where locks and fsync cannot be
 * relied on. RC_NOTFOUND, RC_IO. */
enum rc path_check_local(const char *path, struct path_problem *why);

/* The name of the network file system that statfs(2) calls `magic`, or NULL. */
const char *path_network_name(uint64_t magic);

enum path_write_mode { PATH_REPLACE, PATH_NEW };

/*
 * Writes a whole file (0600): beside it, fsynced, then put in its place in one
 * step, and the directory fsynced. RC_EXISTS: PATH_NEW, and there is one;
 * RC_NOTFOUND: no such directory; RC_DENIED, RC_FULL, RC_IO, RC_LIMIT.
 */
enum rc path_write(const char *path, struct bytes content, enum path_write_mode mode,
		   struct path_problem *why);

/* Writes all of content to an open file and makes it durable. path: for why.
 * RC_FULL, RC_IO. */
enum rc path_write_open(int fd, struct bytes content, const char *path, struct path_problem *why);

/* Makes the name of a file durable: without it a crash may lose the name of a
 * file whose content is safe. RC_NOTFOUND, RC_DENIED, RC_IO. */
enum rc path_sync_directory_of(const char *path, struct path_problem *why);

/*
 * Opens a regular file, and never waits for one who writes into a pipe. flags
 * as open(2); with O_NOFOLLOW a link is none either. Gives *out: close it.
 * RC_EXISTS: there is something else; RC_NOTFOUND, RC_DENIED, RC_FULL, RC_IO.
 */
enum rc path_open(const char *path, int flags, int *out, struct path_problem *why);

/* Whether a new file may be made there: before what it is to hold is done.
 * RC_EXISTS, RC_NOTFOUND (no such folder), RC_DENIED, RC_IO. */
enum rc path_check_new(const char *path, struct path_problem *why);

/*
 * Reads a whole file of at most max bytes. Gives *out (free it), NUL added
 * beyond *len. RC_NOTFOUND, RC_DENIED, RC_EXISTS (not a regular file),
 * RC_LIMIT, RC_NOMEM, RC_IO.
 */
enum rc path_read(const char *path, size_t max, char **out, size_t *len, struct path_problem *why);

#endif
