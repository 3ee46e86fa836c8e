/*
 * What the files of tls share.
 */
#ifndef KERWEN_TLS_PRIV_H
#define KERWEN_TLS_PRIV_H

#include <openssl/ssl.h>

#include "node/net/tls.h"

struct tls_context {
	SSL_CTX *ssl;
	BIO_METHOD *bio;
	uint8_t plain[TLS_PLAIN_BYTES_MAX];
};

struct tls {
	struct tls_context *context; /* borrowed */
	SSL *ssl;
	struct bytes in; /* borrowed during tls_read; what OpenSSL may read */
	uint8_t *out;    /* owned; what OpenSSL wrote */
	size_t out_len, out_max;
	uint32_t updates, flood_bytes; /* since the last TLS_FLOOD_BYTES */
	bool has_pin, is_open, is_wrong_key, is_out_of_memory;
	uint8_t pin[KEY_LEN], peer_key[KEY_LEN];
	const char *text; /* NULL until something failed */
};

/* Turns what OpenSSL said about the last call, which returned result, into a
 * code and t->text. RC_OK: it only waits for more input. */
enum rc tls_judge(struct tls *t, int result);

#endif
