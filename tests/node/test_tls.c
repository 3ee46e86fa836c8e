/* TLS in memory: two engines, or one and a bare OpenSSL that misbehaves. */
#include <criterion/criterion.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "node/net/tls.h"

enum { WIRE_MAX = 1 << 20 };

/* What is under way in one direction. */
struct wire {
	uint8_t *p;
	size_t len;
};

static struct tls_context *centre, *office;
static struct tls *server, *client;
static struct wire to_server, to_client;
static uint8_t centre_key[KEY_LEN], office_key[KEY_LEN];

static void make_key(uint8_t seed[TLS_SEED_LEN], uint8_t fill, uint8_t key[KEY_LEN])
{
	EVP_PKEY *pkey = NULL;
	size_t len = KEY_LEN;

	memset(seed, fill, TLS_SEED_LEN);
	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, TLS_SEED_LEN);
	cr_assert(EVP_PKEY_get_raw_public_key(pkey, key, &len) == 1);
	EVP_PKEY_free(pkey);
}

static void open_world(void)
{
	uint8_t seed[TLS_SEED_LEN];

	make_key(seed, 1, centre_key);
	cr_assert_eq(tls_context_new(seed, &centre), RC_OK);
	make_key(seed, 2, office_key);
	cr_assert_eq(tls_context_new(seed, &office), RC_OK);
	to_server.p = malloc(WIRE_MAX);
	to_client.p = malloc(WIRE_MAX);
	cr_assert_eq(tls_new(centre, NULL, &server), RC_OK);
	cr_assert_eq(tls_new(office, centre_key, &client), RC_OK);
}

static void close_world(void)
{
	tls_free(server);
	tls_free(client);
	tls_context_free(centre);
	tls_context_free(office);
	free(to_server.p);
	free(to_client.p);
}

TestSuite(tls, .init = open_world, .fini = close_world);

static void put(struct wire *w, const void *p, size_t len)
{
	cr_assert(len <= WIRE_MAX - w->len);
	if (len > 0) {
		memcpy(w->p + w->len, p, len);
	}
	w->len += len;
}

static void collect(struct tls *t, struct wire *to)
{
	size_t len;
	uint8_t *out = tls_take_output(t, &len);

	put(to, out, len);
	free(out);
}

/* Lets t read everything on the wire; what it decrypts is appended to got. */
static enum rc deliver(struct wire *from, struct tls *t, struct wire *to, struct wire *got)
{
	struct bytes in = bytes_at(from->p, from->len), plain;
	enum rc rc = RC_OK;

	do {
		rc = tls_read(t, &in, &plain);
		if (got != NULL) {
			put(got, plain.p, plain.len);
		}
	} while (rc == RC_OK && (in.len > 0 || plain.len > 0));
	collect(t, to);
	from->len = 0;
	return rc;
}

/* Runs both until nothing is under way. The first failure of each. */
static void converse(enum rc *at_server, enum rc *at_client)
{
	*at_server = *at_client = RC_OK;
	collect(client, &to_server);
	while ((to_server.len > 0 && *at_server == RC_OK) ||
	       (to_client.len > 0 && *at_client == RC_OK)) {
		if (*at_server == RC_OK) {
			*at_server = deliver(&to_server, server, &to_client, NULL);
		}
		if (*at_client == RC_OK) {
			*at_client = deliver(&to_client, client, &to_server, NULL);
		}
	}
}

static void open_both(void)
{
	enum rc at_server, at_client;

	converse(&at_server, &at_client);
	cr_assert(at_server == RC_OK && at_client == RC_OK);
	cr_assert(tls_is_open(server) && tls_is_open(client));
}

Test(tls, tells_each_side_the_key_of_the_other)
{
	cr_assert_null(tls_peer_key(server));
	open_both();
	cr_assert_arr_eq(tls_peer_key(server), office_key, KEY_LEN);
	cr_assert_arr_eq(tls_peer_key(client), centre_key, KEY_LEN);
}

/* OpenSSL calls it secure memory; each block of it is locked. */
Test(tls, keeps_its_keys_in_locked_memory)
{
	size_t used = 0;

	tls_free(client);
	client = NULL;
	used = CRYPTO_secure_used();
	tls_context_free(office);
	office = NULL;
	cr_assert_leq(CRYPTO_secure_used() + TLS_SEED_LEN, used);
}

