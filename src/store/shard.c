/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The extents of a shard: index, queues and reference counts. The struct of an extent is an array element, whose index
 * is the number of the first page of its block. Therefore an extent needs no allocation, the neighbours of a block are
 * found without a search, and links are page numbers.
 *
 * No function visits all extents under one lock. Walks and changes of the tables consist of steps, and the caller
 * releases the lock between the steps. The state diagram of an extent is in shard.h. cache.c owns the shards. The
 * functions run on any thread, under shard->lock.
 */
#include "store/shard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/align.h"
#include "base/keyed_hash.h"

#define TOUCHES_MAX 3
#define STEP_PAGES 256	 /* Pages that one step of a walk visits. */
#define STEP_BUCKETS 512 /* Buckets that one step moves. */

_Static_assert(sizeof(struct cache_extent) <= 96, "there is one for each page of the arena");
_Static_assert(sizeof(struct shard_key) == 6 * sizeof(uint64_t), "keys are hashed and compared as bytes");

uint64_t shard_hash(const struct shard_key *key)
{
	return keyed_hash(key, sizeof(*key));
}

static uint32_t page_count(const struct cache_extent *extent)
{
	return (uint32_t)(arena_block_bytes(extent->length) / ARENA_BLOCK_MIN_BYTES);
}

/* --- index --- */

static uint32_t *bucket_of(struct shard *shard, uint64_t hash)
{
	uint32_t at = (uint32_t)(hash >> 8);

	if (shard->next_buckets != NULL && (at & shard->mask) < shard->moved)
		return &shard->next_buckets[at & shard->next_mask];
	return &shard->buckets[at & shard->mask];
}

static bool has_key(const struct cache_extent *extent, const struct shard_key *key, uint64_t hash)
{
	return extent->hash == hash && memcmp(&extent->version, &key->version, sizeof(key->version)) == 0 &&
	       shard_number_of(extent) == key->number;
}

static struct cache_extent *next_with_key(struct shard *shard, uint32_t page, const struct shard_key *key,
					  uint64_t hash)
{
	struct cache_extent *extent = shard_extent_at(shard, page);

	while (extent != NULL && !has_key(extent, key, hash))
		extent = shard_extent_at(shard, extent->chain);
	return extent;
}

void shard_find(struct shard *shard, const struct shard_key *key, uint64_t hash, uint64_t offset, size_t length,
		struct shard_view *view)
{
	struct cache_extent *extent = next_with_key(shard, *bucket_of(shard, hash), key, hash);

	*view = (struct shard_view){ 0 };
	for (; extent != NULL; extent = next_with_key(shard, extent->chain, key, hash)) {
		if (offset >= extent->offset && offset + length <= extent->offset + extent->length) {
			view->extent = extent;
			return;
		}
		view->spans += extent->span;
		view->span_bytes += extent->span ? extent->length : 0;
	}
}

static void remove_from_index(struct shard *shard, struct cache_extent *extent)
{
	uint32_t *link = bucket_of(shard, extent->hash), page = shard_page_of(shard, extent);

	while (*link != page)
		link = &shard->extents[*link].chain;
	*link = extent->chain;
	extent->indexed = false;
}

/* --- queues --- */

static void push(struct shard *shard, struct cache_extent *extent, enum shard_queue queue)
{
	struct shard_fifo *fifo = &shard->fifos[queue];
	uint32_t page = shard_page_of(shard, extent);

	extent->queue = queue;
	extent->newer = SHARD_NO_PAGE;
	extent->older = fifo->newest;
	if (fifo->newest != SHARD_NO_PAGE)
		shard->extents[fifo->newest].newer = page;
	else
		fifo->oldest = page;
	fifo->newest = page;
	fifo->bytes += shard_block_bytes(extent);
}

static void pull(struct shard *shard, struct cache_extent *extent)
{
	struct shard_fifo *fifo = &shard->fifos[extent->queue];

	if (extent->newer != SHARD_NO_PAGE)
		shard->extents[extent->newer].older = extent->older;
	else
		fifo->newest = extent->older;
	if (extent->older != SHARD_NO_PAGE)
		shard->extents[extent->older].newer = extent->newer;
	else
		fifo->oldest = extent->newer;
	fifo->bytes -= shard_block_bytes(extent);
	extent->queue = SHARD_NO_QUEUE;
}

void shard_requeue(struct shard *shard, struct cache_extent *extent, enum shard_queue queue)
{
	pull(shard, extent);
	push(shard, extent, queue);
}

uint64_t shard_ghost_hash(uint64_t hash, uint64_t offset, bool span)
{
	return span ? hash ^ (offset + 1) * UINT64_C(0x9e3779b97f4a7c15) : hash;
}

/* --- life of an extent --- */

/* Frees the memory of an extent that has no users and is neither in the index nor in a queue. */
static void release(struct shard *shard, struct cache_extent *extent)
{
	assert(extent->users == 0 && extent->waits == NULL);
	if (extent->pinned)
		shard->stats.pinned_bytes -= shard_block_bytes(extent);
	else
		shard->stats.idle_bytes -= shard_block_bytes(extent);
	shard->stats.extents--;
	extent->used = false;
	arena_free_block(shard->arena, shard_block_of(shard, extent));
}

