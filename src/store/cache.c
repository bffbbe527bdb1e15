/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lookups in the cache, and the queues of waits. A wait is in one of two queues. The queue of an extent contains waits
 * for the end of its read, which any reactor may have started (single-flight). The queue of a shard contains waits for
 * memory, in the order of arrival. The thread that ends a read or unpins an extent dequeues, under the lock, the waits
 * that can continue. After releasing the lock, the thread posts the waits to their reactors.
 *
 * A want needs one extent, and has no pin while it waits, so two wants cannot wait for each other.
 *
 * A load reads the complete extent if the span covers at least half of it or if it is small. Otherwise it reads only
 * the span, because complete extents for small random ranges of a large file would be up to 64 times as many bytes as
 * necessary. If the spans in the cache cover half of an extent, or if there are SPANS_MAX of them, a load reads the
 * complete extent, which replaces the spans.
 *
 * The process owns the cache. All functions are thread-safe, but a wait belongs to the thread of its reactor.
 */
#include "store/cache.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <utlist.h>

#include "base/align.h"
#include "base/container_of.h"
#include "store/evict.h"

#define SHARDS_MAX 16
#define SHARD_MIN_BYTES ((size_t)64 << 20)
/* An extent up to this size is always read completely. */
#define SMALL_BYTES ((size_t)64 << 10)
#define SPANS_MAX 32
#define SERVED_MAX 32 /* Maximum number of waits for memory that are answered under one lock. */

/* The place of a lookup: the key of its extent, and the result of the search in the index. */
struct place {
	struct shard *shard;
	struct shard_key key;
	uint64_t hash;
	struct shard_view view; /* Set by find(). */
};

static unsigned count_shards(size_t bytes)
{
	unsigned count = 1;

	while (count < SHARDS_MAX && bytes / (2 * count) >= SHARD_MIN_BYTES)
		count *= 2;
	return count;
}

size_t cache_share(size_t bytes, unsigned shards, unsigned index)
{
	return (bytes / CACHE_UNIT_BYTES + index) / shards * CACHE_UNIT_BYTES;
}

/* Returns the memory of the machine. A cache cannot be larger, because all of its memory is touched. */
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

	if (bytes == 0 || bytes % CACHE_UNIT_BYTES != 0)
		return -EINVAL;
	made = calloc(1, sizeof(*made) + count * sizeof(made->shards[0]));
	if (made == NULL)
		return -ENOMEM;
	made->bytes = bytes;
	error = forecast_new(&made->forecast, bytes);
	for (; error == 0 && made->shard_count < count; made->shard_count += error == 0)
		error = shard_init(&made->shards[made->shard_count], cache_share(bytes, count, made->shard_count),
				   cache_share(align_up(most, CACHE_UNIT_BYTES), count, made->shard_count), retain);
	if (error != 0) {
		cache_free(made);
		return error;
	}
	for (unsigned i = 0; i < count; i++)
		made->shards[i].forecast = made->forecast;
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
	forecast_free(cache->forecast);
	free(cache);
}

static unsigned shard_index(const struct cache *cache, uint64_t hash)
{
	return (unsigned)(hash >> 56) & (cache->shard_count - 1);
}

struct shard *cache_shard(struct cache *cache, uint64_t hash)
{
	return &cache->shards[shard_index(cache, hash)];
}

uint8_t *cache_block_of(const struct cache *cache, const struct cache_extent *extent)
{
	return shard_block_of(&cache->shards[shard_index(cache, extent->hash)], extent);
}

bool cache_is_one_extent(const struct file_version *version)
{
	return version->size <= SHARD_WHOLE_MAX_BYTES;
}

bool cache_in_one_extent(const struct file_version *version, uint64_t first, uint64_t last)
{
	return cache_is_one_extent(version) || first / SHARD_EXTENT_BYTES == last / SHARD_EXTENT_BYTES;
}

static void locate(struct cache *cache, const struct cache_span *span, struct place *place)
{
	place->key.version = *span->version;
	place->key.number = cache_is_one_extent(span->version) ? 0 : span->offset / SHARD_EXTENT_BYTES;
	place->hash = shard_hash(&place->key);
	place->shard = cache_shard(cache, place->hash);
}

