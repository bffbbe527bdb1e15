/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One mapping, cut into buddies of 4 KiB … 1 MiB, each aligned to its own size. Not thread-safe: the pool has the lock. */
#ifndef ENGINE_ARENA_H
#define ENGINE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

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

/* A block of arena_block_bytes(length), or NULL when there is no room. length <= ARENA_BLOCK_MAX_BYTES. */
void *arena_take(struct arena *arena, size_t length);
void arena_put(struct arena *arena, void *block);
/* Whether arena_take() would give one. */
bool arena_has_room(const struct arena *arena, size_t length);

/* Rounded up to the buddy's size. */
size_t arena_block_bytes(size_t length);
size_t arena_bytes(const struct arena *arena);
size_t arena_free_bytes(const struct arena *arena);

/*
 * Asserts that blocks neither overlap nor leak, that free buddies are merged, and that free memory still holds its canary (debug
 * builds).
 */
void arena_check(const struct arena *arena);

#endif
