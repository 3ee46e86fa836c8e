/*
 * A large new file that appears whole or not at all: it is written as
 * PATH.part (0600) and gets its name when it is durable.
 *
 *   partfile_open -> write(p.fd) ... -> partfile_keep | partfile_drop
 *
 * What a killed process left as PATH.part is begun anew. Works on sticks with
 * FAT too.
 */
#ifndef KERWEN_PARTFILE_H
#define KERWEN_PARTFILE_H

#include "node/base/path.h"

struct partfile {
	int fd;
	char path[PATH_BYTES_MAX];
	char part[PATH_BYTES_MAX];
};

/* RC_EXISTS: there is a file PATH, or PATH.part is not ours to write;
 * RC_BUSY: another process is writing it; RC_LIMIT, RC_NOTFOUND, RC_DENIED, ... */
enum rc partfile_open(struct partfile *p, const char *path, struct path_problem *why);

/* Makes it durable and gives it its name. On failure nothing is left. */
enum rc partfile_keep(struct partfile *p, struct path_problem *why);

/* Takes it away. One that was kept or never opened (fd -1) is fine. */
void partfile_drop(struct partfile *p);

#endif
