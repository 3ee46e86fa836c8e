/*
 * A poor road to a centre on this machine, that falls once:
 *
 *   demo_road PORT BYTES RATE
 *
 * Prints the address where it waits, 127.0.0.1 and a port that the system
 * chose, carries the first connection there on to PORT with at most RATE bytes
 * a second, cuts it when BYTES went towards the centre, and ends. RATE 0: as
 * fast as it goes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE_MAX = 16384, PIECES_A_SECOND = 20, WAIT_MS = 60000 };

struct road {
	int office, centre;
	size_t left;  /* bytes to the centre until it falls */
	size_t piece; /* bytes carried at once */
	bool is_slow;
};

static struct sockaddr_in here(uint16_t port)
{
	struct sockaddr_in a;

	memset(&a, 0, sizeof(a));
	a.sin_family = AF_INET;
	a.sin_port = htons(port);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

/* Waits for the office. -1: errno says why. */
static int wait_for_office(void)
{
	struct sockaddr_in a = here(0);
	socklen_t len = sizeof(a);
	int at = socket(AF_INET, SOCK_STREAM, 0), office = -1;
	struct pollfd p = { .fd = at, .events = POLLIN };

	if (at < 0 || bind(at, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(at, 1) != 0 ||
	    getsockname(at, (struct sockaddr *)&a, &len) != 0) {
		return -1;
	}
	printf("127.0.0.1:%u\n", ntohs(a.sin_port));
	if (fflush(stdout) == 0 && poll(&p, 1, WAIT_MS) == 1) {
		office = accept(at, NULL, NULL);
	}
	close(at);
	return office;
}

static int dial(uint16_t port)
{
	struct sockaddr_in a = here(port);
	int centre = socket(AF_INET, SOCK_STREAM, 0);

	if (centre >= 0 && connect(centre, (struct sockaddr *)&a, sizeof(a)) != 0) {
		close(centre);
		centre = -1;
	}
	return centre;
}

static bool send_all(int to, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(to, p, len, MSG_NOSIGNAL);

		if (sent <= 0) {
			return false;
		}
		p += sent;
		len -= (size_t)sent;
	}
	return true;
}

/* Carries one piece. false: that end has closed, or the road has fallen. */
static bool carry(struct road *r, int from, int to)
{
	static const struct timespec pause = { 0, 1000000000 / PIECES_A_SECOND };
	char piece[PIECE_MAX];
	bool upwards = to == r->centre;
	size_t most = upwards && r->left < r->piece ? r->left : r->piece;
	ssize_t got = recv(from, piece, most, 0);

	if (got <= 0 || !send_all(to, piece, (size_t)got)) {
		return false;
	}
	if (upwards) {
		r->left -= (size_t)got;
	}
	if (r->is_slow && (size_t)got == r->piece) {
		(void)nanosleep(&pause, NULL);
	}
	return r->left > 0;
}

static void carry_on(struct road *r)
{
	struct pollfd p[2] = { { .fd = r->office, .events = POLLIN },
			       { .fd = r->centre, .events = POLLIN } };
	bool is_open = r->left > 0;

	while (is_open && poll(p, 2, WAIT_MS) > 0) {
		if (p[0].revents != 0) {
			is_open = carry(r, r->office, r->centre);
		}
		if (is_open && p[1].revents != 0) {
			is_open = carry(r, r->centre, r->office);
		}
	}
}

int main(int argc, char **argv)
{
	struct road r = { .office = -1, .centre = -1, .piece = PIECE_MAX };
	unsigned long port, rate;

	if (argc != 4) {
		fputs("usage: demo_road PORT BYTES RATE\n", stderr);
		return 2;
	}
	port = strtoul(argv[1], NULL, 10);
	r.left = strtoul(argv[2], NULL, 10);
	rate = strtoul(argv[3], NULL, 10);
	if (rate > 0) {
		r.is_slow = true;
		r.piece = rate / PIECES_A_SECOND > 0 ? rate / PIECES_A_SECOND : 1;
		r.piece = r.piece < PIECE_MAX ? r.piece : PIECE_MAX;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	r.office = wait_for_office();
	r.centre = r.office < 0 ? -1 : dial((uint16_t)port);
	if (r.centre < 0) {
		fprintf(stderr, "demo_road: %s\n", strerror(errno));
		return 1;
	}
	carry_on(&r);
	close(r.office);
	close(r.centre);
	return r.left == 0 ? 0 : 1;
}
