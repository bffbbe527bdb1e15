/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses and formats the expiry of a URL. */
#ifndef SIGN_TIME_H
#define SIGN_TIME_H

#include <stddef.h>
#include <stdint.h>

/*
 * Parses a duration from now ("90s", "30m", "1h", "7d", "2w", or a number of seconds without a unit) or a time in UTC
 * ("2026-12-31", "2026-12-31T18:30Z", "2026-12-31T18:30:00Z", "@1798741800"). Stores the expiry in seconds since 1970.
 * Returns 0, -EINVAL if the text has none of these forms, or -ERANGE if the expiry is not in the future or is beyond
 * SIGNATURE_EXPIRES_MAX.
 */
int sign_time_parse(const char *text, int64_t now, int64_t *seconds);

/* Writes a time in the form "2026-12-31T18:30:00Z" to text. 40 bytes are always enough. Returns text. */
char *sign_time_format(int64_t seconds, char *text, size_t text_bytes);

#endif
