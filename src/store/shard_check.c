/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Consistency check of a shard for tests. It walks through all extents and compares their sums with the index, the
 * queues, the statistics and the arena. Runs under shard->lock.
 */
#include "store/shard.h"

#include <assert.h>

/* Checks one extent and adds it to the sums. */
static void check_extent(struct shard *shard, const struct cache_extent *extent, struct shard_stats *sums,
			 size_t *in_use_bytes, size_t queued_bytes[])
{
	bool above = shard_page_of(shard, extent) >= shard->bytes / ARENA_BLOCK_MIN_BYTES;
	size_t bytes = shard_block_bytes(extent);

	assert(extent->used &&
	       shard_block_of(shard, extent) == arena_page_address(shard->arena, shard_page_of(shard, extent)));
	assert(arena_used_bytes_at(shard->arena, shard_page_of(shard, extent)) == bytes);
	assert(extent->ready ? extent->waits == NULL : extent->users == 1);
	assert(extent->indexed == (extent->queue != SHARD_NO_QUEUE));
	assert(extent->indexed || extent->users > 0);
	assert((extent->queue == SHARD_PINNED) == (extent->indexed && extent->pinned));
	assert(!above || (extent->users > 0 && !extent->pinned && (extent->evict_on_unpin & SHARD_ABOVE_END) != 0));
	assert(above || (extent->evict_on_unpin & SHARD_ABOVE_END) == 0);
	if (extent->indexed) {
		struct shard_key key = { .version = extent->version, .number = shard_number_of(extent) };
		struct shard_view view;

		assert(extent->hash == shard_hash(&key));
		shard_find(shard, &key, extent->hash, extent->offset, extent->length, &view);
		assert(view.extent != NULL);
	}
	sums->extents++;
	sums->idle_bytes += shard_is_idle(extent) ? bytes : 0;
	sums->pinned_bytes += extent->pinned ? bytes : 0;
	*in_use_bytes += extent->users > 0 ? bytes : 0;
	queued_bytes[extent->queue] += bytes;
}

void shard_check(struct shard *shard)
{
	struct shard_stats sums = { 0 };
	const struct cache_extent *extent;
	uint32_t page = 0;
	size_t used_bytes = 0, in_use_bytes = 0, queued_bytes[SHARD_QUEUES] = { 0 };

	arena_check(shard->arena);
	while ((extent = shard_next_extent(shard, &page, shard_page_end(shard))) != NULL) {
		check_extent(shard, extent, &sums, &in_use_bytes, queued_bytes);
		used_bytes += (extent->evict_on_unpin & SHARD_ABOVE_END) == 0 ? shard_block_bytes(extent) : 0;
	}
	assert(arena_bytes(shard->arena) == shard->bytes && sums.pinned_bytes <= shard->bytes / 2);
	assert(used_bytes + arena_free_bytes(shard->arena) == shard->bytes);
	assert(sums.extents == shard->stats.extents && in_use_bytes == shard->in_use_bytes);
	assert(sums.idle_bytes == shard->stats.idle_bytes && sums.pinned_bytes == shard->stats.pinned_bytes);
	for (unsigned queue = SHARD_SMALL; queue < SHARD_QUEUES; queue++)
		assert(queued_bytes[queue] == shard->fifos[queue].bytes);
}
