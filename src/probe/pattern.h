/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes that ranged-probe writes. Each byte depends only on a seed and its offset, so the bytes read back can be
 * verified without a copy. The bytes cannot be compressed. The functions have no side effects.
 */
#ifndef PROBE_PATTERN_H
#define PROBE_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Fills the memory, which must be aligned to 8 bytes. offset and bytes must be multiples of 8. */
void probe_pattern_fill(uint64_t seed, uint64_t offset, void *memory, size_t bytes);

/* Returns the number of correct bytes before the first wrong byte. Returns `bytes` if all bytes are correct. */
size_t probe_pattern_right(uint64_t seed, uint64_t offset, const void *memory, size_t bytes);

#endif
