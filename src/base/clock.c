/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The format of times in logs, and the rule for young files, which validators (http/validator.c) and the caches of the
 * store share. The functions are thread-safe. They use only memory of the caller.
 *
 * The rule for young files: a kernel without multigrain timestamps sets mtime to the time of its last tick. A file that
 * is written twice within one tick keeps its mtime, so neither an ETag nor a cached extent may rely on the mtime of a
 * young file.
 */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define YOUNG_FINE_NS (20 * (int64_t)CLOCK_NS_PER_MS) /* two ticks of the kernel's clock, at CONFIG_HZ=100 */
#define YOUNG_COARSE_NS (2 * (int64_t)CLOCK_NS_PER_S) /* the coarsest resolution: vfat */

bool clock_is_young(int64_t time_ns, int64_t now_ns)
{
	const bool whole_second = time_ns % (int64_t)CLOCK_NS_PER_S == 0;

	return time_ns > now_ns - (whole_second ? YOUNG_COARSE_NS : YOUNG_FINE_NS);
}

/* Formats the time without its zone. Returns the length. */
static size_t format(const struct tm *tm, int64_t time_ns, char text[CLOCK_TEXT_BYTES])
{
	size_t length = strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", tm);

	return length + (size_t)snprintf(text + length, CLOCK_TEXT_BYTES - length, ".%03d",
					 (int)(time_ns % (int64_t)CLOCK_NS_PER_S / (int64_t)CLOCK_NS_PER_MS));
}

const char *clock_format_utc(int64_t time_ns, char text[CLOCK_TEXT_BYTES])
{
	const time_t seconds = (time_t)(time_ns / (int64_t)CLOCK_NS_PER_S);
	struct tm tm;
	size_t length = format(gmtime_r(&seconds, &tm), time_ns, text);

	text[length] = 'Z';
	text[length + 1] = '\0';
	return text;
}

const char *clock_format_local(int64_t time_ns, char text[CLOCK_TEXT_BYTES])
{
	const time_t seconds = (time_t)(time_ns / (int64_t)CLOCK_NS_PER_S);
	char offset[CLOCK_TEXT_BYTES];
	struct tm tm;
	size_t length = format(localtime_r(&seconds, &tm), time_ns, text);

	clock_format_offset(&tm, ":", offset);
	snprintf(text + length, CLOCK_TEXT_BYTES - length, "%s", offset);
	return text;
}

size_t clock_format_offset(const struct tm *tm, const char *colon, char text[CLOCK_TEXT_BYTES])
{
	const long minutes = labs(tm->tm_gmtoff) / 60;

	return (size_t)snprintf(text, CLOCK_TEXT_BYTES, "%c%02d%s%02d", tm->tm_gmtoff < 0 ? '-' : '+',
				(int)(minutes / 60), colon, (int)(minutes % 60));
}