size_t shard_file_bytes(const struct cache_extent *extent)
{
	uint64_t left = extent->version.size - extent->offset;

	return left < extent->length ? (size_t)left : extent->length;
}

size_t shard_remove(struct shard *shard, struct cache_extent *extent)
{
	size_t bytes = shard_file_bytes(extent);

	if (!extent->indexed)
		return 0;
	remove_from_index(shard, extent);
	pull(shard, extent);
	if (extent->users == 0)
		release(shard, extent);
	return bytes;
}

static void add_in_use(struct shard *shard, size_t change)
{
	size_t before = atomic_load_explicit(&shard->in_use_bytes, memory_order_relaxed);

	atomic_store_explicit(&shard->in_use_bytes, before + change, memory_order_relaxed);
}

void shard_pin(struct shard *shard, struct cache_extent *extent)
{
	if (shard_is_idle(extent))
		shard->stats.idle_bytes -= shard_block_bytes(extent);
	if (extent->users++ == 0)
		add_in_use(shard, shard_block_bytes(extent));
}

bool shard_unpin(struct shard *shard, struct cache_extent *extent)
{
	assert(extent->used && extent->users > 0);
	if (--extent->users > 0)
		return false;
	add_in_use(shard, -shard_block_bytes(extent));
	if (!extent->pinned)
		shard->stats.idle_bytes += shard_block_bytes(extent);
	if (!extent->indexed)
		release(shard, extent);
	else if (extent->evict_on_unpin != 0)
		shard_remove(shard, extent);
	return true;
}

void shard_touch(struct cache_extent *extent)
{
	if (extent->touches < TOUCHES_MAX)
		extent->touches++;
}

void shard_set_pinned(struct shard *shard, struct cache_extent *extent)
{
	if (extent->pinned || (extent->evict_on_unpin & SHARD_ABOVE_END) != 0 ||
	    shard->stats.pinned_bytes + shard_block_bytes(extent) > shard->bytes / 2)
		return;
	if (extent->users == 0)
		shard->stats.idle_bytes -= shard_block_bytes(extent);
	if (extent->indexed)
		shard_requeue(shard, extent, SHARD_PINNED);
	extent->pinned = true;
	shard->stats.pinned_bytes += shard_block_bytes(extent);
}

void shard_clear_pinned(struct shard *shard, struct cache_extent *extent)
{
	if (!extent->pinned)
		return;
	if (extent->users == 0)
		shard->stats.idle_bytes += shard_block_bytes(extent);
	if (extent->indexed)
		shard_requeue(shard, extent, SHARD_MAIN);
	extent->pinned = false;
	shard->stats.pinned_bytes -= shard_block_bytes(extent);
}

struct cache_extent *shard_next_extent(struct shard *shard, uint32_t *page, uint32_t end)
{
	uint32_t first = arena_next_used(shard->arena, *page, end);

	if (first == SHARD_NO_PAGE)
		return NULL;
	*page = first + page_count(&shard->extents[first]);
	return &shard->extents[first];
}

static void remove_spans(struct shard *shard, const struct shard_key *key, uint64_t hash)
{
	struct cache_extent *extent = next_with_key(shard, *bucket_of(shard, hash), key, hash), *next;
	bool any = false;

	for (; extent != NULL; extent = next) {
		next = next_with_key(shard, extent->chain, key, hash);
		if (extent->span && extent->ready) {
			shard_remove(shard, extent);
			any = true;
		}
	}
	shard->stats.admissions += any;
}

struct cache_extent *shard_add(struct shard *shard, const struct shard_key *key, uint64_t hash, uint64_t offset,
			       size_t length, bool span)
{
	struct cache_extent *extent;
	uint8_t *block;
	bool known;

	if (!span)
		remove_spans(shard, key, hash);
	block = arena_alloc_block(shard->arena, length);
	extent = &shard->extents[arena_page_of(shard->arena, block)];
	known = ghost_take(&shard->ghost, shard_ghost_hash(hash, offset, span));
	shard->stats.ghost_hits += known;
	shard->stats.extents++;
	add_in_use(shard, arena_block_bytes(length));
	*extent = (struct cache_extent){ .version = key->version,
					 .hash = hash,
					 .offset = offset,
					 .length = (uint32_t)length,
					 .users = 1,
					 .used = true,
					 .span = span,
					 .indexed = true };
	extent->chain = *bucket_of(shard, hash);
	*bucket_of(shard, hash) = shard_page_of(shard, extent);
	push(shard, extent, known ? SHARD_MAIN : SHARD_SMALL);
	return extent;
}

size_t shard_remove_key(struct shard *shard, const struct shard_key *key, uint64_t hash)
{
	struct cache_extent *extent = next_with_key(shard, *bucket_of(shard, hash), key, hash), *next;
	size_t bytes = 0;

	for (; extent != NULL; extent = next) {
		next = next_with_key(shard, extent->chain, key, hash);
		bytes += shard_remove(shard, extent);
	}
	return bytes;
}

