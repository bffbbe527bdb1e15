/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes and durations in the form that people write: a whole number and a unit, "256M", "30s". Pure; any thread. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Parses a size: "4096", "64K", "256M", "2G", "1T". Units are powers of 1024 and case-insensitive; KB and KiB are the
 * same as K. Signs, blanks and fractions are not accepted. Returns 0, -EINVAL (not a size) or -ERANGE (more than 64
 * bits). *bytes is set only on success.
 */
int units_parse_size(const char *text, uint64_t *bytes);

/*
 * Parses a duration to milliseconds: "250ms", "30s", "5m", "2h", "7d", "4w", "1y" (365 days). Units are in lower case;
 * a number without a unit is in seconds. Fails like units_parse_size().
 */
int units_parse_duration(const char *text, uint64_t *milliseconds);

/* Formats a size as "512 B", "4.0 KiB" or "1.5 GiB" into `text`, for which 16 bytes suffice. Returns `text`. */
char *units_format_size(uint64_t bytes, char *text, size_t text_bytes);

#endif
