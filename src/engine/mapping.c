/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses without memory are mapped with PROT_NONE. They do not count towards a memory limit, and an access to them
 * causes a fault. Memory is returned by mapping its addresses with PROT_NONE again, which also reduces the committed
 * memory that the kernel accounts with vm.overcommit_memory = 2.
 *
 * The caller owns the mapping. The functions must be called by one thread at a time, which must not be the thread of a
 * reactor.
 */
#include "engine/mapping.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

#include "base/align.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE_BYTES ((size_t)4096)
/* Zeroing a chunk takes about a millisecond. The address space of the process is locked during that time. */
#define CHUNK_BYTES ((size_t)8 << 20)

static uint8_t *map_inaccessible(void *address, size_t bytes, int flags)
{
	return mmap(address, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

int mapping_reserve(struct mapping *mapping, size_t bytes, size_t alignment)
{
	size_t whole = align_up(bytes, PAGE_BYTES), head_bytes;
	uint8_t *all = whole + alignment > whole ? map_inaccessible(NULL, whole + alignment, 0) : MAP_FAILED;

	*mapping = (struct mapping){ 0 };
	if (all == MAP_FAILED)
		return -ENOMEM;
	mapping->address = (uint8_t *)align_up((uintptr_t)all, alignment);
	mapping->bytes = whole;
	head_bytes = (size_t)(mapping->address - all);
	if (head_bytes > 0)
		munmap(all, head_bytes);
	if (head_bytes < alignment)
		munmap(mapping->address + whole, alignment - head_bytes);
	return 0;
}

void mapping_release(struct mapping *mapping)
{
	if (mapping->address != NULL)
		munmap(mapping->address, mapping->bytes);
	*mapping = (struct mapping){ 0 };
}

static void check_part(const struct mapping *mapping, size_t from, size_t to)
{
	assert(from <= to && to <= mapping->bytes && align_is_aligned(from, PAGE_BYTES) &&
	       align_is_aligned(to, PAGE_BYTES));
}

int mapping_commit(struct mapping *mapping, size_t from, size_t to)
{
	check_part(mapping, from, to);
	if (from == to || mprotect(mapping->address + from, to - from, PROT_READ | PROT_WRITE) == 0)
		return 0;
	return -ENOMEM;
}

/*
 * Populates the pages with MADV_POPULATE_WRITE if the kernel supports it (Linux 5.14). The kernel then reports a lack
 * of memory instead of killing the process later. Otherwise, touches page by page.
 */
static int touch(uint8_t *memory, size_t bytes)
{
	int result;

	do
		result = madvise(memory, bytes, MADV_POPULATE_WRITE);
	while (result < 0 && errno == EINTR);
	if (result < 0 && errno != EINVAL)
		return -ENOMEM;
	for (size_t at = 0; result < 0 && at < bytes; at += PAGE_BYTES)
		*(volatile uint8_t *)(memory + at) = 0;
	return 0;
}

int mapping_populate(struct mapping *mapping, size_t from, size_t to)
{
	int error = mapping_commit(mapping, from, to);

	if (error != 0 || from == to)
		return error;
	/* Both calls are only hints, so errors are ignored. */
	madvise(mapping->address + from, to - from, MADV_HUGEPAGE);
	madvise(mapping->address + from, to - from, MADV_DONTDUMP);
	for (size_t at = from; error == 0 && at < to; at += CHUNK_BYTES)
		error = touch(mapping->address + at, to - at < CHUNK_BYTES ? to - at : CHUNK_BYTES);
	if (error != 0)
		mapping_decommit(mapping, from, to);
	return error;
}

/*
 * First calls MADV_DONTNEED in chunks. Returning pages takes a long time, and other threads can use the address space
 * between two chunks.
 */
void mapping_decommit(struct mapping *mapping, size_t from, size_t to)
{
	check_part(mapping, from, to);
	for (size_t at = from; at < to; at += CHUNK_BYTES)
		madvise(mapping->address + at, to - at < CHUNK_BYTES ? to - at : CHUNK_BYTES, MADV_DONTNEED);
	if (from < to)
		map_inaccessible(mapping->address + from, to - from,
				 /* Fails only if the process has too many mappings. The memory was returned anyway. */
				 MAP_FIXED);
}
