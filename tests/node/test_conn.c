/* Connections over loopback, as they are meant to be and as they are not. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/net/conn_priv.h"
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

TestSuite(conn, .init = open_world, .fini = close_world, .timeout = 60);

static bool has_server_closed(const struct networld *w)
{
	return w->server.closed > 0;
}

static bool has_client_closed(const struct networld *w)
{
	return w->client.closed > 0;
}

static bool has_server_failed(const struct networld *w)
{
	return w->server.failed > 0;
}

Test(conn, tells_each_side_the_key_of_the_other)
{
	networld_connect(&world);
	cr_assert_arr_eq(world.server.peer_key, world.other_key, KEY_LEN);
	cr_assert_arr_eq(world.client.peer_key, world.key, KEY_LEN);
}

/* --- ten thousand frames there and back ---------------------------------- */

enum { ECHOES = 10000 };

static uint8_t noise[LIMIT_FRAME_BYTES_MAX];
static unsigned sent;
static struct bytes held; /* an echo that the server could not send yet */

/* The i-th frame: of any length, some compress and some do not. */
static struct bytes make_frame(unsigned i)
{
	static uint8_t frame[LIMIT_FRAME_BYTES_MAX];
	size_t len = 1 + (size_t)i * 7919 % (i % 100 == 0 ? LIMIT_FRAME_BYTES_MAX : 2000);

	if (i % 3 == 0) {
		memset(frame, (int)(i & 0xff), len);
	} else {
		memcpy(frame, noise + i % 100, len < sizeof(noise) - 100 ? len : 1);
	}
	frame[0] = (uint8_t)i;
	return bytes_at(frame, len);
}

static void echo(struct networld_side *s, struct bytes frame)
{
	enum rc rc = conn_send(s->conn, frame);

	if (rc == RC_LIMIT) {
		uint8_t *copy = malloc(frame.len);

		memcpy(copy, frame.p, frame.len);
		held = bytes_at(copy, frame.len);
		conn_pause(s->conn);
		return;
	}
	cr_assert_eq(rc, RC_OK);
}

static void go_on_echoing(struct networld_side *s)
{
	if (held.len > 0) {
		cr_assert_eq(conn_send(s->conn, held), RC_OK);
		free((void *)held.p);
		held = bytes_at(NULL, 0);
		conn_resume(s->conn);
	}
}

static void send_more(struct networld_side *s)
{
	while (sent < ECHOES) {
		enum rc rc = conn_send(s->conn, make_frame(sent));

		cr_assert_leq(conn_queued(s->conn), s->world->limits.queue_bytes_max);
		if (rc == RC_LIMIT) {
			return;
		}
		cr_assert_eq(rc, RC_OK);
		sent++;
	}
}

static void check_echo(struct networld_side *s, struct bytes frame)
{
	cr_assert(bytes_equal(frame, make_frame(s->frames - 1)), "echo %u", s->frames - 1);
}

static bool is_echoed(const struct networld *w)
{
	return w->client.frames == ECHOES;
}

static void run_echo(void)
{
	size_t i;

	for (i = 0; i < sizeof(noise); i++) {
		noise[i] = (uint8_t)(i * 2654435761U >> 13);
	}
	sent = 0;
	world.server.on_frame = echo;
	world.server.on_writable = go_on_echoing;
	world.client.on_open = send_more;
	world.client.on_writable = send_more;
	world.client.on_frame = check_echo;
	networld_connect(&world);
	cr_assert(networld_run(&world, is_echoed, 30000), "%u sent, %u back", sent,
		  world.client.frames);
}

Test(conn, echoes_ten_thousand_frames)
{
	run_echo();
	cr_assert_null(((struct conn *)world.client.conn)->reader.payload);
}

Test(conn, echoes_ten_thousand_frames_through_a_small_queue)
{
	world.limits.queue_bytes_max = 5000;
	world.limits.queue_bytes_low = 0;
	world.listen.limits = world.limits;
	world.limits.queue_bytes_max = 70000;
	run_echo();
}

/* --- peers that misbehave ------------------------------------------------ */

Test(conn, gives_up_on_a_client_that_says_nothing)
{
	int fd;

	world.listen.limits.handshake_ms = 100;
	networld_listen(&world);
	fd = networld_bare(&world);
	cr_assert(networld_run(&world, has_server_failed, 3000));
	cr_assert_eq(world.server.rc, RC_TIMEOUT);
	close(fd);
}