uint64_t shard_key_bytes(struct shard *shard, const struct shard_key *key, uint64_t hash, uint64_t *pinned_bytes)
{
	struct cache_extent *extent = next_with_key(shard, *bucket_of(shard, hash), key, hash);
	uint64_t bytes = 0;

	for (; extent != NULL; extent = next_with_key(shard, extent->chain, key, hash)) {
		const size_t more = extent->ready ? shard_file_bytes(extent) : 0;

		bytes += more;
		*pinned_bytes += extent->pinned ? more : 0;
	}
	return bytes;
}

bool shard_remove_version(struct shard *shard, const struct file_version *version, uint32_t *page, size_t *bytes)
{
	uint32_t pages = shard_page_end(shard), end = *page + STEP_PAGES < pages ? *page + STEP_PAGES : pages;
	struct cache_extent *extent;

	while (*page < end && (extent = shard_next_extent(shard, page, end)) != NULL)
		if (file_version_equal(&extent->version, version))
			*bytes += shard_remove(shard, extent);
	if (*page < end)
		*page = end;
	return *page < pages;
}

/* --- tables --- */

size_t shard_table_bytes(size_t bytes)
{
	return align_up(bytes / ARENA_BLOCK_MIN_BYTES * sizeof(struct cache_extent), ARENA_BLOCK_MIN_BYTES);
}

uint32_t shard_bucket_count(size_t bytes)
{
	uint32_t buckets = 64;

	while (buckets < bytes / ARENA_BLOCK_MIN_BYTES / 2)
		buckets *= 2;
	return buckets;
}

uint64_t shard_ghost_bytes(size_t bytes)
{
	return bytes - bytes / SHARD_SMALL_SHARE;
}

uint32_t *shard_new_buckets(uint32_t count)
{
	uint32_t *buckets = malloc(count * sizeof(*buckets));

	if (buckets != NULL)
		memset(buckets, 0xff, count * sizeof(*buckets));
	return buckets;
}

static void move_bucket(struct shard *shard, uint32_t from)
{
	struct cache_extent *extent, *next;

	for (extent = shard_extent_at(shard, shard->buckets[from]); extent != NULL; extent = next) {
		uint32_t *bucket = &shard->next_buckets[(uint32_t)(extent->hash >> 8) & shard->next_mask];

		next = shard_extent_at(shard, extent->chain);
		extent->chain = *bucket;
		*bucket = shard_page_of(shard, extent);
	}
}

uint32_t *shard_change_buckets(struct shard *shard, uint32_t *buckets, uint32_t count)
{
	uint32_t *before = shard->buckets;

	if (shard->next_buckets == NULL)
		shard->moved = 0;
	shard->next_buckets = buckets;
	shard->next_mask = count - 1;
	for (unsigned i = 0; i < STEP_BUCKETS && shard->moved <= shard->mask; i++)
		move_bucket(shard, shard->moved++);
	if (shard->moved <= shard->mask)
		return NULL;
	shard->buckets = buckets;
	shard->mask = count - 1;
	shard->next_buckets = NULL;
	return before;
}

static int allocate_tables(struct shard *shard, size_t most_pages)
{
	uint32_t count = shard_bucket_count(shard->bytes);
	int error = mapping_reserve(&shard->table, most_pages * sizeof(*shard->extents), ARENA_BLOCK_MIN_BYTES);

	if (error == 0)
		error = mapping_commit(&shard->table, 0, shard_table_bytes(shard->bytes));
	if (error == 0)
		error = ghost_init(&shard->ghost, shard_ghost_bytes(shard->bytes));
	if (error != 0)
		return error;
	shard->extents = (struct cache_extent *)(void *)shard->table.address;
	shard->buckets = shard_new_buckets(count);
	shard->mask = count - 1;
	return shard->buckets != NULL ? 0 : -ENOMEM;
}

int shard_init(struct shard *shard, size_t bytes, size_t max_bytes, bool retain)
{
	int error;

	*shard = (struct shard){ .bytes = bytes, .retain = retain };
	for (unsigned i = 0; i < SHARD_QUEUES; i++)
		shard->fifos[i] = (struct shard_fifo){ .newest = SHARD_NO_PAGE, .oldest = SHARD_NO_PAGE };
	pthread_mutex_init(&shard->lock, NULL);
	error = arena_new_growable(&shard->arena, bytes, max_bytes);
	if (error == 0)
		shard->memory = arena_page_address(shard->arena, 0);
	if (error == 0)
		error = allocate_tables(shard, arena_max_bytes(shard->arena) / ARENA_BLOCK_MIN_BYTES);
	if (error != 0)
		shard_fini(shard);
	return error;
}

void shard_fini(struct shard *shard)
{
	uint32_t page;

	while (shard->stats.extents > 0 &&
	       (page = arena_next_used(shard->arena, 0, shard_page_end(shard))) != SHARD_NO_PAGE)
		shard_remove(shard, &shard->extents[page]);
	arena_free(shard->arena);
	ghost_fini(&shard->ghost);
	mapping_release(&shard->table);
	free(shard->buckets);
	pthread_mutex_destroy(&shard->lock);
}
