/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The expiry of a URL in the forms that people write. */
#ifndef SIGN_TIME_H
#define SIGN_TIME_H

#include <stddef.h>
#include <stdint.h>

/*
 * Parses a duration from now ("90s", "30m", "1h", "7d", "2w"; a number without a unit is seconds) or a time in UTC
 * ("2026-12-31", "2026-12-31T18:30Z", "2026-12-31T18:30:00Z", "@1798741800"). Stores it in seconds since 1970. Returns
 * 0, -EINVAL (not such a form), or -ERANGE (not in the future, or beyond SIGNATURE_EXPIRES_MAX).
 */
int sign_time_parse(const char *text, int64_t now, int64_t *seconds);

/* Writes "2026-12-31T18:30:00Z" to text, for which 40 bytes are enough. Returns text. */
char *sign_time_format(int64_t seconds, char *text, size_t text_bytes);

#endif
