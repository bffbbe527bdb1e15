/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One part of the cache with a lock of its own: memory, a table of the extents that lie in it, and which of them go
 * when there is no room (S3-FIFO). It does no I/O, makes no syscall and calls nobody back. All functions but init and
 * fini want shard->lock. How it grows and shrinks is in store/resize.h.
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
#include "store/ghost.h"

#define SHARD_WHOLE_MAX_BYTES ARENA_BLOCK_MAX_BYTES /* a file up to this size is one extent */
#define SHARD_EXTENT_BYTES ((size_t)256 << 10)	    /* of a larger file */

/* The place of an extent: the nth of one version of a file. Compared and hashed as bytes: it has no padding. */
struct shard_key {
	struct file_version version;
	uint64_t number;
};

#define SHARD_TRANSIENT 1 /* nobody has asked for it to be kept */
#define SHARD_ABOVE_END 2 /* its memory is to be given back */

enum shard_queue { SHARD_NO_QUEUE, SHARD_SMALL, SHARD_MAIN, SHARD_PINNED, SHARD_QUEUES };

/*
 * Contiguous bytes of one version of a file, or the place where they are being read to: all of the extent with that
 * key, or just a span that begins in it.
 */
struct cache_extent {
	struct shard_key key;
	uint64_t hash;
	uint64_t offset;  /* in the file, aligned for the read */
	size_t length;	  /* bytes from there; past the file's end there is padding */
	uint8_t *block;	  /* at least length bytes */
	uint64_t read_ns; /* when they had been read, if their version is still to be proven (see proof.h); 0: it was
			     checked */
	struct cache_wait *waits; /* the cache's: who waits for the end of the read */
	uint32_t users;		  /* readers; and, while it is being read, 1 for whoever does that */
	uint32_t chain;		  /* next of its bucket; the next three are numbers of pages */
	uint32_t newer, older;	  /* of its queue */
	uint8_t queue;		  /* enum shard_queue */
	uint8_t touches;	  /* 0 … 3, since it came or since eviction last looked at it */
	bool used;		  /* this struct speaks for an extent */
	bool ready;		  /* its bytes are there */
	bool span;		  /* not the whole of the extent with its key */
	bool pinned;		  /* never evicted, as long as there is room for others */
	uint8_t evict_on_unpin;	  /* with its last reader, if any is set: SHARD_TRANSIENT, SHARD_ABOVE_END */
	bool indexed;		  /* in the table; else it goes with its last reader, too */
};

struct shard_stats {
	uint64_t hits, coalesced, loads; /* the cache's */
	uint64_t evictions, evicted_bytes, ghost_hits;
	uint64_t admissions; /* of whole extents in place of spans */
	size_t idle_bytes, pinned_bytes;
	unsigned extents;
};

struct shard_fifo {
	uint32_t newest, oldest;
	size_t bytes;
};

struct shard {
	pthread_mutex_t lock;
	size_t bytes;		     /* that may be used; extents that are pinned can lie above, until they are not */
	bool retain;		     /* false: an extent goes with its last reader */
	_Atomic size_t in_use_bytes; /* written under the lock, read without */
	struct arena *arena;
	struct mapping table;
	struct cache_extent *extents; /* the table: by the page that their block begins on */
	uint32_t *buckets, mask;
	uint32_t *next_buckets, next_mask,
		moved; /* while their number changes: the first ones have moved there; else NULL */
	struct shard_fifo fifos[SHARD_QUEUES];
	unsigned inspected;	  /* since shard_begin() */
	unsigned failed_searches; /* in a row that ended before they had found room */
	struct ghost ghost;
	struct shard_stats stats;
	struct cache_wait *waits;   /* the cache's: who waits for memory, in order */
	struct resize_tables *next; /* of whoever changes its size */
};

/* As arena_new_growable(). 0 or -errno. */
int shard_init(struct shard *shard, size_t bytes, size_t max_bytes, bool retain);
/* No extent is pinned. */
void shard_fini(struct shard *shard);

/* Under the secret of the process: a client chooses the offsets that it asks for, and could fill one bucket, or one
 * shard, with them. */
