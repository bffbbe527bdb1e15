/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The aligned range that a direct read of a span covers. Both ends are rounded to blocks. The range ends at the latest
 * with the block that contains the last byte of the file.
 */
#ifndef STORE_SPAN_H
#define STORE_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/align.h"

struct span {
	uint64_t offset;
	size_t length;
};

/*
 * Returns the aligned range around [offset, offset + length), limited by a file of `size` bytes. The alignment is a
 * power of two.
 */
static inline struct span span_aligned(uint64_t offset, size_t length, uint64_t size, uint32_t alignment)
{
	uint64_t start = align_down(offset, alignment);
	uint64_t end = align_up(offset + length, alignment);
	uint64_t last = align_up(size, alignment);

	return (struct span){ .offset = start, .length = (size_t)((end < last ? end : last) - start) };
}

#endif
