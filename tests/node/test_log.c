#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "node/base/log.h"

static char line[4096];

/* What a message looks like on standard error. */
static const char *logged(enum log_mode mode, bool quiet, bool warn, const char *text)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	cr_assert_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_init(mode, quiet);
	if (warn) {
		log_warn("%s", text);
	} else {
		log_info("%s", text);
	}
	dup2(saved, STDERR_FILENO);
	close(ends[1]);
	close(saved);
	n = read(ends[0], line, sizeof(line) - 1);
	close(ends[0]);
	line[n > 0 ? n : 0] = '\0';
	return line;
}

Test(log, a_command_says_it_without_the_time)
{
	cr_expect_str_eq(logged(LOG_COMMAND, false, true, "peer=Mary: lost"),
			 "kerwen: peer=Mary: lost\n");
}

Test(log, the_daemon_says_when)
{
	const char *got = logged(LOG_DAEMON, false, false, "ready");

	cr_assert_eq(strlen(got), strlen("2016-12-09T08:30:00.000Z info: ready\n"));
	cr_expect_eq(got[10], 'T');
	cr_expect_str_eq(got + 24, " info: ready\n");
}

Test(log, quiet_silences_information_but_no_warning)
{
	cr_expect_str_eq(logged(LOG_COMMAND, true, false, "x"), "");
	cr_expect_str_eq(logged(LOG_COMMAND, true, true, "x"), "kerwen: x\n");
}

Test(log, a_message_is_one_line_whatever_is_in_it)
{
	cr_expect_str_eq(logged(LOG_COMMAND, false, true, "a\nkerwen: forged\x1b[2J"),
			 "kerwen: a\\nkerwen: forged\\x1b[2J\n");
}

Test(log, a_long_message_is_cut_and_still_a_line)
{
	char text[3000];
	const char *got;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	got = logged(LOG_COMMAND, false, true, text);
	cr_expect_lt(strlen(got), 1100);
	cr_expect_str_eq(got + strlen(got) - 4, "...\n");
}
