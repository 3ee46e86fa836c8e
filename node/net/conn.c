#include "node/net/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/net/conn_priv.h"

struct conn_limits conn_limits_default(void)
{
	struct conn_limits l = {
		.connect_ms = 10000,
		.handshake_ms = 20000,
		.silence_ms = 90000,
		.linger_ms = 2000,
		.queue_bytes_max = 262144,
		.queue_bytes_low = 65536,
	};
	return l;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When something must have happened, or a heartbeat is due. */
static uint64_t find_deadline(const struct conn *c)
{
	const struct conn_limits *l = &c->limits;
	uint64_t heard = c->is_paused ? UINT64_MAX : c->heard_ms + l->silence_ms;

	switch (c->state) {
	case CONN_CONNECT:
		return c->started_ms + l->connect_ms;
	case CONN_HANDSHAKE:
		return c->started_ms + l->handshake_ms;
	case CONN_OPEN:
		if (c->is_write_broken) {
			return c->started_ms + l->linger_ms;
		}
		return earlier(heard,
			       c->sent_ms + (c->queued > 0 ? l->silence_ms : l->silence_ms / 3));
	case CONN_ENDING:
		return c->is_flushed ? c->started_ms + l->linger_ms : c->sent_ms + l->silence_ms;
	case CONN_NEW:
	case CONN_CLOSING:
		break;
	}
	return UINT64_MAX;
}

/* The queue counts whole writes; a slow road takes a write piece by piece. */
static bool has_progress(struct conn *c, uint64_t now)
{
	size_t unsent = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);

	if (unsent >= c->unsent) {
		return false;
	}
	c->unsent = unsent;
	c->sent_ms = now;
	return true;
}

static void check_open(struct conn *c, uint64_t now)
{
	if (c->is_write_broken) {
		conn_drop(c, RC_CLOSED, "connection lost");
	} else if (!c->is_paused && now >= c->heard_ms + c->limits.silence_ms) {
		conn_drop(c, RC_TIMEOUT, "the peer is silent");
	} else if (c->queued == 0) {
		conn_send_heartbeat(c);
	} else if (!has_progress(c, now)) {
		conn_drop(c, RC_TIMEOUT, "the peer does not read");
	}
}

static void check_time(struct conn *c, uint64_t now)
{
	switch (c->state) {
	case CONN_CONNECT:
		conn_drop(c, RC_UNREACHED, "no answer");
		break;
	case CONN_HANDSHAKE:
		conn_drop(c, RC_TIMEOUT, "the handshake took too long");
		break;
	case CONN_OPEN:
		check_open(c, now);
		break;
	case CONN_ENDING:
		if (c->is_flushed || !has_progress(c, now)) {
			conn_drop(c, c->rc, c->text);
		}
		break;
	case CONN_NEW:
	case CONN_CLOSING:
		break;
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct conn *c = timer->data;
	uint64_t now = uv_now(c->net->loop);

	if (c->is_pump_due) {
		conn_pump(c);
	}
	if (now >= find_deadline(c)) {
		check_time(c, now);
	}
	conn_set_timer(c);
}

/* Later deadlines need no new timer: it fires early and is set again. */
void conn_set_timer(struct conn *c)
{
	uint64_t now = uv_now(c->net->loop);
	uint64_t at = c->is_pump_due ? now : find_deadline(c);

	if (c->state != CONN_CLOSING) {
		uv_timer_start(&c->timer, on_timer, at > now ? at - now : 0, 0);
	}
}

enum rc conn_new(const struct conn_options *o, struct conn **out)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		return RC_NOMEM;
	}
	c->net = o->net;
	c->limits = o->limits;
	c->handlers = o->handlers;
	c->owner = o->owner;
	c->keeper = o->keeper;
	c->is_client = o->pin != NULL;
	if (c->is_client) {
		memcpy(c->pin, o->pin, KEY_LEN);
	}
	/* Neither can fail: no socket is made yet. */
	uv_tcp_init(c->net->loop, &c->tcp);
	uv_timer_init(c->net->loop, &c->timer);
	c->tcp.data = c;
	c->timer.data = c;
	c->handles = 2;
	c->net->conns++;
	*out = c;
	return RC_OK;
}

static void start_handshake(struct conn *c)
{
	enum rc rc = tls_new(c->net->tls, c->is_client ? c->pin : NULL, &c->tls);

	if (rc != RC_OK) {
		conn_drop(c, rc, rc_text(rc));
		return;
	}
	c->state = CONN_HANDSHAKE;
	c->started_ms = c->sent_ms = uv_now(c->net->loop);
	uv_tcp_nodelay(&c->tcp, 1);
	conn_flush(c);
	conn_start_reading(c);
	conn_set_timer(c);
}

