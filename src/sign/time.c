/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A text that starts like a date is a date. A text that starts with "@" is a number of seconds since 1970, as in
 * date(1). Any other text is a duration.
 *
 * Dates are in UTC, because a URL may be used in a time zone other than that of the signer. The functions have no side
 * effects.
 */
#include "sign/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth/signature.h"
#include "base/units.h"

#define DIGITS "0123456789"

/* Parses a date in UTC. Returns 0 or -EINVAL. */
static int parse_date(const char *text, int64_t *seconds)
{
	static const char *const formats[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ" };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, formats[i], &tm);
		int day = tm.tm_mday;

		if (end == NULL || *end != '\0')
			continue;
		*seconds = timegm(&tm);
		/* For a date that does not exist, such as February 30th, timegm() changes the day. */
		return tm.tm_mday == day ? 0 : -EINVAL;
	}
	return -EINVAL;
}

int sign_time_parse(const char *text, int64_t now, int64_t *seconds)
{
	uint64_t value;
	int error;

	if (strspn(text, DIGITS) == 4 && text[4] == '-') {
		error = parse_date(text, seconds);
	} else {
		error = *text == '@' && text[1 + strspn(text + 1, DIGITS)] != '\0'
				? -EINVAL
				: units_parse_duration(text + (*text == '@'), &value);
		value = error == 0 ? value / 1000 : 0;
		if (error == 0 && value > (uint64_t)SIGNATURE_EXPIRES_MAX)
			return -ERANGE;
		*seconds = error == 0 ? (int64_t)value + (*text == '@' ? 0 : now) : 0;
	}
	if (error == 0 && (*seconds <= now || *seconds > SIGNATURE_EXPIRES_MAX))
		return -ERANGE;
	return error;
}

char *sign_time_format(int64_t seconds, char *text, size_t text_bytes)
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&time, &tm) == NULL || strftime(text, text_bytes, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(text, text_bytes, "@%lld", (long long)seconds);
	return text;
}
