/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shards, and who waits for what. A want waits in one of two lists: an extent's, for the end of its read
 * (single-flight: whoever reads it), or the shard's, for memory, in order of arrival. Whoever ends a read or gives
 * memory back moves those who can go on out of the list while it has the lock, and posts them to their reactors after
 * it has let go of it.
 *
 * A want needs one extent and holds none while it waits, so two wants can't wait for each other.
 *
 * What is read on a miss: the whole extent, if at least half of it is asked for or it is small; else the span alone,
 * lest random ranges of a big file read 64 times of what they need. Spans that are there count: once half of an extent
 * was asked for in pieces, or SPANS_MAX of them, all of it is read, and replaces them.
 */
#include "store/cache.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <utlist.h>

#include "base/align.h"
#include "store/resize.h"

#define SHARDS_MAX 16
#define SHARD_MIN_BYTES ((size_t)64 << 20)
#define SMALL_BYTES ((size_t)64 << 10) /* an extent up to this is always read whole */
#define SPANS_MAX 32
#define UNIT_BYTES ARENA_BLOCK_MAX_BYTES
#define PATIENT_FINISH_CALLS 1
#define WALK_PAGES 1024 /* under one hold of a lock */
#define SERVED_MAX 32	/* wants that wait for memory, under one hold of a lock */

struct cache {
	_Atomic size_t bytes;
	unsigned finish_calls; /* since its size was changed; of whoever does that */
	atomic_uint waiting;   /* for memory, in all shards */
	unsigned shard_count;  /* a power of two */
	struct shard shards[];
};

/* Where a want's extent belongs, and what is there. */
struct place {
	struct shard *shard;
	struct shard_key key;
	uint64_t hash;
	struct shard_view view; /* after find() */
};

static unsigned count_shards(size_t bytes)
{
	unsigned count = 1;

	while (count < SHARDS_MAX && bytes / (2 * count) >= SHARD_MIN_BYTES)
		count *= 2;
	return count;
}

/* They differ by a unit at most. */
static size_t share(size_t bytes, unsigned shards, unsigned index)
{
	return (bytes / UNIT_BYTES + index) / shards * UNIT_BYTES;
}

/* No cache grows beyond that: all of it is touched. */
static size_t machine_bytes(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);

	return pages > 0 && page_bytes > 0 ? (size_t)pages * (size_t)page_bytes : 0;
}

int cache_new(struct cache **cache, size_t bytes, bool retain)
{
	size_t machine = machine_bytes(), most = machine > bytes ? machine : bytes;
	unsigned count = count_shards(bytes);
	struct cache *made;
	int error = 0;

	if (bytes == 0 || bytes % UNIT_BYTES != 0)
		return -EINVAL;
	made = calloc(1, sizeof(*made) + count * sizeof(made->shards[0]));
	if (made == NULL)
		return -ENOMEM;
	made->bytes = bytes;
	for (; error == 0 && made->shard_count < count; made->shard_count += error == 0)
		error = shard_init(&made->shards[made->shard_count], share(bytes, count, made->shard_count),
				   share(align_up(most, UNIT_BYTES), count, made->shard_count), retain);
	if (error != 0) {
		cache_free(made);
		return error;
	}
	*cache = made;
	return 0;
}

void cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	for (unsigned i = 0; i < cache->shard_count; i++) {
		assert(cache->shards[i].waits == NULL);
		shard_fini(&cache->shards[i]);
	}
	free(cache);
}

static struct shard *shard_of(struct cache *cache, uint64_t hash)
{
	return &cache->shards[(hash >> 56) & (cache->shard_count - 1)];
}

static bool is_one_extent(const struct file_version *version)
{
	return version->size <= SHARD_WHOLE_MAX_BYTES;
}

bool cache_in_one_extent(const struct file_version *version, uint64_t first, uint64_t last)
{
	return is_one_extent(version) || first / SHARD_EXTENT_BYTES == last / SHARD_EXTENT_BYTES;
}

static void locate(struct cache *cache, const struct cache_span *span, struct place *place)
{
	place->key.version = *span->version;
	place->key.number = is_one_extent(span->version) ? 0 : span->offset / SHARD_EXTENT_BYTES;
	place->hash = shard_hash(&place->key);
	place->shard = shard_of(cache, place->hash);
}

static void lock(struct shard *shard)
{
	pthread_mutex_lock(&shard->lock);
	shard_begin(shard);
}

/* Under the lock, as all below that don't say otherwise. */
static struct cache_extent *find(const struct cache_span *span, struct place *place)
{
	shard_find(place->shard, &place->key, place->hash, span->offset, span->length, &place->view);
	return place->view.extent;
}

