/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invalidation, walk and statistics of the cache, which the process owns. All functions are thread-safe. They take the
 * lock of one shard at a time, and release the lock after WALK_PAGES pages, or after all extents with one key.
 */
#include "store/cache_content.h"

#include <assert.h>

#define WALK_PAGES 1024 /* Pages that one step visits. */
#define WALK_ROOM 256	/* Extents that one step lists. */

/* Removes all extents with one key. The caller must hold no lock. */
static size_t invalidate_key(struct cache *cache, const struct shard_key *key)
{
	uint64_t hash = shard_hash(key);
	struct shard *shard = cache_shard(cache, hash);
	size_t bytes;

	cache_lock(shard);
	bytes = shard_remove_key(shard, key, hash);
	cache_serve_and_unlock(cache, shard);
	return bytes;
}

/*
 * Removes all extents of the version from one shard, in steps. The caller must hold no lock. Meanwhile a reader of the
 * version may add extents on pages that the walk has passed. The bytes of these extents are correct, because the file
 * is checked after each read, and the extents are evicted like any other extent.
 */
static size_t invalidate_in_shard(struct cache *cache, struct shard *shard, const struct file_version *version)
{
	uint32_t page = 0;
	size_t bytes = 0;
	bool more;

	do {
		cache_lock(shard);
		more = shard_remove_version(shard, version, &page, &bytes);
		cache_serve_and_unlock(cache, shard);
	} while (more);
	return bytes;
}

static uint64_t extent_count(const struct file_version *version)
{
	return cache_is_one_extent(version) ? 1 : version->size / SHARD_EXTENT_BYTES + 1;
}

/* Looks up the extents by their keys, unless a walk through the whole cache takes fewer steps. */
size_t cache_content_invalidate(struct cache *cache, const struct file_version *version)
{
	uint64_t extents = extent_count(version);
	struct shard_key key = { .version = *version };
	size_t bytes = 0;

	if (extents > cache_bytes(cache) / SHARD_EXTENT_BYTES) {
		for (unsigned i = 0; i < cache->shard_count; i++)
			bytes += invalidate_in_shard(cache, &cache->shards[i], version);
		return bytes;
	}
	for (key.number = 0; key.number < extents; key.number++)
		bytes += invalidate_key(cache, &key);
	return bytes;
}

uint64_t cache_content_memory_of(const struct file_version *version)
{
	const uint64_t last = cache_is_one_extent(version) ? version->size : version->size % SHARD_EXTENT_BYTES;

	return version->size - last + (last > 0 ? arena_block_bytes((size_t)last) : 0);
}

/* Adds up all extents with one key. The caller must hold no lock. */
static uint64_t bytes_of_key(struct cache *cache, const struct shard_key *key, uint64_t *pinned_bytes)
{
	const uint64_t hash = shard_hash(key);
	struct shard *shard = cache_shard(cache, hash);
	uint64_t bytes;

	pthread_mutex_lock(&shard->lock);
	bytes = shard_key_bytes(shard, key, hash, pinned_bytes);
	pthread_mutex_unlock(&shard->lock);
	return bytes;
}

static uint64_t bytes_by_walk(struct cache *cache, const struct file_version *version, uint64_t *pinned_bytes)
{
	struct cache_resident list[WALK_ROOM];
	struct cache_cursor cursor = { 0 };
	uint64_t bytes = 0;
	size_t count;

	while ((count = cache_content_walk(cache, &cursor, list, WALK_ROOM)) > 0)
		for (size_t i = 0; i < count; i++)
			if (file_version_equal(&list[i].version, version)) {
				bytes += list[i].bytes;
				*pinned_bytes += list[i].pinned ? list[i].bytes : 0;
			}
	return bytes;
}

