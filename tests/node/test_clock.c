#include <criterion/criterion.h>
#include <inttypes.h>

#include "node/base/clock.h"

Test(clock, formats_times_as_rfc_3339)
{
	static const struct {
		uint64_t ms;
		const char *text, *why;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z", "the first" },
		{ UINT64_C(1481272200123), "2016-12-09T08:30:00.123Z", "milliseconds" },
		{ UINT64_C(951782400000), "2000-02-29T00:00:00.000Z", "a leap day" },
		{ UINT64_C(253402300799999), "9999-12-31T23:59:59.999Z", "the last" },
		{ UINT64_C(253402300800000), "9999-12-31T23:59:59.999Z", "past the last" },
		{ UINT64_MAX, "9999-12-31T23:59:59.999Z", "far past it" },
	};
	char text[CLOCK_TEXT_LEN + 1];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clock_format(rows[i].ms, text);
		cr_expect_str_eq(text, rows[i].text, "%s", rows[i].why);
	}
}

Test(clock, the_monotonic_clocks_agree_and_never_go_back)
{
	uint64_t us = clock_monotonic_us(), ms = clock_monotonic_ms();

	cr_expect_geq(ms, us / 1000);
	cr_expect_lt(ms, us / 1000 + 5000);
	cr_expect_geq(clock_monotonic_us(), us);
	cr_expect_gt(clock_now_ms(), UINT64_C(1700000000000));
}
