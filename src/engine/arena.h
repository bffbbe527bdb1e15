/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A memory arena: one mapping, divided into blocks of whole 4 KiB pages, up to 1 MiB. The owner can keep a table of its
 * own, indexed by page numbers. Not thread-safe: the owner locks it. Its size can be changed while it is in use; the
 * slow parts of that run without the lock, on one thread at a time.
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
 * Maps `bytes`, a positive multiple of ARENA_BLOCK_MAX_BYTES, with huge pages if available, and touches all of it,
 * because btrfs buffers direct reads into untouched pages. Returns 0, -EINVAL or -ENOMEM.
 */
int arena_new(struct arena **arena, size_t bytes);
/*
 * Maps an arena like arena_new(), and reserves addresses to grow to max_bytes. If they are not available, growing fails
 * later with -E2BIG.
 */
int arena_new_growable(struct arena **arena, size_t bytes, size_t max_bytes);
/* Unmaps the arena. All blocks must be free. */
void arena_free(struct arena *arena);

/*
 * Returns a block of arena_block_bytes(length), or NULL if there is no room. The block is aligned to the power of two
 * that holds it, at least 4 KiB; a block of 72 KiB is aligned to 128 KiB. It needs a free, aligned run of that power of
 * two; pages of the run beyond the block stay free. length <= ARENA_BLOCK_MAX_BYTES.
 */
void *arena_alloc_block(struct arena *arena, size_t length);
/* Frees a block of arena_alloc_block(). */
void arena_free_block(struct arena *arena, void *block);
/* Returns true if arena_alloc_block() would return a block. */
bool arena_has_room(const struct arena *arena, size_t length);

/* Returns the length rounded up to whole pages, at least one. */
size_t arena_block_bytes(size_t length);
size_t arena_bytes(const struct arena *arena);
/* Returns the size of the reserved addresses. */
size_t arena_max_bytes(const struct arena *arena);
/* Returns the exact number of free bytes. They may be fragmented. */
size_t arena_free_bytes(const struct arena *arena);

/* Returns the free bytes in free blocks that are too small for arena_alloc_block(length). */
size_t arena_fragmented_bytes(const struct arena *arena, size_t length);

/*
 * Returns the number of pages, which are numbered from 0. It exceeds arena_bytes() until all memory above the size was
 * returned to the kernel.
 */
size_t arena_page_count(const struct arena *arena);
/* Returns the first page of a block of arena_alloc_block(). */
uint32_t arena_page_of(const struct arena *arena, const void *block);
void *arena_page_address(const struct arena *arena, uint32_t page);
/* Returns arena_block_bytes() of the block that begins on this page. */
size_t arena_used_bytes_at(const struct arena *arena, uint32_t page);

/*
 * Returns the first page of the first allocated block that has pages in [page, end), or UINT32_MAX. It may begin before
 * `page`. To find the next block, continue with the page after its last one, even if the block was freed meanwhile. end
 * <= arena_page_count().
 */
uint32_t arena_next_used(const struct arena *arena, uint32_t page, uint32_t end);
/*
 * Returns the region [*first, *end) that a block of `length` around `page` would need. Once no allocated block has
 * pages in it, arena_alloc_block(length) succeeds, although not always with this region.
 */
void arena_region(const struct arena *arena, uint32_t page, size_t length, uint32_t *first, uint32_t *end);

/*
 * To grow: arena_prepare(), then arena_commit() for each range of arena_find_uncommitted(), then arena_set_bytes().
 *
 * To shrink: arena_set_bytes(), then, from time to time until arena_is_shrunk(), arena_decommit() for each range of
 * arena_detach_free(), and arena_trim().
 *
 * Functions that are marked "without the lock" run without the owner's lock, on one thread at a time, and may take
 * long.
 *
 * arena_prepare() makes the table large enough for `bytes`. Without the lock. Returns 0, -ENOMEM, or -E2BIG if the
 * addresses are not reserved.
 */
int arena_prepare(struct arena *arena, size_t bytes);
/*
 * Finds the first range without memory between the size and `bytes`, from *offset on. Sets *offset and returns its
 * length, or 0 if there is none.
 */
size_t arena_find_uncommitted(const struct arena *arena, size_t bytes, size_t *offset);
/* Commits memory and touches it. Without the lock. Returns 0 or -ENOMEM. */
int arena_commit(struct arena *arena, size_t offset, size_t bytes);
/*
 * Sets the size, a positive multiple of ARENA_BLOCK_MAX_BYTES. Blocks above it stay valid until they are freed, and are
 * not allocated again.
 */
void arena_set_bytes(struct arena *arena, size_t bytes);
/*
 * Finds the first range above the size without allocated blocks, from *offset on, and takes it out of use. Sets *offset
 * and returns its length, or 0 if there is none.
 */
size_t arena_detach_free(struct arena *arena, size_t *offset);
/*
 * Returns memory to the kernel: a range of arena_detach_free(), or one that was committed but is not needed. Without
 * the lock.
 */
void arena_decommit(struct arena *arena, size_t offset, size_t bytes);
/* Returns unneeded memory of the table to the kernel. Without the lock. */
void arena_trim(struct arena *arena);
/* Returns true if no memory is left above the size. Without the lock. */
bool arena_is_shrunk(const struct arena *arena);

/*
 * Asserts that blocks neither overlap nor leak, that free buddies are merged, and that the canary in free memory is
 * intact (debug builds).
 */
void arena_check(const struct arena *arena);

#endif
