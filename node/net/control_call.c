/* A command's side of control.h: one blocking question. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/path.h"
#include "node/net/control.h"
#include "node/net/control_name.h"

enum { PAUSE_MS = 20, PATIENCE_MS = 2000 };

/* Names of sockets are short, directories need not be: so it connects from
 * inside. */
static int connect_in(const char *dir, uint64_t wait_ms)
{
	const struct timeval wait = { (time_t)(wait_ms / 1000),
				      (suseconds_t)(wait_ms % 1000 * 1000 + 1) };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int err = 0;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", CONTROL_NAME);
	/* A daemon that takes nobody must not hold us for ever. */
	if (here < 0 || fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0 || chdir(dir) != 0) {
		err = errno;
	} else {
		err = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 :
											     errno;
		err = fchdir(here) == 0 ? err : errno;
	}
	if (here >= 0) {
		(void)close(here);
	}
	if (err != 0 && fd >= 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

bool control_is_held(const char *dir)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_BYTES_MAX];
	int fd = path_join(path, dir, CONTROL_LOCK_NAME) == RC_OK ?
			 open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK) :
			 -1;
	bool held = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

	if (fd >= 0) {
		(void)close(fd);
	}
	return held;
}

/* A daemon that begins or ends has its lock, but no socket: it is waited for. */
static enum rc connect_daemon(const char *dir, uint64_t until_ms, int *out)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };
	uint64_t patient_ms = clock_monotonic_ms() + PATIENCE_MS;

	for (;;) {
		uint64_t now = clock_monotonic_ms();

		*out = connect_in(dir, now < until_ms ? until_ms - now : 0);
		if (*out >= 0) {
			return RC_OK;
		}
		if (!control_is_held(dir)) {
			return RC_NOTFOUND;
		}
		if (now >= until_ms || now >= patient_ms) {
			return RC_BUSY;
		}
		(void)nanosleep(&pause, NULL);
	}
}

static enum rc write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return RC_CLOSED;
		}
		text += n;
		len -= (size_t)n;
	}
	return RC_OK;
}

/* Reads up to the end of a line. */
static enum rc read_line(int fd, uint64_t until_ms, char *line, size_t *len)
{
	*len = 0;
	while (*len < CONTROL_LINE_MAX) {
		uint64_t now = clock_monotonic_ms();
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n = 0;
		int ready = now >= until_ms ? 0 : poll(&p, 1, (int)(until_ms - now));

		if (ready < 0 && errno == EINTR) {
			continue;
		}
		if (ready <= 0) {
			return RC_TIMEOUT;
		}
		n = read(fd, line + *len, CONTROL_LINE_MAX - *len);
		if (n <= 0) {
			return RC_CLOSED;
		}
		*len += (size_t)n;
		if (memchr(line, '\n', *len) != NULL) {
			return RC_OK;
		}
	}
	return RC_LIMIT;
}

enum rc control_call(const char *dir, const char *request, uint32_t timeout_ms, json_t **answer)
{
	uint64_t until_ms = clock_monotonic_ms() + timeout_ms;
	char *line = malloc(CONTROL_LINE_MAX);
	size_t len = 0;
	int fd = -1;
	enum rc rc = line == NULL ? RC_NOMEM : connect_daemon(dir, until_ms, &fd);

	*answer = NULL;
	if (rc == RC_OK) {
		rc = write_all(fd, request, strlen(request));
	}
	if (rc == RC_OK) {
		rc = write_all(fd, "\n", 1);
	}
	if (rc == RC_OK) {
		rc = read_line(fd, until_ms, line, &len);
	}
	if (rc == RC_OK) {
		*answer = json_loadb(line, len, 0, NULL);
		rc = *answer == NULL ? RC_CORRUPT : RC_OK;
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	free(line);
	return rc;
}
