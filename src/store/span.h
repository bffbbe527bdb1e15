/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The direct read that a span of a file takes: aligned out at both ends, and not past the block that holds the file's
 * last byte. */
#ifndef STORE_SPAN_H
#define STORE_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/align.h"

struct span {
	uint64_t offset;
	size_t length;
};

/* The aligned span around [offset, offset + length), which ends inside a file of `size` bytes. alignment: a power of
 * two. */
static inline struct span span_aligned(uint64_t offset, size_t length, uint64_t size, uint32_t alignment)
{
	uint64_t start = align_down(offset, alignment);
	uint64_t end = align_up(offset + length, alignment);
	uint64_t last = align_up(size, alignment);

	return (struct span){ .offset = start, .length = (size_t)((end < last ? end : last) - start) };
}

#endif
