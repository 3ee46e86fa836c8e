/*
 * TLS 1.3 (RFC 8446) as an engine that knows no sockets: ciphertext in,
 * plaintext and ciphertext out.
 *
 * Both sides show a self-signed certificate whose key is their node's Ed25519
 * key. Nothing in a certificate but the key is judged: no names, no dates, no
 * issuer; that the peer holds the key is what the handshake proves. A client
 * knows which key to expect (the pin); a server learns the key and its caller
 * decides. Every connection is a full handshake: no tickets, no sessions, no
 * early data; ALPN is "kerwen/1".
 *
 * A client is open before the server has judged the client's certificate:
 * being open, or a write that succeeded, proves nothing. Only what the peer
 * sends back does.
 *
 * Order of calls: tls_new; then whenever bytes came tls_read until they are
 * used, and after every call tls_take_output, also after a failure (an alert
 * may wait there). After a failure only tls_take_output and tls_free.
 *
 * A context and what was made with it are used on one thread.
 */
#ifndef KERWEN_TLS_H
#define KERWEN_TLS_H

#include "sync/bytes.h"
#include "sync/crypto.h"

enum {
	TLS_SEED_LEN = 32,
	TLS_PLAIN_BYTES_MAX = 16384, /* of one record */

	/* Messages of the handshake's kind in an open connection, such as key
	 * updates: so many per TLS_FLOOD_BYTES received, then it ends. */
	TLS_UPDATES_MAX = 32,
	TLS_FLOOD_BYTES = 1048576
};

struct tls_context;
struct tls;

/*
 * seed: the node's Ed25519 key as in RFC 8032; OpenSSL keeps its copy in
 * memory that is not swapped out, where the system allows it. Gives;
 * tls_context_free frees, also NULL, after everything made with it.
 * RC_NOMEM; RC_INVALID: this OpenSSL cannot do what is needed.
 */
enum rc tls_context_new(const uint8_t seed[TLS_SEED_LEN], struct tls_context **out);
void tls_context_free(struct tls_context *c);

/*
 * A client when pin is not NULL: the key that the server must have. Gives;
 * tls_free frees, also NULL. RC_NOMEM.
 */
enum rc tls_new(struct tls_context *c, const uint8_t *pin, struct tls **out);
void tls_free(struct tls *t);

/* Gives the ciphertext to send (free it), or NULL when there is none. */
uint8_t *tls_take_output(struct tls *t, size_t *len);

/*
 * Reads on in *in, which moves forward over what is used. Returns when there
 * is plaintext, when the connection becomes open, or when *in is used up;
 * goes on from there when called again. *plain borrows from the context until
 * the next tls_read with it.
 *
 * RC_CLOSED: the peer closed in order; RC_DENIED: a key that is wrong or
 * missing, on either side; RC_VERSION: no TLS 1.3, or no "kerwen/1";
 * RC_LIMIT: a flood of key updates; RC_CORRUPT: not TLS, or altered; RC_NOMEM.
 */
enum rc tls_read(struct tls *t, struct bytes *in, struct bytes *plain);

/* Encrypts; only while open. RC_NOMEM, RC_UNKNOWN. */
enum rc tls_write(struct tls *t, struct bytes plain);

/* Tells the peer that nothing more comes. Does nothing unless open. */
void tls_close(struct tls *t);

bool tls_is_open(const struct tls *t);

/* The peer's Ed25519 key, KEY_LEN bytes; NULL before tls_is_open. Borrows. */
const uint8_t *tls_peer_key(const struct tls *t);

/* What failed, for people, without a final stop. A constant; never NULL. */
const char *tls_text(const struct tls *t);

#endif
