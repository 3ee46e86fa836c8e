/* A listener under pressure. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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

TestSuite(listen, .init = open_world, .fini = close_world, .timeout = 60);

static bool has_counted_two(const struct networld *w)
{
	return listen_count(w->listener) == 2;
}

static bool has_counted_none(const struct networld *w)
{
	return listen_count(w->listener) == 0;
}

Test(listen, tells_the_port_that_the_system_chose)
{
	networld_listen(&world);
	cr_assert_gt(listen_port(world.listener), 0);
}

Test(listen, says_why_it_cannot)
{
	struct listener *l = NULL;
	const char *why = NULL;
	char taken[32];

	networld_listen(&world);
	snprintf(taken, sizeof(taken), "127.0.0.1:%u", listen_port(world.listener));
	world.listen.address = taken;
	cr_assert_eq(listen_open(&world.listen, &l, &why), RC_BUSY);
	world.listen.address = "127.0.0.1";
	cr_assert_eq(listen_open(&world.listen, &l, &why), RC_INVALID);
	cr_assert_str_eq(why, "not an address of the form HOST:PORT");
	world.listen.address = "192.0.2.1:0";
	cr_assert_eq(listen_open(&world.listen, &l, &why), RC_INVALID);
	world.listen.address = "no-such-host.invalid:0";
	cr_assert_eq(listen_open(&world.listen, &l, &why), RC_INVALID);
	cr_assert_str_eq(why, "no such host");
}

Test(listen, its_connections_outlive_it)
{
	networld_connect(&world);
	listen_close(world.listener);
	world.listener = NULL;
	networld_wait(&world, 20);
	cr_assert_eq(conn_send(world.client.conn, bytes_of("still here")), RC_OK);
	networld_wait(&world, 20);
	cr_assert_eq(world.server.frames, 1);
}

Test(listen, may_be_closed_in_the_midst_of_handshakes)
{
	int fd;

	networld_listen(&world);
	fd = networld_bare(&world);
	networld_dial(&world);
	networld_wait(&world, 10);
	listen_close(world.listener);
	world.listener = NULL;
	networld_wait(&world, 20);
	cr_assert_eq(world.server.failed, 0, "nobody asks any more");
	close(fd);
}

Test(listen, leaves_those_above_the_bound_waiting)
{
	int one, two;

	world.listen.conns_max = 2;
	networld_listen(&world);
	one = networld_bare(&world);
	two = networld_bare(&world);
	cr_assert(networld_run(&world, has_counted_two, 1000));
	networld_dial(&world);
	networld_wait(&world, 100);
	cr_assert_eq(listen_count(world.listener), 2);
	cr_assert_eq(world.client.opened, 0);
	close(one);
	cr_assert(networld_run(&world, networld_is_open, 2000));
	close(two);
}

static bool has_twenty_strangers(const struct networld *w)
{
	return listen_count_strangers(w->listener) == 20;
}

/* Silent clients that are many and there first. */
Test(listen, serves_others_past_silent_ones)
{
	enum { SILENT = 200 };
	int fds[SILENT], i;

	world.listen.strangers_max = 20;
	world.listen.stranger_grace_ms = 50;
	networld_listen(&world);
	for (i = 0; i < SILENT; i++) {
		fds[i] = networld_bare(&world);
	}
	cr_assert(networld_run(&world, has_twenty_strangers, 3000));
	networld_dial(&world);
	cr_assert(networld_run(&world, networld_is_open, 3000));
	cr_assert_leq(listen_count_strangers(world.listener), 20);
	cr_assert_geq(world.server.failed, SILENT - 20);
	cr_assert_eq(world.server.rc, RC_BUSY);
	for (i = 0; i < SILENT; i++) {
		close(fds[i]);
	}
	conn_drop(world.client.conn, RC_OK, "done");
	cr_assert(networld_run(&world, has_counted_none, 2000));
	cr_assert_eq(listen_count_strangers(world.listener), 0);
}