static void on_connect(uv_connect_t *req, int status)
{
	struct conn *c = req->data;

	if (c->state == CONN_CLOSING) {
		return;
	}
	if (status < 0) {
		conn_drop(c, RC_UNREACHED, uv_strerror(status));
	} else {
		start_handshake(c);
	}
}

void conn_connect(struct conn *c, const struct sockaddr *address)
{
	int status;

	c->state = CONN_CONNECT;
	c->started_ms = uv_now(c->net->loop);
	c->req.connect.data = c;
	status = uv_tcp_connect(&c->req.connect, &c->tcp, address, on_connect);
	if (status < 0) {
		conn_drop(c, RC_UNREACHED, uv_strerror(status));
	} else {
		conn_set_timer(c);
	}
}

void conn_accept(struct conn *c, uv_os_sock_t fd)
{
	if (uv_tcp_open(&c->tcp, fd) < 0) {
		close(fd);
		conn_drop(c, RC_IO, rc_text(RC_IO));
	} else {
		start_handshake(c);
	}
}

void conn_become_open(struct conn *c)
{
	c->state = CONN_OPEN;
	c->was_open = true;
	c->heard_ms = c->sent_ms = uv_now(c->net->loop);
	conn_set_timer(c);
	if (c->keeper.on_open != NULL) {
		c->keeper.on_open(c->keeper.ctx, c);
	}
	c->handlers->on_open(c, c->owner, tls_peer_key(c->tls));
}

static void free_conn(struct conn *c)
{
	c->net->conns--;
	frame_reader_fini(&c->reader);
	free((void *)c->cipher.p);
	free((void *)c->plain.p);
	tls_free(c->tls);
	free(c);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct conn *c = handle->data;

	c->handles--;
	if (c->handles > 0) {
		return;
	}
	if (c->was_open) {
		c->handlers->on_closed(c, c->owner, c->rc, c->text);
	}
	if (c->keeper.on_gone != NULL) {
		c->keeper.on_gone(c->keeper.ctx, c, c->was_open, c->rc, c->text);
	}
	free_conn(c);
}

void conn_drop(struct conn *c, enum rc rc, const char *text)
{
	bool can_tell = c->state == CONN_OPEN && c->queued == 0 && !c->is_write_broken;

	if (c->state == CONN_CLOSING) {
		return;
	}
	if (c->state != CONN_ENDING) {
		c->rc = rc;
		c->text = text;
	}
	c->state = CONN_CLOSING;
	if (can_tell) {
		tls_close(c->tls);
		conn_flush(c);
	}
	uv_close((uv_handle_t *)&c->tcp, on_handle_closed);
	uv_close((uv_handle_t *)&c->timer, on_handle_closed);
}

static void on_flushed(uv_shutdown_t *req, int status)
{
	struct conn *c = req->data;

	if (c->state == CONN_CLOSING) {
		return;
	}
	if (status < 0) {
		conn_drop(c, c->rc, c->text);
		return;
	}
	c->is_flushed = true;
	c->started_ms = uv_now(c->net->loop);
	conn_set_timer(c);
}

/* Closing a socket that holds unread bytes makes the system throw away what
 * the peer has not read yet; so the peer closes first, if it is quick. */
static void start_ending(struct conn *c, enum rc rc, const char *text)
{
	c->rc = rc;
	c->text = text;
	c->state = CONN_ENDING;
	tls_close(c->tls);
	conn_flush(c);
	c->req.end.data = c;
	if (c->state == CONN_ENDING &&
	    uv_shutdown(&c->req.end, (uv_stream_t *)&c->tcp, on_flushed) < 0) {
		conn_drop(c, rc, text);
	}
	if (c->state == CONN_ENDING) {
		c->sent_ms = uv_now(c->net->loop);
		conn_start_reading(c);
		conn_set_timer(c);
	}
}

void conn_finish(struct conn *c, enum rc rc, const char *text)
{
	if (c->state == CONN_OPEN && !c->is_write_broken) {
		start_ending(c, rc, text);
	} else if (c->state != CONN_ENDING) {
		conn_drop(c, rc, text);
	}
}

/* A peer that broke the rules is told, if TLS has something to tell. */
void conn_fail_tls(struct conn *c, enum rc rc)
{
	if (rc == RC_CLOSED || c->is_write_broken) {
		conn_drop(c, rc, tls_text(c->tls));
	} else {
		start_ending(c, rc, tls_text(c->tls));
	}
}

void conn_set_owner(struct conn *c, void *owner)
{
	c->owner = owner;
}

void conn_vouch(struct conn *c)
{
	if (!c->is_known) {
		c->is_known = true;
		if (c->keeper.on_known != NULL) {
			c->keeper.on_known(c->keeper.ctx, c);
		}
	}
}

struct conn_counters conn_counters(const struct conn *c)
{
	return c->counters;
}

size_t conn_queued(const struct conn *c)
{
	return c->queued;
}
