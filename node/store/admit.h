/*
 * Admitting offices, at the centre: the office's record, its invitation, and
 * the binding of its key at first contact.
 *
 * An invitation carries a token; its hash is kept here (meta "token:" and the
 * number) until a node used it. Later contacts are known by their key.
 */
#ifndef KERWEN_ADMIT_H
#define KERWEN_ADMIT_H

#include "node/base/path.h"
#include "node/store/commit.h"
#include "node/store/send.h"

/* Whom to admit. Everything is borrowed. */
struct admit_request {
	struct bytes name, region; /* one line each, NFC; region: its code */
	uint16_t number;
	const struct bytes *addresses; /* HOST:PORT of the centre, for this office */
	uint32_t addresses_count;
	struct bytes author;
};

/*
 * Records a new office with its scopes and gives a token for its invitation.
 * RC_EXISTS: the name or number is taken; RC_INVALID: a bad name, region or
 * number; RC_DENIED: this is not the centre; RC_LIMIT: no scope numbers are
 * left; else as commit_end. why tells the user.
 */
enum rc admit_office(struct store *s, const struct admit_request *r, uint8_t token[TOKEN_LEN],
		     struct path_problem *why);

/* A new token for an office that was admitted before; an older one is void.
 * RC_NOTFOUND, RC_DENIED; else as commit_end. */
enum rc admit_again(struct store *s, uint16_t number, struct bytes author, uint8_t token[TOKEN_LEN],
		    struct path_problem *why);

/*
 * For an office whose key is lost or must not be used any more, though its
 * work goes on: the key is void at once, what it wrote stands up to the last
 * cut (closing.h), and the token is for a new node of the office, which begins
 * a new incarnation. Codes as admit_again; RC_EXISTS: the office is closed.
 */
enum rc admit_rekey(struct store *s, uint16_t number, struct bytes author, struct bytes reason,
		    uint8_t token[TOKEN_LEN], struct path_problem *why);

/* No invitation of the office opens a door any more, as part of a commit. */
enum rc admit_void_token(struct commit *c, uint16_t number);

/*
 * Makes the invitation file of an office. addresses: none stands for the
 * system's. Gives *out (free it). RC_NOTFOUND: no such office; RC_LIMIT: the
 * national feed is too long for a file; RC_NOMEM.
 */
enum rc admit_invitation(struct store *s, const struct admit_request *r,
			 const uint8_t token[TOKEN_LEN], struct send_signer signer, uint8_t **out,
			 size_t *len);

/* RC_OK: the token opens the office's door. RC_NOTFOUND: no invitation of it
 * is open; RC_DENIED: another token. */
enum rc admit_check_token(struct kv_txn *t, const struct crypto *crypto, uint16_t number,
			  const uint8_t token[TOKEN_LEN]);

/* Writes the office's key into its record and makes its token void, as part
 * of a commit. RC_NOTFOUND: no such office; else as commit_add. */
enum rc admit_bind_key(struct commit *c, uint16_t number, const uint8_t key[KEY_LEN]);

/*
 * A first contact, as one commit: judges the token and binds the key. A key
 * that is the office's already is fine without a token that still opens.
 * RC_NOTFOUND, RC_DENIED: as admit_check_token; else as commit_end.
 */
enum rc admit_first_contact(struct store *s, uint16_t number, const uint8_t token[TOKEN_LEN],
			    const uint8_t key[KEY_LEN]);

#endif
