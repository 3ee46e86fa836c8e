/*
 * Reading a CSV file row by row (RFC 4180): comma, semicolon or tab, LF or
 * CRLF, with or without a byte order mark, quoted cells with newlines.
 *
 *   csvfile_open -> { csvfile_next } -> csvfile_close
 *
 * Memory is bounded by the longest row. Empty lines are passed over. A file
 * whose quotes do not fit is refused where that shows; csvfile_next then
 * names the line at which the row begins.
 */
#ifndef KERWEN_CSVFILE_H
#define KERWEN_CSVFILE_H

#include "node/base/path.h"
#include "sync/crypto.h"

enum { CSVFILE_ROW_BYTES_MAX = 4194304, CSVFILE_CELLS_MAX = 4096 };

struct csvfile;

struct csvfile_row {
	const struct bytes *cells; /* borrowed until the next row */
	uint32_t cells_count;
	uint64_t line; /* at which it begins, from 1 */
};

/* Where the next row begins. */
struct csvfile_place {
	uint64_t offset; /* bytes */
	uint64_t line;   /* from 1 */
};

/*
 * Opens a file. The separator is the one that its first line has most of.
 * crypto: for csvfile_digest, or NULL. Gives; close it.
 * RC_NOTFOUND, RC_DENIED, RC_IO, RC_NOMEM; RC_INVALID: not a regular file, in
 * UTF-16, or with line ends of carriage returns alone; RC_LIMIT: its first line
 * is too long.
 */
enum rc csvfile_open(const char *path, const struct crypto *crypto, struct csvfile **out,
		     struct path_problem *why);
void csvfile_close(struct csvfile *f); /* NULL is fine */

/* The size in bytes when it was opened. */
uint64_t csvfile_size(const struct csvfile *f);

/*
 * The next row. RC_NOTFOUND: that was all. RC_INVALID: the quotes do not fit;
 * RC_LIMIT: the row is too long or has too many cells; RC_IO, RC_NOMEM. why
 * names the line.
 */
enum rc csvfile_next(struct csvfile *f, struct csvfile_row *out, struct path_problem *why);

/* Where the row behind the last one begins; and going on at such a place. */
struct csvfile_place csvfile_at(const struct csvfile *f);
enum rc csvfile_seek(struct csvfile *f, struct csvfile_place place);

/* A BLAKE2b hash over all bytes, once csvfile_next said RC_NOTFOUND (and
 * without csvfile_seek before). */
void csvfile_digest(const struct csvfile *f, uint8_t out[HASH_LEN]);

#endif
