/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of files that are in memory or on their way there, shared by all reactors: shards with a lock each, chosen
 * by the hash of the extent. Who wants a span gets an extent that holds it, pinned; or waits for one that somebody
 * reads; or reads it; or waits for memory. It does no I/O. No syscall is made and nobody is called back under a lock.
 */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/reactor.h"
#include "store/shard.h"
#include "store/span.h"

#define CACHE_SPAN_MAX_BYTES (ARENA_BLOCK_MAX_BYTES - FILE_ALIGNMENT_MAX) /* of one want that is not in one extent */

struct cache;

/* What is read around a span that is not there. */
enum cache_reach {
	CACHE_AS_NEEDED, /* the whole extent if much of it is wanted, now or lately; else the span */
	CACHE_EXACT,	 /* the span */
	CACHE_WHOLE,	 /* the whole extent: the rest will be wanted, too */
};

/* What one want asks for. */
struct cache_span {
	const struct file_version *version;
	uint32_t alignment; /* of a read of this file */
	uint64_t offset;
	size_t length; /* 1 … CACHE_SPAN_MAX_BYTES, or what lies in one extent; inside the version's size */
	enum cache_reach reach;
	bool transient; /* not to be kept */
	bool pinned;	/* to be kept for good */
};

enum cache_answer {
	CACHE_MISS,	 /* nobody has it or reads it */
	CACHE_HIT,	 /* wait->extent is pinned for the caller and ready */
	CACHE_COALESCED, /* somebody reads it: wait->ready() will run */
	CACHE_LOAD,	 /* wait->extent is the caller's to read: cache_loaded() or cache_abandon() */
	CACHE_QUEUED,	 /* there is no memory: wait->ready() will run, with CACHE_HIT or CACHE_LOAD */
};

enum cache_wait_state { CACHE_NOT_WAITING, CACHE_WAITING_FOR_READ, CACHE_WAITING_FOR_MEMORY, CACHE_POSTED };

/* Of one want that can't be answered at once; the caller's storage. */
struct cache_wait {
	struct reactor_message message;
	struct cache_wait *next, *prev;
	struct reactor *reactor; /* where ready() runs */
	/*
	 * answer: CACHE_HIT, CACHE_LOAD (the caller reads wait->extent, and waits for it only once cache_wait_for_read() was
	 * called), or -errno of the read.
	 */
	void (*ready)(struct cache_wait *wait, int answer);
	struct cache_span span;
	struct cache_extent *extent;
	int answer;
	enum cache_wait_state state;
};

struct cache_stats {
	struct shard_stats sums; /* of all shards */
	size_t bytes, free_bytes, in_use_bytes, small_bytes, main_bytes;
	size_t fragmented_bytes; /* free, but in pieces that no extent of a large file fits into: what fragmentation takes
				*/
	unsigned waiting;	 /* for memory */
	unsigned shards;
};

/*
 * bytes: a multiple of ARENA_BLOCK_MAX_BYTES, all of it touched now. retain: false: an extent goes with its last
 * reader. 0, -EINVAL or -ENOMEM. How many shards there are, one to 16, follows from it, and stays so.
 */
int cache_new(struct cache **cache, size_t bytes, bool retain);
/* No extent is pinned and nobody waits. NULL is fine. */
void cache_free(struct cache *cache);

/*
 * Another size, or another answer to whether anything is kept, while it is used. `bytes` as of cache_new(), but rounded
 * up to one ARENA_BLOCK_MAX_BYTES a shard: cache_bytes() says what it is then. By one thread at a time, as
 * cache_finish_resize(), and no reactor's: new memory is touched before anybody gets it. What lies in the part that
 * goes is evicted, or goes with its last reader; who waits for memory waits for the part that stays. 0; -EINVAL,
 * -ENOMEM, or -E2BIG (more than the machine has, or than it had addresses for at its start): then nothing has changed.
 * cache_finish_resize() is next.
 */
int cache_resize(struct cache *cache, size_t bytes, bool retain);
/*
 * Gives the kernel back what is free of the part that went. True: there is nothing more to give back; else it is to be
 * called again, in a few seconds. From the second time on, what readers have not let go of is read again for new ones,
 * so it ends when the readers of now do.
 */
