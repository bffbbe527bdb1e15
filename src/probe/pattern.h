/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes that ranged-probe writes. They depend on a seed and their offset only, so the bytes read back can be
 * verified without a copy. They cannot be compressed. Functions without side effects.
 */
#ifndef PROBE_PATTERN_H
#define PROBE_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Fills the memory, which is aligned to 8. offset and bytes are multiples of 8. */
void probe_pattern_fill(uint64_t seed, uint64_t offset, void *memory, size_t bytes);

/* Returns the number of correct bytes before the first wrong one; `bytes` if all are correct. */
size_t probe_pattern_right(uint64_t seed, uint64_t offset, const void *memory, size_t bytes);

#endif
