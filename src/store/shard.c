/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An extent is described by the struct with the number of its block's first page, so describing one costs no
 * allocation, what lies beside a block is found without a search, and the links are numbers of pages.
 *
 * Eviction is S3-FIFO: what is new goes through a small queue of a tenth of the memory and leaves it at its end, unless
 * it was used again meanwhile (then it moves to the main queue) or comes back soon (the ghost knows it: then it goes to
 * the main queue at once). So one pass over a huge file turns over a tenth of the memory only. What is pinned is skipped
 * over, and what is pinned has a queue of its own, so that nobody meets it.
 *
 * Nothing here walks all extents under one hold of the lock. To make room, some are looked at, then the caller releases
 * the lock and calls again. What was skipped over has moved to the other end of its queue, so each search goes on where
 * the last one ended, whoever it was for. Once some of them in a row have found no room, there is none: until something
 * is unpinned, which the caller waits for.
 *
 * Memory is cut up by extents of many sizes. To make room for a large one, what is to go takes the rest of its buddy
 * along, if nothing there is pinned.
 */
#include "store/shard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/align.h"
#include "base/keyed_hash.h"

#define NONE UINT32_MAX
#define TOUCHES_MAX 3
#define SMALL_SHARE 10	       /* one in so many bytes is the small queue's */
#define POLITE_INSPECT_MAX 768 /* at extents, to make room for one; after so many, what was used goes, too */
#define INSPECT_MAX 1536       /* at extents, under one hold of the lock */
#define SEARCHES_MAX 16	       /* of so many looks, before there is no room */
#define PINNED_INSPECT_MAX 16  /* at pinned ones */
#define STEP_PAGES 256	       /* of a walk, under one hold of the lock */
#define STEP_BUCKETS 512
#define SKIPPED_MAX 64 /* that were in use, or beside what is, before the other queue is looked at */

_Static_assert(sizeof(struct shard_key) == 6 * sizeof(uint64_t), "keys are hashed and compared as bytes");

uint64_t shard_hash(const struct shard_key *key)
{
	return keyed_hash(key, sizeof(*key));
}

static uint32_t page_of(const struct shard *shard, const struct cache_extent *extent)
{
	return (uint32_t)(extent - shard->extents);
}

static struct cache_extent *extent_at(const struct shard *shard, uint32_t page)
{
	return page != NONE ? &shard->extents[page] : NULL;
}

static bool is_idle(const struct cache_extent *extent)
{
	return extent->users == 0 && !extent->pinned;
}

static uint32_t page_count(const struct cache_extent *extent)
{
	return (uint32_t)(arena_block_bytes(extent->length) / ARENA_BLOCK_MIN_BYTES);
}

static uint32_t page_end(const struct shard *shard)
{
	return (uint32_t)arena_page_count(shard->arena);
}

/* --- the table --- */

static uint32_t *bucket_of(struct shard *shard, uint64_t hash)
{
	uint32_t at = (uint32_t)(hash >> 8);

	if (shard->next_buckets != NULL && (at & shard->mask) < shard->moved)
		return &shard->next_buckets[at & shard->next_mask];
	return &shard->buckets[at & shard->mask];
}

static bool has_key(const struct cache_extent *extent, const struct shard_key *key, uint64_t hash)
{
	return extent->hash == hash && memcmp(&extent->key, key, sizeof(*key)) == 0;
}

static struct cache_extent *next_with_key(struct shard *shard, uint32_t page, const struct shard_key *key,
					  uint64_t hash)
{
	struct cache_extent *extent = extent_at(shard, page);

	while (extent != NULL && !has_key(extent, key, hash))
		extent = extent_at(shard, extent->chain);
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
	uint32_t *link = bucket_of(shard, extent->hash), page = page_of(shard, extent);

	while (*link != page)
		link = &shard->extents[*link].chain;
	*link = extent->chain;
	extent->indexed = false;
}

/* --- the queues --- */

static size_t block_bytes(const struct cache_extent *extent)
{
	return arena_block_bytes(extent->length);
}

static void push(struct shard *shard, struct cache_extent *extent, enum shard_queue queue)
{
	struct shard_fifo *fifo = &shard->fifos[queue];
	uint32_t page = page_of(shard, extent);

	extent->queue = (uint8_t)queue;
	extent->newer = NONE;
	extent->older = fifo->newest;
	if (fifo->newest != NONE)
		shard->extents[fifo->newest].newer = page;
	else
		fifo->oldest = page;
	fifo->newest = page;
	fifo->bytes += block_bytes(extent);
}

