/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A buddy allocator over one mapping. The kernel reads into the blocks, so they contain no metadata. Each 4 KiB page
 * has a small struct in a separate table, and the first page of a block describes the block.
 *
 * Blocks cover the whole mapping. A block is used, free or uncommitted. An uncommitted block has the maximum size and
 * no memory. A free block is a buddy (a power of two of pages, aligned to its size) in the list of its order. Two free
 * buddies are always merged, so a length fits if and only if an aligned run of its buddy's size is free. A used block
 * begins at the start of a buddy and has only the pages that it needs. The remaining pages of that buddy form smaller
 * buddies, which are free or used by other blocks.
 *
 * Free blocks are in one of two sets of lists. Free blocks below the size of the arena can be allocated. Free blocks
 * above the size are later returned to the kernel. The size is a multiple of the largest buddy, so blocks of the two
 * sets never merge.
 *
 * Sanitizers do not detect writes of the kernel into a freed block. Free memory is therefore protected twice. It is
 * poisoned for ASan, which detects accesses of this process. In debug builds (POOL_CANARY) it is also filled with a
 * pattern. The pattern is checked when the memory is allocated again, which detects writes of the kernel.
 *
 * The caller owns the arena and its lock. The functions may be called on any thread.
 */
#include "engine/arena.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/align.h"
#include "base/unchecked.h"
#include "engine/mapping.h"

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h> /* No-ops without ASan. */
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

#ifndef POOL_CANARY
#define POOL_CANARY 0
#endif

#define HUGE_PAGE_BYTES ((size_t)2 << 20)
#define SECTOR_BYTES ((size_t)512)
#define CANARY UINT64_C(0xdeadb10cdeadb10c)
#define ORDER_MAX 8 /* 4 KiB << 8 is ARENA_BLOCK_MAX_BYTES. */
#define NO_PAGE UINT32_MAX
#define UNIT_PAGES (UINT32_C(1) << ORDER_MAX)
#define DETACH_MAX_BYTES ((size_t)64 << 20) /* Maximum size of a range of arena_detach_free(). */

/* State of a page. All states except PAGE_INSIDE are states of the first page of a block. */
enum page_state { PAGE_INSIDE, PAGE_FREE, PAGE_USED, PAGE_UNCOMMITTED };

struct page {
	uint32_t next, prev; /* Links of a free block in the list of its order. */
	uint16_t count;	     /* Number of pages; a power of two for a free block. */
	uint8_t state;
};

struct arena {
	struct mapping memory, table;
	size_t table_bytes;	  /* Bytes of the table that have memory. */
	size_t bytes, free_bytes; /* free_bytes does not include memory above `bytes`. */
	struct page *pages;	  /* Address of the table. */
	/*
	 * Number of pages that the table describes. The pages extend past `bytes` while memory above `bytes` is still
	 * committed.
	 */
	uint32_t end;
	/* Lists of free blocks for each order: [0] below `bytes`, [1] above `bytes`. */
	uint32_t free_first[2][ORDER_MAX + 1], free_count[2][ORDER_MAX + 1];
};

static uint32_t pages_of(size_t length)
{
	assert(length <= ARENA_BLOCK_MAX_BYTES);
	return length == 0 ? 1 : (uint32_t)(align_up(length, ARENA_BLOCK_MIN_BYTES) / ARENA_BLOCK_MIN_BYTES);
}

/* Returns the order of the smallest buddy that holds this number of pages. */
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

static uint32_t limit_of(const struct arena *arena)
{
	return (uint32_t)(arena->bytes / ARENA_BLOCK_MIN_BYTES);
}

size_t arena_page_count(const struct arena *arena)
{
	return arena->end;
}

void *arena_page_address(const struct arena *arena, uint32_t page)
{
	assert(page < arena->end);
	return arena->memory.address + pages_bytes(page);
}

/* --- canary and poison of free memory --- */

