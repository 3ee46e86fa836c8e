#include <stdlib.h>
#include <string.h>

#include "node/net/conn_priv.h"

/* What TLS adds to a frame, at most: the records' headers and tags. */
enum { OVERHEAD_BYTES = 256 };

/* What the system did not take at once. */
struct pending {
	uv_write_t req;
	struct conn *c;
	uint8_t *p; /* owned */
	size_t len; /* of the queue */
};

/* Nothing more can be sent. Why may still lie in what the peer sent before,
 * so reading goes on for a moment. */
static void note_broken(struct conn *c)
{
	if (c->is_write_broken || c->state == CONN_CLOSING) {
		return;
	}
	c->is_write_broken = true;
	if (c->is_paused || c->state == CONN_ENDING) {
		conn_drop(c, RC_CLOSED, "connection lost");
	} else if (c->state == CONN_OPEN) {
		c->started_ms = uv_now(c->net->loop);
		conn_set_timer(c);
	}
}

static void note_progress(struct conn *c)
{
	c->sent_ms = uv_now(c->net->loop);
	c->unsent = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
}

static void on_written(uv_write_t *req, int status)
{
	struct pending *p = req->data;
	struct conn *c = p->c;

	c->queued -= p->len;
	free(p->p);
	free(p);
	if (c->state == CONN_CLOSING) {
		return;
	}
	if (status < 0) {
		note_broken(c);
		return;
	}
	note_progress(c);
	if (c->state == CONN_OPEN && c->is_blocked && c->queued <= c->limits.queue_bytes_low) {
		c->is_blocked = false;
		c->handlers->on_writable(c, c->owner);
	}
}

/* Takes out; the first done bytes of it are sent. */
static void queue_rest(struct conn *c, uint8_t *out, size_t len, size_t done)
{
	struct pending *p = calloc(1, sizeof(*p));
	uv_buf_t buf = uv_buf_init((char *)out + done, (unsigned)(len - done));

	if (p == NULL) {
		free(out);
		conn_drop(c, RC_NOMEM, rc_text(RC_NOMEM));
		return;
	}
	p->c = c;
	p->p = out;
	p->len = len - done;
	p->req.data = p;
	if (uv_write(&p->req, (uv_stream_t *)&c->tcp, &buf, 1, on_written) < 0) {
		free(out);
		free(p);
		note_broken(c);
		return;
	}
	if (c->queued == 0) {
		note_progress(c);
	}
	c->queued += p->len;
	c->is_blocked = c->is_blocked || c->queued > c->limits.queue_bytes_low;
}

void conn_flush(struct conn *c)
{
	size_t len = 0;
	uint8_t *out = tls_take_output(c->tls, &len);
	uv_buf_t buf = uv_buf_init((char *)out, (unsigned)len);
	int done = 0;

	if (out == NULL || c->is_write_broken) {
		free(out);
		return;
	}
	if (c->was_open) {
		c->counters.bytes_out += len;
	}
	done = uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);
	if (done > 0) {
		c->sent_ms = uv_now(c->net->loop);
	}
	if (done == UV_EAGAIN) {
		done = 0;
	}
	if (done < 0 || (size_t)done == len || c->state == CONN_CLOSING) {
		free(out);
		if (done < 0) {
			note_broken(c);
		}
		return;
	}
	queue_rest(c, out, len, (size_t)done);
}

static enum rc encrypt(struct conn *c, struct bytes wire)
{
	enum rc rc = tls_write(c->tls, wire);

	if (rc != RC_OK) {
		conn_drop(c, rc, tls_text(c->tls));
		return rc;
	}
	conn_flush(c);
	return RC_OK;
}

enum rc conn_send(struct conn *c, struct bytes frame)
{
	struct bytes wire;
	enum rc rc = RC_OK;

	if (c->state != CONN_OPEN || c->is_write_broken) {
		return RC_CLOSED;
	}
	if (c->queued > 0 && c->queued + frame.len + OVERHEAD_BYTES > c->limits.queue_bytes_max) {
		c->is_blocked = true;
		return RC_LIMIT;
	}
	rc = frame_encode(c->net->codec, frame, &wire);
	return rc == RC_OK ? encrypt(c, wire) : rc;
}

void conn_send_heartbeat(struct conn *c)
{
	encrypt(c, frame_heartbeat());
}
