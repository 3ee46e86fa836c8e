/*
 * Happy path: lock, listen or dial, then events until a signal; everything is
 * dropped, the writer finishes what it has, the loop runs empty, done.
 * Failure modes: the lock is taken, the address is; a broken store ends the
 * process, which is to be started again.
 */
#include "node/net/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/log.h"
#include "node/base/random.h"
#include "node/net/call.h"
#include "node/net/control.h"
#include "node/net/dial.h"
#include "node/net/listen.h"
#include "node/store/join.h"

enum {
	WAITERS_MAX = 64,
	ASK_TIMEOUT_MS = 60000,
	DIAL_TIMEOUT_MS = 60000,
	LOOK_MS = 5000,
	NOTE_MS = 60000
};

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
	bool stopping, broken;
};

static bool is_centre(const struct daemon *d)
{
	return d->options->store->info.is_centre;
}

/* --- answers to commands --------------------------------------------------- */

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
		       json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:i}", "rc", (int)r->rc,
				 "text", r->text, "sent", (json_int_t)r->sent, "received",
				 (json_int_t)r->received, "confirmed", (json_int_t)r->confirmed,
				 "bytes_out", (json_int_t)r->bytes_out, "bytes_in",
				 (json_int_t)r->bytes_in, "round_trips", (int)r->round_trips));
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
	if (is_centre(d)) {
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

/* --- the road: an office's standing link ----------------------------------- */

static void dial_road(struct daemon *d);

static void on_redial(uv_timer_t *timer)
{
	dial_road(timer->data);
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

static void dial_road(struct daemon *d)
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

/* --- the centre's links ---------------------------------------------------- */

static void on_office_done(void *ctx, struct link *l, uint64_t ask)
{
	struct daemon *d = ctx;
	uint32_t i;

	(void)l;
	for (i = d->waiters_count; i > 0; i--) {
		struct waiter *w = &d->waiters[i - 1];

		if (w->ask == ask && w->open > 0 && --w->open == 0) {
			answer_asked(d, i - 1, 0);
		}
	}
}

static void on_office_gone(void *ctx, struct link *l, enum rc rc, const char *text)
{
	struct daemon *d = ctx;

	if (!d->stopping && rc != RC_OK && rc != RC_CLOSED) {
		log_warn("office=%u: %s%s%s", link_peer(l), rc_text(rc),
			 text[0] == '\0' ? "" : ": ", text);
	}
}

/* --- start and end --------------------------------------------------------- */

static void stop(struct daemon *d)
{
	if (d->stopping) {
		return;
	}
	d->stopping = true;
	listen_close(d->listener);
	d->listener = NULL;
	if (d->road != NULL && !link_is_connected(d->road) && d->dial != NULL) {
		dial_drop(d->dial);
		link_failed(d->road, RC_CLOSED, "this node is stopping");
	}
	if (d->call != NULL) {
		call_drop(d->call, RC_CLOSED, "this node is stopping");
	}
	uv_close((uv_handle_t *)&d->signals[0], NULL);
	uv_close((uv_handle_t *)&d->signals[1], NULL);
	uv_close((uv_handle_t *)&d->redial, NULL);
	uv_close((uv_handle_t *)&d->look, NULL);
	hub_close(d->hub);
	control_close(d->control);
}

static void on_broken(void *ctx)
{
	struct daemon *d = ctx;

	log_warn("the database failed in the middle of a write: ending, start it again");
	d->broken = true;
	stop(d);
}

static void on_signal(uv_signal_t *signal, int number)
{
	(void)number;
	log_info("ending");
	stop(signal->data);
}

/* The centre: offices that stay connected are heard all the time. */
static void note_contacts(struct daemon *d)
{
	int64_t old = (int64_t)clock_now_ms() - NOTE_MS;
	struct link *l = NULL;

	for (l = hub_next(d->hub, NULL); l != NULL && is_centre(d); l = hub_next(d->hub, l)) {
		link_note(l, old);
	}
}

/* Commands poke after a commit; this finds what came without. And waiters
 * whose time is over are answered. */
static void on_look(uv_timer_t *timer)
{
	struct daemon *d = timer->data;
	struct kv_txn *t = NULL;
	uint64_t id = 0;
	uint32_t i;

	if (store_begin(d->options->store, false, &t) == RC_OK) {
		id = kv_txn_id(t);
	}
	store_end(d->options->store, t);
	if (id != d->txn_seen) {
		d->txn_seen = id;
		hub_moved(d->hub);
	}
	note_contacts(d);
	for (i = d->waiters_count; i > 0 && is_centre(d); i--) {
		if (uv_now(&d->loop) > d->waiters[i - 1].until_ms) {
			answer_asked(d, i - 1, 0);
		}
	}
}

static void watch(struct daemon *d)
{
	static const int numbers[2] = { SIGINT, SIGTERM };
	int i;

	for (i = 0; i < 2; i++) {
		(void)uv_signal_init(&d->loop, &d->signals[i]);
		d->signals[i].data = d;
		(void)uv_signal_start(&d->signals[i], on_signal, numbers[i]);
	}
	(void)uv_timer_init(&d->loop, &d->redial);
	d->redial.data = d;
	(void)uv_timer_init(&d->loop, &d->look);
	d->look.data = d;
	(void)uv_timer_start(&d->look, on_look, LOOK_MS, LOOK_MS);
}

/* One daemon a directory: a lock that the system lets go when we die. */
static enum rc take_lock(const char **why)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("daemon.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		*why = "the lock file cannot be written";
		return RC_IO;
	}
	if (fcntl(fd, F_SETLK, &lock) != 0) {
		(void)close(fd);
		*why = "a daemon of this directory runs already";
		return RC_BUSY;
	}
	return RC_OK; /* held until the process ends */
}

static enum rc start_listening(struct daemon *d, const char **why)
{
	struct listen_options o = listen_options_default();
	enum rc rc = RC_OK;

	if (d->options->config->listen == NULL) {
		*why = "kerwen.yaml has no `listen`";
		return RC_INVALID;
	}
	o.net = hub_net(d->hub);
	o.address = d->options->config->listen;
	o.handlers = &link_accept_handlers;
	o.owner = d->hub;
	rc = listen_open(&o, &d->listener, why);
	if (rc == RC_OK) {
		log_info("listening on port %u", listen_port(d->listener));
	}
	return rc;
}

static enum rc start(struct daemon *d, const char **why)
{
	struct hub_handlers handlers = {
		.accepted = { d, on_office_done, on_office_gone },
		.on_broken = on_broken,
		.ctx = d,
	};
	struct control_handlers control = { d, on_request, on_lost };
	enum rc rc = hub_open(&d->loop, d->options->store, d->options->key, &handlers, &d->hub);

	if (rc != RC_OK) {
		*why = "no memory, or this OpenSSL cannot do what is needed";
		return rc;
	}
	watch(d);
	rc = control_open(&d->loop, &control, &d->control);
	if (rc != RC_OK) {
		*why = "control.sock cannot be made";
	} else if (is_centre(d)) {
		rc = start_listening(d, why);
	} else if (d->options->config->sync_every > 0) {
		dial_road(d);
	}
	if (rc != RC_OK) {
		stop(d);
	}
	return rc;
}

enum rc daemon_run(const struct daemon_options *o, const char **why)
{
	struct daemon *d = calloc(1, sizeof(*d));
	enum rc rc = RC_NOMEM;

	*why = "";
	if (d == NULL) {
		return RC_NOMEM;
	}
	d->options = o;
	/* Inside DIR the names of lock and socket are short. */
	if (chdir(o->dir) != 0) {
		*why = "the directory cannot be entered";
		free(d);
		return RC_IO;
	}
	rc = take_lock(why);
	if (rc != RC_OK || uv_loop_init(&d->loop) != 0) {
		free(d);
		return rc == RC_OK ? RC_NOMEM : rc;
	}
	rc = start(d, why);
	(void)uv_run(&d->loop, UV_RUN_DEFAULT);
	hub_free(d->hub);
	(void)uv_loop_close(&d->loop);
	rc = rc == RC_OK && d->broken ? RC_UNKNOWN : rc;
	free(d);
	return rc;
}