static void pull(struct shard *shard, struct cache_extent *extent)
{
	struct shard_fifo *fifo = &shard->fifos[extent->queue];

	if (extent->newer != NONE)
		shard->extents[extent->newer].older = extent->older;
	else
		fifo->newest = extent->older;
	if (extent->older != NONE)
		shard->extents[extent->older].newer = extent->newer;
	else
		fifo->oldest = extent->newer;
	fifo->bytes -= block_bytes(extent);
	extent->queue = SHARD_NO_QUEUE;
}

static void move(struct shard *shard, struct cache_extent *extent, enum shard_queue queue)
{
	pull(shard, extent);
	push(shard, extent, queue);
}

/* Of extents with one key, spans differ by where they begin. */
static uint64_t ghost_hash(uint64_t hash, uint64_t offset, bool span)
{
	return span ? hash ^ (offset + 1) * UINT64_C(0x9e3779b97f4a7c15) : hash;
}

/* --- the life of an extent --- */

/* Not pinned, in no table and no queue: its memory goes back. */
static void release(struct shard *shard, struct cache_extent *extent)
{
	assert(extent->users == 0 && extent->waits == NULL);
	if (extent->pinned)
		shard->stats.pinned_bytes -= block_bytes(extent);
	else
		shard->stats.idle_bytes -= block_bytes(extent);
	shard->stats.extents--;
	extent->used = false;
	arena_free_block(shard->arena, extent->block);
}

size_t shard_file_bytes(const struct cache_extent *extent)
{
	uint64_t left = extent->key.version.size - extent->offset;

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

void shard_pin(struct shard *shard, struct cache_extent *extent, unsigned pins)
{
	if (extent->users == 0 && !extent->pinned)
		shard->stats.idle_bytes -= block_bytes(extent);
	if (extent->users == 0 && pins > 0)
		add_in_use(shard, block_bytes(extent));
	extent->users += pins;
}

bool shard_unpin(struct shard *shard, struct cache_extent *extent)
{
	assert(extent->used && extent->users > 0);
	if (--extent->users > 0)
		return false;
	add_in_use(shard, -block_bytes(extent));
	if (!extent->pinned)
		shard->stats.idle_bytes += block_bytes(extent);
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
	    shard->stats.pinned_bytes + block_bytes(extent) > shard->bytes / 2)
		return;
	if (extent->users == 0)
		shard->stats.idle_bytes -= block_bytes(extent);
	if (extent->indexed)
		move(shard, extent, SHARD_PINNED);
	extent->pinned = true;
	shard->stats.pinned_bytes += block_bytes(extent);
}

void shard_clear_pinned(struct shard *shard, struct cache_extent *extent)
{
	if (!extent->pinned)
		return;
	if (extent->users == 0)
		shard->stats.idle_bytes += block_bytes(extent);
	if (extent->indexed)
		move(shard, extent, SHARD_MAIN);
	extent->pinned = false;
	shard->stats.pinned_bytes -= block_bytes(extent);
}

/* --- eviction --- */

struct cache_extent *shard_next_extent(struct shard *shard, uint32_t *page, uint32_t end)
{
	uint32_t first = arena_next_used(shard->arena, *page, end);

	if (first == NONE)
		return NULL;
	*page = first + page_count(&shard->extents[first]);
	return &shard->extents[first];
}

void shard_evict(struct shard *shard, struct cache_extent *extent)
{
	shard->stats.evictions++;
	shard->stats.evicted_bytes += block_bytes(extent);
	if (extent->queue == SHARD_SMALL)
		ghost_add(&shard->ghost, ghost_hash(extent->hash, extent->offset, extent->span), block_bytes(extent));
	shard_remove(shard, extent);
}

static enum shard_queue queue_to_evict_from(const struct shard *shard, unsigned skipped)
{
	bool small = shard->fifos[SHARD_SMALL].bytes > shard->bytes / SMALL_SHARE;

	if (skipped / SKIPPED_MAX % 2 != 0)
		small = !small;
	if (shard->fifos[small ? SHARD_SMALL : SHARD_MAIN].oldest == NONE)
		small = !small;
	return small ? SHARD_SMALL : SHARD_MAIN;
}

/* What one search for room has seen. */
struct search {
	unsigned first_inspected; /* shard->inspected when it began */
	unsigned skipped;	  /* extents that were in use, or beside what is */
};

/* The next extent that should go, in the order of S3-FIFO. NULL: all that there is to look at is in use, or it was
 * looked enough. */
