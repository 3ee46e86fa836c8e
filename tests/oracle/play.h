/*
 * Random histories: a centre and offices of some regions write to the same
 * records, open forms and save them late, and hear of each other over wires
 * that break. Everything is drawn from a seed; the stores are real, over the
 * simulated disk.
 *
 *   play_found -> { play_begin -> play_step ... -> play_settle } -> play_close
 *
 * The world is founded once; each history begins in a copy of it and has its
 * own members: the centre, and 2 to 8 of the offices.
 *
 * What happens never depends on the clocks: the same seed with other clocks
 * draws the same history.
 */
#ifndef KERWEN_PLAY_H
#define KERWEN_PLAY_H

#include "node/base/crypto.h"
#include "node/store/commit.h"
#include "tests/node/wire.h"

enum {
	PLAY_OFFICES = 8, /* 1 to 3 in the first region, 4 to 6, 7 and 8 */
	PLAY_NODES = PLAY_OFFICES + 1,
	PLAY_REGIONS = 3,
	PLAY_RECORDS_MAX = 3, /* few, so that they are touched often */
	PLAY_FORMS_MAX = 8,
	PLAY_FORM_DOTS_MAX = 96,
	PLAY_DRAFTS_MAX = 3,
	PLAY_OPS_MAX = 8,
	PLAY_STEPS_MIN = 10,
	PLAY_STEPS_MAX = 40
};

enum play_clocks {
	PLAY_CLOCKS_RIGHT, /* all the same, going on */
	PLAY_CLOCKS_WRONG  /* 1970, 2038, 2099, jumps of ten years */
};

enum play_reach { PLAY_OF_NATION, PLAY_OF_REGION, PLAY_OF_OFFICE };

struct play_node {
	struct wire_node wire;
	struct crypto_key key; /* what signs is the public one, here; boxes are sealed */
	int64_t skew_ms;
	struct play *play;
};

struct play_record {
	struct uuid id;
	uint16_t kind;
	enum play_reach reach; /* of its existence: who may touch it */
	uint16_t home;         /* the first: an office, 0: the nation's */
	uint32_t homes;        /* a bit for each office that took it over, and the first */
};

/* What somebody opened and has not saved yet. */
struct play_form {
	uint32_t node, record;
	struct dot dots[PLAY_FORM_DOTS_MAX];
	struct vv seen;
};

/* What is told of a history while it is played. */
struct play_listener {
	void *ctx;
	/* A commit of a node is durable; d: its drafts that wrote (of moves: none). */
	void (*on_commit)(void *ctx, struct play *p, uint32_t node, uint64_t commit,
			  const struct draft *d, uint32_t count);
	/* Somebody looks at all that a node has. */
	void (*on_look)(void *ctx, struct play *p, uint32_t node, bool is_settled);
	void (*on_text)(void *ctx, const char *text);
};

struct play {
	struct play_node nodes[PLAY_NODES]; /* 0: the centre */
	uint32_t members[PLAY_NODES];       /* of this history, the centre first */
	uint32_t members_count;
	struct play_record records[PLAY_RECORDS_MAX];
	uint32_t records_count;
	struct play_form forms[PLAY_FORMS_MAX];
	uint32_t forms_count;
	enum play_clocks clocks;
	uint64_t seed, chance, clock_chance;
	int64_t time_ms;
	uint32_t step, steps;
	uint64_t operations; /* of this history */
	/* Set after play_found. Links are ids, and what is carried is known by when
	 * it was said: what such a history stores depends on clocks. */
	bool has_links, has_moves;
	const struct play_listener *listener;
	char dir[64];
};

/* Founds the world, in memory. Borrows the listener. One at a time. */
void play_found(struct play *p, const struct play_listener *listener);
void play_close(struct play *p);

void play_begin(struct play *p, uint64_t seed, enum play_clocks clocks);
/* False: the history is over. */
bool play_step(struct play *p);
/* Everybody hears everything; then all are looked at. */
void play_settle(struct play *p);

#endif
