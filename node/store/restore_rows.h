/* The tables of a backup, read from its secret part into an empty database. */
#ifndef KERWEN_RESTORE_ROWS_H
#define KERWEN_RESTORE_ROWS_H

#include "node/base/secretfile.h"
#include "node/store/kv.h"

struct restore_rows {
	struct secretfile_reader *in;
	struct kv *kv;
	void *ctx;
	/* Called now and then; false: give up with RC_CLOSED. */
	bool (*on_rows)(void *ctx, uint64_t done);
	uint64_t count; /* rows so far */
};

/*
 * Reads all tables. Some of it may be in the database after a failure.
 * RC_CORRUPT: a table twice, keys out of order, or what is too long;
 * RC_VERSION: a table that this program does not know; codes of
 * secretfile_get; RC_CLOSED, RC_FULL, RC_IO, RC_NOMEM.
 */
enum rc restore_rows_run(struct restore_rows *r);

#endif