Test(conn, gives_up_on_a_handshake_of_one_byte_at_a_time)
{
	unsigned i;
	int fd;

	world.listen.limits.handshake_ms = 150;
	networld_listen(&world);
	fd = networld_bare(&world);
	for (i = 0; i < 100 && world.server.failed == 0; i++) {
		/* The beginning of a record of 16 KiB, and its bytes. */
		const char *byte = i == 0 ? "\x16" : i == 1 ? "\x03" : i == 2 ? "\x01" : "@";

		cr_assert_eq(send(fd, byte, 1, MSG_NOSIGNAL), 1);
		networld_wait(&world, 10);
	}
	cr_assert_eq(world.server.rc, RC_TIMEOUT);
	cr_assert_lt(i, 40);
	close(fd);
}

Test(conn, ends_when_garbage_comes)
{
	static const char garbage[] = "HELO kerwen.example, this is no TLS at all\r\n\r\n";
	char answer[64];
	int fd;

	networld_listen(&world);
	fd = networld_bare(&world);
	cr_assert_eq(send(fd, garbage, sizeof(garbage), 0), sizeof(garbage));
	networld_wait(&world, 50);
	cr_assert_eq(recv(fd, answer, sizeof(answer), 0), 0, "nothing but the end");
	close(fd);
	cr_assert(networld_run(&world, has_server_failed, 3000));
	cr_assert_eq(world.server.rc, RC_CORRUPT);
	cr_assert_eq(world.server.opened, 0);
}

Test(conn, ends_when_a_peer_sends_no_frames)
{
	networld_connect(&world);
	cr_assert_eq(tls_write(world.client.conn->tls, bytes_of("\x7fhat is this")), RC_OK);
	conn_flush(world.client.conn);
	cr_assert(networld_run(&world, networld_is_closed, 3000));
	cr_assert_eq(world.server.rc, RC_LIMIT);
	cr_assert_str_eq(world.server.text, "not a frame");
	cr_assert_eq(world.client.rc, RC_CLOSED);
	cr_assert_eq(world.server.frames, 0);
}

Test(conn, notices_a_lost_line)
{
	uv_os_fd_t fd;

	networld_connect(&world);
	cr_assert_eq(uv_fileno((uv_handle_t *)&world.client.conn->tcp, &fd), 0);
	shutdown(fd, SHUT_RDWR);
	cr_assert(networld_run(&world, networld_is_closed, 3000));
	cr_assert_eq(world.server.rc, RC_CLOSED);
	cr_assert_str_eq(world.server.text, "connection lost");
}

/* Why nothing can be sent any more may be in what the peer sent before. */
Test(conn, reads_the_last_words_of_a_peer_that_is_gone)
{
	uv_os_fd_t fd;

	networld_connect(&world);
	cr_assert_eq(conn_send(world.server.conn, bytes_of("you are refused")), RC_OK);
	cr_assert_eq(uv_fileno((uv_handle_t *)&world.client.conn->tcp, &fd), 0);
	shutdown(fd, SHUT_WR);
	cr_assert_eq(conn_send(world.client.conn, bytes_of("lost")), RC_OK);
	cr_assert_eq(conn_send(world.client.conn, bytes_of("lost")), RC_CLOSED);
	cr_assert(networld_run(&world, networld_is_closed, 3000));
	cr_assert_eq(world.client.frames, 1);
	cr_assert_eq(world.client.rc, RC_CLOSED);
}

Test(conn, ends_with_a_silent_peer)
{
	world.listen.limits.silence_ms = 150;
	networld_connect(&world);
	cr_assert(networld_run(&world, has_server_closed, 3000));
	cr_assert_eq(world.server.rc, RC_TIMEOUT);
	cr_assert_str_eq(world.server.text, "the peer is silent");
	cr_assert(networld_run(&world, has_client_closed, 3000));
	cr_assert_str_eq(world.client.text, "closed by the peer");
}

Test(conn, heartbeats_keep_an_idle_one_open)
{
	world.listen.limits.silence_ms = world.limits.silence_ms = 150;
	networld_connect(&world);
	networld_wait(&world, 700);
	cr_assert(world.server.closed == 0 && world.client.closed == 0);
	cr_assert_eq(world.server.frames, 0);
	cr_assert_geq(conn_counters(world.client.conn).bytes_out, 4 * 26);
}

/* --- slow readers --------------------------------------------------------- */

static void pause_side(struct networld_side *s)
{
	conn_pause(s->conn);
}

static void pause_and_count(struct networld_side *s, struct bytes frame)
{
	(void)frame;
	conn_pause(s->conn);
}

