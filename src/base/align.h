/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alignment to powers of two. O_DIRECT requires an aligned buffer address, length and file offset (open(2)). The
 * functions are pure and thread-safe.
 */
#ifndef BASE_ALIGN_H
#define BASE_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

/* Returns true if the value is a power of two. */
static inline bool align_is_power(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/*
 * Returns true if the value is a multiple of `alignment`. In this function and the functions below, `alignment` must be
 * a power of two.
 */
static inline bool align_is_aligned(uint64_t value, uint64_t alignment)
{
	return (value & (alignment - 1)) == 0;
}

/* Rounds the value down to a multiple of `alignment`. */
static inline uint64_t align_down(uint64_t value, uint64_t alignment)
{
	return value & ~(alignment - 1);
}

/* Rounds the value up to a multiple of `alignment`. The caller ensures that value + alignment does not overflow. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return align_down(value + alignment - 1, alignment);
}

#endif