/* No descriptor left; nobody is turned away, and it hears again. */
Test(listen, waits_when_descriptors_run_out)
{
	struct rlimit limit, low;
	int bare, last;

	networld_listen(&world);
	bare = networld_bare(&world);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	last = dup(bare);
	close(last);
	low.rlim_cur = (rlim_t)last;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	networld_wait(&world, 250);
	cr_assert_eq(listen_count(world.listener), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	networld_dial(&world);
	cr_assert(networld_run(&world, networld_is_open, 3000));
	cr_assert_eq(listen_count(world.listener), 2, "the one that waited, too");
	close(bare);
}

static bool has_opened_two(const struct networld *w)
{
	return w->server.opened == 2 && w->client.opened == 2;
}

static bool has_opened_three(const struct networld *w)
{
	return w->server.opened == 3 && w->client.opened == 3;
}

/* TLS with a key of one's own is no proof of anything. */
Test(listen, lets_strangers_that_came_through_tls_make_room)
{
	world.is_distrustful = true;
	world.listen.strangers_max = 2;
	world.listen.stranger_grace_ms = 50;
	networld_listen(&world);
	networld_dial(&world);
	cr_assert(networld_run(&world, networld_is_open, 3000));
	networld_dial(&world);
	cr_assert(networld_run(&world, has_opened_two, 3000));
	cr_assert_eq(listen_count_strangers(world.listener), 2);
	networld_dial(&world);
	cr_assert(networld_run(&world, has_opened_three, 3000));
	cr_assert_eq(world.server.closed, 1, "%u", world.server.closed);
	cr_assert_eq(world.server.rc, RC_BUSY);
	cr_assert_eq(listen_count_strangers(world.listener), 2);
}

/* Whoever is known does not make room. */
Test(listen, keeps_those_whom_the_owner_vouched_for)
{
	struct conn *first = NULL;

	world.listen.strangers_max = 1;
	world.listen.stranger_grace_ms = 1;
	networld_listen(&world);
	networld_dial(&world);
	cr_assert(networld_run(&world, networld_is_open, 3000));
	cr_assert_eq(listen_count_strangers(world.listener), 0);
	first = world.server.conn;
	networld_dial(&world);
	cr_assert(networld_run(&world, has_opened_two, 3000));
	networld_wait(&world, 20);
	cr_assert_eq(world.server.closed, 0);
	cr_assert_eq(listen_count(world.listener), 2);
	conn_drop(first, RC_OK, "done");
}

/* As many connections as can be, but the room is a stranger's. */
Test(listen, lets_a_stranger_make_room_when_all_is_taken)
{
	int silent;

	world.listen.conns_max = 1;
	world.listen.strangers_max = 9;
	world.listen.stranger_grace_ms = 50;
	networld_listen(&world);
	silent = networld_bare(&world);
	networld_wait(&world, 20);
	networld_dial(&world);
	cr_assert(networld_run(&world, networld_is_open, 3000));
	close(silent);
}

Test(listen, fits_its_bounds_to_the_descriptors)
{
	static const struct {
		uint64_t descriptors;
		uint32_t conns, strangers, grace_ms;
		const char *why;
	} rows[] = {
		{ 1, 1, 1, 4, "never none at all" },
		{ 64, 32, 16, 64, "half of a few stay in reserve" },
		{ 1024, 976, 488, 1952, "the reserve is a fixed number of many" },
		{ 1048576, 16384, 1024, 4096, "what the system allows is not what is wanted" },
		{ UINT64_MAX, 16384, 1024, 4096, "no limit" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct listen_options o = listen_options_default();

		listen_fit(&o, rows[i].descriptors);
		cr_expect_eq(o.conns_max, rows[i].conns, "%s", rows[i].why);
		cr_expect_eq(o.strangers_max, rows[i].strangers, "%s", rows[i].why);
		cr_expect_eq(o.stranger_grace_ms, rows[i].grace_ms, "%s", rows[i].why);
	}
}
