#include "node/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/text.h"

enum { MESSAGE_MAX = 1024, LINE_BYTES_MAX = MESSAGE_MAX + 64 };

static enum log_mode mode_now = LOG_COMMAND;
static bool is_quiet = false;

void log_init(enum log_mode mode, bool quiet)
{
	mode_now = mode;
	is_quiet = quiet;
}

/* One write(2) a line: lines of threads and processes stay whole. */
static void write_line(const char *level, const char *format, va_list args)
{
	char message[2 * MESSAGE_MAX], shown[MESSAGE_MAX], line[LINE_BYTES_MAX];
	char time[CLOCK_TEXT_LEN + 1];
	int len;

	if (vsnprintf(message, sizeof(message), format, args) < 0) {
		return;
	}
	text_printable(shown, sizeof(shown), bytes_of(message));
	if (mode_now == LOG_DAEMON) {
		clock_format(clock_now_ms(), time);
		len = snprintf(line, sizeof(line), "%s %s: %s\n", time, level, shown);
	} else {
		len = snprintf(line, sizeof(line), "kerwen: %s\n", shown);
	}
	/* Nobody can be told that standard error is closed. */
	if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0) {
		return;
	}
}

void log_info(const char *format, ...)
{
	va_list args;

	if (is_quiet) {
		return;
	}
	va_start(args, format);
	write_line("info", format, args);
	va_end(args);
}

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("warning", format, args);
	va_end(args);
}
