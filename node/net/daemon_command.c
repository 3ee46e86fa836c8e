/* Commands that other processes ask of the daemon (control.h). */
#include <string.h>

#include "node/net/daemon_priv.h"

enum { ASK_TIMEOUT_MS = 60000 };

static void answer(struct daemon *d, uint32_t i, json_t *document)
{
	struct control_client *client = d->waiters[i].client;

	d->waiters[i] = d->waiters[--d->waiters_count];
	control_answer(client, document);
}

static json_t *answer_of(enum rc rc, const char *text)
{
	return json_pack("{s:i, s:s}", "rc", (int)rc, "text", text);
}

static void on_call_end(void *ctx, const struct call_result *r)
{
	struct daemon *d = ctx;

	d->call = NULL;
	while (d->waiters_count > 0) {
		answer(d, d->waiters_count - 1,
		       json_pack("{s:i, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:i}", "rc",
				 (int)r->rc, "text", r->text, "was_open", (int)r->was_open,
				 "was_refused", (int)r->was_refused, "sent", (json_int_t)r->sent,
				 "received", (json_int_t)r->received, "confirmed",
				 (json_int_t)r->confirmed, "bytes_out", (json_int_t)r->bytes_out,
				 "bytes_in", (json_int_t)r->bytes_in, "round_trips",
				 (int)r->round_trips));
	}
}

static enum rc start_call(struct daemon *d, uint32_t timeout_ms)
{
	struct call_options o = {
		.hub = d->hub,
		.store = d->options->store,
		.addresses = d->options->addresses,
		.addresses_count = d->options->addresses_count,
		.timeout_ms = timeout_ms,
		.on_end = on_call_end,
		.ctx = d,
	};

	return d->call == NULL ? call_start(&o, &d->call) : RC_OK;
}

/* The centre: asks every connected office, and counts who has to answer. */
static uint32_t ask_offices(struct daemon *d, uint64_t ask)
{
	struct link *l = NULL;
	uint32_t count = 0;

	for (l = hub_next(d->hub, NULL); l != NULL; l = hub_next(d->hub, l)) {
		if (link_is_open(l)) {
			link_ask(l, ask);
			count++;
		}
	}
	return count;
}

static void answer_asked(struct daemon *d, uint32_t i, uint32_t asked)
{
	uint32_t open = d->waiters[i].open;

	answer(d, i,
	       json_pack("{s:i, s:s, s:i, s:i}", "rc", open == 0 ? RC_OK : RC_TIMEOUT, "text",
			 open == 0 ? "" : "some offices did not answer in time", "asked",
			 (int)asked, "silent", (int)open));
}

static void on_sync(struct daemon *d, struct control_client *client, const json_t *request)
{
	json_int_t timeout = json_integer_value(json_object_get(request, "timeout_ms"));
	struct waiter *w = &d->waiters[d->waiters_count];
	enum rc rc = RC_OK;

	if (d->waiters_count == WAITERS_MAX) {
		control_answer(client, answer_of(RC_BUSY, "too many commands wait already"));
		return;
	}
	if (timeout <= 0 || timeout > ASK_TIMEOUT_MS * 60) {
		timeout = ASK_TIMEOUT_MS;
	}
	memset(w, 0, sizeof(*w));
	w->client = client;
	w->until_ms = uv_now(&d->loop) + (uint64_t)timeout;
	d->waiters_count++;
	if (daemon_is_centre(d)) {
		w->ask = ++d->asks;
		w->open = ask_offices(d, w->ask);
		if (w->open == 0) {
			answer_asked(d, d->waiters_count - 1, 0);
		}
		return;
	}
	rc = start_call(d, (uint32_t)timeout);
	if (rc != RC_OK) {
		answer(d, d->waiters_count - 1, answer_of(rc, rc_text(rc)));
	}
}

static void on_status(struct daemon *d, struct control_client *client)
{
	json_t *document = json_pack("{s:i, s:i, s:[]}", "rc", RC_OK, "port",
				     d->listener == NULL ? 0 : listen_port(d->listener),
				     "connected");
	json_t *connected = json_object_get(document, "connected");
	struct link *l = NULL;

	for (l = hub_next(d->hub, NULL); l != NULL; l = hub_next(d->hub, l)) {
		if (link_is_open(l)) {
			(void)json_array_append_new(connected, json_integer(link_peer(l)));
		}
	}
	control_answer(client, document);
}

static void on_request(void *ctx, struct control_client *client, const json_t *request)
{
	struct daemon *d = ctx;
	const char *what = json_string_value(json_object_get(request, "do"));

	if (what != NULL && strcmp(what, "sync") == 0) {
		on_sync(d, client, request);
	} else if (what != NULL && strcmp(what, "status") == 0) {
		on_status(d, client);
	} else if (what != NULL && strcmp(what, "poke") == 0) {
		control_answer(client, answer_of(RC_OK, ""));
		hub_moved(d->hub);
	} else {
		control_answer(client, answer_of(RC_INVALID, "the daemon does not know this"));
	}
}

static void on_lost(void *ctx, struct control_client *client)
{
	struct daemon *d = ctx;
	uint32_t i;

	for (i = 0; i < d->waiters_count; i++) {
		if (d->waiters[i].client == client) {
			d->waiters[i] = d->waiters[--d->waiters_count];
			return;
		}
	}
}

void daemon_command_asked(struct daemon *d, uint64_t ask)
{
	uint32_t i;

	for (i = d->waiters_count; i > 0; i--) {
		struct waiter *w = &d->waiters[i - 1];

		if (w->ask == ask && w->open > 0 && --w->open == 0) {
			answer_asked(d, i - 1, 0);
		}
	}
}

void daemon_command_look(struct daemon *d)
{
	uint32_t i;

	for (i = d->waiters_count; i > 0 && daemon_is_centre(d); i--) {
		if (uv_now(&d->loop) > d->waiters[i - 1].until_ms) {
			answer_asked(d, i - 1, 0);
		}
	}
}

const struct control_handlers daemon_command_handlers = {
	.on_request = on_request,
	.on_lost = on_lost,
};
