/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One mapping, cut into blocks of whole 4 KiB pages, up to 1 MiB. Its owner can keep a table of its own beside the pages. Not
 * thread-safe: the owner has the lock.
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
 * Maps `bytes` (a multiple of ARENA_BLOCK_MAX_BYTES, at least one), with huge pages where they are to be had, and touches all of it
 * (a direct read into untouched pages is buffered on btrfs). 0, -EINVAL or -ENOMEM.
 */
int arena_new(struct arena **arena, size_t bytes);
/* All blocks must be back. */
void arena_free(struct arena *arena);

/*
 * A block of arena_block_bytes(length), aligned to the power of two that holds it: at least to 4 KiB, and 72 KiB to 128 KiB. NULL
 * when no run of free pages of that power of two, so aligned, is left. What the block does not need of the run stays free.
 * length <= ARENA_BLOCK_MAX_BYTES.
 */
void *arena_take(struct arena *arena, size_t length);
/* `block` as arena_take() gave it. */
void arena_put(struct arena *arena, void *block);
/* Whether arena_take() would give one. */
bool arena_has_room(const struct arena *arena, size_t length);

/* Rounded up to whole pages; at least one. */
size_t arena_block_bytes(size_t length);
size_t arena_bytes(const struct arena *arena);
/* All that is in no block, exactly; in how many runs, it does not say. */
size_t arena_free_bytes(const struct arena *arena);

/* Of those, what lies in free blocks of less than `length`: arena_take(length) has no use for it. */
size_t arena_splinter_bytes(const struct arena *arena, size_t length);

/* Pages are numbered from 0. */
size_t arena_page_count(const struct arena *arena);
/* The first page of a used block; `block` as arena_take() gave it. */
uint32_t arena_page_of(const struct arena *arena, const void *block);
void *arena_page_address(const struct arena *arena, uint32_t page);
/* arena_block_bytes() of the used block whose first page this is. */
size_t arena_used_bytes_at(const struct arena *arena, uint32_t page);

/*
 * The first page of the first used block that has pages in [page, end), or UINT32_MAX if none has. It may begin before `page`. The
 * next one is found from the page after its last, also when it has been put meanwhile. end <= arena_page_count().
 */
uint32_t arena_next_used(const struct arena *arena, uint32_t page, uint32_t end);
/*
 * Where a block of `length` that holds `page` would lie: [*first, *end) is the power of two that arena_take() needs. Once no used
 * block has pages in it, arena_take(length) gives a block (not always this one).
 */
void arena_region(const struct arena *arena, uint32_t page, size_t length, uint32_t *first, uint32_t *end);

/*
 * Asserts that blocks neither overlap nor leak, that free buddies are merged, and that free memory still holds its canary (debug
 * builds).
 */
void arena_check(const struct arena *arena);

#endif
