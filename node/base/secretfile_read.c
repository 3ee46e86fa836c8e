/* file -> secretstream -> pieces of 64 KiB -> zstd -> bytes */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "node/base/secretfile.h"

enum { WINDOW_LOG_MAX = 23, HEADER_LEN = crypto_secretstream_xchacha20poly1305_HEADERBYTES };

struct secretfile_reader {
	int fd;
	enum rc rc;
	bool is_begun;  /* the stream's header was read */
	bool is_last;   /* the last piece was read */
	bool is_packed; /* the zstd frame has ended */
	struct secretfile_key key;
	ZSTD_DCtx *zstd;
	ZSTD_inBuffer in; /* of the piece */
	crypto_secretstream_xchacha20poly1305_state stream;
	uint8_t piece[SECRETFILE_PIECE_LEN];
	uint8_t cipher[SECRETFILE_PIECE_LEN + SECRETFILE_PIECE_MORE_LEN];
};

enum rc secretfile_open(int fd, const struct secretfile_key *key, struct secretfile_reader **out)
{
	struct secretfile_reader *r = calloc(1, sizeof(*r));

	*out = r;
	if (r == NULL) {
		return RC_NOMEM;
	}
	r->fd = fd;
	r->key = *key;
	r->zstd = ZSTD_createDCtx();
	if (r->zstd == NULL ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		secretfile_reader_free(r);
		*out = NULL;
		return RC_NOMEM;
	}
	return RC_OK;
}

/* As much as there is, up to len. */
static size_t read_up_to(struct secretfile_reader *r, uint8_t *p, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = read(r->fd, p + at, len - at);

		if (n == 0) {
			break;
		}
		if (n < 0 && errno != EINTR) {
			r->rc = RC_IO;
			break;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return at;
}

static void begin(struct secretfile_reader *r)
{
	uint8_t header[HEADER_LEN];

	r->is_begun = true;
	if (read_up_to(r, header, sizeof(header)) != sizeof(header) ||
	    crypto_secretstream_xchacha20poly1305_init_pull(&r->stream, header, r->key.key) != 0) {
		r->rc = r->rc == RC_OK ? RC_BADSIG : r->rc;
	}
}

/* The next piece. That the last one says so, and that nothing follows it, is
 * how a file that was cut or lengthened is noticed. */
static void next_piece(struct secretfile_reader *r)
{
	unsigned long long len = 0;
	unsigned char tag = 0;
	uint8_t more = 0;
	size_t got = read_up_to(r, r->cipher, sizeof(r->cipher));

	if (r->rc != RC_OK) {
		return;
	}
	if (got < SECRETFILE_PIECE_MORE_LEN ||
	    crypto_secretstream_xchacha20poly1305_pull(&r->stream, r->piece, &len, &tag, r->cipher,
						       got, r->key.context,
						       SECRETFILE_CONTEXT_LEN) != 0) {
		r->rc = RC_BADSIG;
		return;
	}
	r->is_last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	if ((r->is_last && read_up_to(r, &more, 1) != 0) ||
	    (!r->is_last && got != sizeof(r->cipher))) {
		r->rc = RC_BADSIG;
	}
	r->in = (ZSTD_inBuffer){ r->piece, (size_t)len, 0 };
}

/* Unpacks what fits into out, at least one byte unless the frame ends. */
static void unpack(struct secretfile_reader *r, ZSTD_outBuffer *out)
{
	size_t left = 0;

	if (!r->is_begun) {
		begin(r);
	}
	while (r->rc == RC_OK && !r->is_packed && out->pos < out->size) {
		size_t before = out->pos;

		left = ZSTD_decompressStream(r->zstd, out, &r->in);
		if (ZSTD_isError(left)) {
			r->rc = RC_CORRUPT;
		} else if (left == 0) {
			r->is_packed = true;
		} else if (out->pos == before && r->in.pos == r->in.size) {
			if (r->is_last) {
				r->rc = RC_CORRUPT;
			} else {
				next_piece(r);
			}
		}
	}
}

enum rc secretfile_get(struct secretfile_reader *r, void *out, size_t len)
{
	ZSTD_outBuffer o = { out, len, 0 };

	unpack(r, &o);
	if (r->rc == RC_OK && o.pos < len) {
		r->rc = RC_CORRUPT;
	}
	return r->rc;
}

enum rc secretfile_end(struct secretfile_reader *r)
{
	uint8_t more = 0;
	ZSTD_outBuffer o = { &more, 1, 0 };

	unpack(r, &o);
	while (r->rc == RC_OK && !r->is_last && r->in.pos == r->in.size) {
		next_piece(r);
	}
	if (r->rc == RC_OK && (o.pos != 0 || !r->is_packed || r->in.pos != r->in.size)) {
		r->rc = RC_CORRUPT;
	}
	return r->rc;
}

void secretfile_reader_free(struct secretfile_reader *r)
{
	if (r != NULL) {
		ZSTD_freeDCtx(r->zstd);
		sodium_memzero(r, sizeof(*r));
		free(r);
	}
}
