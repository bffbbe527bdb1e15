/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads: each reads one extent of the cache. A load reads directly at the aligned offsets around the span. An offload
 * thread reads it if the file does not support O_DIRECT or if io_submit would block. A load does not know which wants
 * need the bytes; they wait in the queue of the extent. All functions run on the thread of one reactor.
 *
 * The states of a load, and the functions that move it:
 *
 *	idle ---load_queue()---> queued ---on_dispatch() returns an extent---> loading: extent map (LOAD_MAP),
 *	  ^                        |                    or load_begin()            |  only if it is not known
 *	  |                        |                                               v
 *	  |                        |                                        reading (LOAD_DISK, LOAD_OFFLOAD)
 *	  |                        |                                               |
 *	  +---queue_cancel()-------+                                               | check of the version
 *	  +---queue_finish()-------+ if on_dispatch() led to no extent             |
 *	  +---load_cancel(), if its read was not submitted and no want waits-------+
 *	  +---on_end(), without a read, if no want waits after LOAD_MAP------------+
 *	  +---on_end(), after cache_loaded() has answered all waits----------------+
 *
 *	State		Memory held
 *	queued		none, so that reads of a slow or hanging device occupy no memory
 *	loading		one extent, with one user for the load
 *	reading		likewise; the extent and the file must live until the read has ended
 */
#ifndef STORE_LOAD_H
#define STORE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/disk.h"
#include "engine/offload.h"
#include "engine/queue.h"
#include "engine/reactor.h"
#include "store/cache.h"
#include "store/file.h"
#include "store/span.h"

#define LOAD_CHECKS 16 /* Size of a small hash table, see struct load_check. */

/* The result of file_check() after a batch of completions. It is valid for all reads of that batch. */
struct load_check {
	const struct file *file;
	uint64_t batch;
	int result;
};

/* State that all loads of one reactor share. The caller allocates the struct, sets the pointers and zeroes the rest. */
struct load_shared {
	struct reactor *reactor;
	struct disk *disk;
	struct queue *queue;
	struct cache *cache;
	struct offload *offload;
	/* Results. */
	/* Totals of disk and offload threads. Relaxed: written by the reactor only. */
	_Atomic uint64_t reads, read_bytes;
	/* Private. */
	struct load_check checks[LOAD_CHECKS];
};

enum load_stage { LOAD_NONE, LOAD_MAP, LOAD_DISK, LOAD_OFFLOAD };

/*
 * One load. The caller allocates and zero-initialises the struct. It must live until `loading` is false and its ticket
 * is QUEUE_IDLE.
 */
struct load {
	struct load_shared *shared;
	struct file *file; /* A reference that the caller holds for the life of the load. */
	/*
	 * The queue dispatches the load. Returns the extent to fill. Returns NULL if there is none, or none yet: then
	 * the caller must finish the ticket, and may already have freed the load. An extent that becomes available
	 * later is passed to load_begin().
	 */
	struct cache_extent *(*on_dispatch)(struct load *load);
	/* The load has ended and all waits for its extent were answered. It is not used after this call. */
	void (*on_end)(struct load *load);
	/* In use from load_queue() on. Finished by load.c once load_begin() was called. */
	struct queue_ticket ticket;
	/* Results. */
	/* The extent is being filled, by this load or by another one that it is a part of. */
	bool loading;
	/* Time that the disk has spent; complete when the waits are answered. */
	uint64_t took_ns;
	/* Private. */
	struct cache_extent *extent;
	struct disk_read disk;
	struct offload_job job;
	/* For a load that reads. */
	/* Loads of contiguous extents; the first is this load. */
	struct load *parts[DISK_PARTS_MAX];
	unsigned part_count;
	size_t length; /* Sum of all parts. */
	size_t needed; /* Bytes of `length` up to the end of the file. */
	size_t got;
	ssize_t result; /* Result of an offload job. */
	enum load_stage stage;
};

/*
 * Queues the load for the disk, with the range that is missing. on_dispatch() does not run before this returns. Returns
 * 0, -EBUSY or -ENOMEM, see queue_add().
 */
int load_queue(struct load *load, enum queue_class class, const void *client, const struct span *missing);

/* Starts to fill the extent that the cache has given to this dispatched load. The load may end before this returns. */
void load_begin(struct load *load, struct cache_extent *extent);

/*
 * Tries to cancel a load whose owner does not need it any longer. This succeeds if its read is queued at the disk but
 * was not submitted, no other load is a part of it, and no want waits for its extent. Then `loading` is false and
 * on_end() does not run. Otherwise the load continues to its end. A load that is loading its extent map then ends
 * without a read, if it still has no other part and no want waits. An idle load is allowed.
 */
void load_cancel(struct load *load);

#endif
