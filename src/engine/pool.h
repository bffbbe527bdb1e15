/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One arena of memory, cut into blocks of 4 KiB … 1 MiB, shared by all reactors behind one lock. Bounded: when there is no room,
 * a want waits in order, and whoever comes later waits behind it, whatever its size.
 */
#ifndef ENGINE_POOL_H
#define ENGINE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/arena.h"
#include "engine/reactor.h"

#define POOL_BLOCK_MIN_BYTES ARENA_BLOCK_MIN_BYTES
#define POOL_BLOCK_MAX_BYTES ARENA_BLOCK_MAX_BYTES

struct pool;

/* One want; the caller's storage. A block of pool_block_bytes(length), aligned as arena_take() says. */
struct pool_want {
	struct reactor_message message; /* carries the grant to the reactor */
	struct pool_want *next;
	struct pool *pool;
	struct reactor *reactor;
	void (*granted)(struct pool_want *want, void *block);
	size_t length;
	void *block;
};

struct pool_stats {
	size_t arena_bytes, free_bytes;
	size_t waiting; /* wants in the queue */
};

/* As arena_new(): arena_bytes is a multiple of POOL_BLOCK_MAX_BYTES, at least one; all of it is touched. 0, -EINVAL or -ENOMEM. */
int pool_new(struct pool **pool, size_t arena_bytes);
/* All blocks must be back and no want waiting. */
void pool_free(struct pool *pool);

/*
 * A block, owned by the caller until pool_put(); NULL when there is no room or others wait already. length <= POOL_BLOCK_MAX_BYTES.
 * Any thread.
 */
void *pool_get(struct pool *pool, size_t length);
/* Gives a block back, from any thread, and grants what waits and now fits, in order: each grant is posted to the want's reactor. */
void pool_put(struct pool *pool, void *block);

/*
 * As pool_get(), but when there is no room the want is queued. want->length, ->reactor and ->granted are set by the caller.
 * Returns the block, or NULL: then granted(want, block) runs later, once, on want->reactor. Called on that reactor's thread.
 */
void *pool_wait(struct pool *pool, struct pool_want *want);
/*
 * Takes a waiting want (pool_wait() said NULL, granted() has not run) out of the queue, which may let those behind it through.
 * True: it is out and granted() will not run. False: a grant is under way already and granted() will run: the want must live until
 * then. Called on want->reactor's thread.
 */
bool pool_cancel(struct pool *pool, struct pool_want *want);

/* Rounded up to whole pages of 4 KiB. length <= POOL_BLOCK_MAX_BYTES. */
size_t pool_block_bytes(size_t length);
void pool_stats(struct pool *pool, struct pool_stats *stats);
/* Walks all of it under the lock: arena_check(), and that the head of the queue does not fit. For tests. */
void pool_check(struct pool *pool);

#endif
