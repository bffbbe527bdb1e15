/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A buddy allocator over one mapping. Nothing about a block is kept inside it, because the kernel reads into it: per 4 KiB page
 * there is a small struct in a table beside, and the first page of a block speaks for the block. Used and free blocks tile the
 * mapping. A free one is a buddy (a power of two of pages, aligned to its size) and lies in the list of its order; two free buddies
 * are always merged, so a length fits exactly if some aligned run of its buddy's size is free. A used one begins where a buddy does
 * and has as many pages as it needs: what follows it in that buddy is smaller buddies, free or used by others.
 *
 * Owner and lock: the caller's. Nothing here knows of threads.
 *
 * A kernel that writes into a freed block is seen by no sanitizer. So what is free is poisoned for ASan (our own accesses), and in
 * debug builds (POOL_CANARY) also filled with a pattern that is looked at when it is handed out again (the kernel's).
 */
#include "engine/arena.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/align.h"

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h> /* no-ops without ASan */
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

#ifndef POOL_CANARY
#define POOL_CANARY 0
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define HUGE_PAGE_BYTES ((size_t)2 << 20)
#define SECTOR_BYTES ((size_t)512)
#define CANARY UINT64_C(0xdeadb10cdeadb10c)
#define ORDER_MAX 8 /* 4 KiB << 8 is ARENA_BLOCK_MAX_BYTES */
#define NO_PAGE UINT32_MAX

enum page_state { PAGE_INSIDE, PAGE_FREE, PAGE_USED }; /* the last two: first page of a block */

struct page {
	uint32_t next, prev; /* of a free block: in the list of its order */
	uint16_t count;	     /* of pages; of a free block a power of two */
	uint8_t state;
};

struct arena {
	uint8_t *memory;
	size_t bytes, free_bytes;
	struct page *pages;
	uint32_t free_first[ORDER_MAX + 1], free_count[ORDER_MAX + 1]; /* of each order */
};

static uint32_t pages_of(size_t length)
{
	assert(length <= ARENA_BLOCK_MAX_BYTES);
	return length == 0 ? 1 : (uint32_t)(align_up(length, ARENA_BLOCK_MIN_BYTES) / ARENA_BLOCK_MIN_BYTES);
}

/* Of the smallest buddy that holds so many pages. */
static unsigned order_of(uint32_t pages)
{
	unsigned order = 0;

	while ((UINT32_C(1) << order) < pages)
		order++;
	return order;
}

static size_t pages_bytes(uint32_t pages)
{
	return (size_t)pages * ARENA_BLOCK_MIN_BYTES;
}

size_t arena_block_bytes(size_t length)
{
	return pages_bytes(pages_of(length));
}

size_t arena_page_count(const struct arena *arena)
{
	return arena->bytes / ARENA_BLOCK_MIN_BYTES;
}

void *arena_page_address(const struct arena *arena, uint32_t page)
{
	assert(page < arena_page_count(arena));
	return arena->memory + pages_bytes(page);
}

/* What is free: canary and poison. */

static void fill_canary(uint8_t *block, size_t bytes)
{
	uint64_t *words = (uint64_t *)(void *)block;

	for (size_t i = 0; POOL_CANARY && i < bytes / sizeof *words; i++)
		words[i] = CANARY;
}

/* Somebody, the kernel if it was not us, wrote into a block after it was put if this fails. */
static void check_canary(const uint8_t *block, size_t bytes, size_t stride)
{
	for (size_t at = 0; POOL_CANARY && at < bytes; at += stride)
		assert(*(const uint64_t *)(const void *)(block + at) == CANARY);
}

static void close_block(uint8_t *block, size_t bytes)
{
	fill_canary(block, bytes);
	ASAN_POISON_MEMORY_REGION(block, bytes);
}

static void open_block(uint8_t *block, size_t bytes)
{
	ASAN_UNPOISON_MEMORY_REGION(block, bytes);
	check_canary(block, bytes, sizeof(uint64_t));
}

/* The buddies. */

static void push_free(struct arena *arena, uint32_t index, unsigned order)
{
	uint32_t next = arena->free_first[order];

	arena->pages[index] = (struct page){ .next = next, .prev = NO_PAGE, .count = (uint16_t)(1U << order), .state = PAGE_FREE };
	if (next != NO_PAGE)
		arena->pages[next].prev = index;
	arena->free_first[order] = index;
	arena->free_count[order]++;
}

static void unlink_free(struct arena *arena, uint32_t index)
{
	struct page *page = &arena->pages[index];
	const unsigned order = order_of(page->count);

	arena->free_count[order]--;
	if (page->prev != NO_PAGE)
		arena->pages[page->prev].next = page->next;
	else
		arena->free_first[order] = page->next;
	if (page->next != NO_PAGE)
		arena->pages[page->next].prev = page->prev;
	page->state = PAGE_INSIDE;
}

static uint32_t buddy_of(uint32_t index, unsigned order)
{
	return index ^ (UINT32_C(1) << order);
}

static bool is_free_buddy(const struct arena *arena, uint32_t index, unsigned order)
{
	return arena->pages[index].state == PAGE_FREE && arena->pages[index].count == UINT32_C(1) << order;
}

static void release(struct arena *arena, uint32_t index, unsigned order)
{
	while (order < ORDER_MAX && is_free_buddy(arena, buddy_of(index, order), order)) {
		unlink_free(arena, buddy_of(index, order));
		index &= buddy_of(index, order);
		order++;
	}
	push_free(arena, index, order);
}

/*
 * Frees what a buddy has from `at` on, which isn't its start. The lowest one bit of a page number is the largest buddy that begins
 * there, and none of these reaches beyond the end. Nothing is to merge: what stays lies in the buddies of all of them.
 */
static void free_tail(struct arena *arena, uint32_t at, uint32_t end)
{
	for (; at < end; at += at & -at)
		push_free(arena, at, order_of(at & -at));
}

/* The smallest order that has a free block which holds this one; above ORDER_MAX: none. */
static unsigned find_order(const struct arena *arena, unsigned order)
{
	while (order <= ORDER_MAX && arena->free_first[order] == NO_PAGE)
		order++;
	return order;
}

bool arena_has_room(const struct arena *arena, size_t length)
{
	return find_order(arena, order_of(pages_of(length))) <= ORDER_MAX;
}

void *arena_take(struct arena *arena, size_t length)
{
	uint32_t count = pages_of(length), index;
	unsigned order = find_order(arena, order_of(count));

	if (order > ORDER_MAX)
		return NULL;
	index = arena->free_first[order];
	unlink_free(arena, index);
	free_tail(arena, index + count, index + (UINT32_C(1) << order));
	arena->pages[index].count = (uint16_t)count;
	arena->pages[index].state = PAGE_USED;
	arena->free_bytes -= pages_bytes(count);
	open_block(arena_page_address(arena, index), pages_bytes(count));
	return arena_page_address(arena, index);
}

/* A block begins where a buddy that holds it does, so the binary digits of its count, from the highest, are buddies. */
void arena_put(struct arena *arena, void *block)
{
	uint32_t index = arena_page_of(arena, block);
	uint32_t count = arena->pages[index].count;

	close_block(block, pages_bytes(count));
	arena->free_bytes += pages_bytes(count);
	arena->pages[index].state = PAGE_INSIDE;
	for (unsigned order = ORDER_MAX + 1; order-- > 0;)
		if ((count >> order & 1) != 0) {
			release(arena, index, order);
			index += UINT32_C(1) << order;
		}
}

/* The pages. */

uint32_t arena_page_of(const struct arena *arena, const void *block)
{
	size_t offset = (size_t)((const uint8_t *)block - arena->memory);
	uint32_t index = (uint32_t)(offset / ARENA_BLOCK_MIN_BYTES);

	assert(offset < arena->bytes && align_is_aligned(offset, ARENA_BLOCK_MIN_BYTES));
	assert(arena->pages[index].state == PAGE_USED); /* else: put already, or not the block's first byte */
	return index;
}

size_t arena_used_bytes_at(const struct arena *arena, uint32_t page)
{
	assert(page < arena_page_count(arena) && arena->pages[page].state == PAGE_USED);
	return pages_bytes(arena->pages[page].count);
}

/* Of the block that holds this page. It begins where a buddy that holds it does: at this page, less some of its lowest bits. */
static uint32_t first_page(const struct arena *arena, uint32_t page)
{
	while (arena->pages[page].state == PAGE_INSIDE)
		page &= page - 1;
	return page;
}

uint32_t arena_next_used(const struct arena *arena, uint32_t page, uint32_t end)
{
	assert(end <= arena_page_count(arena));
	if (page >= end)
		return NO_PAGE;
	for (page = first_page(arena, page); page < end; page += arena->pages[page].count)
		if (arena->pages[page].state == PAGE_USED)
			return page;
	return NO_PAGE;
}

void arena_region(const struct arena *arena, uint32_t page, size_t length, uint32_t *first, uint32_t *end)
{
	uint32_t pages = UINT32_C(1) << order_of(pages_of(length));

	assert(page < arena_page_count(arena));
	*first = (uint32_t)align_down(page, pages);
	*end = *first + pages;
}

/* The mapping. */

static uint8_t *map_aligned(size_t bytes, size_t alignment)
{
	uint8_t *mapping = mmap(NULL, bytes + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *memory;
	size_t head_bytes;

	if (mapping == MAP_FAILED)
		return NULL;
	memory = (uint8_t *)align_up((uintptr_t)mapping, alignment);
	head_bytes = (size_t)(memory - mapping);
	if (head_bytes > 0)
		munmap(mapping, head_bytes);
	munmap(memory + bytes, alignment - head_bytes);
	return memory;
}

/* At once where the kernel can (5.14), which also answers "no memory" instead of killing us later; else page by page. */
static int touch(uint8_t *memory, size_t bytes)
{
	int result;

	do
		result = madvise(memory, bytes, MADV_POPULATE_WRITE);
	while (result < 0 && errno == EINTR);
	if (result < 0 && errno != EINVAL)
		return -ENOMEM;
	for (size_t at = 0; result < 0 && at < bytes; at += ARENA_BLOCK_MIN_BYTES)
		*(volatile uint8_t *)(memory + at) = 0;
	return 0;
}

static int map_memory(struct arena *arena, size_t bytes)
{
	arena->bytes = bytes;
	arena->memory = map_aligned(bytes, bytes >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : ARENA_BLOCK_MAX_BYTES);
	if (arena->memory == NULL)
		return -ENOMEM;
	madvise(arena->memory, bytes, MADV_HUGEPAGE); /* both are wishes */
	madvise(arena->memory, bytes, MADV_DONTDUMP);
	if (touch(arena->memory, bytes) < 0) {
		munmap(arena->memory, bytes);
		return -ENOMEM;
	}
	return 0;
}

static void free_all_blocks(struct arena *arena)
{
	const uint32_t pages_per_block = UINT32_C(1) << ORDER_MAX;

	for (unsigned order = 0; order <= ORDER_MAX; order++)
		arena->free_first[order] = NO_PAGE;
	for (uint32_t index = (uint32_t)arena_page_count(arena); index > 0;) { /* from above: the lowest is handed out first */
		index -= pages_per_block;
		push_free(arena, index, ORDER_MAX);
	}
	arena->free_bytes = arena->bytes;
	close_block(arena->memory, arena->bytes);
}

int arena_new(struct arena **arena, size_t bytes)
{
	struct arena *made;
	int error = -ENOMEM;

	if (bytes == 0 || !align_is_aligned(bytes, ARENA_BLOCK_MAX_BYTES) || bytes / ARENA_BLOCK_MIN_BYTES >= NO_PAGE)
		return -EINVAL;
	made = calloc(1, sizeof *made);
	if (made == NULL)
		return error;
	made->pages = calloc(bytes / ARENA_BLOCK_MIN_BYTES, sizeof *made->pages);
	if (made->pages == NULL)
		goto free_arena;
	error = map_memory(made, bytes);
	if (error < 0)
		goto free_pages;
	free_all_blocks(made);
	*arena = made;
	return 0;

free_pages:
	free(made->pages);
free_arena:
	free(made);
	return error;
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	assert(arena->free_bytes == arena->bytes);
	ASAN_UNPOISON_MEMORY_REGION(arena->memory, arena->bytes);
	munmap(arena->memory, arena->bytes);
	free(arena->pages);
	free(arena);
}

size_t arena_bytes(const struct arena *arena)
{
	return arena->bytes;
}

size_t arena_free_bytes(const struct arena *arena)
{
	return arena->free_bytes;
}

size_t arena_splinter_bytes(const struct arena *arena, size_t length)
{
	const unsigned enough = order_of(pages_of(length));
	size_t bytes = 0;

	for (unsigned order = 0; order < enough; order++)
		bytes += arena->free_count[order] * pages_bytes(UINT32_C(1) << order);
	return bytes;
}

/* One word a sector will do: a direct read writes whole ones. Opened to be looked at, and closed again. */
static void check_free_memory(const struct arena *arena, uint32_t index)
{
	uint8_t *block = arena_page_address(arena, index);
	size_t bytes = pages_bytes(arena->pages[index].count);

	ASAN_UNPOISON_MEMORY_REGION(block, bytes);
	check_canary(block, bytes, SECTOR_BYTES);
	ASAN_POISON_MEMORY_REGION(block, bytes);
}

static void check_free_block(const struct arena *arena, uint32_t index)
{
	const struct page *page = &arena->pages[index];
	unsigned order = order_of(page->count);

	assert(align_is_power(page->count));
	assert(order == ORDER_MAX || !is_free_buddy(arena, buddy_of(index, order), order)); /* else they had been merged */
	assert(page->next == NO_PAGE || arena->pages[page->next].prev == index);
	assert(page->prev == NO_PAGE ? arena->free_first[order] == index : arena->pages[page->prev].next == index);
	check_free_memory(arena, index);
}

static size_t listed_free_bytes(const struct arena *arena)
{
	size_t bytes = 0;

	for (unsigned order = 0; order <= ORDER_MAX; order++) {
		uint32_t count = 0;

		for (uint32_t index = arena->free_first[order]; index != NO_PAGE; index = arena->pages[index].next) {
			assert(is_free_buddy(arena, index, order));
			bytes += pages_bytes(arena->pages[index].count);
			assert(bytes <= arena->bytes); /* the list is no ring */
			count++;
		}
		assert(count == arena->free_count[order]);
	}
	return bytes;
}

void arena_check(const struct arena *arena)
{
	const uint32_t end = (uint32_t)arena_page_count(arena);
	size_t free_bytes = 0;
	uint32_t next;

	for (uint32_t index = 0; index < end; index = next) {
		const struct page *page = &arena->pages[index];

		next = index + page->count;
		assert(page->state != PAGE_INSIDE && page->count > 0 && page->count <= 1 << ORDER_MAX);
		assert(align_is_aligned(index, UINT32_C(1) << order_of(page->count)));
		for (uint32_t inside = index + 1; inside < next; inside++)
			assert(arena->pages[inside].state == PAGE_INSIDE);
		if (page->state == PAGE_FREE) {
			check_free_block(arena, index);
			free_bytes += pages_bytes(page->count);
		}
	}
	assert(free_bytes == arena->free_bytes && listed_free_bytes(arena) == free_bytes);
}
