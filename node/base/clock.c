#include "node/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS_MAX UINT64_C(253402300799999) /* the last of the year 9999 */

static uint64_t read_us(clockid_t id)
{
	struct timespec t = { 0 };

	(void)clock_gettime(id, &t);
	return t.tv_sec < 0 ? 0 : (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t clock_now_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

uint64_t clock_monotonic_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

uint64_t clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

void clock_format(uint64_t ms, char text[CLOCK_TEXT_LEN + 1])
{
	uint64_t shown = ms > MS_MAX ? MS_MAX : ms;
	time_t seconds = (time_t)(shown / 1000);
	struct tm tm;
	char whole[32];

	memset(&tm, 0, sizeof(tm));
	(void)gmtime_r(&seconds, &tm);
	strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, CLOCK_TEXT_LEN + 1, "%.19s.%03uZ", whole, (unsigned)(shown % 1000));
}
