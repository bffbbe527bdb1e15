/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP dates, RFC 9110 section 5.6.7. Three forms are parsed, and one is written. The functions are pure and
 * thread-safe. The buffers belong to the caller.
 *
 * The main idea: each form is one expression of parse_*() calls that advance a cursor, in the order of its grammar, so
 * the code reads like the ABNF. The functions strptime(3), strftime(3) and mktime(3) are not used: they depend on
 * locales and time zones, and they accept more blanks than the RFC allows. Days are computed with years that begin in
 * March, so that a leap day is the last day of its year, and with eras of 400 years.
 */
#include "http/date.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define DAY_SECONDS 86400
#define ERA_DAYS 146097			   /* days in 400 years */
#define EPOCH_DAYS 719468		   /* days from 0000-03-01 to 1970-01-01 */
#define FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01 00:00:00 */
#define LAST_SECOND INT64_C(253402300799)  /* 9999-12-31 23:59:59 */
#define BLANKS " \t"

struct civil {
	int64_t year;
	unsigned month, day; /* both count from 1 */
	unsigned hour, minute, second;
};

static const char *const day_names[7] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const long_day_names[7] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
					       "Thursday", "Friday", "Saturday" };
static const char *const month_names[12] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Returns the days since 1970-01-01. A day after the end of its month is a day of the next month. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t march_year = month <= 2 ? year - 1 : year;
	int64_t era = (march_year >= 0 ? march_year : march_year - 399) / 400;
	int64_t year_of_era = march_year - era * 400;
	int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
	return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH_DAYS;
}

static int64_t seconds_of(const struct civil *civil)
{
	int64_t days = days_of(civil->year, civil->month, civil->day);
	return ((days * 24 + civil->hour) * 60 + civil->minute) * 60 + civil->second;
}

/*
 * Converts seconds to a date. The years are limited to 1 to 9999, so the number of days since 0000-03-01 is not
 * negative.
 */
static void civil_of(int64_t seconds, struct civil *civil)
{
	uint64_t since = (uint64_t)(seconds + (int64_t)EPOCH_DAYS * DAY_SECONDS);
	unsigned days = (unsigned)(since / DAY_SECONDS), rest = (unsigned)(since % DAY_SECONDS);
	unsigned day_of_era = days % ERA_DAYS;
	unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned march_month = (5 * day_of_year + 2) / 153;
	civil->day = day_of_year - (153 * march_month + 2) / 5 + 1;
	civil->month = march_month < 10 ? march_month + 3 : march_month - 9;
	civil->year = (int64_t)(days / ERA_DAYS) * 400 + year_of_era + (civil->month <= 2);
	civil->hour = rest / 3600;
	civil->minute = rest / 60 % 60;
	civil->second = rest % 60;
}

static int64_t clamp(int64_t seconds)
{
	if (seconds < FIRST_SECOND)
		return FIRST_SECOND;
	return seconds > LAST_SECOND ? LAST_SECOND : seconds;
}

static bool match_literal(const char **at, const char *literal)
{
	size_t length = strlen(literal);
	if (strncmp(*at, literal, length) != 0)
		return false;
	*at += length;
	return true;
}

static bool parse_digits(const char **at, unsigned count, unsigned *value)
{
	*value = 0;
	for (; count > 0; count--, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*value = *value * 10 + (unsigned)(**at - '0');
	}
	return true;
}

static bool parse_year(const char **at, unsigned digits, struct civil *civil)
{
	unsigned year;
	bool parsed = parse_digits(at, digits, &year);
	civil->year = year;
	return parsed;
}

static bool parse_day_name(const char **at, const char *const *names)
{
	for (unsigned i = 0; i < 7; i++)
		if (match_literal(at, names[i]))
			return true;
	return false;
}

static bool parse_month(const char **at, struct civil *civil)
{
	for (civil->month = 1; civil->month <= 12; civil->month++)
		if (match_literal(at, month_names[civil->month - 1]))
			return true;
	return false;
}

static bool parse_time(const char **at, struct civil *civil)
{
	return parse_digits(at, 2, &civil->hour) && match_literal(at, ":") && parse_digits(at, 2, &civil->minute) &&
	       match_literal(at, ":") && parse_digits(at, 2, &civil->second);
}

/* Parses "Sun, 06 Nov 1994 08:49:37 GMT". */
static bool parse_fixdate(const char **at, struct civil *civil)
{
	return parse_day_name(at, day_names) && match_literal(at, ", ") && parse_digits(at, 2, &civil->day) &&
	       match_literal(at, " ") && parse_month(at, civil) && match_literal(at, " ") && parse_year(at, 4, civil) &&
	       match_literal(at, " ") && parse_time(at, civil) && match_literal(at, " GMT");
}

