/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The content of the whole cache: invalidation and size of a version, a walk through all extents, and statistics. All
 * functions are thread-safe, work in steps, and hold no lock for long.
 */
#ifndef STORE_CACHE_CONTENT_H
#define STORE_CACHE_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/cache.h"

/*
 * Removes all extents of a version from the index. Extents in use are freed by their last user. Returns the number of
 * bytes in the removed extents, including extents that are being read.
 */
size_t cache_content_invalidate(struct cache *cache, const struct file_version *version);

/* Returns the memory that the extents of the complete file occupy. */
uint64_t cache_content_memory_of(const struct file_version *version);
/*
 * Returns the number of bytes of the version in ready extents, and stores the number of those whose cache policy is
 * "pin".
 */
uint64_t cache_content_bytes(struct cache *cache, const struct file_version *version, uint64_t *pinned_bytes);

/*
 * A ready extent: its version, the number of bytes of the file that it contains, whether its cache policy is "pin", and
 * its offset in the file.
 */
struct cache_resident {
	struct file_version version;
	size_t bytes;
	bool pinned;
	uint64_t offset;
};

/* The position of a walk. All members are zero at the start. */
struct cache_cursor {
	unsigned shard;
	uint32_t page;
};

/*
 * Lists the next ready extents, at most `room`. Returns the number of listed extents, or 0 at the end. Extents that are
 * added or evicted during a walk may be listed or not.
 */
size_t cache_content_walk(struct cache *cache, struct cache_cursor *cursor, struct cache_resident *list, size_t room);

struct cache_stats {
	struct shard_stats sums; /* Sums of all shards. */
	size_t bytes, free_bytes, in_use_bytes, small_bytes, main_bytes;
	size_t fragmented_bytes; /* Free memory in blocks that are too small for an extent of a large file. */
	unsigned waiting;	 /* Waits for memory. */
	unsigned shards;
};

void cache_content_stats(struct cache *cache, struct cache_stats *stats);

/* Calls shard_check() for all shards, and asserts that waits for memory cannot be served. For tests. */
void cache_content_check(struct cache *cache);

#endif
