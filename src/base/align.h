/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arithmetic on powers of two: what O_DIRECT asks of address, length and offset. */
#ifndef BASE_ALIGN_H
#define BASE_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

static inline bool align_is_power(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* `alignment` is a power of two in all of these. */
static inline bool align_is_aligned(uint64_t value, uint64_t alignment)
{
	return (value & (alignment - 1)) == 0;
}

static inline uint64_t align_down(uint64_t value, uint64_t alignment)
{
	return value & ~(alignment - 1);
}

/* The caller knows that value + alignment does not overflow. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return align_down(value + alignment - 1, alignment);
}

#endif
