/*
 * Happy path: lock, listen or dial, then events until a signal; everything is
 * dropped, the writer finishes what it has, the loop runs empty, done.
 * Failure modes: the lock is taken, the address is; a broken store ends the
 * process, which is to be started again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/log.h"
#include "node/net/control_name.h"
#include "node/net/daemon_priv.h"

enum {
	LOOK_MS = 4000, /* a closed office is cut off within 5 s, even if nobody poked */
	NOTE_MS = 60000,
	DESCRIPTORS_LEAST = 64 /* where the system does not say */
};

bool daemon_is_centre(const struct daemon *d)
{
	return d->options->store->info.is_centre;
}

static void on_office_done(void *ctx, struct link *l, uint64_t ask)
{
	(void)l;
	daemon_command_asked(ctx, ask);
}

/* Strangers may come in thousands: of those, one line a minute. */
static void note_end(struct daemon *d, const struct link *l, enum rc rc, const char *text)
{
	uint64_t now = uv_now(&d->loop);
	const char *colon = text[0] == '\0' ? "" : ": ";

	if (link_knows_peer(l)) {
		log_warn("office=%u: %s%s%s", link_peer(l), rc_text(rc), colon, text);
		return;
	}
	d->strangers++;
	if (d->strangers_told_ms == 0 || now - d->strangers_told_ms >= NOTE_MS) {
		log_warn("unknown peers=%u, the last (office=%u, it says): %s%s%s", d->strangers,
			 link_peer(l), rc_text(rc), colon, text);
		d->strangers = 0;
		d->strangers_told_ms = now == 0 ? 1 : now;
	}
}

static void on_office_gone(void *ctx, struct link *l, enum rc rc, const char *text)
{
	struct daemon *d = ctx;

	if (!d->stopping && link_asked(l) != 0) {
		daemon_command_asked(d, link_asked(l)); /* it is not waited for */
	}
	if (!d->stopping && rc != RC_OK && rc != RC_CLOSED) {
		note_end(d, l, rc, text);
	}
}

static void stop(struct daemon *d)
{
	if (d->stopping) {
		return;
	}
	d->stopping = true;
	listen_close(d->listener);
	d->listener = NULL;
	daemon_road_stop(d);
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

/* The centre: offices that stay connected are heard all the time, and
 * strangers do not stay. */
static void look_at_links(struct daemon *d)
{
	int64_t old = (int64_t)clock_now_ms() - NOTE_MS;
	struct link *l = NULL;

	for (l = hub_next(d->hub, NULL); l != NULL && daemon_is_centre(d);
	     l = hub_next(d->hub, l)) {
		link_note(l, old);
		link_look(l);
	}
}

/* Commands poke after a commit; this finds what came without. And waiters
 * whose time is over are answered. */
static void on_look(uv_timer_t *timer)
{
	struct daemon *d = timer->data;
	struct kv_txn *t = NULL;
	uint64_t id = 0;

	if (store_begin(d->options->store, false, &t) == RC_OK) {
		id = kv_txn_id(t);
	}
	store_end(d->options->store, t);
	if (id != d->txn_seen) {
		d->txn_seen = id;
		hub_moved(d->hub);
	}
	look_at_links(d);
	daemon_command_look(d);
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
static enum rc take_lock(const char *dir, struct path_problem *why)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct path_problem denied;
	char path[PATH_BYTES_MAX];
	int fd = -1;

	if (path_join(path, dir, CONTROL_LOCK_NAME) != RC_OK) {
		return path_fail(why, RC_LIMIT, NULL, "its path is too long");
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0) {
		enum rc rc = path_fail_errno(why, "write", path);

		if (rc == RC_DENIED && path_check_writable(dir, &denied) == RC_DENIED) {
			*why = denied;
		}
		return rc;
	}
	if (fcntl(fd, F_SETLK, &lock) != 0) {
		(void)close(fd);
		return path_fail(why, RC_BUSY, "it does the work already; see `kerwen status`",
				 "a daemon of this directory runs already");
	}
	return RC_OK; /* held until the process ends */
}

/* How many descriptors this process may have, after asking for all. */
static uint64_t raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		return DESCRIPTORS_LEAST;
	}
	if (limit.rlim_cur < limit.rlim_max) {
		struct rlimit most = { limit.rlim_max, limit.rlim_max };

		limit = setrlimit(RLIMIT_NOFILE, &most) == 0 ? most : limit;
	}
	return limit.rlim_cur;
}