/* Frames that do not compress, until the queue is full. */
static unsigned fill_queue(struct conn *c)
{
	unsigned count = 0;
	size_t i;

	for (i = 0; i < sizeof(noise); i++) {
		noise[i] = (uint8_t)(i * i * 2654435761U >> 19);
	}
	while (conn_send(c, bytes_at(noise, 60000)) == RC_OK) {
		count++;
		cr_assert_lt(count, 10000);
	}
	cr_assert_eq(conn_send(c, bytes_at(noise, 60000)), RC_LIMIT);
	return count;
}

static unsigned expected;

static bool has_expected(const struct networld *w)
{
	return w->server.frames == expected;
}

static void check_low(struct networld_side *s)
{
	cr_assert_leq(conn_queued(s->conn), 65536);
}

Test(conn, bounds_the_queue_to_a_slow_reader)
{
	world.server.on_open = pause_side;
	world.client.on_writable = check_low;
	networld_connect(&world);
	networld_wait(&world, 20);
	expected = fill_queue(world.client.conn);
	networld_wait(&world, 50);
	expected += fill_queue(world.client.conn);
	cr_assert_leq(conn_queued(world.client.conn), 262144);
	cr_assert_gt(conn_queued(world.client.conn), 150000);
	networld_wait(&world, 50);
	cr_assert_eq(world.server.frames, 0);
	cr_assert_eq(world.client.writable, 0);
	conn_resume(world.server.conn);
	cr_assert_eq(world.server.frames, 0, "frames come from the loop");
	cr_assert(networld_run(&world, has_expected, 5000), "%u of %u", world.server.frames,
		  expected);
	cr_assert_geq(world.client.writable, 1);
	cr_assert_eq(conn_queued(world.client.conn), 0);
}

Test(conn, gives_one_frame_at_a_time_to_who_pauses_at_each)
{
	unsigned i;

	world.server.on_frame = pause_and_count;
	networld_connect(&world);
	for (i = 0; i < 500; i++) {
		cr_assert_eq(conn_send(world.client.conn, bytes_of("a small frame")), RC_OK);
	}
	for (i = 1; i <= 500; i++) {
		expected = i;
		cr_assert(networld_run(&world, has_expected, 1000));
		if (i % 50 == 0) {
			networld_wait(&world, 10);
			cr_assert_eq(world.server.frames, i, "nothing comes while paused");
		}
		conn_resume(world.server.conn);
	}
	networld_wait(&world, 20);
	cr_assert_eq(world.server.frames, 500);
}

Test(conn, ends_with_a_peer_that_does_not_read)
{
	world.limits.silence_ms = 200;
	world.listen.limits.silence_ms = 300;
	world.server.on_open = pause_side;
	networld_connect(&world);
	fill_queue(world.client.conn);
	networld_wait(&world, 20);
	fill_queue(world.client.conn);
	cr_assert(networld_run(&world, has_client_closed, 3000));
	cr_assert_eq(world.client.rc, RC_TIMEOUT);
	cr_assert_str_eq(world.client.text, "the peer does not read");
	cr_assert_eq(world.server.closed, 0, "a paused end notices later");
}

/* --- ends ----------------------------------------------------------------- */

static void send_all_and_finish(struct networld_side *s)
{
	expected = fill_queue(s->conn);
	conn_finish(s->conn, RC_DENIED, "that is all");
	cr_assert_eq(conn_send(s->conn, bytes_of("more")), RC_CLOSED);
}

Test(conn, finish_sends_all_that_is_queued)
{
	world.client.on_open = send_all_and_finish;
	networld_connect(&world);
	cr_assert(networld_run(&world, networld_is_closed, 5000));
	cr_assert_eq(world.server.frames, expected);
	cr_assert_eq(world.server.rc, RC_CLOSED);
	cr_assert_str_eq(world.server.text, "closed by the peer");
	cr_assert_eq(world.client.rc, RC_DENIED);
	cr_assert_str_eq(world.client.text, "that is all");
}

static void send_and_finish(struct networld_side *s)
{
	cr_assert_eq(conn_send(s->conn, bytes_of("you are refused")), RC_OK);
	conn_finish(s->conn, RC_DENIED, "refused");
}

static void send_much(struct networld_side *s)
{
	fill_queue(s->conn);
}

/* Closing over unread bytes would make the system throw the refusal away. */
Test(conn, refusal_reaches_a_peer_that_is_talking)
{
	world.client.on_open = send_much;
	world.server.on_open = send_and_finish;
	networld_connect(&world);
	cr_assert(networld_run(&world, networld_is_closed, 5000));
	cr_assert_eq(world.client.frames, 1);
	cr_assert_eq(world.server.frames, 0);
	cr_assert_eq(world.server.rc, RC_DENIED);
}

