/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * S3-FIFO: a new extent enters the small queue, which has a tenth of the memory. At the end of the small queue, the
 * extent is evicted, unless it was used again meanwhile, in which case it moves to the main queue. If an evicted extent
 * is loaded again soon, the ghost contains its fingerprint, and the extent enters the main queue directly. Therefore
 * one pass over a huge file replaces only a tenth of the memory. Extents in use are skipped. Pinned extents have a
 * queue of their own, so that a search does not inspect them.
 *
 * Extents that the forecast expects are spared, too. Otherwise a reader that follows another one at some distance would
 * find that each extent was evicted just before. A search spares only a few of them, so that it stays short even if the
 * forecast expects all extents.
 *
 * A search never inspects all extents under one lock. Inspected extents move to the other end of their queue, so each
 * search continues where the previous search ended, even for another want. After SEARCHES_MAX consecutive searches
 * without a result, there is no room until an extent is unpinned, and the caller waits for the unpin.
 *
 * Extents of many sizes fragment the memory. To make room for a large block, the victim is evicted together with the
 * other extents of its buddy, unless one of these extents is in use.
 *
 * cache.c and resize.c call these functions on any thread, under shard->lock.
 */
#include "store/evict.h"

/* Number of extents that a search inspects before it also evicts extents that were used again. */
#define SPARING_INSPECT_MAX 768
#define INSPECT_MAX 1536 /* Maximum number of extents that are inspected under one lock. */
/* Number of consecutive searches of INSPECT_MAX extents after which the result is "no room". */
#define SEARCHES_MAX 16
#define PINNED_INSPECT_MAX 16 /* Maximum number of pinned extents that clear_pinned() inspects. */
#define EXPECTED_MAX 128      /* Maximum number of expected extents that a search spares. */
#define EXPECTED_COST 4	      /* An expected extent counts as this many skipped ones. */
#define SKIPPED_MAX 64	      /* Number of skipped extents after which a search changes to the other queue. */

void evict_extent(struct shard *shard, struct cache_extent *extent)
{
	shard->stats.evictions++;
	shard->stats.evicted_bytes += shard_block_bytes(extent);
	if (extent->queue == SHARD_SMALL)
		ghost_add(&shard->ghost, shard_ghost_hash(extent->hash, extent->offset, extent->span),
			  shard_block_bytes(extent));
	shard_remove(shard, extent);
}

static enum shard_queue queue_to_evict_from(const struct shard *shard, unsigned skipped)
{
	bool small = shard->fifos[SHARD_SMALL].bytes > shard->bytes / SHARD_SMALL_SHARE;

	if (skipped / SKIPPED_MAX % 2 != 0)
		small = !small;
	if (shard->fifos[small ? SHARD_SMALL : SHARD_MAIN].oldest == SHARD_NO_PAGE)
		small = !small;
	return small ? SHARD_SMALL : SHARD_MAIN;
}

/* One search for room. */
struct search {
	unsigned first_inspected; /* Value of shard->inspected at the start of the search. */
	unsigned skipped;  /* Number of extents that are in use or expected, or have one in use in their buddy. */
	unsigned expected; /* Number of extents that were spared because the forecast expects them. */
};

/* Returns true if the search spares an extent because a reader will soon need it. */
static bool is_expected(const struct shard *shard, const struct cache_extent *extent, struct search *search)
{
	return shard->forecast != NULL && search->expected < EXPECTED_MAX &&
	       forecast_expects(shard->forecast, &extent->version, extent->offset) && ++search->expected > 0;
}

/*
 * Returns the next extent to evict, in the order of S3-FIFO. Returns NULL if all extents are in use or the budget is
 * used up.
 */
static struct cache_extent *next_victim(struct shard *shard, struct search *search)
{
	while (shard->inspected < INSPECT_MAX && shard->stats.idle_bytes > 0 &&
	       shard->inspected - search->first_inspected < SPARING_INSPECT_MAX + 2 * shard->stats.extents) {
		enum shard_queue queue = queue_to_evict_from(shard, search->skipped);
		struct cache_extent *extent = shard_extent_at(shard, shard->fifos[queue].oldest);
		bool sparing = shard->inspected - search->first_inspected < SPARING_INSPECT_MAX;

		if (extent == NULL)
			return NULL;
		shard->inspected++;
		if (!shard_is_idle(extent)) {
			shard_requeue(shard, extent, queue);
			search->skipped++;
		} else if (sparing && extent->touches == 0 && is_expected(shard, extent, search)) {
			shard_requeue(shard, extent, queue);
			search->skipped += EXPECTED_COST;
		} else if (extent->touches == 0 || !sparing) {
			return extent;
		} else {
			extent->touches = queue == SHARD_SMALL ? 0 : extent->touches - 1;
			shard_requeue(shard, extent, SHARD_MAIN);
		}
	}
	return NULL;
}

/* Returns true if all extents on the pages [page, end) may be evicted. An extent in use may not be evicted. */
static bool may_clear(struct shard *shard, uint32_t page, uint32_t end, bool pinned_too)
{
	struct cache_extent *extent;

	for (; (extent = shard_next_extent(shard, &page, end)) != NULL; shard->inspected++)
		if (!extent->indexed || extent->users > 0 || (extent->pinned && !pinned_too))
			return false;
	return true;
}

/*
 * Evicts the victim and all other extents in the region that a block of this length at the place of the victim needs.
 * Returns false if an extent of the region may not be evicted.
 */
static bool clear_region(struct shard *shard, struct cache_extent *victim, size_t length, bool pinned_too)
{
	struct cache_extent *extent;
	uint32_t page, end;

	arena_region(shard->arena, shard_page_of(shard, victim), length, &page, &end);
	if (!may_clear(shard, page, end, pinned_too)) {
		/* The search continues with another victim. */
		shard_requeue(shard, victim, victim->queue);
		return false;
	}
	for (; (extent = shard_next_extent(shard, &page, end)) != NULL; shard->inspected++)
		evict_extent(shard, extent);
	return true;
}

/*
 * Evicts one of the oldest pinned extents together with the extents around it. Pinned extents may be placed so that no
 * large block fits anywhere, although enough memory is free or idle. Returns false if no region was evicted. If almost
 * all memory is in use, evicting pinned extents would not help, and the caller waits for an unpin.
 */
static bool clear_pinned(struct shard *shard, size_t length)
{
	size_t rest = shard->stats.idle_bytes + arena_free_bytes(shard->arena);
	struct cache_extent *extent;

	if (shard->in_use_bytes > 0 && rest < 2 * ARENA_BLOCK_MAX_BYTES)
		return false;
	for (unsigned i = 0;
	     i < PINNED_INSPECT_MAX && (extent = shard_extent_at(shard, shard->fifos[SHARD_PINNED].oldest)) != NULL;
	     i++)
		if (clear_region(shard, extent, length, true))
			return true;
	return false;
}

/*
 * Decides what follows when a search has found no further victim under this lock. Returns true if pinned extents were
 * evicted instead. Returns false if the search may continue under the next lock, or if there is no room.
 *
 * "No room" implies that an extent is in use, so that the caller can wait for an unpin. Without an extent in use,
 * clear_pinned() succeeds, or no extent is pinned, so that every victim can be evicted.
 */
static bool end_search(struct shard *shard, size_t length)
{
	if (shard->inspected >= INSPECT_MAX && ++shard->failed_searches < SEARCHES_MAX)
		return false;
	shard->failed_searches = 0;
	return clear_pinned(shard, length);
}

bool evict_make_room(struct shard *shard, size_t length)
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
