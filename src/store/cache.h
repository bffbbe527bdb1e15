/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cache contains extents of files, which are in memory or are being read. All reactors share the cache. It consists
 * of shards with a lock each. The hash of an extent selects its shard. The cache does no I/O. No syscall is made and no
 * callback runs under a lock.
 *
 * A lookup of a span has one of these answers:
 *
 *	CACHE_HIT	An extent covers the span. It is pinned for the caller.
 *	CACHE_COALESCED	A load is reading an extent that covers the span. The wait is queued at the extent.
 *	CACHE_LOAD	A new extent was added, which the caller reads. The wait is queued at the extent.
 *	CACHE_QUEUED	There is no memory. The wait is queued at the shard.
 *	CACHE_MISS	No extent covers the span, and the caller did not ask for memory.
 *
 * The states of a wait, and the functions or events that change its state. After CACHE_HIT, the extent is pinned for
 * the wait. In all other states, the wait has no pin.
 *
 *	CACHE_NOT_WAITING ---cache_want()---> CACHE_WAITING_FOR_MEMORY --memory has become free---+
 *	    ^      |                             |   |                                           |
 *	    |      |                             |   +--another load reads the extent--+         |
 *	    |      |                             |                                     v         |
 *	    |      +---cache_want(), cache_wait_for_read()----------> CACHE_WAITING_FOR_READ     |
 *	    |                                    |                         |  |                  |
 *	    +-----------cache_cancel()-----------+-------------------------+  |cache_loaded()    |
 *	    |                                                                 v                  |
 *	    +--------------on_answer() runs---------------------------- CACHE_POSTED <-----------+
 */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/reactor.h"
#include "store/forecast.h"
#include "store/shard.h"
#include "store/span.h"

/* Maximum length of a span that crosses extents. */
#define CACHE_SPAN_MAX_BYTES (ARENA_BLOCK_MAX_BYTES - FILE_ALIGNMENT_MAX)
#define CACHE_UNIT_BYTES ARENA_BLOCK_MAX_BYTES /* The size of a cache is a multiple of this number. */

struct cache;

/* The range that is read on a miss. */
enum cache_reach {
	CACHE_AS_NEEDED, /* The complete extent if requests cover much of it, otherwise the span. */
	CACHE_EXACT,	 /* The span. */
	CACHE_WHOLE,	 /* The complete extent, because all of it will be requested. */
};

/* The span of a lookup. */
struct cache_span {
	const struct file_version *version;
	uint32_t alignment; /* Alignment of direct reads of this file. */
	uint64_t offset;
	/* At least 1. The span lies inside the file. A span that crosses extents has at most CACHE_SPAN_MAX_BYTES. */
	size_t length;
	enum cache_reach reach;
	bool transient; /* Cache policy "never": evict the extent with its last user. */
	bool pinned;	/* Cache policy "pin": exclude the extent from eviction. */
};

enum cache_answer { CACHE_MISS, CACHE_HIT, CACHE_COALESCED, CACHE_LOAD, CACHE_QUEUED };

enum cache_wait_state { CACHE_NOT_WAITING, CACHE_WAITING_FOR_READ, CACHE_WAITING_FOR_MEMORY, CACHE_POSTED };

/* A lookup that may have to wait. The caller allocates the struct. */
struct cache_wait {
	struct reactor_message message;
	struct cache_wait *next, *prev;
	struct reactor *reactor; /* Reactor on whose thread on_answer() runs. */
	/*
	 * Ends the wait. The values of `answer` are:
	 * - CACHE_HIT: wait->extent is pinned for the caller.
	 * - CACHE_LOAD: the caller reads wait->extent, and calls cache_wait_for_read() if it needs the bytes itself.
	 * - -errno: the read has failed.
	 */
	void (*on_answer)(struct cache_wait *wait, int answer);
	struct cache_span span;
	struct cache_extent *extent;
	int answer;
	enum cache_wait_state state; /* Protected by the lock of the shard. */
};

/*
 * Creates a cache of `bytes`, a multiple of CACHE_UNIT_BYTES, and touches all of its memory. The number of shards, 1 to
 * 16, depends on `bytes` and never changes. If `retain` is false, an extent is evicted with its last user. Returns 0,
 * -EINVAL or -ENOMEM.
 */
int cache_new(struct cache **cache, size_t bytes, bool retain);
/* Frees the cache. No extent may be in use, and no wait may be queued. NULL is allowed. */
void cache_free(struct cache *cache);

/* Returns true if the bytes [first, last] of a file lie in one extent. */
bool cache_in_one_extent(const struct file_version *version, uint64_t first, uint64_t last);