Test(tls, carries_bytes_both_ways)
{
	static uint8_t bytes[100000];
	struct wire got = { .p = malloc(WIRE_MAX), .len = 0 };
	size_t i;

	for (i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(i * i >> 7);
	}
	open_both();
	cr_assert_eq(tls_write(client, bytes_at(bytes, sizeof(bytes))), RC_OK);
	collect(client, &to_server);
	cr_assert_eq(deliver(&to_server, server, &to_client, &got), RC_OK);
	cr_assert_eq(got.len, sizeof(bytes));
	cr_assert_arr_eq(got.p, bytes, sizeof(bytes));
	cr_assert_eq(to_client.len, 0);
	got.len = 0;
	cr_assert_eq(tls_write(server, bytes_of("x")), RC_OK);
	collect(server, &to_client);
	cr_assert_leq(to_client.len, 1 + 22);
	cr_assert_eq(deliver(&to_client, client, &to_server, &got), RC_OK);
	cr_assert(got.len == 1 && got.p[0] == 'x');
	free(got.p);
}

Test(tls, sends_no_tickets)
{
	collect(client, &to_server);
	cr_assert_eq(deliver(&to_server, server, &to_client, NULL), RC_OK);
	cr_assert_eq(deliver(&to_client, client, &to_server, NULL), RC_OK);
	cr_assert(tls_is_open(client) && !tls_is_open(server));
	cr_assert_eq(deliver(&to_server, server, &to_client, NULL), RC_OK);
	cr_assert(tls_is_open(server));
	cr_assert_eq(to_client.len, 0, "the server sends nothing after the client's last");
}

Test(tls, client_refuses_another_key_than_pinned)
{
	enum rc at_server, at_client;

	tls_free(client);
	cr_assert_eq(tls_new(office, office_key, &client), RC_OK);
	converse(&at_server, &at_client);
	cr_assert_eq(at_client, RC_DENIED);
	cr_assert_str_eq(tls_text(client), "wrong key");
	cr_assert_eq(at_server, RC_DENIED);
	cr_assert(!tls_is_open(server) && !tls_is_open(client));
	cr_assert_null(tls_peer_key(client));
}

/* Delivers in two pieces, the first of cut bytes; gives the wire's length. */
static size_t deliver_cut(struct wire *from, struct tls *t, struct wire *to, size_t cut)
{
	struct wire rest = { .p = malloc(WIRE_MAX), .len = 0 };
	size_t len = from->len;

	if (cut < len) {
		put(&rest, from->p + cut, len - cut);
		from->len = cut;
	}
	cr_assert_eq(deliver(from, t, to, NULL), RC_OK);
	if (rest.len > 0) {
		cr_assert(!tls_is_open(t), "open after %zu of %zu bytes", cut, len);
		cr_assert_eq(deliver(&rest, t, to, NULL), RC_OK);
	}
	free(rest.p);
	return len;
}

Test(tls, handshake_may_be_cut_at_every_byte)
{
	size_t cut, longest = 1;

	for (cut = 0; cut < longest; cut++) {
		size_t len;

		tls_free(server);
		tls_free(client);
		cr_assert_eq(tls_new(centre, NULL, &server), RC_OK);
		cr_assert_eq(tls_new(office, centre_key, &client), RC_OK);
		collect(client, &to_server);
		len = deliver_cut(&to_server, server, &to_client, cut);
		longest = len > longest ? len : longest;
		len = deliver_cut(&to_client, client, &to_server, cut);
		longest = len > longest ? len : longest;
		len = deliver_cut(&to_server, server, &to_client, cut);
		longest = len > longest ? len : longest;
		cr_assert(tls_is_open(server) && tls_is_open(client));
	}
	cr_assert_gt(longest, 500);
}

/* Whatever byte is altered on the way: nobody opens with a wrong key, and the
 * server opens only with a client that holds the key. */
