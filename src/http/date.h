/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP dates (RFC 9110 section 5.6.7). */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stdint.h>

#define DATE_BYTES 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" and its NUL */

/*
 * IMF-fixdate, rfc850 or asctime form to seconds since 1970; case-sensitive as the RFC has it, the name of the day is
 * not checked against the date. `now` (seconds since 1970) places the two digits of an rfc850 year (more than 50 years
 * ahead means the past). Blanks around it are allowed. 0 or -EINVAL (as if the field were absent).
 */
int date_parse(const char *text, int64_t now, int64_t *seconds);

/* IMF-fixdate into text[DATE_BYTES]; no locale, no syscall. seconds from year 1 to 9999, clamped. Returns text. */
char *date_format(int64_t seconds, char *text);

#define DATE_ISO_BYTES 31 /* "2026-11-25T05:57:25.123456789Z" and its NUL */

/*
 * RFC 3339, in UTC, with nanoseconds unless they are 0, into text[DATE_ISO_BYTES]. ns since 1970; years from 1 to 9999,
 * clamped. Returns text.
 */
char *date_format_iso(int64_t ns, char *text);

#endif
