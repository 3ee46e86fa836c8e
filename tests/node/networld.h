/*
 * A centre that listens and an office that dials, on one loop, with hooks
 * where a test wants to do something. What happens is counted.
 */
#ifndef KERWEN_NETWORLD_H
#define KERWEN_NETWORLD_H

#include "node/net/dial.h"
#include "node/net/listen.h"
#include "node/net/net.h"

/* One end; the owner of its connections. conn is the last that opened. */
struct networld_side {
	struct networld *world;
	struct conn *conn; /* NULL once it is closed */
	unsigned opened, frames, writable, closed, failed;
	size_t frame_bytes;
	enum rc rc;       /* of the last end or failure */
	const char *text; /* its text */
	uint8_t peer_key[KEY_LEN];
	void (*on_open)(struct networld_side *s);
	void (*on_frame)(struct networld_side *s, struct bytes frame);
	void (*on_writable)(struct networld_side *s);
	void (*on_closed)(struct networld_side *s);
};

struct networld {
	uv_loop_t loop;
	uv_timer_t tick; /* so that waiting ends */
	struct net *centre, *office;
	struct listener *listener;
	struct dial *dial;
	struct networld_side server, client;
	struct listen_options listen;
	struct conn_limits limits;                /* of the client */
	uint8_t key[KEY_LEN], other_key[KEY_LEN]; /* the centre's, and a wrong one */
	char address[32];
	bool is_distrustful; /* the centre knows nobody */
	void *any;           /* the test's */
};

/* Limits are the defaults; change them before the next calls. */
void networld_open(struct networld *w);

void networld_listen(struct networld *w);

/* Starts to dial the listener. */
void networld_dial(struct networld *w);

/* Both, until both ends are open. */
void networld_connect(struct networld *w);

/* Runs until is_done says so; false when that takes longer than ms. */
bool networld_run(struct networld *w, bool (*is_done)(const struct networld *w), unsigned ms);

/* Runs for so long. */
void networld_wait(struct networld *w, unsigned ms);

/* A bare, blocking TCP connection to the listener. */
int networld_bare(const struct networld *w);

bool networld_is_open(const struct networld *w);
bool networld_is_closed(const struct networld *w); /* both ends were open and are not */

/* Ends all that is left; fails the test if something stays. */
void networld_close(struct networld *w);

#endif
