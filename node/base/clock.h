/*
 * The clocks, for those who may ask: sync/ and proto/ get times as arguments.
 */
#ifndef KERWEN_CLOCK_H
#define KERWEN_CLOCK_H

#include <stdint.h>

enum { CLOCK_TEXT_LEN = 24 };

/* Wall clock: milliseconds since 1970 UTC. It may jump; it orders nothing. */
uint64_t clock_now_ms(void);

/* Never goes back; for durations and deadlines only. */
uint64_t clock_monotonic_ms(void);
uint64_t clock_monotonic_us(void);

/* RFC 3339 in UTC with milliseconds, "2016-12-09T08:30:00.000Z", and a NUL.
 * Times after the year 9999 are shown as its last millisecond. */
void clock_format(uint64_t ms, char text[CLOCK_TEXT_LEN + 1]);

#endif