/* Parses "Sunday, 06-Nov-94 08:49:37 GMT". */
static bool parse_rfc850(const char **at, struct civil *civil)
{
	return parse_day_name(at, long_day_names) && match_literal(at, ", ") && parse_digits(at, 2, &civil->day) &&
	       match_literal(at, "-") && parse_month(at, civil) && match_literal(at, "-") && parse_year(at, 2, civil) &&
	       match_literal(at, " ") && parse_time(at, civil) && match_literal(at, " GMT");
}

/* Parses "Sun Nov  6 08:49:37 1994". Two blanks precede a day of one digit. */
static bool parse_asctime(const char **at, struct civil *civil)
{
	return parse_day_name(at, day_names) && match_literal(at, " ") && parse_month(at, civil) &&
	       match_literal(at, " ") && parse_digits(at, match_literal(at, " ") ? 1 : 2, &civil->day) &&
	       match_literal(at, " ") && parse_time(at, civil) && match_literal(at, " ") && parse_year(at, 4, civil);
}

/* Completes a year of two digits with the latest century for which the date is at most 50 years after `now`. */
static void complete_year(struct civil *civil, int64_t now)
{
	struct civil limit;
	civil_of(clamp(now), &limit);
	limit.year += 50;
	civil->year = limit.year - (limit.year - civil->year) % 100;
	if (seconds_of(civil) > seconds_of(&limit))
		civil->year -= 100;
}

static bool is_real(const struct civil *civil)
{
	if (civil->year < 1 || civil->year > 9999 || civil->hour > 23 || civil->minute > 59 || civil->second > 60)
		return false;
	unsigned next = civil->month % 12 + 1;
	int64_t month_end = days_of(civil->year + (next == 1), next, 1);
	return civil->day >= 1 && days_of(civil->year, civil->month, civil->day) < month_end;
}

static bool parse_date(const char **at, int64_t now, struct civil *civil)
{
	const char *start = *at;
	if (parse_fixdate(at, civil))
		return true;
	*at = start;
	if (parse_asctime(at, civil))
		return true;
	*at = start;
	if (!parse_rfc850(at, civil))
		return false;
	complete_year(civil, now);
	return true;
}

int date_parse(const char *text, int64_t now, int64_t *seconds)
{
	struct civil civil = { 0 };
	const char *at = text + strspn(text, BLANKS);
	if (!parse_date(&at, now, &civil) || at[strspn(at, BLANKS)] != '\0' || !is_real(&civil))
		return -EINVAL;
	if (civil.second == 60)
		civil.second = 59; /* a leap second, for which the system clock repeats second 59 */
	*seconds = seconds_of(&civil);
	return 0;
}

static char *put_text(char *to, const char *text)
{
	size_t length = strlen(text);
	memcpy(to, text, length);
	return to + length;
}

static char *put_digits(char *to, unsigned count, unsigned value)
{
	for (unsigned i = count; i > 0; i--, value /= 10)
		to[i - 1] = (char)('0' + value % 10);
	return to + count;
}

static char *put_time(char *to, const struct civil *civil)
{
	to = put_digits(to, 2, civil->hour);
	*to++ = ':';
	to = put_digits(to, 2, civil->minute);
	*to++ = ':';
	return put_digits(to, 2, civil->second);
}

/* Returns the name of the day of the week. 1970-01-01 was a Thursday. */
static const char *day_name_of(const struct civil *civil)
{
	int64_t days = days_of(civil->year, civil->month, civil->day);
	return day_names[(days % 7 + 7 + 4) % 7];
}

char *date_format(int64_t seconds, char *text)
{
	struct civil civil;
	civil_of(clamp(seconds), &civil);
	char *to = put_text(text, day_name_of(&civil));
	to = put_text(to, ", ");
	to = put_digits(to, 2, civil.day);
	*to++ = ' ';
	to = put_text(to, month_names[civil.month - 1]);
	*to++ = ' ';
	to = put_digits(to, 4, (unsigned)civil.year);
	*to++ = ' ';
	to = put_time(to, &civil);
	to = put_text(to, " GMT");
	*to = '\0';
	return text;
}

char *date_format_iso(int64_t ns, char *text)
{
	const int64_t second_ns = 1000000000;
	int64_t seconds = ns / second_ns, remainder = ns % second_ns;
	unsigned rest = (unsigned)(remainder < 0 ? remainder + second_ns : remainder);
	struct civil civil;
	civil_of(clamp(seconds - (remainder < 0)), &civil);
	char *to = put_digits(text, 4, (unsigned)civil.year);
	*to++ = '-';
	to = put_digits(to, 2, civil.month);
	*to++ = '-';
	to = put_digits(to, 2, civil.day);
	*to++ = 'T';
	to = put_time(to, &civil);
	if (rest != 0) {
		*to++ = '.';
		to = put_digits(to, 9, rest);
	}
	*to++ = 'Z';
	*to = '\0';
	return text;
}