static enum rc start_listening(struct daemon *d, struct path_problem *why)
{
	const char *reason = "";
	struct listen_options o = listen_options_default();
	enum rc rc = RC_OK;

	if (d->options->config->listen == NULL) {
		return path_fail(why, RC_INVALID, "write it into kerwen.yaml: listen: HOST:PORT",
				 "no address to listen on is known");
	}
	listen_fit(&o, raise_descriptors());
	o.net = hub_net(d->hub);
	o.address = d->options->config->listen;
	o.handlers = &link_accept_handlers;
	o.owner = d->hub;
	rc = listen_open(&o, &d->listener, &reason);
	if (rc != RC_OK) {
		/* RC_DENIED would be said of DIR. */
		return path_fail(why, rc == RC_DENIED ? RC_IO : rc,
				 rc == RC_BUSY ? "another program listens there: end it, or use "
						 "another `listen` in kerwen.yaml" :
						 "see `listen` in kerwen.yaml",
				 "it cannot listen on %s: %s", o.address, reason);
	}
	log_info("listening on port %u", listen_port(d->listener));
	return RC_OK;
}

static enum rc start(struct daemon *d, struct path_problem *why)
{
	struct hub_handlers handlers = {
		.accepted = { d, on_office_done, on_office_gone },
		.on_broken = on_broken,
		.ctx = d,
	};
	struct control_handlers control = daemon_command_handlers;
	enum rc rc = hub_open(&d->loop, d->options->store, d->options->key, &handlers, &d->hub);

	if (rc != RC_OK) {
		return path_fail(why, rc, NULL,
				 "no memory, or this OpenSSL cannot do what is needed");
	}
	watch(d);
	control.ctx = d;
	rc = control_open(&d->loop, &control, &d->control);
	if (rc != RC_OK) {
		path_fail(why, rc, "move away what stands in its place; is the disk full?",
			  "control.sock cannot be made");
	} else if (daemon_is_centre(d)) {
		rc = start_listening(d, why);
	} else if (d->options->config->sync_every > 0) {
		daemon_road_dial(d);
	}
	if (rc != RC_OK) {
		stop(d);
	}
	return rc;
}

enum rc daemon_run(const struct daemon_options *o, struct path_problem *why)
{
	struct daemon *d = calloc(1, sizeof(*d));
	enum rc rc = RC_NOMEM;

	if (d == NULL) {
		return path_fail(why, rc, NULL, "%s", rc_text(rc));
	}
	d->options = o;
	rc = take_lock(o->dir, why);
	/* Inside DIR the name of the socket is short. */
	if (rc == RC_OK && chdir(o->dir) != 0) {
		rc = path_fail_errno(why, "enter", o->dir);
	}
	if (rc == RC_OK && uv_loop_init(&d->loop) != 0) {
		rc = path_fail(why, RC_NOMEM, NULL, "%s", rc_text(RC_NOMEM));
	}
	if (rc != RC_OK) {
		free(d);
		return rc;
	}
	rc = start(d, why);
	(void)uv_run(&d->loop, UV_RUN_DEFAULT);
	hub_free(d->hub);
	(void)uv_loop_close(&d->loop);
	if (rc == RC_OK && d->broken) {
		rc = path_fail(why, RC_UNKNOWN, "start it again, then `kerwen verify`",
			       "the database failed while writing");
	}
	free(d);
	return rc;
}
