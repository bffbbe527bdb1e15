/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes that ranged-probe writes: they follow from a seed and their offset alone, so that what is read back can be
 * compared without being remembered, and nothing can compress them. Pure functions.
 */
#ifndef PROBE_PATTERN_H
#define PROBE_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* offset and bytes are multiples of 8, the memory is aligned to that. */
void probe_pattern_fill(uint64_t seed, uint64_t offset, void *memory, size_t bytes);

/* How many bytes from the first on are right: `bytes` if all are. */
size_t probe_pattern_right(uint64_t seed, uint64_t offset, const void *memory, size_t bytes);

#endif