/* --- what is read on a miss --- */

/* All of the extent with this key, as a read: aligned, up to the block that holds the file's last byte. */
static struct span whole_span(const struct cache_span *span, const struct shard_key *key)
{
	uint64_t size = span->version->size, offset = key->number * SHARD_EXTENT_BYTES;
	uint64_t length = is_one_extent(span->version) ? size : SHARD_EXTENT_BYTES;

	return span_aligned(offset, (size_t)(offset + length < size ? length : size - offset), size, span->alignment);
}

static bool wants_whole(const struct cache_span *span, const struct shard_view *view, const struct span *whole)
{
	if (span->offset + span->length > whole->offset + whole->length)
		return false; /* it goes on in the next one: contiguous memory is worth more */
	if (span->reach == CACHE_WHOLE || whole->length <= SMALL_BYTES || span->length * 2 >= whole->length)
		return true;
	return span->reach == CACHE_AS_NEEDED &&
	       (view->spans >= SPANS_MAX || (view->span_bytes + span->length) * 2 >= whole->length);
}

/* What would be read, after what was seen of it. True: the whole extent. */
static bool plan(const struct cache_span *span, const struct place *place, struct span *read)
{
	*read = whole_span(span, &place->key);
	if (wants_whole(span, &place->view, read))
		return true;
	*read = span_aligned(span->offset, span->length, span->version->size, span->alignment);
	return false;
}

/* --- wants --- */

/* Whether it stays is decided by whoever wants it most. */
static void keep(struct shard *shard, struct cache_extent *extent, const struct cache_span *span)
{
	if (shard->retain && !span->transient)
		extent->evict_on_unpin &= (uint8_t)~SHARD_TRANSIENT;
	if (shard->retain && span->pinned)
		shard_set_pinned(shard, extent);
}

/* A use of it; a client that takes an extent in small pieces uses it once. */
static void use(struct shard *shard, struct cache_extent *extent, const struct cache_span *span)
{
	shard_pin(shard, extent, 1);
	if (span->offset <= extent->offset || span->reach == CACHE_AS_NEEDED)
		shard_touch(extent);
	keep(shard, extent, span);
}

static void wait_for_read(struct cache_wait *wait, struct cache_extent *extent)
{
	wait->extent = extent;
	wait->state = CACHE_WAITING_FOR_READ;
	DL_APPEND(extent->waits, wait);
}

static enum cache_answer answer_from_index(struct cache_wait *wait, struct place *place)
{
	struct cache_extent *extent = find(&wait->span, place);

	if (extent == NULL)
		return CACHE_MISS;
	if (extent->ready) {
		use(place->shard, extent, &wait->span);
		wait->extent = extent;
		place->shard->stats.hits++;
		return CACHE_HIT;
	}
	keep(place->shard, extent, &wait->span);
	shard_touch(extent); /* two want it: those who come later may, too */
	wait_for_read(wait, extent);
	place->shard->stats.coalesced++;
	return CACHE_COALESCED;
}

/* The whole extent, which `read` says, has no room. The span alone may have: what one hold of the lock finds. */
static struct cache_extent *make_span(const struct cache_span *span, const struct place *place, const struct span *read)
{
	struct span less = span_aligned(span->offset, span->length, span->version->size, span->alignment);
	struct cache_extent *extent;

	if (arena_block_bytes(less.length) >= arena_block_bytes(read->length))
		return NULL;
	shard_begin(place->shard);
	extent = shard_make(place->shard, &place->key, place->hash, less.offset, less.length, true);
	shard_end_search(place->shard);
	return extent;
}

static struct cache_extent *make(const struct cache_span *span, const struct place *place)
{
	struct span read;
	bool whole = plan(span, place, &read);
	struct cache_extent *extent =
		shard_make(place->shard, &place->key, place->hash, read.offset, read.length, !whole);

	if (extent == NULL && whole && !shard_is_searching(place->shard))
		extent = make_span(span, place, &read);
	if (extent == NULL)
		return NULL;
	extent->evict_on_unpin = SHARD_TRANSIENT;
	keep(place->shard, extent, span);
	place->shard->stats.loads++;
	return extent;
}

static void queue_for_memory(struct cache *cache, struct shard *shard, struct cache_wait *wait)
{
	DL_APPEND(shard->waits, wait);
	wait->state = CACHE_WAITING_FOR_MEMORY;
	atomic_fetch_add_explicit(&cache->waiting, 1, memory_order_relaxed);
}