/*
 * Looks up a span without waiting. Thread-safe. Returns:
 * - CACHE_HIT: *extent covers the span and is pinned for the caller.
 * - CACHE_COALESCED: an extent that covers the span is being read, and cache_want() would wait for the read.
 * - CACHE_MISS: *read is the aligned range that a load would read, which is the complete extent or the span.
 */
enum cache_answer cache_find(struct cache *cache, const struct cache_span *span, struct cache_extent **extent,
			     struct span *read);

/*
 * Looks up wait->span. The caller sets wait->span, wait->reactor and wait->on_answer, and runs on the thread of
 * wait->reactor. If `may_load` is true, a miss adds an extent or queues the wait for memory. on_answer() will run after
 * CACHE_COALESCED, CACHE_LOAD and CACHE_QUEUED. After CACHE_LOAD, the caller must call cache_loaded() or
 * cache_abandon().
 */
enum cache_answer cache_want(struct cache *cache, struct cache_wait *wait, bool may_load);
/* Queues the wait at its extent again, after on_answer(CACHE_LOAD). */
void cache_wait_for_read(struct cache *cache, struct cache_wait *wait);
/*
 * Cancels the wait. Returns true if on_answer() will not run. Returns false if the answer has been posted. In that case
 * on_answer() will run, and the wait must live until on_answer() has run. Must be called on the thread of
 * wait->reactor.
 */
bool cache_cancel(struct cache *cache, struct cache_wait *wait);
/* Cancels a wait for memory. Returns false for any other wait, whose on_answer() will run. */
bool cache_cancel_queued(struct cache *cache, struct cache_wait *wait);

/*
 * Ends the load of an extent. `error` is 0 if the bytes were read, or -errno, which removes the extent. Answers all
 * waits that are queued at the extent, with a pin each or with the error. The caller runs on the thread of `reactor`.
 * Waits of `reactor` are answered before the function returns, waits of other reactors by a message.
 */
void cache_loaded(struct cache *cache, struct cache_extent *extent, int error, struct reactor *reactor);
/*
 * Frees an extent whose read has not begun, unless waits are queued at the extent. Returns true if the extent was
 * freed.
 */
bool cache_abandon(struct cache *cache, struct cache_extent *extent);

/* Returns the memory of the bytes of an extent that the caller has pinned or is loading. Thread-safe. */
uint8_t *cache_block_of(const struct cache *cache, const struct cache_extent *extent);
/* Counts another use of an extent that the caller has pinned. Thread-safe. */
void cache_touch(struct cache *cache, struct cache_extent *extent);
/*
 * Removes an extent that the caller has pinned from the index. No later lookup finds the extent, and its last user
 * frees it. Thread-safe.
 */
void cache_unindex(struct cache *cache, struct cache_extent *extent);
/* Removes a user of the extent. Thread-safe. */
void cache_unpin(struct cache *cache, struct cache_extent *extent);

/* Returns true if the cache retains extents without users. Thread-safe. */
bool cache_retains(struct cache *cache);
/*
 * Returns the number of bytes in extents that are in use or being read. The number may be slightly out of date.
 * Thread-safe.
 */
size_t cache_in_use_bytes(const struct cache *cache);
size_t cache_bytes(const struct cache *cache);
/* Returns true if more than half of the shard of this extent, which the caller has pinned, is in use. Thread-safe. */
bool cache_is_crowded(const struct cache *cache, const struct cache_extent *extent);
/* Returns the forecast, which lives as long as the cache. Eviction spares the extents that it expects. Thread-safe. */
struct forecast *cache_forecast(const struct cache *cache);
/* Returns the number of waits for memory. Thread-safe. */
unsigned cache_waiting(const struct cache *cache);

/* --- private to cache.c, cache_content.c and resize.c --- */

struct cache {
	_Atomic size_t bytes;  /* Relaxed or stronger: publishes no other data. */
	unsigned finish_calls; /* Owned by resize.c: calls of resize_finish() since the size was changed. */
	atomic_uint waiting;   /* Number of waits for memory in all shards. Relaxed: publishes no other data. */
	struct forecast *forecast;
	unsigned shard_count; /* A power of two. */
	struct shard shards[];
};

/* Returns the shard of an extent with this hash. */
struct shard *cache_shard(struct cache *cache, uint64_t hash);
/*
 * Returns the size of one of `shards` shards of a cache of `bytes`. The sizes differ by at most one CACHE_UNIT_BYTES.
 */
size_t cache_share(size_t bytes, unsigned shards, unsigned index);
/* Returns true if the file is small enough to be one extent. */
bool cache_is_one_extent(const struct file_version *version);
/* Takes the lock of a shard, with a new budget for evictions. */
void cache_lock(struct shard *shard);
/* Answers waits for memory until there is no more room, and releases the lock. */
void cache_serve_and_unlock(struct cache *cache, struct shard *shard);

#endif