Test(tls, altered_handshakes_do_not_open)
{
	size_t at, len = 1, opened = 0;

	for (at = 0; at < len; at++) {
		tls_free(server);
		tls_free(client);
		cr_assert_eq(tls_new(centre, NULL, &server), RC_OK);
		cr_assert_eq(tls_new(office, centre_key, &client), RC_OK);
		to_server.len = to_client.len = 0;
		collect(client, &to_server);
		cr_assert_eq(deliver(&to_server, server, &to_client, NULL), RC_OK);
		len = to_client.len;
		to_client.p[at] ^= 1;
		if (deliver(&to_client, client, &to_server, NULL) == RC_OK && tls_is_open(client)) {
			cr_assert_arr_eq(tls_peer_key(client), centre_key, KEY_LEN);
			opened++;
		}
	}
	cr_assert_gt(len, 500);
	cr_assert_lt(opened, 8, "%zu bytes do not matter", opened);
}

Test(tls, notices_an_altered_byte)
{
	open_both();
	cr_assert_eq(tls_write(client, bytes_of("pad")), RC_OK);
	collect(client, &to_server);
	to_server.p[7] ^= 1;
	cr_assert_eq(deliver(&to_server, server, &to_client, NULL), RC_CORRUPT);
	cr_assert_gt(to_client.len, 0, "an alert");
}

Test(tls, closes_in_order)
{
	open_both();
	tls_close(client);
	collect(client, &to_server);
	cr_assert_eq(deliver(&to_server, server, &to_client, NULL), RC_CLOSED);
	cr_assert_str_eq(tls_text(server), "closed by the peer");
}

Test(tls, refuses_what_is_not_tls)
{
	static const char *const rows[] = {
		"GET / HTTP/1.1\r\nHost: kerwen\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
		"\x16\x03\x01\xff\xff\x01 more than a record may hold",
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum rc rc;

		tls_free(server);
		cr_assert_eq(tls_new(centre, NULL, &server), RC_OK);
		put(&to_server, rows[i], strlen(rows[i]));
		rc = deliver(&to_server, server, &to_client, NULL);
		cr_expect(rc == RC_CORRUPT, "%s: %s", rows[i], rc_text(rc));
		cr_expect(strstr(tls_text(server), i == 0 ? "HTTP" : "TLS") != NULL);
	}
}

Test(tls, refuses_data_before_the_handshake)
{
	put(&to_server, "\x17\x03\x03\0\x03pad", 8);
	cr_assert_eq(deliver(&to_server, server, &to_client, NULL), RC_CORRUPT);
}

/* A client that is bare OpenSSL, with memory for its socket. */
struct bare {
	SSL_CTX *context;
	SSL *ssl;
	BIO *in, *out; /* the SSL owns them */
};

static void sign(X509 *x, EVP_PKEY *key, const EVP_MD *digest)
{
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	cr_assert_gt(X509_sign(x, key, digest), 0);
}

static void use_key(struct bare *b, EVP_PKEY *key, const EVP_MD *digest)
{
	X509 *x = X509_new();

	sign(x, key, digest);
	cr_assert_eq(SSL_CTX_use_certificate(b->context, x), 1);
	cr_assert_eq(SSL_CTX_use_PrivateKey(b->context, key), 1);
	X509_free(x);
	EVP_PKEY_free(key);
}

static struct bare bare_new(void)
{
	struct bare b = { .context = SSL_CTX_new(TLS_client_method()) };

	SSL_CTX_set_alpn_protos(b.context, (const unsigned char *)"\x08kerwen/1", 9);
	return b;
}

static void bare_start(struct bare *b)
{
	b->ssl = SSL_new(b->context);
	b->in = BIO_new(BIO_s_mem());
	b->out = BIO_new(BIO_s_mem());
	SSL_set_bio(b->ssl, b->in, b->out);
	SSL_set_connect_state(b->ssl);
}

static void bare_collect(struct bare *b)
{
	char *p = NULL;
	long len = BIO_get_mem_data(b->out, &p);

	put(&to_server, p, (size_t)len);
	(void)BIO_reset(b->out);
}

/* Runs the handshake of b with the server; the server's outcome. */
static enum rc bare_converse(struct bare *b)
{
	enum rc rc = RC_OK;
	int i;

	for (i = 0; i < 4 && rc == RC_OK; i++) {
		SSL_do_handshake(b->ssl);
		bare_collect(b);
		rc = deliver(&to_server, server, &to_client, NULL);
		BIO_write(b->in, to_client.p, (int)to_client.len);
		to_client.len = 0;
	}
	ERR_clear_error();
	return rc;
}

static void bare_free(struct bare *b)
{
	SSL_free(b->ssl);
	SSL_CTX_free(b->context);
}

