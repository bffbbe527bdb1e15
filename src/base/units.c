/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses and formats the sizes and durations of the configuration and the command line. The functions are pure and
 * thread-safe.
 *
 * The main idea: parsing is strict. strtoull() accepts signs, leading blanks and hexadecimal, and it wraps "-1" around.
 * A limit that is misread is worse than a daemon that does not start. A value therefore consists of digits, directly
 * followed by a unit from a table, and nothing else.
 */
#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ "", 1 },
	{ "K", UINT64_C(1) << 10 },
	{ "KB", UINT64_C(1) << 10 },
	{ "KiB", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "MB", UINT64_C(1) << 20 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "GB", UINT64_C(1) << 30 },
	{ "GiB", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
	{ "TB", UINT64_C(1) << 40 },
	{ "TiB", UINT64_C(1) << 40 },
	{ NULL, 0 },
};

static const struct unit duration_units[] = {
	{ "", 1000 },
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 60 * 60 * 1000 },
	{ "d", UINT64_C(24) * 60 * 60 * 1000 },
	{ "w", UINT64_C(7) * 24 * 60 * 60 * 1000 },
	{ "y", UINT64_C(365) * 24 * 60 * 60 * 1000 },
	{ NULL, 0 },
};

/* Returns the text after the digits, or NULL without digits. Sets *fits to false if the number exceeds 64 bits. */
static const char *parse_digits(const char *text, uint64_t *number, bool *fits)
{
	const char *p = text;

	*number = 0;
	*fits = true;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*p - '0'), number))
			*fits = false;
	}
	return p == text ? NULL : p;
}

static const struct unit *find_unit(const struct unit *units, const char *name,
				    int (*compare)(const char *, const char *))
{
	for (; units->name; units++) {
		if (compare(units->name, name) == 0)
			return units;
	}
	return NULL;
}

/* `compare` decides whether case matters: units of durations are case-sensitive, and units of sizes are not. */
static int parse(const char *text, const struct unit *units, int (*compare)(const char *, const char *),
		 uint64_t *value)
{
	uint64_t number, product;
	bool fits;
	const char *rest = parse_digits(text, &number, &fits);
	const struct unit *unit = rest ? find_unit(units, rest, compare) : NULL;

	if (!unit)
		return -EINVAL;
	if (!fits || __builtin_mul_overflow(number, unit->factor, &product))
		return -ERANGE;
	*value = product;
	return 0;
}

int units_parse_size(const char *text, uint64_t *bytes)
{
	return parse(text, size_units, strcasecmp, bytes);
}

int units_parse_duration(const char *text, uint64_t *milliseconds)
{
	return parse(text, duration_units, strcmp, milliseconds);
}

char *units_format_size(uint64_t bytes, char *text, size_t text_bytes)
{
	static const char letters[] = "KMGTPE";
	unsigned shift = 10;

	if (bytes < 1024) {
		snprintf(text, text_bytes, "%" PRIu64 " B", bytes);
		return text;
	}
	while (shift < 60 && bytes >> shift >= 1024)
		shift += 10;

	uint64_t whole = bytes >> shift;
	uint64_t rest = bytes >> (shift - 10) & 1023; /* in 1/1024 of the unit */
	uint64_t tenths = whole * 10 + (rest * 10 + 512) / 1024;

	if (tenths == 10240 && shift < 60) { /* a value from 1023.95 KiB is rounded to 1.0 MiB, not to 1024.0 KiB */
		tenths = 10;
		shift += 10;
	}
	snprintf(text, text_bytes, "%" PRIu64 ".%" PRIu64 " %ciB", tenths / 10, tenths % 10, letters[shift / 10 - 1]);
	return text;
}
