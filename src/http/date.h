/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP dates (RFC 9110 section 5.6.7) and timestamps of RFC 3339. The functions are pure and thread-safe. */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stdint.h>

#define DATE_BYTES 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" with its NUL */

/*
 * Parses a date in one of the three forms (IMF-fixdate, rfc850, asctime) into seconds since 1970. Names are
 * case-sensitive, as the RFC requires. The name of the day is not compared with the date. Surrounding blanks are
 * allowed. The year of the rfc850 form has two digits. A date that would be more than 50 years after `now` (in seconds
 * since 1970) belongs to the previous century. Returns 0 on success, or -EINVAL, in which case the caller ignores the
 * field.
 */
int date_parse(const char *text, int64_t now, int64_t *seconds);

/*
 * Formats seconds since 1970 as IMF-fixdate into text[DATE_BYTES], clamped to the years 1 to 9999. Does not depend on
 * the locale and makes no system call. Returns `text`.
 */
char *date_format(int64_t seconds, char *text);

#define DATE_ISO_BYTES 31 /* "2026-11-25T05:57:25.123456789Z" with its NUL */

/*
 * Formats nanoseconds since 1970 as RFC 3339 in UTC into text[DATE_ISO_BYTES], clamped to the years 1 to 9999. The
 * fraction is omitted if it is 0. Returns `text`.
 */
char *date_format_iso(int64_t ns, char *text);

#endif
