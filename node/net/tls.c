#include "node/net/tls.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "node/net/tls_priv.h"

/* Counts what a peer may send without end once it is open. Past the bound it
 * gets no more input: OpenSSL stops after the message it is at. */
static void on_message(int is_ours, int version, int type, const void *buf, size_t len, SSL *ssl,
		       void *ctx)
{
	struct tls *t = ctx;

	(void)version;
	(void)buf;
	(void)len;
	(void)ssl;
	if (!is_ours && type == SSL3_RT_HANDSHAKE && t->is_open) {
		t->updates++;
		if (t->updates > TLS_UPDATES_MAX) {
			t->in.len = 0;
		}
	}
}

static bool attach_bio(struct tls *t)
{
	BIO *bio = BIO_new(t->context->bio);

	if (bio == NULL) {
		return false;
	}
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	SSL_set_bio(t->ssl, bio, bio);
	return true;
}

/* The handshake as far as the input goes; is_open when it is through. */
static enum rc shake_hands(struct tls *t)
{
	const unsigned char *protocol = NULL;
	unsigned len = 0;
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(t->ssl);
	if (result != 1) {
		return tls_judge(t, result);
	}
	/* A peer that names no protocol at all passes OpenSSL. */
	SSL_get0_alpn_selected(t->ssl, &protocol, &len);
	if (len == 0) {
		t->text = "the peer speaks another protocol";
		return RC_VERSION;
	}
	t->is_open = true;
	return RC_OK;
}

enum rc tls_new(struct tls_context *c, const uint8_t *pin, struct tls **out)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		return RC_NOMEM;
	}
	t->context = c;
	t->ssl = SSL_new(c->ssl);
	if (t->ssl == NULL || !attach_bio(t)) {
		goto out;
	}
	SSL_set_app_data(t->ssl, t);
	SSL_set_msg_callback(t->ssl, on_message);
	SSL_set_msg_callback_arg(t->ssl, t);
	if (pin == NULL) {
		SSL_set_accept_state(t->ssl);
	} else {
		t->has_pin = true;
		memcpy(t->pin, pin, KEY_LEN);
		SSL_set_connect_state(t->ssl);
		if (shake_hands(t) != RC_OK) {
			goto out;
		}
	}
	*out = t;
	return RC_OK;
out:
	ERR_clear_error();
	tls_free(t);
	return RC_NOMEM;
}

void tls_free(struct tls *t)
{
	if (t != NULL) {
		SSL_free(t->ssl);
		free(t->out);
		free(t);
	}
}

uint8_t *tls_take_output(struct tls *t, size_t *len)
{
	uint8_t *out = t->out;

	*len = t->out_len;
	if (t->out_len == 0) {
		return NULL;
	}
	t->out = NULL;
	t->out_len = t->out_max = 0;
	return out;
}

static enum rc check_flood(struct tls *t, size_t used)
{
	if (t->updates > TLS_UPDATES_MAX) {
		t->text = "too many key updates";
		return RC_LIMIT;
	}
	t->flood_bytes += (uint32_t)(used < TLS_FLOOD_BYTES ? used : TLS_FLOOD_BYTES);
	if (t->flood_bytes >= TLS_FLOOD_BYTES) {
		t->flood_bytes = 0;
		t->updates = 0;
	}
	return RC_OK;
}

static enum rc read_plain(struct tls *t, struct bytes *plain)
{
	uint8_t *buf = t->context->plain;
	size_t before = t->in.len, len = 0;
	enum rc rc = RC_OK;
	int result;

	ERR_clear_error();
	result = SSL_read_ex(t->ssl, buf, TLS_PLAIN_BYTES_MAX, &len);
	if (result == 1) {
		*plain = bytes_at(buf, len);
	} else {
		rc = tls_judge(t, result);
	}
	return rc == RC_OK || t->updates > TLS_UPDATES_MAX ? check_flood(t, before - t->in.len) :
							     rc;
}

enum rc tls_read(struct tls *t, struct bytes *in, struct bytes *plain)
{
	enum rc rc = RC_OK;

	assert(t->text == NULL);
	*plain = bytes_at(NULL, 0);
	t->in = *in;
	rc = t->is_open ? read_plain(t, plain) : shake_hands(t);
	*in = t->in;
	t->in = bytes_at(NULL, 0);
	return rc;
}

enum rc tls_write(struct tls *t, struct bytes plain)
{
	size_t len = 0;
	enum rc rc = RC_OK;
	int result;

	assert(t->is_open && t->text == NULL && plain.len > 0);
	ERR_clear_error();
	result = SSL_write_ex(t->ssl, plain.p, plain.len, &len);
	if (result != 1) {
		rc = tls_judge(t, result);
		if (rc != RC_NOMEM) {
			t->text = "encryption failed";
			rc = RC_UNKNOWN;
		}
	}
	return rc;
}

void tls_close(struct tls *t)
{
	if (t->is_open && t->text == NULL) {
		ERR_clear_error();
		SSL_shutdown(t->ssl);
		ERR_clear_error();
	}
}

bool tls_is_open(const struct tls *t)
{
	return t->is_open;
}

const uint8_t *tls_peer_key(const struct tls *t)
{
	return t->is_open ? t->peer_key : NULL;
}

const char *tls_text(const struct tls *t)
{
	return t->text == NULL ? "no failure" : t->text;
}
