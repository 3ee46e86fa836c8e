/*
 * What to send a peer next: whole chunks of at most one frame, straight from
 * the store, entries as they were written.
 *
 * A lane is a feed of this node and the next entry to send. An office's lanes
 * go side by side, in the order of commits, so that the parts of a commit
 * travel together. The centre's go one after another, the nation's first;
 * before an entry of cuts go the entries of other offices that it covers.
 */
#ifndef KERWEN_SEND_H
#define KERWEN_SEND_H

#include "node/store/store.h"
#include "sync/message.h"

enum { SEND_OWN_MAX = 64, SEND_GIFTS_MAX = 2 * LIMIT_SCOPES_PER_SESSION_MAX };

struct send_lane {
	uint64_t feed;
	uint64_t next; /* seq */
	bool is_held;  /* the next one is damaged here, or what goes with it */
};

/* Signs the seal of this node's own feeds. */
struct send_signer {
	void *ctx; /* borrowed */
	void (*sign)(void *ctx, struct bytes text, uint8_t seal[SIG_LEN]);
};

/* Entries that the peer asked for, and how far they go: of its own that it lacks,
 * or a span of any feed (heal.h). */
struct send_gift {
	uint64_t feed, after, upto;
	bool is_span;
};

/* An office: what it has of a feed of the centre that the centre lost, and how far
 * the entries of others that this had cut went out. */
struct send_return {
	uint64_t feed, next, relayed, upto;
	uint64_t place; /* of the line, up to which the centre has everything */
};

enum { SEND_RETURNS_MAX = 16 };

struct send {
	uint16_t peer; /* office number; 0: the centre */
	struct send_lane lanes[LIMIT_SCOPES_PER_SESSION_MAX];
	uint32_t lanes_count;
	struct vv relayed; /* entries of others that the peer has; own memory */
	/* The centre: incarnations that the office itself writes to. What it has
	 * of them is not sent back; other feeds of its office are like others'. */
	uint32_t own[SEND_OWN_MAX];
	uint32_t own_count;
	uint32_t dropped[SEND_OWN_MAX]; /* an office: incarnations without lanes */
	uint32_t dropped_count;
	struct send_gift gifts[SEND_GIFTS_MAX];
	uint32_t gifts_count;
	bool owes_end; /* behind the gifts, a chunk without runs */
	bool waits;    /* damaged entries are asked for: what meets one is held until then */
	struct send_return returns[SEND_RETURNS_MAX];
	uint32_t returns_count;
	struct send_signer signer;
};

/* Zeroes. */
void send_init(struct send *s, uint16_t peer, struct send_signer signer);
void send_fini(struct send *s);

/* Adds a lane, or moves one. RC_LIMIT: too many scopes. */
enum rc send_set_lane(struct send *s, uint64_t feed, uint64_t next);

/* Takes the lanes of an incarnation of this node away, for good. */
void send_drop_lanes(struct send *s, uint32_t incarnation);

/* Notes an incarnation that the peer writes to. */
void send_note_own(struct send *s, uint32_t incarnation);

/* The peer asks for entries of its own: those are sent, and from then on the
 * incarnation is like another office's. RC_LIMIT: too many. */
enum rc send_give(struct send *s, const struct send_gift *gift);

/* An office: gives the centre its own entries back, and before and after them what
 * these cut. More than SEND_RETURNS_MAX are left for the next conversation. */
enum rc send_return(struct send *s, const struct send_return *r);

/* Notes that the peer holds a feed of another office up to d. */
enum rc send_note_held(struct send *s, struct dot d);

/* Notes whether damaged entries are asked for. */
void send_set_waits(struct send *s, bool waits);

/*
 * Makes the next chunk and moves the lanes behind it. The chunk lives in the
 * store's arena and borrows entries from t. runs_count 0: there is nothing; with
 * is_end it is to be sent all the same. Every entry is proved by its chain before
 * it goes out, and every seal: RC_CORRUPT: the next thing to be sent is damaged.
 */
enum rc send_next(struct send *s, struct store *store, struct kv_txn *t, struct chunk *out);

/* Whether the peer asked for something that is still to be sent. */
bool send_has_gifts(const struct send *s);

/* Whether all that is left would go into one chunk. */
bool send_is_small(const struct send *s, struct kv_txn *t);

/* Whether any lane has something left to send. */
bool send_has_more(const struct send *s, struct kv_txn *t);

#endif
