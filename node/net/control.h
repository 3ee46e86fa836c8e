/*
 * DIR/control.sock: how commands speak to the daemon of their directory.
 *
 * One JSON object a line, at most CONTROL_LINE_MAX bytes, each answered by one
 * line. The directory belongs to one user alone (0700), so that whoever can
 * connect may ask. Requests: {"do":"sync"}, {"do":"poke"}, {"do":"status"}.
 */
#ifndef KERWEN_CONTROL_H
#define KERWEN_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#include "sync/rc.h"

enum { CONTROL_LINE_MAX = 65536 };

/* --- the daemon's side; on the loop thread -------------------------------- */

struct control;
struct control_client;

struct control_handlers {
	void *ctx; /* borrowed */
	/* Borrows request. Answer with control_answer, now or later. */
	void (*on_request)(void *ctx, struct control_client *c, const json_t *request);
	/* The client went away before it was answered. */
	void (*on_lost)(void *ctx, struct control_client *c);
};

/*
 * Listens in the current directory, which must be DIR: names of sockets are
 * short. A socket left behind by a dead daemon is replaced: the caller holds
 * the daemon's lock. Gives. RC_IO, RC_NOMEM.
 */
enum rc control_open(uv_loop_t *loop, const struct control_handlers *h, struct control **out);

/* Closes; the memory goes with the loop's next turn. NULL is fine. */
void control_close(struct control *c);

/* Answers (takes answer) and ends the client. */
void control_answer(struct control_client *c, json_t *answer);

/* --- a command's side ----------------------------------------------------- */

/* Whether a daemon holds the directory, however deaf it is. */
bool control_is_held(const char *dir);

/*
 * Asks the daemon of a directory and waits for its answer. Gives *answer.
 * RC_NOTFOUND: no daemon runs there; RC_BUSY: one runs, but nobody listens on
 * its socket for as long as a daemon takes to begin or end; RC_TIMEOUT;
 * RC_CLOSED: it ended before it answered; RC_IO. Never from the daemon itself.
 */
enum rc control_call(const char *dir, const char *request, uint32_t timeout_ms, json_t **answer);

#endif
