/*
 * Messages on standard error: one line each, written at once, so that lines
 * of several threads do not mix. Control characters are escaped.
 *
 * Personal data never goes into a message: name ids, fields and files, not
 * values. The daemon's lines begin with the time; those of a command do not.
 */
#ifndef KERWEN_LOG_H
#define KERWEN_LOG_H

#include <stdbool.h>

enum log_mode { LOG_COMMAND, LOG_DAEMON };

/* Before threads are started. quiet: log_info prints nothing. */
void log_init(enum log_mode mode, bool quiet);

/* What a person may want to know, and what a person must know. A line longer
 * than a kilobyte is cut. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
