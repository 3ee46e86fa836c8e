/* bytes -> zstd -> pieces of 64 KiB -> secretstream -> file */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "node/base/secretfile.h"

enum { LEVEL = 3, WINDOW_LOG = 21 };

struct secretfile_writer {
	int fd;
	enum rc rc;
	int error; /* errno of the failure */
	struct secretfile_key key;
	ZSTD_CCtx *zstd;
	crypto_secretstream_xchacha20poly1305_state stream;
	size_t len; /* of the piece so far */
	uint8_t piece[SECRETFILE_PIECE_LEN];
	uint8_t cipher[SECRETFILE_PIECE_LEN + SECRETFILE_PIECE_MORE_LEN];
};

_Static_assert(SECRETFILE_KEY_LEN == crypto_secretstream_xchacha20poly1305_KEYBYTES, "key");
_Static_assert(SECRETFILE_PIECE_MORE_LEN == crypto_secretstream_xchacha20poly1305_ABYTES, "more");

static void fail(struct secretfile_writer *w, enum rc rc, int error)
{
	if (w->rc == RC_OK) {
		w->rc = rc;
		w->error = error;
	}
}

static void write_all(struct secretfile_writer *w, const uint8_t *p, size_t len)
{
	while (len > 0 && w->rc == RC_OK) {
		ssize_t n = write(w->fd, p, len);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			fail(w, errno == ENOSPC || errno == EDQUOT ? RC_FULL : RC_IO, errno);
		}
	}
}

static void flush_piece(struct secretfile_writer *w, bool is_last)
{
	unsigned long long len = 0;

	(void)crypto_secretstream_xchacha20poly1305_push(
		&w->stream, w->cipher, &len, w->piece, w->len, w->key.context,
		SECRETFILE_CONTEXT_LEN,
		is_last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL :
			  crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
	write_all(w, w->cipher, (size_t)len);
	w->len = 0;
}

enum rc secretfile_create(int fd, const struct secretfile_key *key, struct secretfile_writer **out)
{
	uint8_t header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
	struct secretfile_writer *w = calloc(1, sizeof(*w));

	*out = w;
	if (w == NULL) {
		return RC_NOMEM;
	}
	w->fd = fd;
	w->key = *key;
	w->zstd = ZSTD_createCCtx();
	if (w->zstd == NULL ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_windowLog, WINDOW_LOG))) {
		secretfile_writer_free(w);
		*out = NULL;
		return RC_NOMEM;
	}
	(void)crypto_secretstream_xchacha20poly1305_init_push(&w->stream, header, key->key);
	write_all(w, header, sizeof(header));
	return RC_OK;
}

/* Gives `in` to zstd; full pieces go out. A full piece stays until more comes:
 * it may be the last. */
static void pack(struct secretfile_writer *w, struct bytes b, ZSTD_EndDirective directive)
{
	ZSTD_inBuffer in = { b.p, b.len, 0 };
	size_t left = 1;

	while (w->rc == RC_OK && (directive == ZSTD_e_end ? left != 0 : in.pos < in.size)) {
		ZSTD_outBuffer out = { w->piece, sizeof(w->piece), w->len };

		if (w->len == sizeof(w->piece)) {
			flush_piece(w, false);
			out.pos = 0;
		}
		left = ZSTD_compressStream2(w->zstd, &out, &in, directive);
		if (ZSTD_isError(left)) {
			fail(w, RC_NOMEM, 0);
		}
		w->len = out.pos;
	}
}

void secretfile_put(struct secretfile_writer *w, struct bytes b)
{
	pack(w, b, ZSTD_e_continue);
}

enum rc secretfile_finish(struct secretfile_writer *w)
{
	pack(w, bytes_at(NULL, 0), ZSTD_e_end);
	flush_piece(w, true);
	errno = w->error;
	return w->rc;
}

enum rc secretfile_failure(const struct secretfile_writer *w)
{
	errno = w->error;
	return w->rc;
}

void secretfile_writer_free(struct secretfile_writer *w)
{
	if (w != NULL) {
		ZSTD_freeCCtx(w->zstd);
		sodium_memzero(w, sizeof(*w));
		free(w);
	}
}