void cache_lock(struct shard *shard)
{
	pthread_mutex_lock(&shard->lock);
	evict_begin(shard);
}

/* The caller holds the lock of the shard, as for all functions below, unless a comment states otherwise. */
static struct cache_extent *find(const struct cache_span *span, struct place *place)
{
	shard_find(place->shard, &place->key, place->hash, span->offset, span->length, &place->view);
	return place->view.extent;
}

/* --- range of a load --- */

/*
 * Returns the aligned range of the complete extent with this key. The range ends at the latest with the block that
 * contains the last byte of the file.
 */
static struct span whole_span(const struct cache_span *span, const struct shard_key *key)
{
	uint64_t size = span->version->size, offset = key->number * SHARD_EXTENT_BYTES;
	uint64_t length = cache_is_one_extent(span->version) ? size : SHARD_EXTENT_BYTES;

	return span_aligned(offset, (size_t)(offset + length < size ? length : size - offset), size, span->alignment);
}

static bool reads_whole(const struct cache_span *span, const struct shard_view *view, const struct span *whole)
{
	if (span->offset + span->length > whole->offset + whole->length)
		/* The span crosses into the next extent, and one contiguous block is better than a whole extent. */
		return false;
	if (span->reach == CACHE_WHOLE || whole->length <= SMALL_BYTES || span->length * 2 >= whole->length)
		return true;
	return span->reach == CACHE_AS_NEEDED &&
	       (view->spans >= SPANS_MAX || (view->span_bytes + span->length) * 2 >= whole->length);
}

/* Sets *read to the range that a load reads. Returns true if the range is the complete extent. */
static bool plan_read(const struct cache_span *span, const struct place *place, struct span *read)
{
	*read = whole_span(span, &place->key);
	if (reads_whole(span, &place->view, read))
		return true;
	*read = span_aligned(span->offset, span->length, span->version->size, span->alignment);
	return false;
}

/* --- lookups --- */

/* Applies the cache policy of a request. If requests differ, the policy that keeps the extent longest is effective. */
static void apply_policy(struct shard *shard, struct cache_extent *extent, const struct cache_span *span)
{
	if (shard->retain && !span->transient)
		extent->evict_on_unpin &= ~SHARD_TRANSIENT;
	if (shard->retain && span->pinned)
		shard_set_pinned(shard, extent);
}

/* Pins an extent for a hit and counts the use. A client that reads an extent in small spans counts as one use. */
static void use_extent(struct shard *shard, struct cache_extent *extent, const struct cache_span *span)
{
	shard_pin(shard, extent);
	if (span->offset <= extent->offset || span->reach == CACHE_AS_NEEDED)
		shard_touch(extent);
	apply_policy(shard, extent, span);
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
		use_extent(place->shard, extent, &wait->span);
		wait->extent = extent;
		place->shard->stats.hits++;
		return CACHE_HIT;
	}
	apply_policy(place->shard, extent, &wait->span);
	shard_touch(extent); /* A second request for the same extent counts as reuse. */
	wait_for_read(wait, extent);
	place->shard->stats.coalesced++;
	return CACHE_COALESCED;
}

/* Adds an extent. Returns NULL if there is no room, see evict_make_room(). */
static struct cache_extent *add(const struct place *place, const struct span *read, bool span)
{
	struct shard *shard = place->shard;

	if (!evict_make_room(shard, read->length))
		return NULL;
	return shard_add(shard, &place->key, place->hash, read->offset, read->length, span);
}

/*
 * Tries to add only the span, if there is no room for the complete extent `read`. Uses one budget of evict_make_room().
 */
static struct cache_extent *add_span(const struct cache_span *span, const struct place *place, const struct span *read)
{
	struct span less = span_aligned(span->offset, span->length, span->version->size, span->alignment);
	struct cache_extent *extent;

	if (arena_block_bytes(less.length) >= arena_block_bytes(read->length))
		return NULL;
	evict_begin(place->shard);
	extent = add(place, &less, true);
	evict_abort(place->shard);
	return extent;
}

