/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each word of 8 bytes is a hash of the seed and the index of the word. The hash function is the finaliser of
 * splitmix64. The pattern detects three kinds of damage: a stale block of an earlier run, a block from another offset,
 * and a flipped bit.
 *
 * The words are written in the byte order of the host, because only the host that wrote them reads them.
 */
#include "probe/pattern.h"

#define WORD_BYTES sizeof(uint64_t)

static uint64_t word_at(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + index * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void probe_pattern_fill(uint64_t seed, uint64_t offset, void *memory, size_t bytes)
{
	uint64_t *words = memory;

	for (size_t i = 0; i < bytes / WORD_BYTES; i++)
		words[i] = word_at(seed, offset / WORD_BYTES + i);
}

size_t probe_pattern_right(uint64_t seed, uint64_t offset, const void *memory, size_t bytes)
{
	const uint64_t *words = memory;

	for (size_t i = 0; i < bytes / WORD_BYTES; i++) {
		uint64_t expected = word_at(seed, offset / WORD_BYTES + i);
		const uint8_t *got = (const uint8_t *)&words[i], *wanted = (const uint8_t *)&expected;
		size_t right = 0;

		if (words[i] == expected)
			continue;
		while (got[right] == wanted[right])
			right++;
		return i * WORD_BYTES + right;
	}
	return bytes;
}
