/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats numbers with about three digits, which is enough to see a trend. --json prints the exact values. Sizes use
 * units of 1024 (KiB), counts use units of 1000 (k).
 *
 * All texts fit into CTL_WORDS_BYTES, whatever the number is. No memory is allocated.
 */
#include "ctl/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

/* Returns the number of decimals needed to show three digits. */
static int decimals_of(double value)
{
	return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

char *ctl_words_count(double count, char *text)
{
	static const char letters[] = "kMGTPE";
	const char *letter = letters;

	if (count < 999.5) {
		snprintf(text, CTL_WORDS_BYTES, "%.0f", count);
		return text;
	}
	for (count /= 1000; count >= 999.5 && letter[1] != '\0'; count /= 1000)
		letter++;
	snprintf(text, CTL_WORDS_BYTES, "%.*f%c", decimals_of(count), count, *letter);
	return text;
}

char *ctl_words_size(double bytes, char *text)
{
	return units_format_size(bytes <= 0 ? 0 : bytes < 1.8e19 ? (uint64_t)bytes : UINT64_MAX, text, CTL_WORDS_BYTES);
}

char *ctl_words_rate(double bytes_per_s, char *text)
{
	size_t length = strlen(ctl_words_size(bytes_per_s, text));

	snprintf(text + length, CTL_WORDS_BYTES - length, "/s");
	return text;
}

char *ctl_words_latency(uint64_t us, char *text)
{
	double ms = (double)us / 1000, s = ms / 1000;

	if (us < 1000)
		snprintf(text, CTL_WORDS_BYTES, "%" PRIu64 " µs", us);
	else if (ms < 999.5)
		snprintf(text, CTL_WORDS_BYTES, "%.*f ms", ms < 9.95, ms);
	else
		snprintf(text, CTL_WORDS_BYTES, "%.*f s", s < 9.95, s);
	return text;
}

char *ctl_words_span(uint64_t seconds, char *text)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	unsigned unit = 0;
	uint64_t rest;

	while (unit < 3 && seconds < units[unit].seconds)
		unit++;
	rest = unit < 3 ? seconds % units[unit].seconds / units[unit + 1].seconds : 0;
	if (rest > 0)
		snprintf(text, CTL_WORDS_BYTES, "%" PRIu64 " %s %" PRIu64 " %s", seconds / units[unit].seconds,
			 units[unit].name, rest, units[unit + 1].name);
	else
		snprintf(text, CTL_WORDS_BYTES, "%" PRIu64 " %s", seconds / units[unit].seconds, units[unit].name);
	return text;
}

char *ctl_words_share(uint64_t part, uint64_t whole, char *text)
{
	double share = whole > 0 ? 100 * (double)part / (double)whole : 0;

	/* Rounding must not produce 100 % unless `part` equals `whole`. */
	if (part < whole && share > 99.9)
		share = 99.9;
	if (whole == 0)
		strcpy(text, "-");
	else
		snprintf(text, CTL_WORDS_BYTES, "%.*f %%", part > 0 && part < whole, share);
	return text;
}
