/*
 * A stream of bytes in a file, compressed and encrypted: what is written comes
 * back whole, or not at all.
 *
 *   write   secretfile_create -> secretfile_put ... -> secretfile_finish -> free
 *   read    secretfile_open -> secretfile_get ... -> secretfile_end -> free
 *
 * The bytes are one zstd frame (RFC 8878; window of at most 8 MiB), cut into
 * pieces of 64 KiB - the last one shorter -, each encrypted by libsodium's
 * secretstream (XChaCha20-Poly1305) with the 32 bytes of `context` as additional
 * data. In the file: the 24 bytes of the stream's header, then each piece with
 * its 17 bytes more. The last has the tag FINAL, and nothing follows it.
 *
 * Errors are sticky.
 */
#ifndef KERWEN_SECRETFILE_H
#define KERWEN_SECRETFILE_H

#include "sync/bytes.h"

enum {
	SECRETFILE_KEY_LEN = 32,
	SECRETFILE_CONTEXT_LEN = 32,
	SECRETFILE_PIECE_LEN = 65536,  /* before it is encrypted */
	SECRETFILE_PIECE_MORE_LEN = 17 /* what encrypting adds */
};

struct secretfile_key {
	uint8_t *key;                            /* locked memory; borrowed */
	uint8_t context[SECRETFILE_CONTEXT_LEN]; /* a hash of what it belongs to */
};

struct secretfile_writer;
struct secretfile_reader;

/* Begins at the place of fd (borrowed). Gives. RC_NOMEM. */
enum rc secretfile_create(int fd, const struct secretfile_key *key, struct secretfile_writer **out);
void secretfile_put(struct secretfile_writer *w, struct bytes b);
/* Writes the rest. RC_FULL, RC_IO: of this or an earlier call; errno is kept. */
enum rc secretfile_finish(struct secretfile_writer *w);
/* The first failure so far. */
enum rc secretfile_failure(const struct secretfile_writer *w);
void secretfile_writer_free(struct secretfile_writer *w); /* NULL is fine */

/* Begins at the place of fd (borrowed). Gives. RC_NOMEM. */
enum rc secretfile_open(int fd, const struct secretfile_key *key, struct secretfile_reader **out);
/* The next len bytes. RC_BADSIG: another key or context, cut short or altered;
 * RC_CORRUPT: what is inside ends too early or does not unpack; RC_IO. */
enum rc secretfile_get(struct secretfile_reader *r, void *out, size_t len);
/* Whether that was all. Codes as secretfile_get. */
enum rc secretfile_end(struct secretfile_reader *r);
void secretfile_reader_free(struct secretfile_reader *r); /* NULL is fine */

#endif
