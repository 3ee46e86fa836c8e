#include "node/net/control.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/net/control_name.h"

struct control {
	uv_pipe_t pipe;
	struct control_handlers handlers;
};

struct control_client {
	struct control *control;
	uv_pipe_t pipe;
	char *line;
	size_t len, max;
	bool is_waiting; /* asked, and not yet answered */
	uv_write_t write;
	char *answer;
};

static void on_client_closed(uv_handle_t *handle)
{
	struct control_client *c = handle->data;

	free(c->line);
	free(c->answer);
	free(c);
}

static void close_client(struct control_client *c)
{
	if (c->is_waiting) {
		c->is_waiting = false;
		c->control->handlers.on_lost(c->control->handlers.ctx, c);
	}
	if (!uv_is_closing((uv_handle_t *)&c->pipe)) {
		uv_close((uv_handle_t *)&c->pipe, on_client_closed);
	}
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	struct control_client *c = handle->data;

	(void)wanted;
	if (c->line == NULL) {
		c->line = malloc(CONTROL_LINE_MAX);
		c->max = c->line == NULL ? 0 : CONTROL_LINE_MAX;
	}
	buf->base = c->line == NULL ? NULL : c->line + c->len;
	buf->len = c->max - c->len;
}

static void take_line(struct control_client *c, size_t len)
{
	json_t *request = json_loadb(c->line, len, 0, NULL);

	(void)uv_read_stop((uv_stream_t *)&c->pipe);
	if (!json_is_object(request)) {
		json_decref(request);
		close_client(c);
		return;
	}
	c->is_waiting = true;
	c->control->handlers.on_request(c->control->handlers.ctx, c, request);
	json_decref(request);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct control_client *c = stream->data;
	const char *end = NULL;

	(void)buf;
	if (n < 0) {
		close_client(c);
		return;
	}
	c->len += (size_t)n;
	end = memchr(c->line, '\n', c->len);
	if (end != NULL) {
		take_line(c, (size_t)(end - c->line));
	} else if (c->len == c->max) {
		close_client(c);
	}
}

static void on_connection(uv_stream_t *server, int status)
{
	struct control *control = server->data;
	struct control_client *c = status < 0 ? NULL : calloc(1, sizeof(*c));

	if (c == NULL) {
		return;
	}
	c->control = control;
	c->pipe.data = c;
	if (uv_pipe_init(server->loop, &c->pipe, 0) != 0) {
		free(c);
		return;
	}
	if (uv_accept(server, (uv_stream_t *)&c->pipe) != 0 ||
	    uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) != 0) {
		close_client(c);
	}
}

static void on_control_closed(uv_handle_t *handle)
{
	free(handle->data);
}

enum rc control_open(uv_loop_t *loop, const struct control_handlers *h, struct control **out)
{
	struct control *c = calloc(1, sizeof(*c));

	*out = NULL;
	if (c == NULL) {
		return RC_NOMEM;
	}
	c->handlers = *h;
	c->pipe.data = c;
	if (uv_pipe_init(loop, &c->pipe, 0) != 0) {
		free(c);
		return RC_NOMEM;
	}
	(void)unlink(CONTROL_NAME);
	if (uv_pipe_bind(&c->pipe, CONTROL_NAME) != 0 ||
	    uv_listen((uv_stream_t *)&c->pipe, 16, on_connection) != 0) {
		uv_close((uv_handle_t *)&c->pipe, on_control_closed);
		return RC_IO;
	}
	*out = c;
	return RC_OK;
}

void control_close(struct control *c)
{
	if (c != NULL) {
		(void)unlink(CONTROL_NAME);
		uv_close((uv_handle_t *)&c->pipe, on_control_closed);
	}
}

static void on_written(uv_write_t *write, int status)
{
	struct control_client *c = write->data;

	(void)status;
	close_client(c);
}

void control_answer(struct control_client *c, json_t *answer)
{
	char *text = answer == NULL ? NULL : json_dumps(answer, JSON_COMPACT);
	size_t len = text == NULL ? 0 : strlen(text);
	uv_buf_t buf;

	json_decref(answer);
	c->is_waiting = false;
	c->answer = text;
	c->write.data = c;
	if (text == NULL) {
		close_client(c);
		return;
	}
	text[len] = '\n'; /* in place of the NUL: it goes out as bytes */
	buf = uv_buf_init(text, (unsigned)len + 1);
	if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &buf, 1, on_written) != 0) {
		close_client(c);
	}
}
