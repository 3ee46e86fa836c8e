/* What the files of the daemon share: daemon.c starts and ends it,
 * daemon_command.c answers commands, daemon_road.c keeps an office's link. */
#ifndef KERWEN_DAEMON_PRIV_H
#define KERWEN_DAEMON_PRIV_H

#include "node/net/call.h"
#include "node/net/control.h"
#include "node/net/daemon.h"
#include "node/net/listen.h"

enum { WAITERS_MAX = 64 };

/* A command that waits for the end of a sync. */
struct waiter {
	struct control_client *client;
	uint64_t ask;  /* the centre: the question's number; 0 at an office */
	uint32_t open; /* the centre: offices that have not answered */
	uint64_t until_ms;
};

struct daemon {
	const struct daemon_options *options;
	uv_loop_t loop;
	struct hub *hub;
	struct listener *listener;
	struct control *control;
	uv_signal_t signals[2];
	uv_timer_t redial, look;
	struct link *road; /* an office's standing link */
	struct dial *dial; /* while it is dialled */
	struct call *call; /* a manual sync under way */
	uint32_t attempt;
	struct waiter waiters[WAITERS_MAX];
	uint32_t waiters_count;
	uint64_t asks;
	uint64_t txn_seen;
	uint32_t strangers; /* whose end was not told yet, and when one last was */
	uint64_t strangers_told_ms;
	bool stopping, broken;
};

bool daemon_is_centre(const struct daemon *d);

/* Commands on control.sock. */
extern const struct control_handlers daemon_command_handlers;
/* An office answered the centre's ask. */
void daemon_command_asked(struct daemon *d, uint64_t ask);
/* Answers waiters whose time is over. */
void daemon_command_look(struct daemon *d);

/* An office's standing link: dials, and again when it falls. */
void daemon_road_dial(struct daemon *d);
void daemon_road_stop(struct daemon *d);

#endif
