/*
 * What peers say to each other, in memory. The written form is
 * proto/frame.proto, made and read by proto/message_codec.
 */
#ifndef KERWEN_MESSAGE_H
#define KERWEN_MESSAGE_H

#include "sync/crypto.h"
#include "sync/limits.h"
#include "sync/vv.h"

enum { MESSAGE_PROTOCOL = 1, MESSAGE_HASH_LEN = 16, TOKEN_LEN = 32 };

/* Where the sender stands in one scope. */
struct scope_head {
	uint16_t scope;
	uint32_t centre_incarnation, office_incarnation;
	uint64_t centre_seq, office_seq;
	uint8_t centre_hash[MESSAGE_HASH_LEN], office_hash[MESSAGE_HASH_LEN];
	const struct dot *held; /* feeds held ahead of the applied point */
	uint32_t held_count;
	uint64_t confirm;     /* asked by the centre; 0: nothing */
	uint64_t base_seq;    /* an office: the base under way; 0: none */
	uint32_t base_pieces; /* that are here */
};

struct hello {
	uint32_t protocol;
	uint8_t system[SYSTEM_LEN];
	uint16_t office;
	uint32_t credit;
	bool has_token;
	uint8_t token[TOKEN_LEN];
	int64_t time_ms;
	const struct scope_head *scopes;
	uint32_t scopes_count;
};

/* Consecutive entries of one feed, sealed at their end. */
struct run {
	struct bytes genesis; /* empty unless first_seq is 1 */
	uint64_t feed, first_seq;
	const struct bytes *entries;
	uint32_t entries_count;
	uint8_t seal[SIG_LEN];
};

/* A piece of a base: see proto/README.md. */
struct base_piece {
	uint16_t scope;
	uint64_t seq;
	uint32_t number;
	struct bytes data;
};

struct chunk {
	const struct run *runs;
	uint32_t runs_count;
	bool is_end;   /* to be sent without runs: that was all that a Want asked for */
	bool has_base; /* then there are no runs */
	struct base_piece base;
};

/* Why a peer is sent away. */
enum refusal {
	REFUSAL_PROTOCOL = 1, /* another protocol version */
	REFUSAL_SYSTEM,       /* another system */
	REFUSAL_KEY,          /* the key is not the office's, or not known */
	REFUSAL_TOKEN,        /* the invitation was used or is not valid */
	REFUSAL_FORK,         /* the feeds do not fit: a restored or cloned node */
	REFUSAL_BUSY,         /* come back later */
	REFUSAL_INPUT,        /* what was sent is not valid */
	REFUSAL_CLOSED,       /* the office was retired or revoked */
	REFUSAL_INTERNAL,     /* the store failed */
	REFUSAL_FULL          /* the store has no room left */
};

enum message_type {
	MESSAGE_HELLO,
	MESSAGE_CHUNK,
	MESSAGE_ANSWER,
	MESSAGE_BYE,
	MESSAGE_REFUSE,
	MESSAGE_ASK,
	MESSAGE_WANT
};

/* Consecutive entries of a feed: some that are damaged at whoever asks. */
struct span {
	uint64_t feed, first, last;
};

struct message {
	enum message_type type;
	struct hello hello;
	struct chunk chunk;
	uint32_t credit;         /* MESSAGE_ANSWER */
	enum refusal refusal;    /* MESSAGE_REFUSE */
	struct bytes text;       /* MESSAGE_REFUSE */
	uint64_t ask;            /* MESSAGE_ASK */
	const struct dot *wants; /* MESSAGE_WANT: feeds of the office, each behind a seq */
	uint32_t wants_count;
	const struct span *spans; /* MESSAGE_WANT: damaged entries, of any feed */
	uint32_t spans_count;
};

#endif