static void leave_memory_queue(struct cache *cache, struct shard *shard, struct cache_wait *wait)
{
	DL_DELETE(shard->waits, wait);
	wait->state = CACHE_NOT_WAITING;
	atomic_fetch_sub_explicit(&cache->waiting, 1, memory_order_relaxed);
}

/* *again: there is more to look at for room, under another hold of the lock. */
static enum cache_answer load(struct cache *cache, struct cache_wait *wait, const struct place *place, bool *again)
{
	const bool is_first = place->shard->waits == NULL;
	struct cache_extent *extent = is_first ? make(&wait->span, place) : NULL;

	*again = extent == NULL && is_first && shard_is_searching(place->shard);
	if (*again)
		return CACHE_MISS;
	if (extent == NULL) {
		queue_for_memory(cache, place->shard, wait);
		return CACHE_QUEUED;
	}
	wait_for_read(wait, extent);
	return CACHE_LOAD;
}

enum cache_answer cache_want(struct cache *cache, struct cache_wait *wait, bool may_load)
{
	enum cache_answer answer;
	struct place place;
	bool again;

	wait->extent = NULL;
	wait->state = CACHE_NOT_WAITING;
	locate(cache, &wait->span, &place);
	do { /* while the lock is not held, others may read what is wanted, or take the room that was made: so all is
		looked at again */
		again = false;
		lock(place.shard);
		answer = answer_from_index(wait, &place);
		if (answer == CACHE_MISS && may_load)
			answer = load(cache, wait, &place, &again);
		pthread_mutex_unlock(&place.shard->lock);
	} while (again);
	return answer;
}

enum cache_answer cache_find(struct cache *cache, const struct cache_span *span, struct cache_extent **extent,
			     struct span *read)
{
	enum cache_answer answer = CACHE_MISS;
	struct place place;

	locate(cache, span, &place);
	pthread_mutex_lock(&place.shard->lock);
	*extent = find(span, &place);
	if (*extent != NULL && (*extent)->ready) {
		use(place.shard, *extent, span);
		place.shard->stats.hits++;
		answer = CACHE_HIT;
	} else if (*extent != NULL) {
		answer = CACHE_COALESCED;
	}
	pthread_mutex_unlock(&place.shard->lock);
	if (answer == CACHE_MISS)
		plan(span, &place, read);
	return answer;
}

/* --- answers --- */

/* Those at the head of the line who can go on, with their answers, linked by ->next. *more: others may, under another
 * hold of the lock. */
static struct cache_wait *serve_some(struct cache *cache, struct shard *shard, bool *more)
{
	struct cache_wait *served = NULL, *wait;

	*more = false;
	for (unsigned count = 0; (wait = shard->waits) != NULL; count++) {
		struct place place;

		*more = count == SERVED_MAX;
		if (*more)
			break;
		locate(cache, &wait->span, &place);
		leave_memory_queue(cache, shard, wait);
		wait->answer = (int)answer_from_index(wait, &place);
		if (wait->answer == CACHE_COALESCED)
			continue;
		if (wait->answer == CACHE_MISS) {
			wait->extent = make(&wait->span, &place);
			wait->answer = CACHE_LOAD;
		}
		if (wait->extent == NULL) { /* still no room: it stays the first */
			DL_PREPEND(shard->waits, wait);
			wait->state = CACHE_WAITING_FOR_MEMORY;
			atomic_fetch_add_explicit(&cache->waiting, 1, memory_order_relaxed);
			*more = shard_is_searching(shard);
			break;
		}
		wait->state = CACHE_POSTED;
		DL_APPEND(served, wait);
	}
	return served;
}

void cache_deliver(struct cache_wait *wait)
{
	wait->state = CACHE_NOT_WAITING;
	wait->ready(wait, wait->answer);
}

static void deliver(struct reactor_message *message)
{
	cache_deliver((struct cache_wait *)message);
}

/* Not under the lock. A wait is its owner's again as soon as it is posted. */
static void post(struct cache_wait *wait)
{
	for (struct cache_wait *next; wait != NULL; wait = next) {
		next = wait->next;
		wait->message.fn = deliver;
		reactor_post(wait->reactor, &wait->message);
	}
}

/*
 * Under the lock, which it releases: serves the line for memory. Between two holds of the lock somebody else may serve
 * it, or cancel a want: nothing is remembered from one to the next.
 */
static void serve_and_unlock(struct cache *cache, struct shard *shard)
{
	bool more = true;

	while (more) {
		struct cache_wait *served = serve_some(cache, shard, &more);

		pthread_mutex_unlock(&shard->lock);
		post(served);
		if (more)
			lock(shard);
	}
}

