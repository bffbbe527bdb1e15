/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP dates: the three forms for parsing, the form for output, and round trips compared with timegm(3) and
 * gmtime_r(3).
 */
#include "http/date.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../suite.h"

#define NOW INT64_C(1700000000) /* 2023-11-14 22:13:20 */
#define RFC_EXAMPLE INT64_C(784111777)

static const struct {
	const char *text;
	int64_t seconds;
} good[] = {
	{ "Sun, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE },
	{ "Sunday, 06-Nov-94 08:49:37 GMT", RFC_EXAMPLE },
	{ "Sun Nov  6 08:49:37 1994", RFC_EXAMPLE },
	{ "Wed Nov 16 08:49:37 1994", RFC_EXAMPLE + 10 * 86400 },
	{ " \tSun, 06 Nov 1994 08:49:37 GMT\t ", RFC_EXAMPLE },
	{ "Mon, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE }, /* the wrong day of the week */
	{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
	{ "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
	{ "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
	{ "Thu, 29 Feb 2024 12:00:00 GMT", 1709208000 },
	{ "Sat, 31 Dec 2016 23:59:60 GMT", 1483228799 }, /* a leap second */
	{ "Mon, 01 Jan 0001 00:00:00 GMT", INT64_C(-62135596800) },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799) },
	{ "Fri, 31 Dec 9999 23:59:60 GMT", INT64_C(253402300799) },
};

static const char *const bad[] = {
	"",
	" ",
	"0",
	"784111777",
	"sun, 06 Nov 1994 08:49:37 GMT",
	"Sun, 06 nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 1994 08:49:37 gmt",
	"Sun, 06 Nov 1994 08:49:37 UTC",
	"Sun, 06 Nov 1994 08:49:37 +0000",
	"Sun, 06 Nov 1994 08:49:37",
	"Sun, 06 Nov 1994 08:49 GMT",
	"Sun, 6 Nov 1994 08:49:37 GMT",
	"Sun, +6 Nov 1994 08:49:37 GMT",
	"Sun,  6 Nov 1994 08:49:37 GMT",
	"Sun,06 Nov 1994 08:49:37 GMT",
	"Sun, 06 Nov  1994 08:49:37 GMT",
	"Sun, 06 Nov 94 08:49:37 GMT",
	"Sun, 06 Nov 11994 08:49:37 GMT",
	"Sun, 06-Nov-94 08:49:37 GMT",
	"Sunday, 06 Nov 1994 08:49:37 GMT",
	"Sunday, 06-Nov-1994 08:49:37 GMT",
	"Sun Nov 6 08:49:37 1994",
	"Sun Nov  6 08:49:37 1994 GMT",
	"Sun, 00 Nov 1994 08:49:37 GMT",
	"Sun, 31 Nov 1994 08:49:37 GMT",
	"Sun, 32 Dec 1994 08:49:37 GMT",
	"Sun, 29 Feb 1994 08:49:37 GMT",
	"Sun, 29 Feb 1900 08:49:37 GMT",
	"Sun, 06 Nov 1994 24:00:00 GMT",
	"Sun, 06 Nov 1994 08:60:37 GMT",
	"Sun, 06 Nov 1994 08:49:61 GMT",
	"Sun, 06 Nov 0000 08:49:37 GMT",
	"Sun, 06 Nov 1994 08:49:37 GMT; x",
	"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
};

START_TEST(parses_the_three_forms)
{
	int64_t seconds = 12345;
	ck_assert_msg(date_parse(good[_i].text, NOW, &seconds) == 0, "refused: %s", good[_i].text);
	ck_assert_int_eq(seconds, good[_i].seconds);
}
END_TEST

START_TEST(rejects_malformed_dates)
{
	int64_t seconds;
	ck_assert_msg(date_parse(bad[_i], NOW, &seconds) == -EINVAL, "taken: %s", bad[_i]);
}
END_TEST

static const struct {
	const char *now, *text, *meant;
} placed[] = {
	{ "Tue, 14 Nov 2023 22:13:20 GMT", "Tuesday, 14-Nov-23 22:13:20 GMT", "Tue, 14 Nov 2023 22:13:20 GMT" },
	{ "Tue, 14 Nov 2023 22:13:20 GMT", "Tuesday, 14-Nov-73 22:13:20 GMT", "Tue, 14 Nov 2073 22:13:20 GMT" },
	{ "Tue, 14 Nov 2023 22:13:20 GMT", "Tuesday, 14-Nov-73 22:13:21 GMT", "Wed, 14 Nov 1973 22:13:21 GMT" },
	{ "Tue, 14 Nov 2023 22:13:20 GMT", "Tuesday, 01-Jan-74 00:00:00 GMT", "Tue, 01 Jan 1974 00:00:00 GMT" },
	{ "Tue, 14 Nov 2023 22:13:20 GMT", "Tuesday, 31-Dec-99 00:00:00 GMT", "Fri, 31 Dec 1999 00:00:00 GMT" },
	{ "Tue, 14 Nov 2023 22:13:20 GMT", "Tuesday, 29-Feb-00 00:00:00 GMT", "Tue, 29 Feb 2000 00:00:00 GMT" },
	{ "Sat, 31 Dec 1994 00:00:00 GMT", "Saturday, 01-Jan-05 00:00:00 GMT", "Sat, 01 Jan 2005 00:00:00 GMT" },
	{ "Thu, 01 Jan 2099 00:00:00 GMT", "Saturday, 01-Jan-05 00:00:00 GMT", "Thu, 01 Jan 2105 00:00:00 GMT" },
};

START_TEST(completes_the_year_of_an_rfc850_date)
{
	int64_t now, seconds;
	char text[DATE_BYTES];
	ck_assert_int_eq(date_parse(placed[_i].now, 0, &now), 0);
	ck_assert_int_eq(date_parse(placed[_i].text, now, &seconds), 0);
	ck_assert_str_eq(date_format(seconds, text), placed[_i].meant);
}
END_TEST

START_TEST(accepts_any_value_of_now)
{
	static const int64_t nows[] = { INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX };
	int64_t seconds;
	for (size_t i = 0; i < sizeof(nows) / sizeof(*nows); i++)
		(void)date_parse("Sunday, 06-Nov-94 08:49:37 GMT", nows[i], &seconds);
}
END_TEST

START_TEST(writes_imf_fixdate)
{
	char text[DATE_BYTES];
	ck_assert_str_eq(date_format(RFC_EXAMPLE, text), "Sun, 06 Nov 1994 08:49:37 GMT");
	ck_assert_str_eq(date_format(0, text), "Thu, 01 Jan 1970 00:00:00 GMT");
	ck_assert_str_eq(date_format(-1, text), "Wed, 31 Dec 1969 23:59:59 GMT");
	ck_assert_ptr_eq(date_format(0, text), text);
	ck_assert_uint_eq(strlen(text) + 1, DATE_BYTES);
}
END_TEST

START_TEST(clamps_to_years_1_to_9999)
{
	char text[DATE_BYTES];
	ck_assert_str_eq(date_format(INT64_MIN, text), "Mon, 01 Jan 0001 00:00:00 GMT");
	ck_assert_str_eq(date_format(INT64_C(-62135596801), text), "Mon, 01 Jan 0001 00:00:00 GMT");
	ck_assert_str_eq(date_format(INT64_C(253402300800), text), "Fri, 31 Dec 9999 23:59:59 GMT");
	ck_assert_str_eq(date_format(INT64_MAX, text), "Fri, 31 Dec 9999 23:59:59 GMT");
}
END_TEST

/* strftime(3) is safe here: the test runs in the C locale. */
static void check_against_libc(int64_t seconds)
{
	struct tm tm;
	time_t time = seconds;
	char own[DATE_BYTES], libc[64];
	int64_t again;
	gmtime_r(&time, &tm);
	if (tm.tm_year >= -900) { /* %Y has four digits only from the year 1000 */
		strftime(libc, sizeof(libc), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		ck_assert_str_eq(date_format(seconds, own), libc);
		strftime(libc, sizeof(libc), "%a %b %e %H:%M:%S %Y", &tm);
		ck_assert_int_eq(date_parse(libc, NOW, &again), 0);
		ck_assert_int_eq(again, timegm(&tm));
	}
	ck_assert_int_eq(date_parse(date_format(seconds, own), NOW, &again), 0);
	ck_assert_int_eq(again, seconds);
}

START_TEST(round_trip_agrees_with_libc)
{
	srandom(1);
	for (unsigned i = 0; i < 200000; i++) {
		int64_t bits = (int64_t)random() << 31 ^ random();
		check_against_libc(i % 2 ? bits % 5000000000 : bits % INT64_C(315537897600) - INT64_C(62135596800));
	}
}
END_TEST

START_TEST(every_day_of_four_centuries)
{
	for (int64_t day = -141000; day < 13000; day++)
		check_against_libc(day * 86400);
}
END_TEST

START_TEST(formats_timestamps_of_rfc_3339)
{
	char text[DATE_ISO_BYTES];

	ck_assert_str_eq(date_format_iso(0, text), "1970-01-01T00:00:00Z");
	ck_assert_str_eq(date_format_iso(INT64_C(1580608922123456789), text), "2020-02-02T02:02:02.123456789Z");
	ck_assert_str_eq(date_format_iso(-1, text), "1969-12-31T23:59:59.999999999Z");
	ck_assert_str_eq(date_format_iso(INT64_C(5000000001), text), "1970-01-01T00:00:05.000000001Z");
	ck_assert_uint_lt(strlen(date_format_iso(INT64_MIN, text)), DATE_ISO_BYTES);
	ck_assert_uint_lt(strlen(date_format_iso(INT64_MAX, text)), DATE_ISO_BYTES);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("date");
	TCase *t = tcase_create("date");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, parses_the_three_forms, 0, sizeof(good) / sizeof(*good));
	tcase_add_loop_test(t, rejects_malformed_dates, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_loop_test(t, completes_the_year_of_an_rfc850_date, 0, sizeof(placed) / sizeof(*placed));
	tcase_add_test(t, accepts_any_value_of_now);
	tcase_add_test(t, writes_imf_fixdate);
	tcase_add_test(t, clamps_to_years_1_to_9999);
	tcase_add_test(t, round_trip_agrees_with_libc);
	tcase_add_test(t, every_day_of_four_centuries);
	tcase_add_test(t, formats_timestamps_of_rfc_3339);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
