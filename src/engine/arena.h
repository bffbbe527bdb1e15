/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One mapping, cut into blocks of whole 4 KiB pages, up to 1 MiB. Its owner can keep a table of its own beside the
 * pages. Not thread-safe: the owner has the lock. Its size can be changed while it is used: what takes long about that
 * is done without the lock, by one thread at a time.
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
 * Maps `bytes` (a multiple of ARENA_BLOCK_MAX_BYTES, at least one), with huge pages where they are to be had, and
 * touches all of it (a direct read into untouched pages is buffered on btrfs). 0, -EINVAL or -ENOMEM.
 */
int arena_new(struct arena **arena, size_t bytes);
/* The same, with addresses to grow to max_bytes, if those are to be had: arena_commit() says so if not. */
int arena_new_growable(struct arena **arena, size_t bytes, size_t max_bytes);
/* All blocks must be back. */
void arena_free(struct arena *arena);

/*
 * A block of arena_block_bytes(length), aligned to the power of two that holds it: at least to 4 KiB, and 72 KiB to 128
 * KiB. NULL when no run of free pages of that power of two, so aligned, is left. What the block does not need of the
 * run stays free. length <= ARENA_BLOCK_MAX_BYTES.
 */
void *arena_alloc_block(struct arena *arena, size_t length);
/* `block` as arena_alloc_block() gave it. */
void arena_free_block(struct arena *arena, void *block);
/* Whether arena_alloc_block() would give one. */
bool arena_has_room(const struct arena *arena, size_t length);

/* Rounded up to whole pages; at least one. */
size_t arena_block_bytes(size_t length);
size_t arena_bytes(const struct arena *arena);
/* That it has addresses for. */
size_t arena_max_bytes(const struct arena *arena);
/* All that is in no block, exactly; in how many runs, it does not say. */
size_t arena_free_bytes(const struct arena *arena);

/* Of those, what lies in free blocks of less than `length`: arena_alloc_block(length) has no use for it. */
size_t arena_fragmented_bytes(const struct arena *arena, size_t length);

/* Pages are numbered from 0. They go on above arena_bytes() as long as not all memory there was given back. */
size_t arena_page_count(const struct arena *arena);
/* The first page of a used block; `block` as arena_alloc_block() gave it. */
uint32_t arena_page_of(const struct arena *arena, const void *block);
void *arena_page_address(const struct arena *arena, uint32_t page);
/* arena_block_bytes() of the used block whose first page this is. */
size_t arena_used_bytes_at(const struct arena *arena, uint32_t page);

/*
 * The first page of the first used block that has pages in [page, end), or UINT32_MAX if none has. It may begin before
 * `page`. The next one is found from the page after its last, also when it has been put meanwhile. end <=
 * arena_page_count().
 */
uint32_t arena_next_used(const struct arena *arena, uint32_t page, uint32_t end);
/*
 * Where a block of `length` that holds `page` would lie: [*first, *end) is the power of two that arena_alloc_block() needs.
 * Once no used block has pages in it, arena_alloc_block(length) gives a block (not always this one).
 */
void arena_region(const struct arena *arena, uint32_t page, size_t length, uint32_t *first, uint32_t *end);

/*
 * To grow: arena_prepare(), then arena_commit() for what arena_find_uncommitted() finds, then arena_set_bytes(). To shrink:
 * arena_set_bytes(), then, now and again until arena_is_shrunk(), arena_decommit() for what arena_detach_free() finds, and
 * arena_trim(). Those of which it is said are called without the owner's lock, by one thread at a time, and can take
 * long.
 *
 * Keeps track of what will lie below `bytes`. Without the lock. 0; -ENOMEM; -E2BIG: it has no addresses for that.
 */
int arena_prepare(struct arena *arena, size_t bytes);
/* What has no memory above its size and below `bytes`, from *offset on: *offset and how much, in one piece. 0: nothing.
 */
size_t arena_find_uncommitted(const struct arena *arena, size_t bytes, size_t *offset);
/* Memory, touched. Without the lock. 0 or -ENOMEM. */
int arena_commit(struct arena *arena, size_t offset, size_t bytes);
/*
 * Its size, a multiple of ARENA_BLOCK_MAX_BYTES, and at least one. Blocks above it stay until they are put, and are
 * handed out no more.
 */
void arena_set_bytes(struct arena *arena, size_t bytes);
/* What no block is used in above its size, from *offset on: likewise. Nothing may use it any more. */
size_t arena_detach_free(struct arena *arena, size_t *offset);
/* To the kernel; also what was filled and is not to be used after all. Without the lock. */
void arena_decommit(struct arena *arena, size_t offset, size_t bytes);
/* Likewise what is not needed to keep track any more. Without the lock. */
void arena_trim(struct arena *arena);
/* Whether nothing is left above its size. Without the lock. */
bool arena_is_shrunk(const struct arena *arena);

/*
 * Asserts that blocks neither overlap nor leak, that free buddies are merged, and that free memory still holds its
 * canary (debug builds).
 */
void arena_check(const struct arena *arena);

#endif