bool cache_finish_resize(struct cache *cache);

/* Whether [first, last] of a file lies in one extent. */
bool cache_in_one_extent(const struct file_version *version, uint64_t first, uint64_t last);

/*
 * Only looks. CACHE_HIT: *extent holds the span and is pinned for the caller. CACHE_COALESCED: it is being read,
 * cache_want() would wait for it. CACHE_MISS: *read is what would be read: the whole extent, or just the span, aligned.
 * Any thread.
 */
enum cache_answer cache_find(struct cache *cache, const struct cache_span *span, struct cache_extent **extent,
			     struct span *read);

/*
 * wait->span, ->reactor and ->ready are set by the caller, who is on that reactor's thread. may_load: on a miss take
 * memory for it, or queue for memory. After CACHE_LOAD the wait waits for its own extent, like those that join.
 */
enum cache_answer cache_want(struct cache *cache, struct cache_wait *wait, bool may_load);
/* After ready(CACHE_LOAD): the wait waits for its extent from here on. */
void cache_wait_for_read(struct cache *cache, struct cache_wait *wait);
/*
 * The wait is given up. True: it is out and ready() will not run. False: ready() is under way; the wait must live until
 * then. On the wait's reactor's thread.
 */
bool cache_cancel(struct cache *cache, struct cache_wait *wait);
/* Cancels the wait only if it is in the line for memory. False: it is not, or not any longer, and ready() will run. */
bool cache_cancel_queued(struct cache *cache, struct cache_wait *wait);

/*
 * The read has ended: error 0, then the bytes are there; or -errno, then it is forgotten. Those who wait are answered:
 * with a pin each, or the error. Those of `reactor` are returned, linked by ->next, for the caller to cache_deliver();
 * the others are posted to their reactors.
 */
struct cache_wait *cache_loaded(struct cache *cache, struct cache_extent *extent, int error, struct reactor *reactor);
/* Calls ready(). The next one is ->next, to be looked at before. */
void cache_deliver(struct cache_wait *wait);
/* Gives up an extent before its read began, if nobody waits for it. True: it is gone. */
bool cache_abandon(struct cache *cache, struct cache_extent *extent);

/* An extent that the caller has pinned was used once more. Any thread. */
void cache_touch(struct cache *cache, struct cache_extent *extent);
/* Takes an extent that the caller has pinned out of the table: no other want finds it, and its last pin frees it. Any
 * thread. */
void cache_unindex(struct cache *cache, struct cache_extent *extent);
/* One pin less. Any thread. */
void cache_unpin(struct cache *cache, struct cache_extent *extent);

/*
 * Forgets all extents of a version; who has one pinned keeps it till he lets go. How many bytes they were, or are being
 * read to. Any thread.
 */
size_t cache_invalidate(struct cache *cache, const struct file_version *version);

/* An extent that is there: how much of which version. */
struct cache_resident {
	struct file_version version;
	size_t bytes;
	bool pinned;
};

/* Where a walk through all extents is; all zero: at its start. */
struct cache_cursor {
	unsigned shard;
	uint32_t page;
};

/*
 * The next extents that are there, at most `room`: how many; 0: there are no more. What comes or goes during a walk may
 * be in it or not. Any thread.
 */
size_t cache_walk(struct cache *cache, struct cache_cursor *cursor, struct cache_resident *list, size_t room);
/* False: an extent goes with its last reader. Any thread. */
bool cache_retains(struct cache *cache);

/* Bytes that are pinned or being read; a little out of date. Any thread. */
size_t cache_in_use_bytes(const struct cache *cache);
size_t cache_bytes(const struct cache *cache);
/* More than half of the shard of this extent, which the caller has pinned, is pinned. Any thread. */
bool cache_is_crowded(const struct cache *cache, const struct cache_extent *extent);
unsigned cache_waiting(const struct cache *cache);
/* Any thread. */
void cache_stats(struct cache *cache, struct cache_stats *stats);
/* shard_check() of all, and that who is first in line for memory can't be served. For tests. */
void cache_check(struct cache *cache);

#endif