/* Unchecked, because these functions touch each word of the whole cache when the program starts. */
UNCHECKED static void fill_canary(uint8_t *block, size_t bytes)
{
	uint64_t *words = (uint64_t *)(void *)block;

	for (size_t i = 0; POOL_CANARY && i < bytes / sizeof(*words); i++)
		words[i] = CANARY;
}

/* Checks the pattern. An assertion fails if this process or the kernel has written into a freed block. */
UNCHECKED static void check_canary(const uint8_t *block, size_t bytes, size_t stride)
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

/* --- buddies --- */

static uint32_t *list_of(struct arena *arena, uint32_t index, unsigned order)
{
	return &arena->free_first[index >= limit_of(arena)][order];
}

static void push_free(struct arena *arena, uint32_t index, unsigned order)
{
	uint32_t *first = list_of(arena, index, order), next = *first;

	arena->pages[index] =
		(struct page){ .next = next, .prev = NO_PAGE, .count = (uint16_t)(1U << order), .state = PAGE_FREE };
	if (next != NO_PAGE)
		arena->pages[next].prev = index;
	*first = index;
	arena->free_count[index >= limit_of(arena)][order]++;
}

static void unlink_free(struct arena *arena, uint32_t index)
{
	struct page *page = &arena->pages[index];

	arena->free_count[index >= limit_of(arena)][order_of(page->count)]--;
	if (page->prev != NO_PAGE)
		arena->pages[page->prev].next = page->next;
	else
		*list_of(arena, index, order_of(page->count)) = page->next;
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
 * Frees the pages [at, end) at the end of a buddy, where `at` is not its start. The lowest set bit of a page number is
 * the size of the largest buddy that begins at that page. Such a buddy never extends past `end`. No merge is possible,
 * because the buddy of each freed block is partly used.
 */
static void free_tail(struct arena *arena, uint32_t at, uint32_t end)
{
	for (; at < end; at += at & -at)
		push_free(arena, at, order_of(at & -at));
}

/*
 * Returns the smallest order, at least `order`, that has a free block. Returns more than ORDER_MAX if there is no such
 * order.
 */
static unsigned find_order(const struct arena *arena, unsigned order)
{
	while (order <= ORDER_MAX && arena->free_first[0][order] == NO_PAGE)
		order++;
	return order;
}

bool arena_has_room(const struct arena *arena, size_t length)
{
	return find_order(arena, order_of(pages_of(length))) <= ORDER_MAX;
}

void *arena_alloc_block(struct arena *arena, size_t length)
{
	uint32_t count = pages_of(length), index;
	unsigned order = find_order(arena, order_of(count));

	if (order > ORDER_MAX)
		return NULL;
	index = arena->free_first[0][order];
	unlink_free(arena, index);
	free_tail(arena, index + count, index + (UINT32_C(1) << order));
	arena->pages[index].count = (uint16_t)count;
	arena->pages[index].state = PAGE_USED;
	arena->free_bytes -= pages_bytes(count);
	open_block(arena_page_address(arena, index), pages_bytes(count));
	return arena_page_address(arena, index);
}

/*
 * A block begins at the start of a buddy, so each set bit of its page count, from the highest to the lowest, is one
 * buddy.
 */
void arena_free_block(struct arena *arena, void *block)
{
	uint32_t index = arena_page_of(arena, block);
	uint32_t count = arena->pages[index].count;

	close_block(block, pages_bytes(count));
	arena->free_bytes += index < limit_of(arena) ? pages_bytes(count) : 0;
	arena->pages[index].state = PAGE_INSIDE;
	for (unsigned order = ORDER_MAX + 1; order-- > 0;)
		if ((count >> order & 1) != 0) {
			release(arena, index, order);
			index += UINT32_C(1) << order;
		}
}

/* --- pages --- */

uint32_t arena_page_of(const struct arena *arena, const void *block)
{
	size_t offset = (size_t)((const uint8_t *)block - arena->memory.address);
	uint32_t index = (uint32_t)(offset / ARENA_BLOCK_MIN_BYTES);

	assert(offset < pages_bytes(arena->end) && align_is_aligned(offset, ARENA_BLOCK_MIN_BYTES));
	/* Fails if the block was already freed, or does not begin at this page. */
	assert(arena->pages[index].state == PAGE_USED);
	return index;
}

size_t arena_used_bytes_at(const struct arena *arena, uint32_t page)
{
	assert(page < arena->end && arena->pages[page].state == PAGE_USED);
	return pages_bytes(arena->pages[page].count);
}

/*
 * Returns the first page of the block that contains this page. A block begins at the start of a buddy, so the number of
 * its first page is the number of this page with some of the lowest bits cleared.
 */
static uint32_t first_page(const struct arena *arena, uint32_t page)
{
	while (arena->pages[page].state == PAGE_INSIDE)
		page &= page - 1;
	return page;
}

uint32_t arena_next_used(const struct arena *arena, uint32_t page, uint32_t end)
{
	assert(end <= arena->end);
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

	assert(page < arena->end);
	*first = (uint32_t)align_down(page, pages);
	*end = *first + pages;
}

/* --- size --- */

static size_t table_bytes(size_t bytes)
{
	return align_up(bytes / ARENA_BLOCK_MIN_BYTES * sizeof(struct page), ARENA_BLOCK_MIN_BYTES);
}

int arena_prepare(struct arena *arena, size_t bytes)
{
	size_t before = arena->table_bytes, after = table_bytes(bytes);
	int error;

	if (bytes > arena->memory.bytes)
		return -E2BIG;
	error = after > before ? mapping_commit(&arena->table, before, after) : 0;
	if (error == 0 && after > before)
		arena->table_bytes = after;
	return error;
}

/* Returns true if the page has no memory. Pages that the table does not describe have no memory. */
static bool is_uncommitted(const struct arena *arena, uint32_t index)
{
	return index >= arena->end || arena->pages[index].state == PAGE_UNCOMMITTED;
}

size_t arena_find_uncommitted(const struct arena *arena, size_t bytes, size_t *offset)
{
	uint32_t end = (uint32_t)(bytes / ARENA_BLOCK_MIN_BYTES), from = (uint32_t)(*offset / ARENA_BLOCK_MIN_BYTES),
		 to;

	if (from < limit_of(arena))
		from = limit_of(arena);
	while (from < end && !is_uncommitted(arena, from))
		from += UNIT_PAGES;
	for (to = from; to < end && is_uncommitted(arena, to); to += UNIT_PAGES)
		;
	*offset = pages_bytes(from);
	return pages_bytes(to - from);
}

int arena_commit(struct arena *arena, size_t offset, size_t bytes)
{
	int error = mapping_populate(&arena->memory, offset, offset + bytes);

	if (error == 0)
		close_block(arena->memory.address + offset, bytes);
	return error;
}

/*
 * Removes the free blocks of [from, to) from their lists. The blocks stay marked as free. Returns their size in bytes.
 */
static size_t unlist(struct arena *arena, uint32_t from, uint32_t to)
{
	size_t bytes = 0;

	for (uint32_t index = from; index < to; index += arena->pages[index].count) {
		if (arena->pages[index].state != PAGE_FREE)
			continue;
		unlink_free(arena, index);
		arena->pages[index].state = PAGE_FREE;
		bytes += pages_bytes(arena->pages[index].count);
	}
	return bytes;
}

/* Adds the free blocks of [from, to) to their lists. */
static void list(struct arena *arena, uint32_t from, uint32_t to)
{
	for (uint32_t index = from; index < to; index += arena->pages[index].count)
		if (arena->pages[index].state == PAGE_FREE)
			push_free(arena, index, order_of(arena->pages[index].count));
}

/* Moves free blocks above the new size to the lists of free blocks above the size. */
static void lower(struct arena *arena, size_t bytes)
{
	uint32_t from = (uint32_t)(bytes / ARENA_BLOCK_MIN_BYTES), end = limit_of(arena);

	arena->free_bytes -= unlist(arena, from, end);
	arena->bytes = bytes;
	list(arena, from, end);
}

/* Marks uncommitted blocks below the new size as free, because arena_commit() has committed them. */
static void raise(struct arena *arena, size_t bytes)
{
	uint32_t from = limit_of(arena), end = (uint32_t)(bytes / ARENA_BLOCK_MIN_BYTES);

	for (uint32_t index = from; index < end; index += UNIT_PAGES) {
		if (is_uncommitted(arena, index)) {
			arena->pages[index] = (struct page){ .count = UNIT_PAGES, .state = PAGE_FREE };
			arena->free_bytes += ARENA_BLOCK_MAX_BYTES;
		} else {
			arena->free_bytes += unlist(arena, index, index + UNIT_PAGES);
		}
	}
	if (arena->end < end)
		arena->end = end;
	arena->bytes = bytes;
	/* In descending order, so that the lowest block is allocated first. */
	for (uint32_t index = end; index > from; index -= UNIT_PAGES)
		list(arena, index - UNIT_PAGES, index);
}

void arena_set_bytes(struct arena *arena, size_t bytes)
{
	assert(bytes > 0 && align_is_aligned(bytes, ARENA_BLOCK_MAX_BYTES));
	if (bytes < arena->bytes)
		lower(arena, bytes);
	else
		raise(arena, bytes);
}

static bool is_whole(const struct arena *arena, uint32_t index)
{
	return arena->pages[index].state == PAGE_FREE && arena->pages[index].count == UNIT_PAGES;
}

size_t arena_detach_free(struct arena *arena, size_t *offset)
{
	uint32_t index = (uint32_t)(*offset / ARENA_BLOCK_MIN_BYTES), from;

	if (index < limit_of(arena))
		index = limit_of(arena);
	while (index < arena->end && !is_whole(arena, index))
		index += UNIT_PAGES;
	for (from = index; index < arena->end && is_whole(arena, index) && pages_bytes(index - from) < DETACH_MAX_BYTES;
	     index += UNIT_PAGES) {
		unlink_free(arena, index);
		arena->pages[index].state = PAGE_UNCOMMITTED;
	}
	while (arena->end > limit_of(arena) && arena->pages[arena->end - UNIT_PAGES].state == PAGE_UNCOMMITTED)
		arena->end -= UNIT_PAGES;
	*offset = pages_bytes(from);
	return pages_bytes(index - from);
}

void arena_decommit(struct arena *arena, size_t offset, size_t bytes)
{
	ASAN_UNPOISON_MEMORY_REGION(arena->memory.address + offset, bytes);
	mapping_decommit(&arena->memory, offset, offset + bytes);
}

void arena_trim(struct arena *arena)
{
	size_t bytes = table_bytes(pages_bytes(arena->end));

	if (bytes >= arena->table_bytes)
		return;
	mapping_decommit(&arena->table, bytes, arena->table_bytes);
	arena->table_bytes = bytes;
}

bool arena_is_shrunk(const struct arena *arena)
{
	return arena->end == limit_of(arena);
}

/*
 * Reserves only the initial size if the addresses for max_bytes are not available. The arena then works but cannot
 * grow.
 */
static int reserve(struct arena *arena, size_t bytes, size_t max_bytes)
{
	int error = mapping_reserve(&arena->memory, max_bytes,
				    max_bytes >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : ARENA_BLOCK_MAX_BYTES);

	if (error != 0 && max_bytes > bytes)
		return reserve(arena, bytes, bytes);
	return error != 0 ? error
			  : mapping_reserve(&arena->table, table_bytes(arena->memory.bytes), ARENA_BLOCK_MIN_BYTES);
}

int arena_new_growable(struct arena **arena, size_t bytes, size_t max_bytes)
{
	struct arena *made;
	int error;

	if (bytes == 0 || !align_is_aligned(bytes | max_bytes, ARENA_BLOCK_MAX_BYTES) || max_bytes < bytes ||
	    max_bytes / ARENA_BLOCK_MIN_BYTES >= NO_PAGE)
		return -EINVAL;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	memset(made->free_first, 0xff, sizeof(made->free_first));
	error = reserve(made, bytes, max_bytes);
	made->pages = (struct page *)(void *)made->table.address;
	if (error == 0)
		error = arena_prepare(made, bytes);
	if (error == 0)
		error = arena_commit(made, 0, bytes);
	if (error != 0) {
		arena_free(made);
		return error;
	}
	arena_set_bytes(made, bytes);
	*arena = made;
	return 0;
}

int arena_new(struct arena **arena, size_t bytes)
{
	return arena_new_growable(arena, bytes, bytes);
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	assert(arena->free_bytes == arena->bytes && arena_next_used(arena, 0, arena->end) == NO_PAGE);
	ASAN_UNPOISON_MEMORY_REGION(arena->memory.address, pages_bytes(arena->end));
	mapping_release(&arena->memory);
	mapping_release(&arena->table);
	free(arena);
}

size_t arena_bytes(const struct arena *arena)
{
	return arena->bytes;
}

size_t arena_max_bytes(const struct arena *arena)
{
	return arena->memory.bytes;
}

size_t arena_free_bytes(const struct arena *arena)
{
	return arena->free_bytes;
}

size_t arena_fragmented_bytes(const struct arena *arena, size_t length)
{
	const unsigned enough = order_of(pages_of(length));
	size_t bytes = 0;

	for (unsigned order = 0; order < enough; order++)
		bytes += arena->free_count[0][order] * pages_bytes(UINT32_C(1) << order);
	return bytes;
}

/* Checks one word per sector, because a direct read writes whole sectors. Unpoisons the memory during the check. */
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
	/* Two free buddies would have been merged. */
	assert(order == ORDER_MAX || !is_free_buddy(arena, buddy_of(index, order), order));
	assert(page->next == NO_PAGE || arena->pages[page->next].prev == index);
	assert(page->prev == NO_PAGE ? arena->free_first[index >= limit_of(arena)][order] == index
				     : arena->pages[page->prev].next == index);
	check_free_memory(arena, index);
}

