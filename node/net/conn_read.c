#include <stdlib.h>
#include <string.h>

#include "node/net/conn_priv.h"

static bool is_receiving(const struct conn *c)
{
	return c->state == CONN_HANDSHAKE || (c->state == CONN_OPEN && !c->is_paused);
}

/* Puts away what came while paused. */
static void keep(struct conn *c, struct bytes *stash, struct bytes rest)
{
	uint8_t *p = NULL;

	if (c->state != CONN_OPEN || rest.len == 0) {
		return;
	}
	p = malloc(rest.len);
	if (p == NULL) {
		conn_drop(c, RC_NOMEM, rc_text(RC_NOMEM));
		return;
	}
	memcpy(p, rest.p, rest.len);
	*stash = bytes_at(p, rest.len);
}

/* Hands over the frames; what is left when somebody pauses is kept. */
static void take_plain(struct conn *c, struct bytes in)
{
	while (is_receiving(c) && in.len > 0) {
		struct bytes frame;
		enum rc rc = frame_reader_next(&c->reader, c->net->codec, &in, &frame);

		if (rc != RC_OK) {
			conn_finish(c, rc, "not a frame");
			return;
		}
		if (frame.len > 0) {
			c->handlers->on_frame(c, c->owner, frame);
		}
	}
	if (frame_reader_is_between(&c->reader)) {
		frame_reader_fini(&c->reader);
	}
	keep(c, &c->plain, in);
}

static enum rc decrypt(struct conn *c, struct bytes *in, struct bytes *plain)
{
	size_t before = in->len;
	enum rc rc = tls_read(c->tls, in, plain);

	if (c->was_open) {
		c->counters.bytes_in += before - in->len;
	}
	if (rc != RC_OK) {
		conn_fail_tls(c, rc);
		return rc;
	}
	conn_flush(c);
	if (c->state == CONN_HANDSHAKE && tls_is_open(c->tls)) {
		conn_become_open(c);
	}
	return RC_OK;
}

static void take_cipher(struct conn *c, struct bytes in)
{
	struct bytes plain = { .p = NULL, .len = 0 };

	while (is_receiving(c) && (in.len > 0 || plain.len > 0)) {
		if (decrypt(c, &in, &plain) == RC_OK && plain.len > 0) {
			take_plain(c, plain);
		}
	}
	keep(c, &c->cipher, in);
}

void conn_pump(struct conn *c)
{
	struct bytes plain = c->plain, cipher = c->cipher;

	c->is_pump_due = false;
	if (!is_receiving(c)) {
		return;
	}
	c->plain = bytes_at(NULL, 0);
	take_plain(c, plain);
	free((void *)plain.p);
	if (is_receiving(c)) {
		c->cipher = bytes_at(NULL, 0);
		take_cipher(c, cipher);
		free((void *)cipher.p);
	}
	if (is_receiving(c)) {
		conn_start_reading(c);
	}
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
	struct conn *c = handle->data;

	(void)hint;
	*buf = uv_buf_init((char *)c->net->read_buf, sizeof(c->net->read_buf));
}

/* The stream is over, in order or not; a peer that means it has said so
 * before, in TLS. */
static void on_end(struct conn *c)
{
	if (c->state == CONN_HANDSHAKE) {
		conn_drop(c, RC_CLOSED, "closed during the handshake");
	} else {
		conn_drop(c, RC_CLOSED, "connection lost");
	}
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct conn *c = stream->data;

	if (len < 0) {
		on_end(c);
	} else if (len > 0) {
		c->heard_ms = uv_now(c->net->loop);
		if (is_receiving(c)) {
			take_cipher(c, bytes_at(buf->base, (size_t)len));
		}
	}
}

/* Reading when it reads already is fine. */
void conn_start_reading(struct conn *c)
{
	int status = uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);

	if (status < 0 && status != UV_EALREADY) {
		conn_drop(c, RC_IO, rc_text(RC_IO));
	}
}

void conn_pause(struct conn *c)
{
	if (c->state == CONN_OPEN && !c->is_paused) {
		c->is_paused = true;
		uv_read_stop((uv_stream_t *)&c->tcp);
	}
}

void conn_resume(struct conn *c)
{
	if (c->state == CONN_OPEN && c->is_paused) {
		c->is_paused = false;
		c->is_pump_due = true;
		c->heard_ms = uv_now(c->net->loop);
		conn_set_timer(c);
	}
}
