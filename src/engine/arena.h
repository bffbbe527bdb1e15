/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A memory arena is one mapping that is divided into blocks. A block consists of 4 KiB pages and is at most 1 MiB long.
 * The owner can keep a table of its own, indexed by page numbers. An arena is not thread-safe, so its owner protects it
 * with a lock. The arena can be resized while it is in use. The slow steps of a resize run without the lock, on one
 * thread at a time.
 */
#ifndef ENGINE_ARENA_H
#define ENGINE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_BLOCK_MIN_BYTES ((size_t)4096)
#define ARENA_BLOCK_MAX_BYTES ((size_t)1 << 20)

struct arena;

/*
 * Maps `bytes` of memory, a positive multiple of ARENA_BLOCK_MAX_BYTES, with huge pages if available. Touches all
 * pages, because btrfs buffers direct reads into untouched pages. Returns 0 on success, -EINVAL or -ENOMEM.
 */
int arena_new(struct arena **arena, size_t bytes);
/*
 * Maps an arena like arena_new(), and reserves addresses for a later size of max_bytes. If the addresses are not
 * available, arena_prepare() later fails with -E2BIG.
 */
int arena_new_growable(struct arena **arena, size_t bytes, size_t max_bytes);
/* Unmaps the arena. All blocks must be free. */
void arena_free(struct arena *arena);

/*
 * Allocates a block of arena_block_bytes(length). `length` is at most ARENA_BLOCK_MAX_BYTES. The block needs a free run
 * of pages whose size and alignment are the next power of two, at least 4 KiB. For example, a block of 72 KiB needs a
 * free, aligned run of 128 KiB. The pages of the run after the block stay free. Returns NULL if there is no such run.
 */
void *arena_alloc_block(struct arena *arena, size_t length);
/* Frees a block that arena_alloc_block() returned. */
void arena_free_block(struct arena *arena, void *block);
/* Returns true if arena_alloc_block() would return a block. */
bool arena_has_room(const struct arena *arena, size_t length);

/* Returns the length rounded up to whole pages, at least one page. */
size_t arena_block_bytes(size_t length);
size_t arena_bytes(const struct arena *arena);
/* Returns the size of the reserved address range in bytes. */
size_t arena_max_bytes(const struct arena *arena);
/* Returns the exact number of free bytes, which may be fragmented. */
size_t arena_free_bytes(const struct arena *arena);

/* Returns the number of bytes in free blocks that are too small for arena_alloc_block(length). */
size_t arena_fragmented_bytes(const struct arena *arena, size_t length);

/*
 * Returns the number of pages. Pages are numbered from 0. After a shrink, the number includes pages above the new size
 * until their memory is returned to the kernel.
 */
size_t arena_page_count(const struct arena *arena);
/* Returns the first page of a block that arena_alloc_block() returned. */
uint32_t arena_page_of(const struct arena *arena, const void *block);
void *arena_page_address(const struct arena *arena, uint32_t page);
/* Returns the size, in bytes, of the allocated block that begins on this page. */
size_t arena_used_bytes_at(const struct arena *arena, uint32_t page);

/*
 * Returns the first page of the first allocated block that has pages in [page, end), or UINT32_MAX. The block may begin
 * before `page`. To find the next block, continue with the page after the last page of this block, even if this block
 * was freed meanwhile. `end` is at most arena_page_count().
 */
uint32_t arena_next_used(const struct arena *arena, uint32_t page, uint32_t end);
/*
 * Returns the region [*first, *end) that a block of `length` around `page` would need. Once no allocated block has
 * pages in the region, arena_alloc_block(length) succeeds, but may return a block outside the region.
 */
void arena_region(const struct arena *arena, uint32_t page, size_t length, uint32_t *first, uint32_t *end);

/*
 * To grow an arena, call arena_prepare(), then arena_commit() for each range of arena_find_uncommitted(), then
 * arena_set_bytes().
 *
 * To shrink an arena, call arena_set_bytes(). Then, until arena_is_shrunk() returns true, periodically call
 * arena_decommit() for each range of arena_detach_free(), and arena_trim().
 *
 * Functions that are marked "called without the lock" are called without the owner's lock, by one thread at a time.
 * They may take a long time.
 *
 * arena_prepare() makes the table of pages large enough for `bytes`. Called without the lock. Returns 0 on success,
 * -ENOMEM, or -E2BIG if the addresses are not reserved.
 */
int arena_prepare(struct arena *arena, size_t bytes);
/*
 * Finds the first range without memory between the size of the arena and `bytes`, at or after *offset. Sets *offset to
 * the start of the range and returns its length. Returns 0 if there is no such range.
 */
size_t arena_find_uncommitted(const struct arena *arena, size_t bytes, size_t *offset);
/* Commits the memory of a range and touches its pages. Called without the lock. Returns 0 or -ENOMEM. */
int arena_commit(struct arena *arena, size_t offset, size_t bytes);
/*
 * Sets the size, a positive multiple of ARENA_BLOCK_MAX_BYTES. Blocks above the new size stay valid until they are
 * freed. Their memory is not allocated again.
 */
void arena_set_bytes(struct arena *arena, size_t bytes);
/*
 * Finds the first range without allocated blocks above the size of the arena, at or after *offset, and marks it as
 * uncommitted. Sets *offset to the start of the range and returns its length. Returns 0 if there is no such range.
 */
size_t arena_detach_free(struct arena *arena, size_t *offset);
/*
 * Returns the memory of a range to the kernel. The range is a result of arena_detach_free(), or was committed but is
 * not needed. Called without the lock.
 */
void arena_decommit(struct arena *arena, size_t offset, size_t bytes);
/* Returns unneeded memory of the table of pages to the kernel. Called without the lock. */
void arena_trim(struct arena *arena);
/* Returns true if no memory is left above the size of the arena. Called without the lock. */
bool arena_is_shrunk(const struct arena *arena);

/*
 * Asserts that blocks neither overlap nor leak, that free buddies are merged, and that the canary in free memory is
 * intact (debug builds).
 */
void arena_check(const struct arena *arena);

#endif
