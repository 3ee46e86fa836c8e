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

/* Silent clients that are many and there first. */
Test(listen, serves_others_past_half_open_ones)
{
	enum { SILENT = 200 };
	int fds[SILENT], i;

	world.listen.half_open_max = 20;
	world.listen.half_open_grace_ms = 50;
	networld_listen(&world);
	for (i = 0; i < SILENT; i++) {
		fds[i] = networld_bare(&world);
	}
	networld_wait(&world, 30);
	cr_assert_eq(listen_count_half_open(world.listener), 20);
	networld_dial(&world);
	cr_assert(networld_run(&world, networld_is_open, 3000));
	cr_assert_leq(listen_count_half_open(world.listener), 20);
	cr_assert_geq(world.server.failed, SILENT - 20);
	cr_assert_eq(world.server.rc, RC_BUSY);
	for (i = 0; i < SILENT; i++) {
		close(fds[i]);
	}
	conn_drop(world.client.conn, RC_OK, "done");
	cr_assert(networld_run(&world, has_counted_none, 2000));
	cr_assert_eq(listen_count_half_open(world.listener), 0);
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
