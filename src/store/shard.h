/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A shard is one part of the cache, with its own lock. It consists of memory, an index of the extents in this memory,
 * and the queues from which S3-FIFO evicts. The functions do no I/O, make no syscalls and run no callbacks. All
 * functions except shard_init() and shard_fini() require shard->lock. Eviction is in evict.h, growing and shrinking in
 * resize.h.
 *
 * The life of an extent ("users" is its reference count, shard_pin() and shard_unpin() change it):
 *
 *	              shard_add(): takes a block of the arena, users = 1 (the load)
 *	                                   |
 *	                                   v
 *	                               loading  (in the index, ready = false, wants may wait for it)
 *	     cache_loaded(0): one user     |        cache_loaded(error), cache_abandon():
 *	     for each want that waited     |        shard_remove() and shard_unpin()
 *	                  +----------------+----------------------+
 *	                  v                                       v
 *	  shard_pin() +-> in use  (users > 0)                   freed: the block returns to the arena
 *	              |   |    |                                  ^
 *	              |   |    | shard_remove(): changed file,    |
 *	              |   |    |  purge, young file               |
 *	              |   |    +--> unindexed (users > 0) --------+ last shard_unpin()
 *	              |   | last shard_unpin()                    |
 *	              |   +---- evict_on_unpin is set ------------+
 *	              |   v                                       |
 *	              +-- idle  (users = 0) ----------------------+ evict_extent(), shard_remove()
 *
 * An idle extent is in the small or the main queue, or in the queue of pinned extents if its cache policy is "pin"
 * (extent->pinned). Pinned extents are evicted only if they prevent large blocks, see evict.c. An extent in use keeps
 * its queue, but eviction skips it.
 */
#ifndef STORE_SHARD_H
#define STORE_SHARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/arena.h"
#include "engine/mapping.h"
#include "store/file.h"
#include "store/forecast.h"
#include "store/ghost.h"

#define SHARD_WHOLE_MAX_BYTES ARENA_BLOCK_MAX_BYTES /* A file up to this size is one extent. */
#define SHARD_EXTENT_BYTES ((size_t)256 << 10)	    /* Size of the extents of a larger file. */
#define SHARD_NO_PAGE UINT32_MAX
#define SHARD_SMALL_SHARE 10 /* The small queue has one tenth of the memory. */

/*
 * The key of an extent: its number in one version of a file. Keys are hashed and compared as bytes, so the struct has
 * no padding.
 */
struct shard_key {
	struct file_version version;
	uint64_t number;
};

/* Reasons to evict an extent with its last shard_unpin(). */
#define SHARD_TRANSIENT 1U /* No request has asked to retain the extent. */
/* The extent is above the size of the shard, in memory that will be returned to the kernel. */
#define SHARD_ABOVE_END 2U

enum shard_queue { SHARD_NO_QUEUE, SHARD_SMALL, SHARD_MAIN, SHARD_PINNED, SHARD_QUEUES };

/*
 * Contiguous bytes of one version of a file, or the memory into which the bytes are being read. The struct describes
 * the complete extent with its key, or only a span that begins in this extent.
 *
 * There is one struct for each page of the arena, so its size is most of the cache's overhead. Members that follow from
 * others are functions: shard_number_of(), shard_block_of(). The members of a lookup come first. The bit fields share
 * one word, so they are read and written only under the lock of the shard.
 */
struct cache_extent {
	struct file_version version;
	uint64_t hash;	      /* Hash of the key. */
	uint64_t offset;      /* Offset in the file, aligned for direct reads. */
	uint32_t length;      /* Length of the read. Bytes after the end of the file are padding. */
	uint32_t chain;	      /* Next extent of the bucket, as a page number. */
	uint32_t users;	      /* Reference count: readers, and one for the load while the extent is read. */
	unsigned queue : 2;   /* enum shard_queue */
	unsigned touches : 2; /* Number of uses since the extent was added or inspected for eviction, at most 3. */
	unsigned evict_on_unpin : 2; /* SHARD_TRANSIENT, SHARD_ABOVE_END */
	bool used : 1;		     /* This struct describes an extent. */
	bool ready : 1;		     /* The read has ended. */
	bool span : 1;		     /* The bytes are only a part of the extent with this key. */
	bool pinned : 1;	     /* Cache policy "pin": excluded from eviction. */
	bool indexed : 1;      /* In the index and in a queue. Other extents are freed with the last shard_unpin(). */
	uint32_t newer, older; /* Neighbours in the queue, as page numbers. */
	/*
	 * End of the read of a remote file (CLOCK_MONOTONIC), see proof.h. 0: the version was checked after the read.
	 */
	uint64_t read_ns;
	struct cache_wait *waits; /* Owned by cache.c: wants that wait for the end of the read. */
};