static struct cache_extent *add_for_miss(const struct cache_span *span, const struct place *place)
{
	struct span read;
	bool whole = plan_read(span, place, &read);
	struct cache_extent *extent = add(place, &read, !whole);

	if (extent == NULL && whole && !evict_is_unfinished(place->shard))
		extent = add_span(span, place, &read);
	if (extent == NULL)
		return NULL;
	extent->evict_on_unpin = SHARD_TRANSIENT;
	apply_policy(place->shard, extent, span);
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

/*
 * Adds an extent or queues the wait for memory. Sets *again if the search for room must continue under the next lock.
 */
static enum cache_answer add_or_queue(struct cache *cache, struct cache_wait *wait, const struct place *place,
				      bool *again)
{
	const bool is_first = place->shard->waits == NULL;
	struct cache_extent *extent = is_first ? add_for_miss(&wait->span, place) : NULL;

	*again = extent == NULL && is_first && evict_is_unfinished(place->shard);
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
	/*
	 * While the lock is released, other threads may load the extent or use the room, so each round starts with a
	 * lookup.
	 */
	do {
		again = false;
		cache_lock(place.shard);
		answer = answer_from_index(wait, &place);
		if (answer == CACHE_MISS && may_load)
			answer = add_or_queue(cache, wait, &place, &again);
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
		use_extent(place.shard, *extent, span);
		place.shard->stats.hits++;
		answer = CACHE_HIT;
	} else if (*extent != NULL) {
		answer = CACHE_COALESCED;
	}
	pthread_mutex_unlock(&place.shard->lock);
	if (answer == CACHE_MISS)
		plan_read(span, &place, read);
	return answer;
}

/* --- answers --- */

/*
 * Answers waits from the head of the queue for memory. Returns the answered waits as a list, linked by wait->next. Sets
 * *more if the caller must continue under the next lock.
 */
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
			wait->extent = add_for_miss(&wait->span, &place);
			wait->answer = CACHE_LOAD;
		}
		/* There is still no room, so the wait stays at the head of the queue. */
		if (wait->extent == NULL) {
			DL_PREPEND(shard->waits, wait);
			wait->state = CACHE_WAITING_FOR_MEMORY;
			atomic_fetch_add_explicit(&cache->waiting, 1, memory_order_relaxed);
			*more = evict_is_unfinished(shard);
			break;
		}
		wait->state = CACHE_POSTED;
		DL_APPEND(served, wait);
	}
	return served;
}

static void deliver(struct cache_wait *wait)
{
	wait->state = CACHE_NOT_WAITING;
	wait->on_answer(wait, wait->answer);
}

static void deliver_message(struct reactor_message *message)
{
	deliver(container_of(message, struct cache_wait, message));
}

/* Posts the answers. The caller must not hold the lock. As soon as a wait is posted, it belongs to its owner again. */
static void post(struct cache_wait *wait)
{
	for (struct cache_wait *next; wait != NULL; wait = next) {
		next = wait->next;
		wait->message.fn = deliver_message;
		reactor_post(wait->reactor, &wait->message);
	}
}

/*
 * While the lock is released between two rounds, other threads may answer or cancel waits. Therefore no state is kept
 * from one round to the next.
 */
void cache_serve_and_unlock(struct cache *cache, struct shard *shard)
{
	bool more = true;

	while (more) {
		struct cache_wait *served = serve_some(cache, shard, &more);

		pthread_mutex_unlock(&shard->lock);
		post(served);
		if (more)
			cache_lock(shard);
	}
}

void cache_wait_for_read(struct cache *cache, struct cache_wait *wait)
{
	struct shard *shard = cache_shard(cache, wait->extent->hash);

	pthread_mutex_lock(&shard->lock);
	wait_for_read(wait, wait->extent);
	pthread_mutex_unlock(&shard->lock);
}

