/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a URL expires, as people write it. */
#ifndef SIGN_TIME_H
#define SIGN_TIME_H

#include <stddef.h>
#include <stdint.h>

/*
 * From now on: "90s", "30m", "1h", "7d", "2w", a bare number is seconds. Or a point in time, UTC: "2026-12-31",
 * "2026-12-31T18:30Z", "2026-12-31T18:30:00Z", "@1798741800". To seconds since 1970. 0; -EINVAL: it is none of that;
 * -ERANGE: it is not later than now, or later than a URL can say.
 */
int sign_time_parse(const char *text, int64_t now, int64_t *seconds);

/* "2026-12-31T18:30:00Z" into text (40 bytes are enough); returns text. */
char *sign_time_format(int64_t seconds, char *text, size_t text_bytes);

#endif