void cache_wait_for_read(struct cache *cache, struct cache_wait *wait)
{
	struct shard *shard = shard_of(cache, wait->extent->hash);

	pthread_mutex_lock(&shard->lock);
	wait_for_read(wait, wait->extent);
	pthread_mutex_unlock(&shard->lock);
}

bool cache_cancel_queued(struct cache *cache, struct cache_wait *wait)
{
	struct place place;
	bool queued;

	locate(cache, &wait->span, &place);
	lock(place.shard);
	queued = wait->state == CACHE_WAITING_FOR_MEMORY;
	if (queued) {
		leave_memory_queue(cache, place.shard, wait);
		wait->state = CACHE_NOT_WAITING;
		serve_and_unlock(cache, place.shard); /* it may have been the large one in front of small ones */
	} else {
		pthread_mutex_unlock(&place.shard->lock);
	}
	return queued;
}

bool cache_cancel(struct cache *cache, struct cache_wait *wait)
{
	struct place place;
	bool out;

	if (cache_cancel_queued(cache, wait))
		return true;
	locate(cache, &wait->span, &place);
	lock(place.shard);
	out = wait->state != CACHE_POSTED;
	if (wait->state == CACHE_WAITING_FOR_READ)
		DL_DELETE(wait->extent->waits, wait);
	if (out)
		wait->state = CACHE_NOT_WAITING;
	pthread_mutex_unlock(&place.shard->lock);
	return out;
}

/* Takes the extent's waits, each with its answer; those of `reactor` apart from the others. */
static struct cache_wait *answer_waits(struct shard *shard, struct cache_extent *extent, int error,
				       struct reactor *reactor, struct cache_wait **others)
{
	struct cache_wait *own = NULL, *wait, *next;

	DL_FOREACH_SAFE(extent->waits, wait, next)
	{
		DL_DELETE(extent->waits, wait);
		wait->answer = error != 0 ? error : CACHE_HIT;
		if (error == 0)
			shard_pin(shard, extent, 1);
		wait->state = CACHE_POSTED;
		if (wait->reactor == reactor)
			DL_APPEND(own, wait);
		else
			DL_APPEND(*others, wait);
	}
	return own;
}

struct cache_wait *cache_loaded(struct cache *cache, struct cache_extent *extent, int error, struct reactor *reactor)
{
	struct shard *shard = shard_of(cache, extent->hash);
	struct cache_wait *own, *others = NULL;

	lock(shard);
	own = answer_waits(shard, extent, error, reactor, &others);
	extent->ready = true;
	if (error != 0)
		shard_remove(shard, extent);
	if (shard_unpin(shard, extent))
		serve_and_unlock(cache, shard);
	else
		pthread_mutex_unlock(&shard->lock);
	post(others);
	return own;
}

bool cache_abandon(struct cache *cache, struct cache_extent *extent)
{
	struct shard *shard = shard_of(cache, extent->hash);
	bool gone;

	lock(shard);
	gone = extent->waits == NULL;
	if (gone) {
		shard_remove(shard, extent);
		shard_unpin(shard, extent);
	}
	serve_and_unlock(cache, shard);
	return gone;
}

void cache_touch(struct cache *cache, struct cache_extent *extent)
{
	struct shard *shard = shard_of(cache, extent->hash);

	pthread_mutex_lock(&shard->lock);
	shard_touch(extent);
	pthread_mutex_unlock(&shard->lock);
}

void cache_unindex(struct cache *cache, struct cache_extent *extent)
{
	struct shard *shard = shard_of(cache, extent->hash);

	pthread_mutex_lock(&shard->lock);
	shard_remove(shard, extent);
	pthread_mutex_unlock(&shard->lock);
}

void cache_unpin(struct cache *cache, struct cache_extent *extent)
{
	struct shard *shard = shard_of(cache, extent->hash);

	lock(shard);
	if (shard_unpin(shard, extent))
		serve_and_unlock(cache, shard);
	else
		pthread_mutex_unlock(&shard->lock);
}

/* Not under the lock, as the next ones. All extents with one key. */
static size_t invalidate_key(struct cache *cache, const struct shard_key *key)
{
	uint64_t hash = shard_hash(key);
	struct shard *shard = shard_of(cache, hash);
	size_t bytes;

	lock(shard);
	bytes = shard_remove_key(shard, key, hash);
	serve_and_unlock(cache, shard);
	return bytes;
}

/*
 * In steps. Who still reads the version may have it read anew behind the walk, as after it: the file is checked after
 * each read, so such bytes are of the version, and they go when their turn comes.
 */
