#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "node/net/tls_priv.h"

enum {
	/* For our key and the one-time keys of handshakes under way: 32 bytes
	 * each, so some thousands of them. */
	SECURE_BYTES = 262144,
	SECURE_BLOCK_MIN = 32,
	PEER_CERTIFICATES_BYTES_MAX = 4096
};

static const unsigned char protocols[] = "\x08kerwen/1";

/* OpenSSL locks keys in memory only once it has such memory. It belongs to
 * the process; that the system does not allow to lock it is no failure. */
static bool ensure_secure_memory(void)
{
	return CRYPTO_secure_malloc_initialized() ||
	       CRYPTO_secure_malloc_init(SECURE_BYTES, SECURE_BLOCK_MIN) != 0;
}

static bool read_key(X509_STORE_CTX *store, uint8_t key[KEY_LEN])
{
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	EVP_PKEY *pkey = certificate == NULL ? NULL : X509_get0_pubkey(certificate);
	size_t len = KEY_LEN;

	return pkey != NULL && EVP_PKEY_get_id(pkey) == EVP_PKEY_ED25519 &&
	       EVP_PKEY_get_raw_public_key(pkey, key, &len) == 1 && len == KEY_LEN;
}

/* Stands in for all judging of certificates: the key is all that counts. */
static int on_certificate(X509_STORE_CTX *store, void *unused)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = SSL_get_app_data(ssl);

	(void)unused;
	if (!read_key(store, t->peer_key)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
		return 0;
	}
	t->is_wrong_key = t->has_pin && memcmp(t->pin, t->peer_key, KEY_LEN) != 0;
	if (t->is_wrong_key) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
		return 0;
	}
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			const unsigned char *in, unsigned in_len, void *unused)
{
	unsigned char *chosen = NULL;

	(void)ssl;
	(void)unused;
	if (SSL_select_next_proto(&chosen, out_len, protocols, sizeof(protocols) - 1, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED) {
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* What OpenSSL wants to read is what tls_read was given. */
static int on_bio_read(BIO *bio, char *buf, int max)
{
	struct tls *t = BIO_get_data(bio);
	size_t len = t->in.len < (size_t)max ? t->in.len : (size_t)max;

	BIO_clear_retry_flags(bio);
	if (len == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(buf, t->in.p, len);
	t->in.p += len;
	t->in.len -= len;
	return (int)len;
}

static bool reserve_output(struct tls *t, size_t len)
{
	size_t max = t->out_max * 2;
	uint8_t *out = NULL;

	if (len <= t->out_max - t->out_len) {
		return true;
	}
	if (max < t->out_len + len) {
		max = t->out_len + len;
	}
	out = realloc(t->out, max);
	if (out != NULL) {
		t->out = out;
		t->out_max = max;
	}
	return out != NULL;
}

static int on_bio_write(BIO *bio, const char *buf, int len)
{
	struct tls *t = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (!reserve_output(t, (size_t)len)) {
		t->is_out_of_memory = true;
		return -1;
	}
	memcpy(t->out + t->out_len, buf, (size_t)len);
	t->out_len += (size_t)len;
	return len;
}

static long on_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *make_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "kerwen");

	if (m != NULL) {
		BIO_meth_set_read(m, on_bio_read);
		BIO_meth_set_write(m, on_bio_write);
		BIO_meth_set_ctrl(m, on_bio_ctrl);
	}
	return m;
}

/* A certificate that says nothing but the key. Its dates are the widest. */
static X509 *make_certificate(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = x == NULL ? NULL : X509_get_subject_name(x);

	if (x != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"kerwen",
				       -1, -1, 0) == 1 &&
	    X509_set_issuer_name(x, name) == 1 &&
	    ASN1_TIME_set_string(X509_getm_notBefore(x), "20000101000000Z") == 1 &&
	    ASN1_TIME_set_string(X509_getm_notAfter(x), "99991231235959Z") == 1 &&
	    X509_set_pubkey(x, key) == 1 && X509_sign(x, key, NULL) > 0) {
		return x;
	}
	X509_free(x);
	return NULL;
}

static bool set_key(SSL_CTX *ssl, const uint8_t seed[TLS_SEED_LEN])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, TLS_SEED_LEN);
	X509 *certificate = key == NULL ? NULL : make_certificate(key);
	bool is_set = certificate != NULL && SSL_CTX_use_certificate(ssl, certificate) == 1 &&
		      SSL_CTX_use_PrivateKey(ssl, key) == 1;

	X509_free(certificate);
	EVP_PKEY_free(key);
	return is_set;
}

static bool set_rules(SSL_CTX *ssl)
{
	SSL_CTX_set_options(ssl,
			    SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_cert_list(ssl, PEER_CERTIFICATES_BYTES_MAX);
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ssl, on_certificate, NULL);
	SSL_CTX_set_alpn_select_cb(ssl, on_protocols, NULL);
	return SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_num_tickets(ssl, 0) == 1 && SSL_CTX_set_max_early_data(ssl, 0) == 1 &&
	       SSL_CTX_set_ciphersuites(ssl, "TLS_AES_128_GCM_SHA256:"
					     "TLS_CHACHA20_POLY1305_SHA256:"
					     "TLS_AES_256_GCM_SHA384") == 1 &&
	       SSL_CTX_set1_groups_list(ssl, "X25519") == 1 &&
	       SSL_CTX_set1_sigalgs_list(ssl, "ed25519") == 1 &&
	       SSL_CTX_set_alpn_protos(ssl, protocols, sizeof(protocols) - 1) == 0;
}

enum rc tls_context_new(const uint8_t seed[TLS_SEED_LEN], struct tls_context **out)
{
	struct tls_context *c = calloc(1, sizeof(*c));
	enum rc rc = RC_INVALID;

	if (c == NULL) {
		return RC_NOMEM;
	}
	if (!ensure_secure_memory()) {
		goto out;
	}
	c->ssl = SSL_CTX_new(TLS_method());
	c->bio = make_bio_method();
	if (c->ssl != NULL && c->bio != NULL && set_rules(c->ssl) && set_key(c->ssl, seed)) {
		*out = c;
		return RC_OK;
	}
out:
	ERR_clear_error();
	tls_context_free(c);
	return rc;
}

void tls_context_free(struct tls_context *c)
{
	if (c != NULL) {
		SSL_CTX_free(c->ssl);
		BIO_meth_free(c->bio);
		OPENSSL_cleanse(c->plain, sizeof(c->plain));
		free(c);
	}
}
