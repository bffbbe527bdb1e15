/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times in logs: UTC, and local time in zones with summer time and with offsets of half an hour. */
#include "base/clock.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../suite.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define ST_JOHNS "NST3:30NDT,M3.2.0,M11.1.0"
#define MS 123000000

static const struct {
	const char *zone;
	int64_t seconds;
	const char *local, *offset;
} times[] = {
	{ "UTC0", 1795390001, "2026-11-22T23:26:41.123+00:00", "+0000" },
	{ BERLIN, 1795390001, "2026-11-23T00:26:41.123+01:00", "+0100" },
	{ BERLIN, 1782000000, "2026-06-21T02:00:00.123+02:00", "+0200" },
	/* the last second of summer time, and the same local hour an hour later */
	{ BERLIN, 1792889999, "2026-10-25T02:59:59.123+02:00", "+0200" },
	{ BERLIN, 1792890000, "2026-10-25T02:00:00.123+01:00", "+0100" },
	{ "IST-5:30", 1795390001, "2026-11-23T04:56:41.123+05:30", "+0530" },
	{ ST_JOHNS, 1795390001, "2026-11-22T19:56:41.123-03:30", "-0330" },
	{ ST_JOHNS, 1782000000, "2026-06-20T21:30:00.123-02:30", "-0230" },
};

START_TEST(formats_local_time)
{
	char text[CLOCK_TEXT_BYTES];
	const time_t seconds = (time_t)times[_i].seconds;
	struct tm tm;

	setenv("TZ", times[_i].zone, 1);
	tzset();
	ck_assert_str_eq(clock_format_local(times[_i].seconds * (int64_t)CLOCK_NS_PER_S + MS, text), times[_i].local);
	localtime_r(&seconds, &tm);
	ck_assert_uint_eq(clock_format_offset(&tm, "", text), strlen(times[_i].offset));
	ck_assert_str_eq(text, times[_i].offset);
	ck_assert_str_eq(clock_format_utc(INT64_C(1795390001123456789), text), "2026-11-22T23:26:41.123Z");
}
END_TEST

START_TEST(formats_utc)
{
	char text[CLOCK_TEXT_BYTES];

	ck_assert_str_eq(clock_format_utc(INT64_C(1795390001123456789), text), "2026-11-22T23:26:41.123Z");
	ck_assert_str_eq(clock_format_utc(0, text), "1970-01-01T00:00:00.000Z");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tests = tcase_create("clock");

	tcase_add_loop_test(tests, formats_local_time, 0, sizeof(times) / sizeof(times[0]));
	tcase_add_test(tests, formats_utc);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
