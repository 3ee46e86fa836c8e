#include "tests/node/networld.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_open(struct conn *c, void *owner, const uint8_t *peer_key)
{
	struct networld_side *s = owner;

	s->conn = c;
	s->opened++;
	memcpy(s->peer_key, peer_key, KEY_LEN);
	if (s == &s->world->server && !s->world->is_distrustful) {
		conn_vouch(c);
	}
	if (s->on_open != NULL) {
		s->on_open(s);
	}
}

static void on_frame(struct conn *c, void *owner, struct bytes frame)
{
	struct networld_side *s = owner;

	(void)c;
	cr_assert_gt(frame.len, 0);
	s->frames++;
	s->frame_bytes += frame.len;
	if (s->on_frame != NULL) {
		s->on_frame(s, frame);
	}
}

static void on_writable(struct conn *c, void *owner)
{
	struct networld_side *s = owner;

	(void)c;
	s->writable++;
	if (s->on_writable != NULL) {
		s->on_writable(s);
	}
}

static void on_closed(struct conn *c, void *owner, enum rc rc, const char *text)
{
	struct networld_side *s = owner;

	if (s->conn == c) {
		s->conn = NULL;
	}
	s->closed++;
	s->rc = rc;
	s->text = text;
	cr_assert_eq(conn_send(c, bytes_of("late")), RC_CLOSED);
	if (s->on_closed != NULL) {
		s->on_closed(s);
	}
}

static const struct conn_handlers handlers = {
	.on_open = on_open,
	.on_frame = on_frame,
	.on_writable = on_writable,
	.on_closed = on_closed,
};

static void on_failed(void *owner, enum rc rc, const char *text)
{
	struct networld_side *s = owner;

	s->failed++;
	s->rc = rc;
	s->text = text;
	if (s == &s->world->client) {
		s->world->dial = NULL;
	}
}

static void open_net(struct networld *w, uint8_t fill, struct net **out, uint8_t key[KEY_LEN])
{
	uint8_t seed[TLS_SEED_LEN];
	size_t len = KEY_LEN;
	EVP_PKEY *pkey = NULL;

	memset(seed, fill, sizeof(seed));
	cr_assert_eq(net_open(&w->loop, seed, out), RC_OK);
	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	cr_assert(EVP_PKEY_get_raw_public_key(pkey, key, &len) == 1);
	EVP_PKEY_free(pkey);
}

void networld_open(struct networld *w)
{
	memset(w, 0, sizeof(*w));
	cr_assert_eq(uv_loop_init(&w->loop), 0);
	uv_timer_init(&w->loop, &w->tick);
	open_net(w, 1, &w->centre, w->key);
	open_net(w, 2, &w->office, w->other_key);
	w->server.world = w->client.world = w;
	w->limits = conn_limits_default();
	w->listen = listen_options_default();
	w->listen.net = w->centre;
	w->listen.address = "127.0.0.1:0";
	w->listen.handlers = &handlers;
	w->listen.owner = &w->server;
	w->listen.on_failed = on_failed;
}

void networld_listen(struct networld *w)
{
	const char *why = NULL;

	cr_assert_eq(listen_open(&w->listen, &w->listener, &why), RC_OK, "%s", why);
	snprintf(w->address, sizeof(w->address), "127.0.0.1:%u", listen_port(w->listener));
}

void networld_dial(struct networld *w)
{
	const char *addresses[] = { w->address };
	struct dial_options o = {
		.net = w->office,
		.addresses = addresses,
		.count = 1,
		.pin = w->key,
		.timeout_ms = 10000,
		.limits = w->limits,
		.handlers = &handlers,
		.owner = &w->client,
		.on_failed = on_failed,
	};

	cr_assert_eq(dial_start(&o, &w->dial), RC_OK);
}

void networld_connect(struct networld *w)
{
	networld_listen(w);
	networld_dial(w);
	cr_assert(networld_run(w, networld_is_open, 5000), "%s",
		  w->client.text == NULL ? "not open" : w->client.text);
}

bool networld_is_open(const struct networld *w)
{
	return w->server.opened > 0 && w->client.opened > 0;
}

bool networld_is_closed(const struct networld *w)
{
	return w->server.closed > 0 && w->client.closed > 0;
}

static void on_tick(uv_timer_t *timer)
{
	(void)timer;
}

bool networld_run(struct networld *w, bool (*is_done)(const struct networld *w), unsigned ms)
{
	uint64_t end;

	uv_update_time(&w->loop);
	end = uv_now(&w->loop) + ms;
	uv_timer_start(&w->tick, on_tick, 5, 5);
	while ((is_done == NULL || !is_done(w)) && uv_now(&w->loop) < end) {
		uv_run(&w->loop, UV_RUN_ONCE);
	}
	uv_timer_stop(&w->tick);
	return is_done != NULL && is_done(w);
}

void networld_wait(struct networld *w, unsigned ms)
{
	networld_run(w, NULL, ms);
}

int networld_bare(const struct networld *w)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_port = htons(listen_port(w->listener));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	return fd;
}

void networld_close(struct networld *w)
{
	listen_close(w->listener);
	w->listener = NULL;
	if (w->dial != NULL && w->client.opened == 0) {
		dial_drop(w->dial);
	}
	if (w->server.conn != NULL) {
		conn_drop(w->server.conn, RC_OK, "the test is over");
	}
	if (w->client.conn != NULL) {
		conn_drop(w->client.conn, RC_OK, "the test is over");
	}
	uv_close((uv_handle_t *)&w->tick, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	cr_expect_eq(w->centre->conns, 0);
	cr_expect_eq(w->office->conns, 0);
	cr_expect_eq(w->server.opened, w->server.closed, "as many on_closed as on_open");
	cr_expect_eq(w->client.opened, w->client.closed, "as many on_closed as on_open");
	net_close(w->centre);
	net_close(w->office);
	cr_expect_eq(uv_loop_close(&w->loop), 0);
}
