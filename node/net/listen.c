#include "node/net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/base/config.h"
#include "node/base/log.h"
#include "node/net/conn_priv.h"

enum {
	BACKLOG = 1024,
	ACCEPTS_AT_ONCE = 64, /* then other sockets have their turn */
	RETRY_MS = 100,       /* when the system has no descriptor left */
	CONNS_MAX = 16384,
	STRANGERS_MAX = 1024,
	GRACE_MS_EACH = 4, /* so at least 250 strangers a second have their turn */
	TELL_MS = 60000
};

/*
 * Accepting is done here, not by libuv: version 1.44 stops to watch a listener
 * after a connection that it could not take over, and turns away all waiting
 * ones when descriptors run out.
 */
struct listener {
	uv_poll_t poll;
	uv_timer_t retry;
	struct listen_options o;
	struct conn *oldest, *newest; /* strangers, in the order they came */
	uint32_t conns, strangers;
	uint64_t told_ms; /* when that there is no room was last told; 0: never */
	int fd;
	uint16_t port;
	uint8_t handles; /* not closed yet */
	bool is_closing;
};

struct listen_options listen_options_default(void)
{
	struct listen_options o = {
		.limits = conn_limits_default(),
		.conns_max = CONNS_MAX,
		.strangers_max = STRANGERS_MAX,
		.stranger_grace_ms = STRANGERS_MAX * GRACE_MS_EACH,
	};
	return o;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void listen_fit(struct listen_options *o, uint64_t descriptors)
{
	uint64_t spare = smaller(descriptors / 2, LISTEN_RESERVE);

	o->conns_max = (uint32_t)smaller(descriptors - spare, CONNS_MAX);
	o->strangers_max = (uint32_t)smaller((o->conns_max + 1) / 2, STRANGERS_MAX);
	o->stranger_grace_ms = o->strangers_max * GRACE_MS_EACH;
}

static void accept_waiting(struct listener *l);

static void free_when_idle(struct listener *l)
{
	if (l->handles == 0 && l->conns == 0) {
		free(l);
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	accept_waiting(poll->data);
}

static void on_retry(uv_timer_t *timer)
{
	accept_waiting(timer->data);
}

static void watch(struct listener *l)
{
	if (!uv_is_active((uv_handle_t *)&l->poll)) {
		uv_poll_start(&l->poll, UV_READABLE, on_readable);
	}
}

/* Leaves the rest with the system for a while. */
static void wait_ms(struct listener *l, uint64_t ms)
{
	uv_poll_stop(&l->poll);
	uv_timer_start(&l->retry, on_retry, ms, 0);
}

static void link_stranger(struct listener *l, struct conn *c)
{
	c->older = l->newest;
	c->newer = NULL;
	if (l->newest != NULL) {
		l->newest->newer = c;
	} else {
		l->oldest = c;
	}
	l->newest = c;
	l->strangers++;
}

static void unlink_stranger(struct listener *l, struct conn *c)
{
	if (c->older != NULL) {
		c->older->newer = c->newer;
	} else {
		l->oldest = c->newer;
	}
	if (c->newer != NULL) {
		c->newer->older = c->older;
	} else {
		l->newest = c->older;
	}
	l->strangers--;
}

/* There may be room again. */
static void note_room(struct listener *l)
{
	if (!l->is_closing) {
		uv_timer_stop(&l->retry);
		watch(l);
	}
}

static void on_known(void *ctx, struct conn *c)
{
	unlink_stranger(ctx, c);
	note_room(ctx);
}

static void on_gone(void *ctx, struct conn *c, bool was_open, enum rc rc, const char *text)
{
	struct listener *l = ctx;

	l->conns--;
	if (!c->is_known) {
		unlink_stranger(l, c);
	}
	if (!was_open && l->o.on_failed != NULL && !l->is_closing) {
		l->o.on_failed(l->o.owner, rc, text);
	}
	note_room(l);
	free_when_idle(l);
}

/* A line in the log, but not one for every connection. */
static void tell(struct listener *l, const char *text)
{
	uint64_t now = uv_now(l->o.net->loop);

	if (l->told_ms == 0 || now - l->told_ms >= TELL_MS) {
		l->told_ms = now == 0 ? 1 : now;
		log_warn("connections=%u unknown=%u: %s", l->conns, l->strangers, text);
	}
}

/* Nobody is dropped for nobody. */
static bool has_waiting(const struct listener *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* True when one more may come. If not, says when to look again. */
static bool make_room(struct listener *l)
{
	uint64_t now = uv_now(l->o.net->loop), due;

	if (l->conns < l->o.conns_max && l->strangers < l->o.strangers_max) {
		return true;
	}
	if (!has_waiting(l)) {
		return false;
	}
	if (l->strangers == 0) {
		tell(l, "as many as can be: others wait");
		uv_poll_stop(&l->poll);
		return false;
	}
	due = l->oldest->started_ms + l->o.stranger_grace_ms;
	if (now >= due) {
		tell(l, "as many as can be: those who did not say who they are make room");
		conn_drop(l->oldest, RC_BUSY, "made room for others");
		uv_poll_stop(&l->poll);
	} else {
		wait_ms(l, due - now);
	}
	return false;
}

static void add_conn(struct listener *l, int fd)
{
	struct conn_options o = { .net = l->o.net, .limits = l->o.limits };
	struct conn *c = NULL;

	o.handlers = l->o.handlers;
	o.owner = l->o.owner;
	o.keeper.on_known = on_known;
	o.keeper.on_gone = on_gone;
	o.keeper.ctx = l;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || conn_new(&o, &c) != RC_OK) {
		close(fd);
		return;
	}
	l->conns++;
	link_stranger(l, c);
	conn_accept(c, fd);
}

static void accept_waiting(struct listener *l)
{
	unsigned i;

	watch(l);
	for (i = 0; i < ACCEPTS_AT_ONCE && make_room(l); i++) {
		int fd = accept(l->fd, NULL, NULL);

		if (fd >= 0) {
			add_conn(l, fd);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			tell(l, errno == EMFILE || errno == ENFILE ?
					"no file descriptor is left (`ulimit -n`): others wait" :
					"the system gives no more connections: others wait");
			wait_ms(l, RETRY_MS);
			return;
		}
	}
}

static enum rc judge_errno(int number, const char **why)
{
	*why = uv_strerror(uv_translate_sys_error(number));
	if (number == EADDRINUSE) {
		return RC_BUSY;
	}
	if (number == EACCES || number == EPERM) {
		return RC_DENIED;
	}
	return number == EADDRNOTAVAIL ? RC_INVALID : RC_IO;
}

static bool set_options(int fd, int family)
{
	int on = 1, off = 0, flags = fcntl(fd, F_GETFL);

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	       (family != AF_INET6 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0) &&
	       flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static enum rc bind_one(const struct addrinfo *a, int *out, const char **why)
{
	int fd = socket(a->ai_family, SOCK_STREAM, 0);
	enum rc rc = RC_OK;

	if (fd < 0) {
		return judge_errno(errno, why);
	}
	if (!set_options(fd, a->ai_family) || bind(fd, a->ai_addr, a->ai_addrlen) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		rc = judge_errno(errno, why);
		close(fd);
		return rc;
	}
	*out = fd;
	return RC_OK;
}

/* The first of the address's meanings on which one can listen. */
static enum rc bind_any(const char *address, int *fd, const char **why)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL, *a = NULL;
	char host[CONFIG_HOST_MAX + 1], service[8];
	uint16_t port = 0;
	enum rc rc = RC_INVALID;

	*why = "not an address of the form HOST:PORT";
	if (config_split_address(address, host, &port) != RC_OK) {
		return RC_INVALID;
	}
	snprintf(service, sizeof(service), "%u", port);
	*why = "no such host";
	if (getaddrinfo(host, service, &hints, &list) != 0) {
		return RC_INVALID;
	}
	for (a = list; a != NULL && rc != RC_OK; a = a->ai_next) {
		rc = bind_one(a, fd, why);
	}
	freeaddrinfo(list);
	return rc;
}

static uint16_t find_port(int fd)
{
	struct sockaddr_storage s;
	socklen_t len = sizeof(s);

	if (getsockname(fd, (struct sockaddr *)&s, &len) < 0) {
		return 0;
	}
	return ntohs(s.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&s)->sin6_port :
					       ((struct sockaddr_in *)&s)->sin_port);
}

enum rc listen_open(const struct listen_options *o, struct listener **out, const char **why)
{
	struct listener *l = calloc(1, sizeof(*l));
	enum rc rc = RC_OK;

