/*
 * The directory that a backup is restored into: everything is made inside of
 * DIR/restore.part and moved to its place when it has been proved.
 *
 *   restore_dir_begin -> (fills d.staging) -> restore_dir_keep | restore_dir_undo
 *
 * kerwen.yaml is moved last: DIR/restore.part/kerwen.yaml means that a restore
 * was not finished, and the next one clears away what that one had made.
 */
#ifndef KERWEN_RESTORE_DIR_H
#define KERWEN_RESTORE_DIR_H

#include "node/base/path.h"

#define RESTORE_DIR_STAGING "restore.part"

struct restore_dir {
	char path[PATH_BYTES_MAX];
	char staging[PATH_BYTES_MAX]; /* looks like a data directory; db is empty */
	bool was_there;
	int fd; /* of the directory, locked */
};

/*
 * Takes DIR: new (the one above must exist), empty, or as a restore left it
 * that was killed. RC_EXISTS: there is something in it; RC_BUSY: another
 * restore is at work; RC_INVALID: on a network file system; else as path.h.
 * On failure nothing is left.
 */
enum rc restore_dir_begin(struct restore_dir *d, const char *dir, struct path_problem *why);

/* Moves everything to its place, durably, and ends. On failure nothing is left. */
enum rc restore_dir_keep(struct restore_dir *d, struct path_problem *why);

/* Takes away what was made, and ends. Ended ones and zeroes with fd -1 are fine. */
void restore_dir_undo(struct restore_dir *d);

#endif