static struct cache_extent *next_victim(struct shard *shard, struct search *search)
{
	while (shard->inspected < INSPECT_MAX && shard->stats.idle_bytes > 0 &&
	       shard->inspected - search->first_inspected < POLITE_INSPECT_MAX + 2 * shard->stats.extents) {
		enum shard_queue queue = queue_to_evict_from(shard, search->skipped);
		struct cache_extent *extent = extent_at(shard, shard->fifos[queue].oldest);
		bool polite = shard->inspected - search->first_inspected < POLITE_INSPECT_MAX;

		if (extent == NULL)
			return NULL;
		shard->inspected++;
		if (!is_idle(extent)) {
			move(shard, extent, queue);
			search->skipped++;
		} else if (extent->touches == 0 || !polite) {
			return extent;
		} else {
			extent->touches = queue == SHARD_SMALL ? 0 : extent->touches - 1;
			move(shard, extent, SHARD_MAIN);
		}
	}
	return NULL;
}

/* Whether all that has pages in [page, end) may go, which what is in use never may. */
static bool may_clear(struct shard *shard, uint32_t page, uint32_t end, bool pinned_too)
{
	struct cache_extent *extent;

	for (; (extent = shard_next_extent(shard, &page, end)) != NULL; shard->inspected++)
		if (!extent->indexed || extent->users > 0 || (extent->pinned && !pinned_too))
			return false;
	return true;
}

/* The victim goes, with what else is in the way of a block of this length where it lies. False: something there is in
 * use. */
static bool clear_region(struct shard *shard, struct cache_extent *victim, size_t length, bool pinned_too)
{
	struct cache_extent *extent;
	uint32_t page, end;

	arena_region(shard->arena, page_of(shard, victim), length, &page, &end);
	if (!may_clear(shard, page, end, pinned_too)) {
		move(shard, victim, victim->queue); /* another one, then */
		return false;
	}
	for (; (extent = shard_next_extent(shard, &page, end)) != NULL; shard->inspected++)
		shard_evict(shard, extent);
	return true;
}

/*
 * What is pinned may lie so that nothing large has room anywhere, though there is room enough: then the oldest of it
 * goes after all. Where there is hardly anything else but what is in use, that is waited for.
 */
static bool clear_pinned(struct shard *shard, size_t length)
{
	size_t rest = shard->stats.idle_bytes + arena_free_bytes(shard->arena);
	struct cache_extent *extent;

	if (shard->in_use_bytes > 0 && rest < 2 * ARENA_BLOCK_MAX_BYTES)
		return false;
	for (unsigned i = 0;
	     i < PINNED_INSPECT_MAX && (extent = extent_at(shard, shard->fifos[SHARD_PINNED].oldest)) != NULL; i++)
		if (clear_region(shard, extent, length, true))
			return true;
	return false;
}

/*
 * Nothing more is to be found under this hold of the lock. If it was looked at enough, the search may go on under the
 * next one. If it may not, or all was looked at: what is pinned goes, or there is no room. Without any pin,
 * clear_pinned() succeeds or there is nothing pinned, and then each victim can be evicted: so there always is somebody
 * whose pin is waited for.
 */
static bool end_search(struct shard *shard, size_t length)
{
	if (shard->inspected >= INSPECT_MAX && ++shard->failed_searches < SEARCHES_MAX)
		return false;
	shard->failed_searches = 0;
	return clear_pinned(shard, length);
}

static bool make_room(struct shard *shard, size_t length)
{
	struct search search = { .first_inspected = shard->inspected };

	while (!arena_has_room(shard->arena, length)) {
		struct cache_extent *victim = next_victim(shard, &search);

		if (victim != NULL)
			search.skipped += !clear_region(shard, victim, length, false);
		else if (!end_search(shard, length))
			return false;
	}
	shard->failed_searches = 0;
	return true;
}

/* --- new extents --- */

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

