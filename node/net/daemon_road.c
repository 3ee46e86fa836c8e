/* The road: the standing link of an office that syncs by itself. */
#include "node/base/log.h"
#include "node/base/random.h"
#include "node/net/daemon_priv.h"
#include "node/net/dial.h"
#include "node/store/join.h"

enum { DIAL_TIMEOUT_MS = 60000 };

static void on_redial(uv_timer_t *timer)
{
	daemon_road_dial(timer->data);
}

/* Standing links are for offices that sync by themselves. */
static void plan_redial(struct daemon *d)
{
	uint32_t wait_ms = dial_backoff_ms(++d->attempt, random_u32());

	if (d->stopping || d->options->config->sync_every == 0) {
		return;
	}
	if (wait_ms > d->options->config->sync_every * 1000) {
		wait_ms = d->options->config->sync_every * 1000;
	}
	(void)uv_timer_start(&d->redial, on_redial, wait_ms, 0);
}

static void on_road_done(void *ctx, struct link *l, uint64_t ask)
{
	struct daemon *d = ctx;

	(void)l;
	(void)ask;
	d->attempt = 0;
}

static void on_road_gone(void *ctx, struct link *l, enum rc rc, const char *text)
{
	struct daemon *d = ctx;

	(void)l;
	d->road = NULL;
	d->dial = NULL;
	if (!d->stopping) {
		log_warn("centre: %s%s%s", rc_text(rc), text[0] == '\0' ? "" : ": ", text);
		plan_redial(d);
	}
}

static void on_dial_failed(void *owner, enum rc rc, const char *text)
{
	link_failed(owner, rc, text);
}

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

void daemon_road_dial(struct daemon *d)
{
	struct link_handlers handlers = { d, on_road_done, on_road_gone };
	uint8_t token[TOKEN_LEN];
	struct dial_options o = {
		.net = hub_net(d->hub),
		.addresses = d->options->addresses,
		.count = d->options->addresses_count,
		.pin = d->options->store->info.centre_key,
		.timeout_ms = DIAL_TIMEOUT_MS,
		.limits = conn_limits_default(),
		.handlers = &link_dial_handlers,
		.on_failed = on_dial_failed,
	};

	if (d->stopping || o.count == 0) {
		return;
	}
	d->road = link_new(d->hub, true, find_token(d->options->store, token), &handlers);
	if (d->road == NULL) {
		plan_redial(d);
		return;
	}
	o.owner = d->road;
	if (dial_start(&o, &d->dial) != RC_OK) {
		link_failed(d->road, RC_INVALID, "no usable address of the centre is known");
	}
}

void daemon_road_stop(struct daemon *d)
{
	if (d->road != NULL && !link_is_connected(d->road) && d->dial != NULL) {
		dial_drop(d->dial);
		link_failed(d->road, RC_CLOSED, "this node is stopping");
	}
}
