/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The expiry of a URL: durations and times. */
#include "sign/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../suite.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(*table))
#define NOW INT64_C(1767225600) /* 2026-01-01 */

static const struct {
	const char *text;
	int error;
	int64_t seconds;
} times[] = {
	{ "90", 0, NOW + 90 },
	{ "90s", 0, NOW + 90 },
	{ "30m", 0, NOW + 1800 },
	{ "1h", 0, NOW + 3600 },
	{ "7d", 0, NOW + 604800 },
	{ "2w", 0, NOW + 1209600 },
	{ "1y", 0, NOW + 31536000 },
	{ "2026-01-02", 0, NOW + 86400 },
	{ "2026-12-31T18:30:00Z", 0, 1798741800 },
	{ "2026-12-31T18:30Z", 0, 1798741800 },
	{ "2028-02-29", 0, 1835395200 },
	{ "@1767225601", 0, NOW + 1 },
	{ "@999999999999", 0, INT64_C(999999999999) },
	/* not a valid time */
	{ "", -EINVAL, 0 },
	{ "d", -EINVAL, 0 },
	{ "1q", -EINVAL, 0 },
	{ "-1h", -EINVAL, 0 },
	{ "+1h", -EINVAL, 0 },
	{ "1.5h", -EINVAL, 0 },
	{ "5md", -EINVAL, 0 },
	{ "1d1h", -EINVAL, 0 },
	{ "@", -EINVAL, 0 },
	{ "@1h", -EINVAL, 0 },
	{ "@-1", -EINVAL, 0 },
	{ "@@1767225601", -EINVAL, 0 },
	{ "2026-13-01", -EINVAL, 0 },
	{ "2026-02-30", -EINVAL, 0 },
	{ "2027-02-29", -EINVAL, 0 },
	{ "2026-12-31 18:30:00", -EINVAL, 0 },
	{ "2026-12-31T18:30:00", -EINVAL, 0 },
	{ "2026-12-31T18:30:00+01:00", -EINVAL, 0 },
	{ "2026-12-31T25:00Z", -EINVAL, 0 },
	{ "2026-12-31x", -EINVAL, 0 },
	/* not in the future, or too far in the future */
	{ "0", -ERANGE, 0 },
	{ "500ms", -ERANGE, 0 },
	{ "2026-01-01", -ERANGE, 0 },
	{ "1999-01-01", -ERANGE, 0 },
	{ "@1767225600", -ERANGE, 0 },
	{ "@0", -ERANGE, 0 },
	{ "@1000000000000", -ERANGE, 0 },
	{ "999999999999", -ERANGE, 0 },
	{ "18446744073709551615", -ERANGE, 0 },
	{ "99999999999999999999d", -ERANGE, 0 },
	{ "9999999999999999w", -ERANGE, 0 },
};

START_TEST(parses)
{
	int64_t seconds = -1;
	int error;

	setenv("TZ", "America/New_York", 1);
	tzset();
	error = sign_time_parse(times[_i].text, NOW, &seconds);
	ck_assert_msg(error == times[_i].error, "\"%s\": %d", times[_i].text, error);
	if (error == 0)
		ck_assert_int_eq(seconds, times[_i].seconds);
}
END_TEST

START_TEST(formats)
{
	char text[40];

	ck_assert_str_eq(sign_time_format(1798741800, text, sizeof(text)), "2026-12-31T18:30:00Z");
	ck_assert_str_eq(sign_time_format(INT64_C(999999999999), text, sizeof(text)), "33658-09-27T01:46:39Z");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sign_time");
	TCase *t = tcase_create("sign_time");
	tcase_add_loop_test(t, parses, 0, ROWS(times));
	tcase_add_test(t, formats);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
