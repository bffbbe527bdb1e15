/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes the size of each shard in steps. After each step the shard is consistent and has a valid size, so no thread
 * waits long for the lock. Extents in use above the new size stay where they are. Lookups still find, share and pin
 * them. Each of these extents is evicted when its last user unpins it (SHARD_ABOVE_END).
 *
 * Operations that may fail, or that take a long time, are executed without the lock. New tables (struct resize_tables)
 * and new memory are prepared before the steps, when no other thread uses them. Memory is returned to the kernel after
 * the steps.
 *
 * The process owns the cache. One thread at a time calls the functions, never the thread of a reactor.
 */
#include "store/resize.h"

#include <errno.h>
#include <stdlib.h>

#include "store/evict.h"
/* The first calls of resize_finish(), this many, leave the extents in use above the new size in the index. */
#define PATIENT_FINISH_CALLS 1
#define STEP_BYTES ARENA_BLOCK_MAX_BYTES
#define STEP_PAGES ((uint32_t)(STEP_BYTES / ARENA_BLOCK_MIN_BYTES))

struct resize_tables {
	uint32_t *buckets, bucket_count;
	struct ghost ghost;
};

static void lock(struct shard *shard)
{
	pthread_mutex_lock(&shard->lock);
}

static void unlock(struct shard *shard)
{
	pthread_mutex_unlock(&shard->lock);
}

/* --- preparation --- */

static size_t find_uncommitted(struct shard *shard, size_t bytes, size_t *offset)
{
	size_t length;

	lock(shard);
	length = arena_find_uncommitted(shard->arena, bytes, offset);
	unlock(shard);
	return length;
}

static int commit(struct shard *shard, size_t bytes)
{
	int error = arena_prepare(shard->arena, bytes);

	if (error == 0 && bytes > shard->bytes)
		error = mapping_commit(&shard->table, shard_table_bytes(shard->bytes), shard_table_bytes(bytes));
	for (size_t offset = 0, length; error == 0 && (length = find_uncommitted(shard, bytes, &offset)) > 0;
	     offset += length)
		error = arena_commit(shard->arena, offset, length);
	return error;
}

static void free_tables(struct shard *shard)
{
	if (shard->next == NULL)
		return;
	ghost_fini(&shard->next->ghost);
	free(shard->next->buckets);
	free(shard->next);
	shard->next = NULL;
}

/*
 * Commits the memory of the new size and creates the new tables. The tables are created last, when the new size is
 * known to be possible, because creating them writes all of their memory.
 */
static int prepare(struct shard *shard, size_t bytes)
{
	struct resize_tables *next;
	int error = commit(shard, bytes);

	if (error != 0)
		return error;
	shard->next = next = calloc(1, sizeof(*next));
	if (next == NULL)
		return -ENOMEM;
	error = ghost_init(&next->ghost, shard_ghost_bytes(bytes));
	next->bucket_count = shard_bucket_count(bytes);
	next->buckets = shard_new_buckets(next->bucket_count);
	return error == 0 && next->buckets == NULL ? -ENOMEM : error;
}

/* Releases the part of the tables' memory that the existing extents do not need. */
static void trim(struct shard *shard)
{
	size_t used = shard_table_bytes(arena_page_count(shard->arena) * ARENA_BLOCK_MIN_BYTES);

	arena_trim(shard->arena);
	mapping_decommit(&shard->table, used, shard->table.bytes);
}

static void cancel(struct shard *shard, size_t bytes)
{
	size_t most = arena_max_bytes(shard->arena), end = bytes < most ? bytes : most;

	free_tables(shard);
	for (size_t offset = 0, length; (length = find_uncommitted(shard, end, &offset)) > 0; offset += length)
		arena_decommit(shard->arena, offset, length);
	trim(shard);
}

/* --- changing the size --- */

static void set_bytes(struct shard *shard, size_t bytes)
{
	arena_set_bytes(shard->arena, bytes);
	shard->bytes = bytes;
	shard->ghost.memory_bytes = shard_ghost_bytes(bytes);
}

static void evict_or_mark(struct shard *shard, struct cache_extent *extent, unsigned why)
{
	shard_clear_pinned(shard, extent);
	if (extent->users == 0)
		evict_extent(shard, extent);
	else
		extent->evict_on_unpin |= why;
}

/* Lowers the size. The caller holds the lock, as for raise(). */
static void lower(struct shard *shard, size_t bytes)
{
	uint32_t page = (uint32_t)(bytes / ARENA_BLOCK_MIN_BYTES),
		 end = (uint32_t)(shard->bytes / ARENA_BLOCK_MIN_BYTES);
	struct cache_extent *extent;

	set_bytes(shard, bytes);
	while ((extent = shard_next_extent(shard, &page, end)) != NULL)
		evict_or_mark(shard, extent, SHARD_ABOVE_END);
}

static void raise(struct shard *shard, size_t bytes)
{
	uint32_t page = (uint32_t)(shard->bytes / ARENA_BLOCK_MIN_BYTES),
		 end = (uint32_t)(bytes / ARENA_BLOCK_MIN_BYTES);
	struct cache_extent *extent;

	set_bytes(shard, bytes);
	while ((extent = shard_next_extent(shard, &page, end)) != NULL)
		extent->evict_on_unpin &= ~SHARD_ABOVE_END;
}

/* Runs one step of changing the size. Returns true if the shard has the new size. */
static bool change_bytes(struct shard *shard, size_t bytes)
{
	bool done;

	lock(shard);
	if (bytes < shard->bytes)
		lower(shard, shard->bytes - bytes > STEP_BYTES ? shard->bytes - STEP_BYTES : bytes);
	else if (bytes > shard->bytes)
		raise(shard, bytes - shard->bytes > STEP_BYTES ? shard->bytes + STEP_BYTES : bytes);
	done = shard->bytes == bytes;
	unlock(shard);
	return done;
}