struct shard_stats {
	uint64_t hits, coalesced, loads; /* Counted by cache.c. */
	uint64_t evictions, evicted_bytes, ghost_hits;
	uint64_t admissions; /* Complete extents that replaced their spans. */
	size_t idle_bytes, pinned_bytes;
	unsigned extents;
};

/* A queue of extents, linked by page numbers. */
struct shard_fifo {
	uint32_t newest, oldest;
	size_t bytes;
};

struct shard {
	pthread_mutex_t lock;
	size_t bytes; /* Size of the shard. While the shard shrinks, extents in use may lie above the size. */
	bool retain;  /* false: an extent is evicted with its last shard_unpin(). */
	/*
	 * Bytes of extents in use. Written under the lock, read without it. Relaxed: the sum publishes no other data.
	 */
	_Atomic size_t in_use_bytes;
	struct arena *arena;
	uint8_t *memory; /* Address of the first page of the arena. Never changes. */
	struct mapping table;
	/* Array in `table`. The index of an extent is its first page number. Never moves. */
	struct cache_extent *extents;
	uint32_t *buckets, mask;
	/*
	 * While the number of buckets changes: the new buckets, their mask, and the number of old buckets that were
	 * moved. At all other times, next_buckets is NULL.
	 */
	uint32_t *next_buckets, next_mask, moved;
	struct shard_fifo fifos[SHARD_QUEUES];
	unsigned inspected;		 /* Private to evict.c: extents inspected since the lock was taken. */
	const struct forecast *forecast; /* The forecast of the cache, or NULL. Extents that it expects are spared. */
	unsigned failed_searches; /* Private to evict.c: consecutive searches that found no room under one lock. */
	struct ghost ghost;
	struct shard_stats stats;
	struct cache_wait *waits;   /* Owned by cache.c: wants that wait for memory, in the order of arrival. */
	struct resize_tables *next; /* Owned by resize.c. */
};

static inline uint32_t shard_page_of(const struct shard *shard, const struct cache_extent *extent)
{
	return (uint32_t)(extent - shard->extents);
}

/* Returns the block of the arena that contains the bytes of the extent. Does not require the lock. */
static inline uint8_t *shard_block_of(const struct shard *shard, const struct cache_extent *extent)
{
	return shard->memory + (size_t)shard_page_of(shard, extent) * ARENA_BLOCK_MIN_BYTES;
}

/* Returns the extent that begins on this page, or NULL for SHARD_NO_PAGE. */
static inline struct cache_extent *shard_extent_at(const struct shard *shard, uint32_t page)
{
	return page != SHARD_NO_PAGE ? &shard->extents[page] : NULL;
}

/* Returns the first page number after the arena. */
static inline uint32_t shard_page_end(const struct shard *shard)
{
	return (uint32_t)arena_page_count(shard->arena);
}

/* Returns true if the extent may be evicted. */
static inline bool shard_is_idle(const struct cache_extent *extent)
{
	return extent->users == 0 && !extent->pinned;
}

/* Returns the number of an extent in its version of the file, which is part of its key. */
static inline uint64_t shard_number_of(const struct cache_extent *extent)
{
	return extent->version.size <= SHARD_WHOLE_MAX_BYTES ? 0 : extent->offset / SHARD_EXTENT_BYTES;
}

/* Returns the memory that the extent occupies. */
static inline size_t shard_block_bytes(const struct cache_extent *extent)
{
	return arena_block_bytes(extent->length);
}

/* Initialises a shard of `bytes` that can grow to max_bytes, see arena_new_growable(). Returns 0 or -errno. */
int shard_init(struct shard *shard, size_t bytes, size_t max_bytes, bool retain);
/* Frees the shard and its extents. No extent may be in use. */
void shard_fini(struct shard *shard);

/*
 * Returns the hash of a key, which depends on a secret of the process. Clients choose the offsets of extents, so with a
 * public hash function they could direct all extents into one bucket or one shard.
 */
uint64_t shard_hash(const struct shard_key *key);