/* Chooses between lookups and a walk like cache_content_invalidate(). */
uint64_t cache_content_bytes(struct cache *cache, const struct file_version *version, uint64_t *pinned_bytes)
{
	struct shard_key key = { .version = *version };
	uint64_t extents = extent_count(version), bytes = 0;

	*pinned_bytes = 0;
	if (extents > cache_bytes(cache) / SHARD_EXTENT_BYTES)
		return bytes_by_walk(cache, version, pinned_bytes);
	for (key.number = 0; key.number < extents; key.number++)
		bytes += bytes_of_key(cache, &key, pinned_bytes);
	return bytes;
}

/*
 * Lists the extents on the next WALK_PAGES pages. Returns true if the shard has more pages. The caller holds the lock
 * of the shard.
 */
static bool walk_shard(struct shard *shard, uint32_t *page, struct cache_resident *list, size_t room, size_t *count)
{
	uint32_t pages = (uint32_t)arena_page_count(shard->arena),
		 end = *page + WALK_PAGES < pages ? *page + WALK_PAGES : pages;
	struct cache_extent *extent = NULL;

	while (*count < room && *page < end && (extent = shard_next_extent(shard, page, end)) != NULL)
		if (extent->indexed && extent->ready)
			list[(*count)++] = (struct cache_resident){ .version = extent->version,
								    .bytes = shard_file_bytes(extent),
								    .pinned = extent->pinned,
								    .offset = extent->offset };
	if (*count < room && *page < end)
		*page = end;
	return *page < pages;
}

size_t cache_content_walk(struct cache *cache, struct cache_cursor *cursor, struct cache_resident *list, size_t room)
{
	size_t count = 0;

	while (count < room && cursor->shard < cache->shard_count) {
		struct shard *shard = &cache->shards[cursor->shard];
		bool more;

		pthread_mutex_lock(&shard->lock);
		more = walk_shard(shard, &cursor->page, list, room, &count);
		pthread_mutex_unlock(&shard->lock);
		if (!more)
			*cursor = (struct cache_cursor){ .shard = cursor->shard + 1 };
	}
	return count;
}

static void add_up(struct cache_stats *stats, const struct shard *shard)
{
	struct shard_stats *sums = &stats->sums;

	sums->hits += shard->stats.hits;
	sums->coalesced += shard->stats.coalesced;
	sums->loads += shard->stats.loads;
	sums->evictions += shard->stats.evictions;
	sums->evicted_bytes += shard->stats.evicted_bytes;
	sums->ghost_hits += shard->stats.ghost_hits;
	sums->admissions += shard->stats.admissions;
	sums->idle_bytes += shard->stats.idle_bytes;
	sums->pinned_bytes += shard->stats.pinned_bytes;
	sums->extents += shard->stats.extents;
	stats->free_bytes += arena_free_bytes(shard->arena);
	stats->fragmented_bytes += arena_fragmented_bytes(shard->arena, SHARD_EXTENT_BYTES);
	stats->small_bytes += shard->fifos[SHARD_SMALL].bytes;
	stats->main_bytes += shard->fifos[SHARD_MAIN].bytes;
}

void cache_content_stats(struct cache *cache, struct cache_stats *stats)
{
	*stats = (struct cache_stats){ .bytes = cache_bytes(cache),
				       .in_use_bytes = cache_in_use_bytes(cache),
				       .waiting = cache_waiting(cache),
				       .shards = cache->shard_count };
	for (unsigned i = 0; i < cache->shard_count; i++) {
		pthread_mutex_lock(&cache->shards[i].lock);
		add_up(stats, &cache->shards[i]);
		pthread_mutex_unlock(&cache->shards[i].lock);
	}
}

void cache_content_check(struct cache *cache)
{
	for (unsigned i = 0; i < cache->shard_count; i++) {
		struct shard *shard = &cache->shards[i];

		pthread_mutex_lock(&shard->lock);
		shard_check(shard);
		/* The waits are served by an unpin, so at least one extent must be in use. */
		assert(shard->waits == NULL || shard->in_use_bytes > 0);
		pthread_mutex_unlock(&shard->lock);
	}
}
