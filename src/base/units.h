/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses and formats sizes and durations that consist of a whole number and a unit, such as "256M" or "30s". The
 * functions are pure and thread-safe.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Parses a size: "4096", "64K", "256M", "2G", "1T". Units are powers of 1024 and case-insensitive. KB and KiB are
 * equivalent to K. Signs, blanks and fractions are not accepted. Returns 0 on success, -EINVAL if the text is not a
 * size, or -ERANGE if the size exceeds 64 bits. *bytes is set only on success.
 */
int units_parse_size(const char *text, uint64_t *bytes);

/*
 * Parses a duration into milliseconds: "250ms", "30s", "5m", "2h", "7d", "4w", "1y" (365 days). Units are in lower
 * case. A number without a unit is in seconds. Returns errors like units_parse_size().
 */
int units_parse_duration(const char *text, uint64_t *milliseconds);

/*
 * Formats a size as "512 B", "4.0 KiB" or "1.5 GiB" into `text`. A buffer of 16 bytes is large enough. Returns `text`.
 */
char *units_format_size(uint64_t bytes, char *text, size_t text_bytes);

/* Returns "" for 1 and "s" for other counts, for messages such as "1 line" and "2 lines". */
static inline const char *units_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

#endif