/* The result of a search in the index. */
struct shard_view {
	struct cache_extent *extent; /* Extent that covers the range, ready or loading, or NULL. */
	/* If `extent` is NULL: number of the spans with the same key, and their total length. */
	unsigned spans;
	size_t span_bytes;
};

/* Searches for an extent that covers [offset, offset + length). Does not pin or touch the extent. */
void shard_find(struct shard *shard, const struct shard_key *key, uint64_t hash, uint64_t offset, size_t length,
		struct shard_view *view);

/*
 * Adds an extent with one user, the load that fills it. The caller has made room with evict_make_room(). A complete
 * extent (not a span) replaces the ready spans with its key. Never fails.
 */
struct cache_extent *shard_add(struct shard *shard, const struct shard_key *key, uint64_t hash, uint64_t offset,
			       size_t length, bool span);

/* Adds a user. */
void shard_pin(struct shard *shard, struct cache_extent *extent);
/*
 * Removes a user. With the last user, an extent that is not in the index is freed, and an extent that is transient or
 * above the size of the shard is evicted. Returns true if this was the last user, so that there may be room for wants
 * that wait for memory.
 */
bool shard_unpin(struct shard *shard, struct cache_extent *extent);
/* Counts a use of the extent for S3-FIFO. */
void shard_touch(struct cache_extent *extent);
/*
 * Sets the policy "pin" for an extent, unless pinned extents would exceed half of the shard. Pinned extents are not
 * evicted, with one exception: if they are placed so that no large block fits anywhere, the oldest pinned extents are
 * evicted together with the extents around them.
 */
void shard_set_pinned(struct shard *shard, struct cache_extent *extent);
void shard_clear_pinned(struct shard *shard, struct cache_extent *extent);
/* Moves an extent to the end of a queue. */
void shard_requeue(struct shard *shard, struct cache_extent *extent, enum shard_queue queue);
/* Returns the number of bytes of the extent that lie inside the file. */
size_t shard_file_bytes(const struct cache_extent *extent);
/*
 * Removes an extent from the index, so that no want finds it. An idle extent is freed at once, an extent in use with
 * its last user. Returns shard_file_bytes(), or 0 if the extent was not in the index.
 */
size_t shard_remove(struct shard *shard, struct cache_extent *extent);
/* Removes all extents and spans with this key. Returns the sum of their shard_file_bytes(). */
size_t shard_remove_key(struct shard *shard, const struct shard_key *key, uint64_t hash);
/*
 * Returns the sum of shard_file_bytes() of all ready extents and spans with this key. Adds those of pinned extents to
 * *pinned_bytes.
 */
uint64_t shard_key_bytes(struct shard *shard, const struct shard_key *key, uint64_t hash, uint64_t *pinned_bytes);
/*
 * Runs one step of removing all extents of a version. Removes the extents on the next pages from *page on, adds their
 * bytes to *bytes, and sets *page for the next step. Returns false at the end of the shard. Extents that are added on
 * pages before *page between two steps are not removed.
 */
bool shard_remove_version(struct shard *shard, const struct file_version *version, uint32_t *page, size_t *bytes);

/* Returns the first extent on the pages [*page, end), or NULL. Sets *page to the page after the extent. */
struct cache_extent *shard_next_extent(struct shard *shard, uint32_t *page, uint32_t end);
/*
 * Returns the hash of an extent or span for the ghost. Spans with the same key and different offsets have different
 * hashes.
 */
uint64_t shard_ghost_hash(uint64_t hash, uint64_t offset, bool span);

/* Returns the size of the table of extents for a shard of `bytes`. */
size_t shard_table_bytes(size_t bytes);
/* Returns the number of buckets for a shard of `bytes`, a power of two. */
uint32_t shard_bucket_count(size_t bytes);
/* Returns `count` empty buckets, which the caller frees with free(), or NULL if there is no memory. */
uint32_t *shard_new_buckets(uint32_t count);
/*
 * Runs one step of moving all extents to new buckets. Between the steps, lookups find all extents. Returns NULL if more
 * extents must be moved, or the old buckets, which the caller frees.
 */
uint32_t *shard_change_buckets(struct shard *shard, uint32_t *buckets, uint32_t count);
/* Returns the number of evicted bytes that the ghost of a shard of `bytes` remembers. */
uint64_t shard_ghost_bytes(size_t bytes);

/* Asserts that index, queues, sums and arena are consistent. For tests. */
void shard_check(struct shard *shard);

#endif