struct cache_extent *shard_make(struct shard *shard, const struct shard_key *key, uint64_t hash, uint64_t offset,
				size_t length, bool span)
{
	struct cache_extent *extent;
	uint8_t *block;
	bool known;

	if (!make_room(shard, length))
		return NULL;
	if (!span)
		remove_spans(shard, key, hash);
	block = arena_alloc_block(shard->arena, length);
	extent = &shard->extents[arena_page_of(shard->arena, block)];
	known = ghost_take(&shard->ghost, ghost_hash(hash, offset, span));
	shard->stats.ghost_hits += known;
	shard->stats.extents++;
	add_in_use(shard, arena_block_bytes(length));
	*extent = (struct cache_extent){ .key = *key,
					 .hash = hash,
					 .offset = offset,
					 .length = length,
					 .block = block,
					 .users = 1,
					 .used = true,
					 .span = span,
					 .indexed = true };
	extent->chain = *bucket_of(shard, hash);
	*bucket_of(shard, hash) = page_of(shard, extent);
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

bool shard_remove_version(struct shard *shard, const struct file_version *version, uint32_t *page, size_t *bytes)
{
	uint32_t pages = page_end(shard), end = *page + STEP_PAGES < pages ? *page + STEP_PAGES : pages;
	struct cache_extent *extent;

	while (*page < end && (extent = shard_next_extent(shard, page, end)) != NULL)
		if (file_version_equal(&extent->key.version, version))
			*bytes += shard_remove(shard, extent);
	if (*page < end)
		*page = end;
	return *page < pages;
}

/* --- start, end, check --- */

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
	return bytes - bytes / SMALL_SHARE;
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

	for (extent = extent_at(shard, shard->buckets[from]); extent != NULL; extent = next) {
		uint32_t *bucket = &shard->next_buckets[(uint32_t)(extent->hash >> 8) & shard->next_mask];

		next = extent_at(shard, extent->chain);
		extent->chain = *bucket;
		*bucket = page_of(shard, extent);
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
		shard->fifos[i] = (struct shard_fifo){ .newest = NONE, .oldest = NONE };
	pthread_mutex_init(&shard->lock, NULL);
	error = arena_new_growable(&shard->arena, bytes, max_bytes);
	if (error == 0)
		error = allocate_tables(shard, arena_max_bytes(shard->arena) / ARENA_BLOCK_MIN_BYTES);
	if (error != 0)
		shard_fini(shard);
	return error;
}

void shard_fini(struct shard *shard)
{
	uint32_t page;

	while (shard->stats.extents > 0 && (page = arena_next_used(shard->arena, 0, page_end(shard))) != NONE)
		shard_remove(shard, &shard->extents[page]);
	arena_free(shard->arena);
	ghost_fini(&shard->ghost);
	mapping_release(&shard->table);
	free(shard->buckets);
	pthread_mutex_destroy(&shard->lock);
}

/* Adds what one extent comes to. */
static void check_extent(struct shard *shard, const struct cache_extent *extent, struct shard_stats *sums,
			 size_t *in_use_bytes, size_t queued_bytes[])
{
	bool above = page_of(shard, extent) >= shard->bytes / ARENA_BLOCK_MIN_BYTES;
	size_t bytes = block_bytes(extent);

	assert(extent->used && extent->block == arena_page_address(shard->arena, page_of(shard, extent)));
	assert(arena_used_bytes_at(shard->arena, page_of(shard, extent)) == bytes);
	assert(extent->ready ? extent->waits == NULL : extent->users == 1);
	assert(extent->indexed == (extent->queue != SHARD_NO_QUEUE));
	assert(extent->indexed || extent->users > 0);
	assert((extent->queue == SHARD_PINNED) == (extent->indexed && extent->pinned));
	assert(!above || (extent->users > 0 && !extent->pinned && (extent->evict_on_unpin & SHARD_ABOVE_END) != 0));
	assert(above || (extent->evict_on_unpin & SHARD_ABOVE_END) == 0);
	if (extent->indexed) {
		struct shard_view view;

		shard_find(shard, &extent->key, extent->hash, extent->offset, extent->length, &view);
		assert(view.extent != NULL);
	}
	sums->extents++;
	sums->idle_bytes += is_idle(extent) ? bytes : 0;
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
	while ((extent = shard_next_extent(shard, &page, page_end(shard))) != NULL) {
		check_extent(shard, extent, &sums, &in_use_bytes, queued_bytes);
		used_bytes += (extent->evict_on_unpin & SHARD_ABOVE_END) == 0 ? block_bytes(extent) : 0;
	}
	assert(arena_bytes(shard->arena) == shard->bytes && sums.pinned_bytes <= shard->bytes / 2);
	assert(used_bytes + arena_free_bytes(shard->arena) == shard->bytes);
	assert(sums.extents == shard->stats.extents && in_use_bytes == shard->in_use_bytes);
	assert(sums.idle_bytes == shard->stats.idle_bytes && sums.pinned_bytes == shard->stats.pinned_bytes);
	for (unsigned queue = SHARD_SMALL; queue < SHARD_QUEUES; queue++)
		assert(queued_bytes[queue] == shard->fifos[queue].bytes);
}