	*why = rc_text(RC_NOMEM);
	if (l == NULL) {
		return RC_NOMEM;
	}
	l->o = *o;
	rc = bind_any(o->address, &l->fd, why);
	if (rc == RC_OK && uv_poll_init(o->net->loop, &l->poll, l->fd) < 0) {
		*why = rc_text(RC_IO);
		close(l->fd);
		rc = RC_IO;
	}
	if (rc != RC_OK) {
		free(l);
		return rc;
	}
	uv_timer_init(o->net->loop, &l->retry);
	l->poll.data = l->retry.data = l;
	l->handles = 2;
	l->port = find_port(l->fd);
	watch(l);
	*out = l;
	return RC_OK;
}

uint16_t listen_port(const struct listener *l)
{
	return l->port;
}

uint32_t listen_count(const struct listener *l)
{
	return l->conns;
}

uint32_t listen_count_strangers(const struct listener *l)
{
	return l->strangers;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct listener *l = handle->data;

	l->handles--;
	free_when_idle(l);
}

void listen_close(struct listener *l)
{
	struct conn *c = NULL;

	if (l == NULL || l->is_closing) {
		return;
	}
	l->is_closing = true;
	for (c = l->oldest; c != NULL; c = c->newer) {
		conn_drop(c, RC_CLOSED, "not accepting any more");
	}
	uv_poll_stop(&l->poll);
	uv_close((uv_handle_t *)&l->poll, on_handle_closed);
	uv_close((uv_handle_t *)&l->retry, on_handle_closed);
	close(l->fd);
}
