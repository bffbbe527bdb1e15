/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Eviction from a shard of the cache: S3-FIFO (Yang et al., SOSP 2023), extended to blocks of many sizes. All functions
 * require shard->lock.
 *
 * A search for room inspects a bounded number of extents under one lock. The caller then releases the lock, takes it
 * again and repeats the call. The search continues where the previous call ended.
 */
#ifndef STORE_EVICT_H
#define STORE_EVICT_H

#include <stdbool.h>
#include <stddef.h>

#include "store/shard.h"

/* Starts a new budget of extents to inspect. Must be called after taking the lock. */
static inline void evict_begin(struct shard *shard)
{
	shard->inspected = 0;
}

/*
 * Evicts extents until a block of `length` bytes fits. Returns false if there is no room. If evict_is_unfinished() then
 * returns true, the search has used up its budget and may find room under the next lock. Otherwise there is no room
 * until an extent is unpinned.
 */
bool evict_make_room(struct shard *shard, size_t length);

/* Returns true if the last evict_make_room() has used up its budget. A search ends after a few budgets. */
static inline bool evict_is_unfinished(const struct shard *shard)
{
	return shard->failed_searches > 0;
}

/* Ends an unfinished search. */
static inline void evict_abort(struct shard *shard)
{
	shard->failed_searches = 0;
}

/* Evicts an extent that has no users, and counts the eviction. */
void evict_extent(struct shard *shard, struct cache_extent *extent);

#endif
