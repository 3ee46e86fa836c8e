/*
 * Happy path: dial, talk until the goals are reached, bye; on_end.
 * Failure modes: nobody answers, refused, the line falls, time is over: all
 * come to on_end with a reason; what was confirmed before stays confirmed.
 */
#include "node/net/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/net/dial.h"
#include "node/store/join.h"
#include "node/store/places.h"

struct call {
	struct call_options options;
	struct dial *dial; /* while dialling */
	struct link *link;
	uv_timer_t timer;
	struct call_result result;
	uint64_t confirmed_before, head_changes;
	bool is_done;
};

/* Record changes in this node's shared feeds: written, and confirmed. */
static void count_own(const struct call *c, uint64_t *written, uint64_t *confirmed)
{
	struct store *s = c->options.store;
	struct kv_txn *t = NULL;

	*written = *confirmed = 0;
	if (store_begin(s, false, &t) != RC_OK) {
		return;
	}
	if (places_count_own(s, t, written, confirmed) != RC_OK) {
		*written = *confirmed = 0;
	}
	store_end(s, t);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct call *c = handle->data;
	uint64_t written = 0, confirmed = 0;

	count_own(c, &written, &confirmed);
	c->result.confirmed = confirmed - c->confirmed_before;
	c->options.on_end(c->options.ctx, &c->result);
	free(c);
}

static void end_call(struct call *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->timer)) {
		uv_close((uv_handle_t *)&c->timer, on_timer_closed);
	}
}

static void set_result(struct call *c, enum rc rc, const char *text)
{
	if (c->result.rc == RC_OK) {
		c->result.rc = rc;
		(void)snprintf(c->result.text, sizeof(c->result.text), "%s", text);
	}
}

static void on_done(void *ctx, struct link *l, uint64_t ask)
{
	struct call *c = ctx;

	(void)l;
	c->is_done = c->is_done || ask == 0;
}

static void on_gone(void *ctx, struct link *l, enum rc rc, const char *text)
{
	struct call *c = ctx;
	struct link_counts counts = link_counts(l);

	c->link = NULL;
	c->dial = NULL;
	c->result.sent = counts.changes_sent;
	c->result.received = counts.changes_received;
	c->result.bytes_in = counts.bytes_in;
	c->result.bytes_out = counts.bytes_out;
	c->result.round_trips = counts.round_trips;
	c->result.was_open = counts.bytes_in > 0;
	c->result.was_refused = link_was_refused(l);
	if (!c->is_done) {
		set_result(c, rc == RC_OK ? RC_CLOSED : rc,
			   rc == RC_OK ? "the centre ended the sync early" : text);
	}
	end_call(c);
}

static void on_failed(void *owner, enum rc rc, const char *text)
{
	link_failed(owner, rc, text);
}

static void on_timeout(uv_timer_t *timer)
{
	struct call *c = timer->data;

	call_drop(c, RC_TIMEOUT,
		  c->link != NULL && link_lacks_own(c->link) ?
			  "the centre confirms more of this office's changes than were written "
			  "here, and does not send them: it may have been restored" :
			  "the sync took longer than allowed");
}

/* The token of an invitation that was not used yet; NULL when it was. */
static const uint8_t *find_token(struct store *s, uint8_t token[TOKEN_LEN])
{
	struct kv_txn *t = NULL;
	enum rc rc = store_begin(s, false, &t);

	if (rc == RC_OK) {
		rc = join_get_token(t, token);
	}
	store_end(s, t);
	return rc == RC_OK ? token : NULL;
}

static enum rc dial_centre(struct call *c)
{
	struct dial_options d = {
		.net = hub_net(c->options.hub),
		.addresses = c->options.addresses,
		.count = c->options.addresses_count,
		.pin = c->options.store->info.centre_key,
		.timeout_ms = c->options.timeout_ms,
		.limits = conn_limits_default(),
		.handlers = &link_dial_handlers,
		.owner = c->link,
		.on_failed = on_failed,
	};

	return dial_start(&d, &c->dial);
}

enum rc call_start(const struct call_options *o, struct call **out)
{
	struct call *c = calloc(1, sizeof(*c));
	struct link_handlers handlers = { c, on_done, on_gone };
	uint8_t token[TOKEN_LEN];
	enum rc rc = RC_OK;

	*out = NULL;
	if (c == NULL) {
		return RC_NOMEM;
	}
	c->options = *o;
	c->link = link_new(o->hub, false, find_token(o->store, token), &handlers);
	if (c->link == NULL) {
		free(c);
		return RC_NOMEM;
	}
	count_own(c, &c->head_changes, &c->confirmed_before);
	c->timer.data = c;
	(void)uv_timer_init(hub_net(o->hub)->loop, &c->timer);
	(void)uv_timer_start(&c->timer, on_timeout, o->timeout_ms, 0);
	rc = o->addresses_count == 0 ? RC_INVALID : dial_centre(c);
	if (rc != RC_OK) {
		/* Reported the same way as everything that fails later. */
		link_failed(c->link, rc, "no usable address of the centre is known");
	}
	*out = c;
	return RC_OK;
}

void call_drop(struct call *c, enum rc rc, const char *text)
{
	set_result(c, rc, text);
	if (c->link != NULL && link_is_connected(c->link)) {
		link_drop(c->link, rc, text);
	} else if (c->dial != NULL) {
		dial_drop(c->dial);
		c->dial = NULL;
		link_failed(c->link, rc, text);
	}
}

void call_progress(const struct call *c, uint64_t *done, uint64_t *total)
{
	uint64_t written = 0, confirmed = 0;

	count_own(c, &written, &confirmed);
	*done = confirmed - c->confirmed_before;
	*total = c->head_changes - c->confirmed_before;
}
