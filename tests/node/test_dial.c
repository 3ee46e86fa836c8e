/* Dialling where somebody answers, answers wrongly, or nobody does. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/node/networld.h"

static struct networld world;

static void open_world(void)
{
	networld_open(&world);
}

static void close_world(void)
{
	networld_close(&world);
}

TestSuite(dial, .init = open_world, .fini = close_world, .timeout = 60);

static bool has_failed(const struct networld *w)
{
	return w->client.failed > 0;
}

/* A socket with a port on which nobody listens; or listens and never accepts. */
static int take_port(char *address, size_t max, bool is_listening)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	cr_assert(!is_listening || listen(fd, 8) == 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(address, max, "127.0.0.1:%u", ntohs(a.sin_port));
	return fd;
}

static void dial(const char *const *addresses, size_t count, uint32_t timeout_ms,
		 const uint8_t *pin)
{
	struct dial_options o = {
		.net = world.office,
		.addresses = addresses,
		.count = count,
		.pin = pin,
		.timeout_ms = timeout_ms,
		.limits = world.limits,
		.handlers = world.listen.handlers,
		.owner = &world.client,
		.on_failed = world.listen.on_failed,
	};

	cr_assert_eq(dial_start(&o, &world.dial), RC_OK);
}

Test(dial, fails_at_once_when_all_refuse)
{
	char refused[2][32];
	const char *addresses[] = { refused[0], refused[1] };
	int one = take_port(refused[0], sizeof(refused[0]), false);
	int two = take_port(refused[1], sizeof(refused[1]), false);

	dial(addresses, 2, 10000, world.key);
	cr_assert(networld_run(&world, has_failed, 500));
	cr_assert_eq(world.client.rc, RC_UNREACHED);
	cr_assert_str_eq(world.client.text, "connection refused");
	cr_assert_eq(world.client.failed, 1);
	close(one);
	close(two);
}

Test(dial, goes_on_to_the_address_that_works)
{
	char refused[32];
	const char *addresses[] = { refused, "no-such-host.invalid:7", world.address };
	int one = take_port(refused, sizeof(refused), false);

	networld_listen(&world);
	dial(addresses, 3, 20000, world.key);
	cr_assert(networld_run(&world, networld_is_open, 15000));
	cr_assert_eq(world.client.failed, 0);
	close(one);
}

Test(dial, goes_on_when_nobody_answers)
{
	char silent[32];
	const char *addresses[] = { silent, world.address };
	int one = take_port(silent, sizeof(silent), true);

	world.limits.handshake_ms = 100;
	networld_listen(&world);
	dial(addresses, 2, 5000, world.key);
	cr_assert(networld_run(&world, networld_is_open, 3000));
	close(one);
}

Test(dial, tries_all_meanings_of_a_name)
{
	char name[32];
	const char *addresses[] = { name };

	networld_listen(&world);
	snprintf(name, sizeof(name), "localhost:%u", listen_port(world.listener));
	dial(addresses, 1, 5000, world.key);
	cr_assert(networld_run(&world, networld_is_open, 3000));
}

Test(dial, reports_a_wrong_key_rather_than_a_refusal)
{
	char refused[32];
	const char *addresses[] = { world.address, refused };
	int one = take_port(refused, sizeof(refused), false);

	networld_listen(&world);
	dial(addresses, 2, 10000, world.other_key);
	cr_assert(networld_run(&world, has_failed, 1000));
	cr_assert_eq(world.client.rc, RC_DENIED);
	cr_assert_str_eq(world.client.text, "wrong key");
	cr_assert_eq(world.server.opened, 0);
	close(one);
}

Test(dial, ends_when_its_time_is_over)
{
	char silent[32];
	const char *addresses[] = { silent };
	int one = take_port(silent, sizeof(silent), true);

	dial(addresses, 1, 100, world.key);
	cr_assert(networld_run(&world, has_failed, 1000));
	cr_assert_eq(world.client.rc, RC_TIMEOUT);
	close(one);
}

Test(dial, may_be_dropped_at_any_time)
{
	const char *addresses[] = { world.address };
	unsigned steps, i;

	networld_listen(&world);
	for (steps = 0; steps < 30; steps++) {
		dial(addresses, 1, 5000, world.key);
		for (i = 0; i < steps && world.client.opened == 0; i++) {
			uv_run(&world.loop, UV_RUN_NOWAIT);
		}
		if (world.client.opened > 0) {
			break;
		}
		dial_drop(world.dial);
		world.dial = NULL;
		networld_wait(&world, 10);
	}
	cr_assert_geq(steps, 2);
	cr_assert_eq(world.client.failed, 0);
}

Test(dial, refuses_what_is_no_address)
{
	static const char *const bad[] = { "", "host", "host:", ":7", "host:70000", "a b:7" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dial_options o = { .net = world.office, .addresses = &bad[i], .count = 1 };

		cr_expect_eq(dial_start(&o, &world.dial), RC_INVALID, "%s", bad[i]);
	}
	world.dial = NULL;
}

Test(dial, backs_off_up_to_five_minutes)
{
	static const struct {
		uint32_t attempt, random, ms;
	} rows[] = {
		{ 1, 0, 1000 },
		{ 1, UINT32_MAX, 501 },
		{ 2, 0, 2000 },
		{ 2, UINT32_MAX / 2 + 1, 1500 },
		{ 9, 0, 256000 },
		{ 10, 0, 300000 },
		{ UINT32_MAX, 0, 300000 },
		{ UINT32_MAX, UINT32_MAX, 150001 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(dial_backoff_ms(rows[i].attempt, rows[i].random), rows[i].ms,
			     "row %zu: %u", i, dial_backoff_ms(rows[i].attempt, rows[i].random));
	}
}