/* Changes the number of buckets in steps. Between the steps, lookups find all extents. */
static void change_buckets(struct shard *shard)
{
	struct resize_tables *next = shard->next;
	uint32_t *before;

	do {
		lock(shard);
		before = shard_change_buckets(shard, next->buckets, next->bucket_count);
		unlock(shard);
	} while (before == NULL);
	next->buckets = before;
}

/*
 * Replaces the ghost in steps. Each step copies some sets of the hash table. If an extent is evicted after its set was
 * copied, the new ghost does not contain the extent. The ghost then is only slightly less accurate.
 */
static void change_ghost(struct shard *shard)
{
	struct resize_tables *next = shard->next;
	uint32_t set = 0;
	struct ghost before;
	bool more;

	do {
		lock(shard);
		before = shard->ghost;
		more = ghost_adopt(&next->ghost, &before, &set);
		if (!more)
			shard->ghost = next->ghost;
		unlock(shard);
	} while (more);
	next->ghost = before;
}

static void change_tables(struct shard *shard)
{
	change_buckets(shard);
	change_ghost(shard);
	free_tables(shard);
}

/*
 * Runs one step of a walk. Calls visit() for the extents on the next STEP_PAGES pages. Returns true if the shard has
 * more pages.
 */
static bool walk(struct shard *shard, uint32_t *page, void (*visit)(struct shard *shard, struct cache_extent *extent))
{
	uint32_t end = *page + STEP_PAGES, pages;
	struct cache_extent *extent;

	lock(shard);
	pages = (uint32_t)arena_page_count(shard->arena);
	if (end > pages)
		end = pages;
	while (*page < end && (extent = shard_next_extent(shard, page, end)) != NULL)
		visit(shard, extent);
	unlock(shard);
	if (*page < end)
		*page = end;
	return end < pages;
}

static void walk_from(struct shard *shard, uint32_t page,
		      void (*visit)(struct shard *shard, struct cache_extent *extent))
{
	while (walk(shard, &page, visit))
		;
}

static void evict_or_mark_transient(struct shard *shard, struct cache_extent *extent)
{
	evict_or_mark(shard, extent, SHARD_TRANSIENT);
}

static void set_retain(struct shard *shard, bool retain)
{
	lock(shard);
	shard->retain = retain;
	unlock(shard);
	if (!retain)
		walk_from(shard, 0, evict_or_mark_transient);
}

/* Clears the policy "pin" of an extent if pinned extents exceed half of the size, which is possible after shrinking. */
static void limit_pinned(struct shard *shard, struct cache_extent *extent)
{
	if (shard->stats.pinned_bytes > shard->bytes / 2)
		shard_clear_pinned(shard, extent);
}

/* The tables grow before the size and shrink after it, so they are always large enough. */
static void resize_shard(struct shard *shard, size_t bytes, bool retain)
{
	bool grows = bytes > shard->bytes;

	set_retain(shard, retain);
	if (grows)
		change_tables(shard);
	while (!change_bytes(shard, bytes))
		;
	if (!grows)
		change_tables(shard);
	walk_from(shard, 0, limit_pinned);
}

/* --- returning memory --- */

static void unindex_in_use(struct shard *shard, struct cache_extent *extent)
{
	if ((extent->evict_on_unpin & SHARD_ABOVE_END) != 0 && extent->ready)
		shard_remove(shard, extent);
}

static bool finish_shard(struct shard *shard, bool unindex)
{
	size_t offset = 0, length;

	if (arena_is_shrunk(shard->arena))
		return true;
	if (unindex)
		walk_from(shard, (uint32_t)(shard->bytes / ARENA_BLOCK_MIN_BYTES), unindex_in_use);
	do {
		lock(shard);
		length = arena_detach_free(shard->arena, &offset);
		unlock(shard);
		arena_decommit(shard->arena, offset, length);
		offset += length;
	} while (length > 0);
	trim(shard);
	return arena_is_shrunk(shard->arena);
}

/* --- the cache --- */

static void serve_all(struct cache *cache)
{
	for (unsigned i = 0; i < cache->shard_count; i++) {
		cache_lock(&cache->shards[i]);
		cache_serve_and_unlock(cache, &cache->shards[i]);
	}
}

int resize_start(struct cache *cache, size_t bytes, bool retain)
{
	size_t whole = bytes > cache->shard_count * CACHE_UNIT_BYTES ? bytes : cache->shard_count * CACHE_UNIT_BYTES;
	unsigned prepared = 0;
	int error = 0;

	if (bytes == 0 || bytes % CACHE_UNIT_BYTES != 0)
		return -EINVAL;
	for (; error == 0 && prepared < cache->shard_count; prepared++)
		error = prepare(&cache->shards[prepared], cache_share(whole, cache->shard_count, prepared));
	if (error != 0) {
		for (unsigned i = 0; i < prepared; i++)
			cancel(&cache->shards[i], cache_share(whole, cache->shard_count, i));
		return error;
	}
	for (unsigned i = 0; i < cache->shard_count; i++)
		resize_shard(&cache->shards[i], cache_share(whole, cache->shard_count, i), retain);
	atomic_store(&cache->bytes, whole);
	cache->finish_calls = 0;
	serve_all(cache);
	return 0;
}

bool resize_finish(struct cache *cache)
{
	bool finished = true;

	for (unsigned i = 0; i < cache->shard_count; i++)
		finished &= finish_shard(&cache->shards[i], cache->finish_calls >= PATIENT_FINISH_CALLS);
	cache->finish_calls += !finished;
	return finished;
}
