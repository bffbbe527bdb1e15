/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two clocks: the monotonic one for timers and durations, the wall for what is said to people and on the wire. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_S UINT64_C(1000000000)
#define CLOCK_NS_PER_MS UINT64_C(1000000)

/* Nanoseconds of CLOCK_MONOTONIC. Any thread; no syscall (vDSO). */
static inline uint64_t clock_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Nanoseconds of CLOCK_REALTIME since 1970. Any thread; no syscall (vDSO). */
static inline int64_t clock_wall_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * (int64_t)CLOCK_NS_PER_S + now.tv_nsec;
}

#endif