Test(conn, finish_does_not_wait_for_ever)
{
	world.server.on_open = pause_side;
	world.limits.linger_ms = 100;
	networld_connect(&world);
	conn_finish(world.client.conn, RC_OK, "done");
	cr_assert(networld_run(&world, has_client_closed, 1000));
	cr_assert_str_eq(world.client.text, "done");
}

Test(conn, counts_the_same_bytes_at_both_ends)
{
	struct conn_counters at_client, at_server;

	networld_connect(&world);
	cr_assert_eq(conn_counters(world.client.conn).bytes_in, 0);
	cr_assert_eq(conn_counters(world.client.conn).bytes_out, 0);
	cr_assert_eq(conn_counters(world.server.conn).bytes_in, 0);
	cr_assert_eq(conn_counters(world.server.conn).bytes_out, 0);
	cr_assert_eq(conn_send(world.client.conn, bytes_of("hello")), RC_OK);
	expected = 1;
	cr_assert(networld_run(&world, has_expected, 1000));
	at_client = conn_counters(world.client.conn);
	at_server = conn_counters(world.server.conn);
	cr_assert_eq(at_client.bytes_out, 5 + 4 + 22);
	cr_assert_eq(at_server.bytes_in, 5 + 4 + 22);
	cr_assert(at_client.bytes_in == 0 && at_server.bytes_out == 0);
}

static void drop_side(struct networld_side *s)
{
	conn_drop(s->conn, RC_INVALID, "dropped");
	conn_drop(s->conn, RC_OK, "dropped again");
	conn_finish(s->conn, RC_OK, "finished after that");
	conn_pause(s->conn);
	conn_resume(s->conn);
	cr_assert_eq(conn_send(s->conn, bytes_of("x")), RC_CLOSED);
}

static void drop_at_frame(struct networld_side *s, struct bytes frame)
{
	(void)frame;
	drop_side(s);
}

static void pause_and_drop(struct networld_side *s, struct bytes frame)
{
	(void)frame;
	conn_pause(s->conn);
	drop_side(s);
}

static void send_three(struct networld_side *s)
{
	conn_send(s->conn, bytes_of("one"));
	conn_send(s->conn, bytes_of("two"));
	conn_send(s->conn, bytes_of("three"));
}

Test(conn, may_be_dropped_when_it_opens)
{
	world.server.on_open = drop_side;
	world.client.on_open = send_three;
	networld_connect(&world);
	cr_assert(networld_run(&world, networld_is_closed, 3000));
	cr_assert_eq(world.server.rc, RC_INVALID);
	cr_assert_str_eq(world.server.text, "dropped");
	cr_assert_eq(world.server.frames, 0);
	cr_assert(world.server.closed == 1 && world.client.closed == 1);
}

Test(conn, may_be_dropped_by_the_client_when_it_opens)
{
	world.client.on_open = drop_side;
	networld_listen(&world);
	networld_dial(&world);
	cr_assert(networld_run(&world, has_client_closed, 3000));
	networld_wait(&world, 50);
	cr_assert_eq(world.server.opened, world.server.closed);
}

Test(conn, may_be_dropped_at_a_frame)
{
	world.server.on_frame = drop_at_frame;
	world.client.on_open = send_three;
	networld_connect(&world);
	cr_assert(networld_run(&world, networld_is_closed, 3000));
	cr_assert_eq(world.server.frames, 1);
}

Test(conn, may_be_paused_and_dropped_at_a_frame)
{
	world.server.on_frame = pause_and_drop;
	world.client.on_open = send_three;
	networld_connect(&world);
	cr_assert(networld_run(&world, networld_is_closed, 3000));
	cr_assert_eq(world.server.frames, 1);
}

Test(conn, may_be_dropped_when_it_is_writable)
{
	world.client.on_writable = drop_side;
	networld_connect(&world);
	fill_queue(world.client.conn);
	cr_assert(networld_run(&world, networld_is_closed, 3000));
	cr_assert_eq(world.client.writable, 1);
	cr_assert_eq(world.client.rc, RC_INVALID);
}

Test(conn, may_be_dropped_with_a_full_queue)
{
	world.server.on_open = pause_side;
	networld_connect(&world);
	fill_queue(world.client.conn);
	drop_side(&world.client);
	cr_assert(networld_run(&world, has_client_closed, 3000));
}
