#include "node/cmd/author_arg.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "node/base/text.h"

static void find_user(char *out, size_t max)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (pw == NULL) {
		(void)snprintf(out, max, "#%lu", (unsigned long)geteuid());
	} else {
		(void)snprintf(out, max, "%s", pw->pw_name);
	}
}

/* Control characters would fool whoever reads a history on a terminal. */
static bool is_line(struct bytes text)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (text.p[i] < 0x20 || text.p[i] == 0x7f) {
			return false;
		}
	}
	return text_is_utf8(text);
}

static int check(struct cmd_context *c, const char *option, struct bytes text, size_t max)
{
	if (text.len > max) {
		return cmd_fail(c, CMD_USAGE, "make it shorter", "--%s is longer than %zu bytes",
				option, max);
	}
	return is_line(text) ? CMD_OK :
			       cmd_fail(c, CMD_USAGE, "write one line of UTF-8",
					"--%s is not a line of text", option);
}

int author_arg_get(struct cmd_context *c, const struct cmd_args *args, struct author_arg *out)
{
	const char *name = cmd_option(args, "author"), *reason = cmd_option(args, "reason");
	int code;

	if (name != NULL && name[0] == '\0') {
		return cmd_fail(c, CMD_USAGE, "write a name, or leave it out: then it is the user",
				"--author is empty");
	}
	find_user(out->user, sizeof(out->user));
	out->name = bytes_of(name == NULL ? out->user : name);
	out->reason = bytes_of(reason == NULL ? "" : reason);
	code = check(c, "author", out->name, LIMIT_AUTHOR_BYTES_MAX);
	return code == CMD_OK ? check(c, "reason", out->reason, LIMIT_REASON_BYTES_MAX) : code;
}
