#include "node/net/dial.h"

#include <assert.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/config.h"
#include "node/net/conn_priv.h"

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_MAX_MS = 300000 };

struct dial {
	uv_timer_t timer;
	uv_getaddrinfo_t resolve;
	struct dial_options o; /* addresses: owned, see copy_addresses */
	uint8_t pin[KEY_LEN];
	size_t next;            /* address to look up */
	struct addrinfo *found; /* owned; meanings of the last one */
	struct addrinfo *at;    /* the one to try next */
	struct conn *conn;      /* borrowed; under way */
	bool is_resolving, is_over, is_timer_closed;
	bool is_start_due;
	enum rc rc; /* what to report so far */
	const char *text;
};

static void try_next(struct dial *d);

/* Everything that may still call back must be gone. */
static void free_when_idle(struct dial *d)
{
	if (d->is_over && d->is_timer_closed && !d->is_resolving && d->conn == NULL) {
		uv_freeaddrinfo(d->found);
		free((void *)d->o.addresses);
		free(d);
	}
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct dial *d = handle->data;

	d->is_timer_closed = true;
	free_when_idle(d);
}

/* Nothing is started any more; what is under way ends as it can. */
static void finish(struct dial *d)
{
	d->is_over = true;
	if (d->is_resolving) {
		uv_cancel((uv_req_t *)&d->resolve);
	}
	if (d->conn != NULL) {
		conn_drop(d->conn, RC_CLOSED, "given up");
	}
	uv_close((uv_handle_t *)&d->timer, on_timer_closed);
}

static void fail(struct dial *d)
{
	d->o.on_failed(d->o.owner, d->rc, d->text);
	finish(d);
}

/* Somebody who answered wrongly says more than one who did not answer. */
static void note_failure(struct dial *d, enum rc rc, const char *text)
{
	if (d->rc == RC_UNREACHED || rc != RC_UNREACHED) {
		d->rc = rc;
		d->text = text;
	}
}

static void on_open(void *ctx, struct conn *c)
{
	struct dial *d = ctx;

	memset(&c->keeper, 0, sizeof(c->keeper));
	d->conn = NULL;
	finish(d);
}

static void on_gone(void *ctx, struct conn *c, bool was_open, enum rc rc, const char *text)
{
	struct dial *d = ctx;

	(void)c;
	(void)was_open;
	d->conn = NULL;
	if (d->is_over) {
		free_when_idle(d);
		return;
	}
	note_failure(d, rc, text);
	try_next(d);
}

static void connect_to(struct dial *d, const struct sockaddr *address)
{
	struct conn_options o = { .net = d->o.net, .pin = d->pin, .limits = d->o.limits };

	o.handlers = d->o.handlers;
	o.owner = d->o.owner;
	o.keeper.on_open = on_open;
	o.keeper.on_gone = on_gone;
	o.keeper.ctx = d;
	if (conn_new(&o, &d->conn) != RC_OK) {
		d->conn = NULL;
		d->rc = RC_NOMEM;
		d->text = rc_text(RC_NOMEM);
		fail(d);
		return;
	}
	conn_connect(d->conn, address);
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *list)
{
	struct dial *d = req->data;

	d->is_resolving = false;
	d->found = d->at = list;
	if (d->is_over) {
		free_when_idle(d);
		return;
	}
	if (status < 0) {
		note_failure(d, RC_UNREACHED, uv_strerror(status));
	}
	try_next(d);
}

static int resolve(struct dial *d, const char *address)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	char host[CONFIG_HOST_MAX + 1], service[8];
	uint16_t port = 0;

	/* dial_start has looked at all of them. */
	if (config_split_address(address, host, &port) != RC_OK) {
		return UV_EINVAL;
	}
	snprintf(service, sizeof(service), "%u", port);
	d->resolve.data = d;
	return uv_getaddrinfo(d->o.net->loop, &d->resolve, on_resolved, host, service, &hints);
}

/* The next meaning, else the next address, else it has failed. */
static void try_next(struct dial *d)
{
	if (d->at != NULL) {
		const struct sockaddr *address = d->at->ai_addr;

		d->at = d->at->ai_next;
		connect_to(d, address);
		return;
	}
	uv_freeaddrinfo(d->found);
	d->found = NULL;
	while (d->next < d->o.count) {
		int status = resolve(d, d->o.addresses[d->next]);

		d->next++;
		if (status >= 0) {
			d->is_resolving = true;
			return;
		}
		note_failure(d, RC_UNREACHED, uv_strerror(status));
	}
	fail(d);
}

static void on_timer(uv_timer_t *timer)
{
	struct dial *d = timer->data;

	if (d->is_start_due) {
		d->is_start_due = false;
		uv_timer_start(&d->timer, on_timer, d->o.timeout_ms, 0);
		try_next(d);
		return;
	}
	if (d->rc == RC_UNREACHED) {
		d->rc = RC_TIMEOUT;
		d->text = rc_text(RC_TIMEOUT);
	}
	fail(d);
}

/* One block: the pointers, then the texts. */
static const char *const *copy_addresses(const char *const *from, size_t count)
{
	size_t i, len = count * sizeof(char *);
	const char **copy = NULL;
	char *at = NULL;

	for (i = 0; i < count; i++) {
		len += strlen(from[i]) + 1;
	}
	copy = malloc(len);
	if (copy == NULL) {
		return NULL;
	}
	at = (char *)(copy + count);
	for (i = 0; i < count; i++) {
		size_t text_len = strlen(from[i]) + 1;

		memcpy(at, from[i], text_len);
		copy[i] = at;
		at += text_len;
	}
	return copy;
}

enum rc dial_start(const struct dial_options *o, struct dial **out)
{
	struct dial *d = NULL;
	size_t i;

	for (i = 0; i < o->count; i++) {
		char host[CONFIG_HOST_MAX + 1];
		uint16_t port = 0;

		if (config_split_address(o->addresses[i], host, &port) != RC_OK) {
			return RC_INVALID;
		}
	}
	assert(o->count > 0);
	d = calloc(1, sizeof(*d));
	if (d == NULL) {
		return RC_NOMEM;
	}
	d->o = *o;
	d->o.addresses = copy_addresses(o->addresses, o->count);
	if (d->o.addresses == NULL) {
		free(d);
		return RC_NOMEM;
	}
	memcpy(d->pin, o->pin, KEY_LEN);
	d->rc = RC_UNREACHED;
	d->text = rc_text(RC_UNREACHED);
	uv_timer_init(o->net->loop, &d->timer);
	d->timer.data = d;
	/* From the loop, so that no callback comes before the caller has d. */
	d->is_start_due = true;
	uv_timer_start(&d->timer, on_timer, 0, 0);
	*out = d;
	return RC_OK;
}

void dial_drop(struct dial *d)
{
	assert(!d->is_over);
	finish(d);
}

uint32_t dial_backoff_ms(uint32_t attempt, uint32_t random)
{
	uint32_t ms = BACKOFF_FIRST_MS, i;

	for (i = 1; i < attempt && ms < BACKOFF_MAX_MS; i++) {
		ms *= 2;
	}
	if (ms > BACKOFF_MAX_MS) {
		ms = BACKOFF_MAX_MS;
	}
	return ms - (uint32_t)((uint64_t)random * (ms / 2) >> 32);
}
