/*
 * Making a data directory of a backup.
 *
 * Everything in the file is somebody's claim until it is proved: sizes, names
 * and the order of the rows are judged as they are read, then the whole: the key
 * is that of the database, the database that of the header, every chain and seal
 * holds, and every change is in its record.
 *
 * Until then the directory is an unfinished one (unfinished.h), which the next
 * restore or init clears.
 *
 * There is no lease in a backup: the directory begins a new incarnation when it
 * first writes.
 */
#ifndef KERWEN_RESTORE_H
#define KERWEN_RESTORE_H

#include "node/store/backup.h"

enum restore_step { RESTORE_READ, RESTORE_VERIFY };

struct restore_options {
	const char *dir; /* new or empty */
	const struct store_world *world;
	void *ctx;
	/* Called now and then; false: give up with RC_CLOSED. May be NULL. */
	bool (*on_progress)(void *ctx, enum restore_step step, uint64_t done, uint64_t total);
};

struct restore_result {
	uint64_t rows, entries, seals;
	bool is_centre;
	bool key_is_protected; /* it still wants the passphrase of its own */
};

/*
 * Restores an unlocked backup, all of it or nothing. RC_BADSIG: the file was cut
 * short or altered; RC_CORRUPT: what is in it does not hold together; RC_VERSION:
 * a database of another format; RC_CLOSED: given up; else as unfinished_begin.
 */
enum rc restore_run(struct backup *b, const struct restore_options *o, struct restore_result *out,
		    struct path_problem *why);

#endif