Test(tls, refuses_tls_1_2)
{
	struct bare b = bare_new();

	SSL_CTX_set_max_proto_version(b.context, TLS1_2_VERSION);
	bare_start(&b);
	cr_assert_eq(bare_converse(&b), RC_VERSION);
	bare_free(&b);
}

Test(tls, refuses_a_client_without_a_key)
{
	struct bare b = bare_new();

	bare_start(&b);
	cr_assert_eq(bare_converse(&b), RC_DENIED);
	cr_assert_str_eq(tls_text(server), "the peer shows no key");
	cr_assert_eq(SSL_is_init_finished(b.ssl), 1, "the client believes it is connected");
	cr_assert_leq(SSL_read(b.ssl, &(char){ 0 }, 1), 0, "and is told at its first read");
	bare_free(&b);
}

Test(tls, refuses_other_kinds_of_key)
{
	struct bare b = bare_new();

	use_key(&b, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), EVP_sha256());
	bare_start(&b);
	cr_assert_eq(bare_converse(&b), RC_DENIED);
	cr_assert(!tls_is_open(server));
	bare_free(&b);
}

Test(tls, refuses_other_protocols)
{
	struct bare b = bare_new();

	use_key(&b, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
	SSL_CTX_set_alpn_protos(b.context, (const unsigned char *)"\x08kerwen/2", 9);
	bare_start(&b);
	cr_assert_eq(bare_converse(&b), RC_VERSION);
	bare_free(&b);
}

Test(tls, refuses_a_client_that_names_no_protocol)
{
	struct bare b = bare_new();

	use_key(&b, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
	SSL_CTX_set_alpn_protos(b.context, NULL, 0);
	bare_start(&b);
	cr_assert_eq(bare_converse(&b), RC_VERSION);
	cr_assert(!tls_is_open(server));
	bare_free(&b);
}

/* The server's outcome when a client updates its keys so many times. */
static enum rc update_keys(unsigned count, int kind)
{
	struct bare b = bare_new();
	enum rc rc = RC_OK;
	unsigned i;

	use_key(&b, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
	bare_start(&b);
	cr_assert_eq(bare_converse(&b), RC_OK);
	cr_assert(tls_is_open(server));
	for (i = 0; i < count && rc == RC_OK; i++) {
		cr_assert_eq(SSL_key_update(b.ssl, kind), 1);
		cr_assert_eq(SSL_do_handshake(b.ssl), 1);
		bare_collect(&b);
		if (i % 100 == 99 || i == count - 1) {
			rc = deliver(&to_server, server, &to_client, NULL);
		}
		BIO_write(b.in, to_client.p, (int)to_client.len);
		cr_assert_leq(to_client.len, 4096);
		to_client.len = 0;
		SSL_read(b.ssl, &(char){ 0 }, 1);
	}
	bare_free(&b);
	return rc;
}

Test(tls, bounds_key_updates)
{
	cr_assert_eq(update_keys(TLS_UPDATES_MAX, SSL_KEY_UPDATE_REQUESTED), RC_OK);
	tls_free(server);
	cr_assert_eq(tls_new(centre, NULL, &server), RC_OK);
	cr_assert_eq(update_keys(10000, SSL_KEY_UPDATE_NOT_REQUESTED), RC_LIMIT);
	cr_assert_str_eq(tls_text(server), "too many key updates");
	tls_free(server);
	cr_assert_eq(tls_new(centre, NULL, &server), RC_OK);
	cr_assert_eq(update_keys(10000, SSL_KEY_UPDATE_REQUESTED), RC_LIMIT);
}

Test(tls, allows_key_updates_of_long_connections)
{
	static uint8_t bytes[65536];
	struct bare b = bare_new();
	int i, k;

	use_key(&b, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
	bare_start(&b);
	cr_assert_eq(bare_converse(&b), RC_OK);
	for (i = 0; i < 4; i++) {
		for (k = 0; k < 20; k++) {
			cr_assert_eq(SSL_key_update(b.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
			cr_assert_eq(SSL_write(b.ssl, bytes, sizeof(bytes)), sizeof(bytes));
			bare_collect(&b);
			cr_assert_eq(deliver(&to_server, server, &to_client, NULL), RC_OK);
		}
	}
	bare_free(&b);
}
