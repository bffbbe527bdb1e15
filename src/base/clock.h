/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two clocks: the monotonic clock for timers and durations, and the wall clock for dates in logs and responses. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_S UINT64_C(1000000000)
#define CLOCK_NS_PER_MS UINT64_C(1000000)

/* Returns the time of CLOCK_MONOTONIC in nanoseconds. Thread-safe. Makes no system call (vDSO). */
static inline uint64_t clock_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Returns the time of CLOCK_REALTIME in nanoseconds since 1970. Thread-safe. Makes no system call (vDSO). */
static inline int64_t clock_wall_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * (int64_t)CLOCK_NS_PER_S + now.tv_nsec;
}

/*
 * Returns true if a file with this mtime (or ctime) is young at now_ns. A young file can still change without a change
 * of its mtime. A file is young for two ticks of the kernel's clock (20 ms) if its mtime has a fraction of a second. A
 * file is young for 2 s if the fraction is 0, because the filesystem may store whole seconds, or only even-numbered
 * seconds (vfat). A file whose mtime is after now_ns is young, because the clock of a file server may be ahead. Pure
 * and thread-safe.
 */
bool clock_is_young(int64_t time_ns, int64_t now_ns);

#define CLOCK_TEXT_BYTES 40
/*
 * Formats a time since 1970 as RFC 3339 with milliseconds: in UTC, "2026-11-22T23:26:41.123Z", or in local time,
 * "2026-11-23T00:26:41.123+01:00". Returns `text`. Thread-safe. Makes no system call after tzset(), which must be
 * called at the start of the process.
 */
const char *clock_format_utc(int64_t time_ns, char text[CLOCK_TEXT_BYTES]);
const char *clock_format_local(int64_t time_ns, char text[CLOCK_TEXT_BYTES]);

/* Formats the offset of a local time from UTC, "+0100", or "+01:00" if `colon` is ":". Returns the length. */
size_t clock_format_offset(const struct tm *tm, const char *colon, char text[CLOCK_TEXT_BYTES]);

#endif