bool cache_cancel_queued(struct cache *cache, struct cache_wait *wait)
{
	struct place place;
	bool queued;

	locate(cache, &wait->span, &place);
	cache_lock(place.shard);
	queued = wait->state == CACHE_WAITING_FOR_MEMORY;
	if (queued) {
		leave_memory_queue(cache, place.shard, wait);
		wait->state = CACHE_NOT_WAITING;
		/* The cancelled wait may have needed more memory than the waits that were queued after it. */
		cache_serve_and_unlock(cache, place.shard);
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
	cache_lock(place.shard);
	out = wait->state != CACHE_POSTED;
	if (wait->state == CACHE_WAITING_FOR_READ)
		DL_DELETE(wait->extent->waits, wait);
	if (out)
		wait->state = CACHE_NOT_WAITING;
	pthread_mutex_unlock(&place.shard->lock);
	return out;
}

/*
 * Removes all waits from the queue of the extent and sets their answers. Returns the waits of `reactor`, and adds the
 * waits of other reactors to *others.
 */
static struct cache_wait *answer_waits(struct shard *shard, struct cache_extent *extent, int error,
				       struct reactor *reactor, struct cache_wait **others)
{
	struct cache_wait *own = NULL, *wait, *next;

	DL_FOREACH_SAFE(extent->waits, wait, next)
	{
		DL_DELETE(extent->waits, wait);
		wait->answer = error != 0 ? error : CACHE_HIT;
		if (error == 0)
			shard_pin(shard, extent);
		wait->state = CACHE_POSTED;
		if (wait->reactor == reactor)
			DL_APPEND(own, wait);
		else
			DL_APPEND(*others, wait);
	}
	return own;
}

void cache_loaded(struct cache *cache, struct cache_extent *extent, int error, struct reactor *reactor)
{
	struct shard *shard = cache_shard(cache, extent->hash);
	struct cache_wait *own, *others = NULL, *next;

	cache_lock(shard);
	own = answer_waits(shard, extent, error, reactor, &others);
	extent->ready = true;
	if (error != 0)
		shard_remove(shard, extent);
	if (shard_unpin(shard, extent))
		cache_serve_and_unlock(cache, shard);
	else
		pthread_mutex_unlock(&shard->lock);
	post(others);
	for (; own != NULL; own = next) {
		next = own->next;
		deliver(own);
	}
}

bool cache_abandon(struct cache *cache, struct cache_extent *extent)
{
	struct shard *shard = cache_shard(cache, extent->hash);
	bool gone;

	cache_lock(shard);
	gone = extent->waits == NULL;
	if (gone) {
		shard_remove(shard, extent);
		shard_unpin(shard, extent);
	}
	cache_serve_and_unlock(cache, shard);
	return gone;
}

void cache_touch(struct cache *cache, struct cache_extent *extent)
{
	struct shard *shard = cache_shard(cache, extent->hash);

	pthread_mutex_lock(&shard->lock);
	shard_touch(extent);
	pthread_mutex_unlock(&shard->lock);
}

void cache_unindex(struct cache *cache, struct cache_extent *extent)
{
	struct shard *shard = cache_shard(cache, extent->hash);

	pthread_mutex_lock(&shard->lock);
	shard_remove(shard, extent);
	pthread_mutex_unlock(&shard->lock);
}

void cache_unpin(struct cache *cache, struct cache_extent *extent)
{
	struct shard *shard = cache_shard(cache, extent->hash);

	cache_lock(shard);
	if (shard_unpin(shard, extent))
		cache_serve_and_unlock(cache, shard);
	else
		pthread_mutex_unlock(&shard->lock);
}

bool cache_retains(struct cache *cache)
{
	bool retains;

	pthread_mutex_lock(&cache->shards[0].lock);
	retains = cache->shards[0].retain;
	pthread_mutex_unlock(&cache->shards[0].lock);
	return retains;
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

/*
 * The result is an estimate, because the function uses the mean size of a shard. Callers whose limits depend on the
 * result leave a margin.
 */
bool cache_is_crowded(const struct cache *cache, const struct cache_extent *extent)
{
	const struct shard *shard = &cache->shards[shard_index(cache, extent->hash)];

	return atomic_load_explicit(&shard->in_use_bytes, memory_order_relaxed) >
	       cache_bytes(cache) / cache->shard_count / 2;
}

struct forecast *cache_forecast(const struct cache *cache)
{
	return cache->forecast;
}

unsigned cache_waiting(const struct cache *cache)
{
	return atomic_load_explicit(&cache->waiting, memory_order_relaxed);
}