uint64_t shard_hash(const struct shard_key *key);

/* What there is of one extent. */
struct shard_view {
	struct cache_extent *extent; /* read or being read, which holds what was looked for; NULL: none does */
	unsigned spans;		     /* if none does: how many spans of the extent there are, */
	size_t span_bytes;	     /* and how much of it they hold */
};

/* Looks for [offset, offset + length). What is found is neither pinned nor touched. */
void shard_find(struct shard *shard, const struct shard_key *key, uint64_t hash, uint64_t offset, size_t length,
		struct shard_view *view);

/* The lock was just taken: from here on so many extents are looked at to make room until it should be released, and no
 * more. */
static inline void shard_begin(struct shard *shard)
{
	shard->inspected = 0;
}

/*
 * A new extent, pinned once, for its maker to read, after evicting what has to go; NULL: no room for it until something
 * is unpinned, or, if shard_is_searching(), as far as was looked: then it is to be called again once the lock was
 * released. A whole one takes the place of its spans.
 */
struct cache_extent *shard_make(struct shard *shard, const struct shard_key *key, uint64_t hash, uint64_t offset,
				size_t length, bool span);

/* The last shard_make() was NULL because it had looked at enough extents for one hold of the lock. It ends after some
 * such holds. */
static inline bool shard_is_searching(const struct shard *shard)
{
	return shard->failed_searches > 0;
}

/* It is not called again. */
static inline void shard_end_search(struct shard *shard)
{
	shard->failed_searches = 0;
}

void shard_pin(struct shard *shard, struct cache_extent *extent, unsigned pins);
/* The last pin of what is transient or in the table no more frees it. True: there may be room now for who waits for it.
 */
bool shard_unpin(struct shard *shard, struct cache_extent *extent);
/* It was used once more. */
void shard_touch(struct cache_extent *extent);
/*
 * Not evicted from now on, as long as at most half of the shard is, and unless such extents lie so that nothing large
 * has room anywhere: then the oldest of them go, and what lies around them.
 */
void shard_set_pinned(struct shard *shard, struct cache_extent *extent);
void shard_clear_pinned(struct shard *shard, struct cache_extent *extent);
/* Its length without what lies past the file's end. */
size_t shard_file_bytes(const struct cache_extent *extent);
/* Nobody finds it any more; freed with its last pin. Its shard_file_bytes(), or 0: it was forgotten before. */
size_t shard_remove(struct shard *shard, struct cache_extent *extent);
/* Forgets all of one extent, */
size_t shard_remove_key(struct shard *shard, const struct shard_key *key, uint64_t hash);
/*
 * or those of a version that have memory in some pages from *page on: their bytes are added to *bytes, *page is where
 * to go on. False: that was the end of the shard. What is made in pages that were walked already stays, as does what is
 * made after the walk.
 */
bool shard_remove_version(struct shard *shard, const struct file_version *version, uint32_t *page, size_t *bytes);

/* Of one that is in use by nobody: as if its turn had come. */
void shard_evict(struct shard *shard, struct cache_extent *extent);
/* The first extent that has memory in pages [page, end), or NULL; *page is the one after it. */
struct cache_extent *shard_next_extent(struct shard *shard, uint32_t *page, uint32_t end);
/* Of the table of extents, for so many bytes of memory. */
size_t shard_table_bytes(size_t bytes);
/* How many buckets it needs, a power of two; and such a table, for the caller to free() if it is not used. NULL: no
 * memory. */
uint32_t shard_bucket_count(size_t bytes);
uint32_t *shard_new_buckets(uint32_t count);
/*
 * Moves extents to another table of so many buckets, as many as may be under one hold of the lock; between two calls,
 * which are of the same table, all are found. NULL: there are more to move. Else the table before, for the caller to
 * free.
 */
uint32_t *shard_change_buckets(struct shard *shard, uint32_t *buckets, uint32_t count);
/* Of `bytes`, what the ghost remembers. */
uint64_t shard_ghost_bytes(size_t bytes);

/* Asserts that table, queues, sums and arena agree. For tests. */
void shard_check(struct shard *shard);

#endif