static size_t listed_free_bytes(const struct arena *arena, bool above)
{
	size_t bytes = 0;

	for (unsigned order = 0; order <= ORDER_MAX; order++) {
		uint32_t count = 0;

		for (uint32_t index = arena->free_first[above][order]; index != NO_PAGE;
		     index = arena->pages[index].next) {
			assert(is_free_buddy(arena, index, order) && above == (index >= limit_of(arena)));
			bytes += pages_bytes(arena->pages[index].count);
			/* Fails if the list is circular. */
			assert(bytes <= pages_bytes(arena->end));
			count++;
		}
		assert(count == arena->free_count[above][order]);
	}
	return bytes;
}

void arena_check(const struct arena *arena)
{
	size_t free_bytes[2] = { 0 };
	uint32_t next;

	for (uint32_t index = 0; index < arena->end; index = next) {
		const struct page *page = &arena->pages[index];

		next = index + page->count;
		assert(page->state != PAGE_UNCOMMITTED || (index >= limit_of(arena) && page->count == UNIT_PAGES));
		assert(page->state != PAGE_INSIDE && page->count > 0 && page->count <= 1 << ORDER_MAX);
		assert(align_is_aligned(index, UINT32_C(1) << order_of(page->count)));
		for (uint32_t inside = index + 1; inside < next; inside++)
			assert(arena->pages[inside].state == PAGE_INSIDE);
		if (page->state == PAGE_FREE) {
			check_free_block(arena, index);
			free_bytes[index >= limit_of(arena)] += pages_bytes(page->count);
		}
	}
	assert(free_bytes[0] == arena->free_bytes && listed_free_bytes(arena, false) == free_bytes[0]);
	assert(listed_free_bytes(arena, true) == free_bytes[1]);
}
