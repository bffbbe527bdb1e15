/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The size goes down in steps, each of which is whole when the lock is let go: so nobody waits long for the lock, and
 * whoever has it sees a shard of some size. What is above the size and pinned stays where it is, and is found, joined
 * and pinned again as before, but marked to go with its last pin.
 *
 * All that may fail or takes long is got before (resize_tables, memory above the size, where nobody looks) or given
 * back after.
 */
#include "store/resize.h"

#include <errno.h>
#include <stdlib.h>

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

/* --- what it takes --- */

static size_t missing(struct shard *shard, size_t bytes, size_t *offset)
{
	size_t length;

	lock(shard);
	length = arena_find_uncommitted(shard->arena, bytes, offset);
	unlock(shard);
	return length;
}

static int fill(struct shard *shard, size_t bytes)
{
	int error = arena_prepare(shard->arena, bytes);

	if (error == 0 && bytes > shard->bytes)
		error = mapping_commit(&shard->table, shard_table_bytes(shard->bytes), shard_table_bytes(bytes));
	for (size_t offset = 0, length; error == 0 && (length = missing(shard, bytes, &offset)) > 0; offset += length)
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

/* The tables come last: they are written in full, so their size must be known to be possible by then. */
int resize_prepare(struct shard *shard, size_t bytes)
{
	struct resize_tables *next;
	int error = fill(shard, bytes);

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

/* What is above the extents that there are, or may be. */
static void trim(struct shard *shard)
{
	size_t used = shard_table_bytes(arena_page_count(shard->arena) * ARENA_BLOCK_MIN_BYTES);

	arena_trim(shard->arena);
	mapping_decommit(&shard->table, used, shard->table.bytes);
}

void resize_cancel(struct shard *shard, size_t bytes)
{
	size_t most = arena_max_bytes(shard->arena), end = bytes < most ? bytes : most;

	free_tables(shard);
	for (size_t offset = 0, length; (length = missing(shard, end, &offset)) > 0; offset += length)
		arena_decommit(shard->arena, offset, length);
	trim(shard);
}

/* --- the new size --- */

static void set_bytes(struct shard *shard, size_t bytes)
{
	arena_set_bytes(shard->arena, bytes);
	shard->bytes = bytes;
	shard->ghost.memory_bytes = shard_ghost_bytes(bytes);
}

static void leave(struct shard *shard, struct cache_extent *extent, uint8_t why)
{
	shard_clear_pinned(shard, extent);
	if (extent->users == 0)
		shard_evict(shard, extent);
	else
		extent->evict_on_unpin |= why;
}

/* Under the lock, as the next one. */
static void lower(struct shard *shard, size_t bytes)
{
	uint32_t page = (uint32_t)(bytes / ARENA_BLOCK_MIN_BYTES),
		 end = (uint32_t)(shard->bytes / ARENA_BLOCK_MIN_BYTES);
	struct cache_extent *extent;

	set_bytes(shard, bytes);
	while ((extent = shard_next_extent(shard, &page, end)) != NULL)
		leave(shard, extent, SHARD_ABOVE_END);
}

static void raise(struct shard *shard, size_t bytes)
{
	uint32_t page = (uint32_t)(shard->bytes / ARENA_BLOCK_MIN_BYTES),
		 end = (uint32_t)(bytes / ARENA_BLOCK_MIN_BYTES);
	struct cache_extent *extent;

	set_bytes(shard, bytes);
	while ((extent = shard_next_extent(shard, &page, end)) != NULL)
		extent->evict_on_unpin &= (uint8_t)~SHARD_ABOVE_END;
}

/* One step; true: it has that size. */
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

/* Another table of buckets, in steps between which all extents are found. */
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

/* Another ghost, in steps. What is evicted between them, into a set that was adopted already, is forgotten: it is a
 * guess anyway. */
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

/* For all extents in [*page, end), as far as one step goes. True: there are more. */
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

static void drop(struct shard *shard, struct cache_extent *extent)
{
	leave(shard, extent, SHARD_TRANSIENT);
}

static void set_retain(struct shard *shard, bool retain)
{
	lock(shard);
	shard->retain = retain;
	unlock(shard);
	if (!retain)
		walk_from(shard, 0, drop);
}

/* With less memory, more may be pinned than half of it. */
static void limit_pinned(struct shard *shard, struct cache_extent *extent)
{
	if (shard->stats.pinned_bytes > shard->bytes / 2)
		shard_clear_pinned(shard, extent);
}

/* The table is the right one for the larger of the two sizes all the time. */
void resize_shard(struct shard *shard, size_t bytes, bool retain)
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

/* --- what is left --- */

static void hide(struct shard *shard, struct cache_extent *extent)
{
	if ((extent->evict_on_unpin & SHARD_ABOVE_END) != 0 && extent->ready)
		shard_remove(shard, extent);
}

bool resize_finish(struct shard *shard, bool insist)
{
	size_t offset = 0, length;

	if (arena_is_shrunk(shard->arena))
		return true;
	if (insist)
		walk_from(shard, (uint32_t)(shard->bytes / ARENA_BLOCK_MIN_BYTES), hide);
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
