#include "node/cmd/ask.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "node/cmd/interrupt.h"

static enum rc write_text(int fd, const char *text)
{
	return write(fd, text, strlen(text)) < 0 ? RC_IO : RC_OK;
}

/* One line that nobody sees. The terminal is as before, also after Ctrl-C. */
static enum rc read_hidden(int fd, const char *prompt, struct passphrase *out,
			   struct path_problem *why)
{
	struct termios before, hidden;
	enum rc rc;

	if (tcgetattr(fd, &before) != 0) {
		return path_fail_errno(why, "ask on", "the terminal");
	}
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0) {
		return path_fail_errno(why, "ask on", "the terminal");
	}
	(void)write_text(fd, prompt);
	(void)write_text(fd, ": ");
	rc = passphrase_read_line(fd, "the terminal", out, why);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	(void)write_text(fd, "\n");
	return rc;
}

static bool is_same(const struct passphrase *a, const struct passphrase *b)
{
	return a->len == b->len && sodium_memcmp(a->text, b->text, a->len) == 0;
}

static enum rc ask_terminal(int fd, const struct ask *ask, struct passphrase *out,
			    struct path_problem *why)
{
	struct passphrase again = { .text = NULL };
	enum rc rc = read_hidden(fd, ask->prompt, out, why);

	if (rc == RC_OK && ask->is_new) {
		rc = passphrase_check_new(out, why);
		if (rc == RC_OK) {
			rc = read_hidden(fd, "The same again", &again, why);
		}
		if (rc == RC_OK && !is_same(out, &again)) {
			rc = path_fail(why, RC_INVALID, "give the command again",
				       "the two are not the same");
		}
		passphrase_drop(&again);
	}
	return rc;
}

/* The terminal of whoever gave the command, if somebody sits there. */
static int open_terminal(void)
{
	return isatty(STDIN_FILENO) == 1 || isatty(STDERR_FILENO) == 1 ?
		       open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) :
		       -1;
}

static int report(struct cmd_context *c, enum rc rc, const struct path_problem *why)
{
	if (rc == RC_CLOSED) {
		return cmd_fail(c, CMD_INTERRUPTED, NULL, "interrupted");
	}
	return rc == RC_OK ? CMD_OK :
			     cmd_fail_path(c, rc == RC_INVALID ? CMD_USAGE : CMD_FAILED, why);
}

int ask_passphrase(struct cmd_context *c, const struct ask *ask, struct passphrase *out)
{
	struct path_problem why = { .text = "" };
	enum rc rc;
	int fd;

	memset(out, 0, sizeof(*out));
	if (ask->path != NULL) {
		rc = passphrase_read(ask->path, out, &why);
		if (rc == RC_OK && ask->is_new) {
			rc = passphrase_check_new(out, &why);
		}
	} else {
		fd = open_terminal();
		if (fd < 0) {
			return cmd_fail(c, ask->failed, ask->hint,
					"no passphrase, and no terminal to ask on");
		}
		interrupt_watch();
		rc = ask_terminal(fd, ask, out, &why);
		interrupt_unwatch();
		close(fd);
	}
	if (rc != RC_OK) {
		passphrase_drop(out);
	}
	return report(c, rc, &why);
}
