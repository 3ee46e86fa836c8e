/*
 * The invitation file: a line of text that says what it is, then the message
 * of invitation.proto.
 *
 * The centre's seal is over "kerwen.invitation\0", the system's id and the
 * body. Writing: encode_body, then sign invitation_seal_text, then encode.
 */
#ifndef KERWEN_INVITATION_CODEC_H
#define KERWEN_INVITATION_CODEC_H

#include "sync/arena.h"
#include "sync/message.h"

#define INVITATION_HEAD "kerwen-invitation-1\n"

enum {
	INVITATION_BYTES_MAX = 67108864, /* of a file */
	INVITATION_ADDRESSES_MAX = 16
};

struct invitation {
	uint8_t system[SYSTEM_LEN];
	uint8_t centre_key[KEY_LEN];
	uint16_t number; /* of the office; not 0 */
	struct bytes name, system_name;
	const struct bytes *addresses; /* of the centre, HOST:PORT */
	uint32_t addresses_count;
	uint8_t token[TOKEN_LEN];
	/* The centre's national feed, from its first entry on. */
	uint64_t feed;
	struct bytes genesis;
	const struct bytes *entries;
	uint32_t entries_count;
	uint8_t entries_seal[SIG_LEN];
	bool has_recovery;
	uint8_t recovery_key[KEY_LEN]; /* it may appoint another centre_key */
	struct bytes appointments;     /* how it came to the present one */
};

/* Bytes of arena that decoding a file of len bytes takes at most. */
size_t invitation_arena_bytes(size_t len);

/* Appends the body. */
void invitation_encode_body(const struct invitation *i, struct bytes_writer *w);

/* Appends the text that the seal signs. */
void invitation_seal_text(const uint8_t system[SYSTEM_LEN], struct bytes body,
			  struct bytes_writer *w);

/* Appends the whole file. */
void invitation_encode(struct bytes body, const uint8_t seal[SIG_LEN], struct bytes_writer *w);

/*
 * Reads a file and verifies its seal against the key that it names: what
 * comes out is what one centre wrote, not yet that it is the right centre.
 * Lives in a; borrows nothing from b. The entries are not judged here.
 * RC_INVALID: not an invitation at all; RC_VERSION: of another format;
 * RC_CORRUPT: cut short or damaged; RC_BADSIG: altered; RC_LIMIT; RC_NOMEM.
 */
enum rc invitation_decode(struct bytes b, const struct crypto *crypto, struct arena *a,
			  struct invitation *out);

#endif
