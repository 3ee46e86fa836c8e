/* A command's side of control.h: one blocking question. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/net/control.h"
#include "node/net/control_name.h"

/* Names of sockets are short, directories need not be: so it connects from
 * inside. */
static int connect_in(const char *dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int err = 0;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", CONTROL_NAME);
	if (here < 0 || fd < 0 || chdir(dir) != 0) {
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
	int fd = connect_in(dir);
	enum rc rc = line == NULL ? RC_NOMEM : fd < 0 ? RC_NOTFOUND : RC_OK;

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
