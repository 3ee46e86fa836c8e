/*
 * Ctrl-C in a command that must clean up: SIGINT, SIGTERM and SIGHUP set a flag
 * instead of ending the process, and end a read from the terminal.
 */
#ifndef KERWEN_INTERRUPT_H
#define KERWEN_INTERRUPT_H

#include <stdbool.h>

/* From now on. The flag of an earlier time is kept. */
void interrupt_watch(void);

/* Signals end the process again. */
void interrupt_unwatch(void);

bool interrupt_came(void);

#endif