static size_t invalidate_in_shard(struct cache *cache, struct shard *shard, const struct file_version *version)
{
	uint32_t page = 0;
	size_t bytes = 0;
	bool more;

	do {
		lock(shard);
		more = shard_remove_version(shard, version, &page, &bytes);
		serve_and_unlock(cache, shard);
	} while (more);
	return bytes;
}

/* Looked up one by one while they are fewer than what there is to walk through. */
size_t cache_invalidate(struct cache *cache, const struct file_version *version)
{
	uint64_t extents = is_one_extent(version) ? 1 : version->size / SHARD_EXTENT_BYTES + 1;
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

/* --- what is there --- */

/* Under the lock: of the next few MiB. True: the shard has more. */
static bool walk_shard(struct shard *shard, uint32_t *page, struct cache_resident *list, size_t room, size_t *count)
{
	uint32_t pages = (uint32_t)arena_page_count(shard->arena),
		 end = *page + WALK_PAGES < pages ? *page + WALK_PAGES : pages;
	struct cache_extent *extent = NULL;

	while (*count < room && *page < end && (extent = shard_next_extent(shard, page, end)) != NULL)
		if (extent->indexed && extent->ready)
			list[(*count)++] = (struct cache_resident){ extent->key.version, shard_file_bytes(extent),
								    extent->pinned };
	if (*count < room && *page < end)
		*page = end;
	return *page < pages;
}

size_t cache_walk(struct cache *cache, struct cache_cursor *cursor, struct cache_resident *list, size_t room)
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

bool cache_retains(struct cache *cache)
{
	bool retains;

	pthread_mutex_lock(&cache->shards[0].lock);
	retains = cache->shards[0].retain;
	pthread_mutex_unlock(&cache->shards[0].lock);
	return retains;
}

/* --- its size --- */

static void serve_all(struct cache *cache)
{
	for (unsigned i = 0; i < cache->shard_count; i++) {
		lock(&cache->shards[i]);
		serve_and_unlock(cache, &cache->shards[i]);
	}
}

int cache_resize(struct cache *cache, size_t bytes, bool retain)
{
	size_t whole = bytes > cache->shard_count * UNIT_BYTES ? bytes : cache->shard_count * UNIT_BYTES;
	unsigned prepared = 0;
	int error = 0;

	if (bytes == 0 || bytes % UNIT_BYTES != 0)
		return -EINVAL;
	for (; error == 0 && prepared < cache->shard_count; prepared++)
		error = resize_prepare(&cache->shards[prepared], share(whole, cache->shard_count, prepared));
	if (error != 0) {
		for (unsigned i = 0; i < prepared; i++)
			resize_cancel(&cache->shards[i], share(whole, cache->shard_count, i));
		return error;
	}
	for (unsigned i = 0; i < cache->shard_count; i++)
		resize_shard(&cache->shards[i], share(whole, cache->shard_count, i), retain);
	atomic_store(&cache->bytes, whole);
	cache->finish_calls = 0;
	serve_all(cache);
	return 0;
}

bool cache_finish_resize(struct cache *cache)
{
	bool finished = true;

	for (unsigned i = 0; i < cache->shard_count; i++)
		finished &= resize_finish(&cache->shards[i], cache->finish_calls >= PATIENT_FINISH_CALLS);
	cache->finish_calls += !finished;
	return finished;
}

/* --- sums --- */

size_t cache_in_use_bytes(const struct cache *cache)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < cache->shard_count; i++)
		bytes += atomic_load_explicit(&cache->shards[i].in_use_bytes, memory_order_relaxed);
	return bytes;
}

size_t cache_bytes(const struct cache *cache)
{
	return atomic_load_explicit(&cache->bytes, memory_order_relaxed);
}

/* An estimate: the bounds that it is for leave room. */
bool cache_is_crowded(const struct cache *cache, const struct cache_extent *extent)
{
	const struct shard *shard = &cache->shards[(extent->hash >> 56) & (cache->shard_count - 1)];

	return atomic_load_explicit(&shard->in_use_bytes, memory_order_relaxed) >
	       cache_bytes(cache) / cache->shard_count / 2;
}

unsigned cache_waiting(const struct cache *cache)
{
	return atomic_load_explicit(&cache->waiting, memory_order_relaxed);
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

void cache_stats(struct cache *cache, struct cache_stats *stats)
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

void cache_check(struct cache *cache)
{
	for (unsigned i = 0; i < cache->shard_count; i++) {
		struct shard *shard = &cache->shards[i];

		pthread_mutex_lock(&shard->lock);
		shard_check(shard);
		assert(shard->waits == NULL || shard->in_use_bytes > 0); /* or else nobody would ever serve them */
		pthread_mutex_unlock(&shard->lock);
	}
}
