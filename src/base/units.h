/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes and durations as people write them: a whole number and a unit, "256M", "30s". */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * "4096", "64K", "256M", "2G", "1T" (also KiB/MiB/GiB/TiB, kB-style letters case-insensitive; powers of 1024) to bytes.
 * No sign, no blanks, no fraction. 0, -EINVAL (not a size) or -ERANGE (does not fit 64 bits); *bytes is set only with
 * 0.
 */
int units_parse_size(const char *text, uint64_t *bytes);

/* "250ms", "30s", "5m", "2h", "7d", "4w", "1y" (365 days; in lower case), a bare number is seconds, to milliseconds.
 * Otherwise as units_parse_size(). */
int units_parse_duration(const char *text, uint64_t *milliseconds);

/* "512 B", "4.0 KiB", "1.5 GiB" into `text` (16 bytes are enough); returns `text`. */
char *units_format_size(uint64_t bytes, char *text, size_t text_bytes);

#endif
