/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A load reads the bytes of one extent of the cache. It reads the aligned range around the span with O_DIRECT. If the
 * file does not support O_DIRECT, or if io_submit would block, an offload thread reads the range. The wants that need
 * the bytes wait in the queue of the extent, so a load has no list of wants. All functions run on the thread of one
 * reactor.
 *
 * The states of a load, and the functions or events that change its state:
 *
 *	idle ---load_queue()---> queued ---on_dispatch() returns an extent---> loading: open (LOAD_OPEN), extent map
 *	  ^                        |                    or load_begin()            |  (LOAD_MAP), each only if necessary
 *	  |                        |                                               v
 *	  |                        |                                        reading (LOAD_DISK, LOAD_OFFLOAD)
 *	  |                        |                                               |
 *	  +---queue_cancel()-------+                                               | check of the version
 *	  +---queue_finish()-------+ if on_dispatch() led to no extent             |
 *	  +---load_cancel(), if its read was not submitted and no want waits-------+
 *	  +---on_end(), without a read, if no want waits after these---------------+
 *	  +---on_end(), after cache_loaded() has answered all waits----------------+
 *
 *	State		Memory held
 *	queued		none, so that reads of a slow or hanging device occupy no memory
 *	loading		one extent, which has the load as a user
 *	reading		one extent; the extent and the file must live until the read has ended
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
#include "store/descriptors.h"
#include "store/file.h"
#include "store/span.h"

#define LOAD_CHECKS 16 /* Size of the hash table of struct load_check. */

/* The result of file_check() after a batch of completions. It is valid for all reads of that batch. */
struct load_check {
	const struct file *file;
	uint64_t batch;
	int result;
};

/*
 * State that all loads of one reactor share. The caller allocates the struct, sets the pointers, and sets all other
 * members to zero.
 */
struct load_shared {
	struct reactor *reactor;
	struct disk *disk;
	struct queue *queue;
	struct cache *cache;
	struct offload *offload;
	/* Results. */
	/* Totals of the disk and the offload threads. Relaxed: only the reactor writes the numbers. */
	_Atomic uint64_t reads, read_bytes;
	/* Private. */
	struct load_check checks[LOAD_CHECKS];
};

enum load_stage { LOAD_NONE, LOAD_OPEN, LOAD_MAP, LOAD_DISK, LOAD_OFFLOAD };

/*
 * One load. The caller allocates and zero-initialises the struct. The struct must live until `loading` is false and its
 * ticket is QUEUE_IDLE.
 */
struct load {
	struct load_shared *shared;
	struct file *file; /* A reference that the caller holds for the life of the load. */
	/*
	 * A reference to the descriptor of the file, from load_begin() until the owner frees the load, or NULL. The
	 * owner releases the reference.
	 */
	struct descriptor *descriptor;
	/*
	 * Runs when the queue dispatches the load. Returns the extent to fill, or NULL if no extent is available. After
	 * NULL, load.c does not access the load, because its owner may have freed it. The owner calls load_begin() if
	 * an extent becomes available later, and otherwise finishes the ticket.
	 */
	struct cache_extent *(*on_dispatch)(struct load *load);
	/*
	 * Reports that the load has ended and all waits for its extent were answered. load.c does not access the load
	 * after this call.
	 */
	void (*on_end)(struct load *load);
	/*
	 * Ticket of the disk queue, in use after load_queue(). If load_begin() was called, load.c finishes the ticket.
	 */
	struct queue_ticket ticket;
	/* Results. */
	/* The extent is being filled, by this load or by another load of which this load is a part. */
	bool loading;
	/* Time that the disk has taken. The value is complete when the waits are answered. */
	uint64_t took_ns;
	/* Private. */
	struct cache_extent *extent;
	struct disk_read disk;
	struct offload_job job;
	/* The members below are not used by a load that is a part of another load. */
	/* Loads of contiguous extents. The first element is this load. */
	struct load *parts[DISK_PARTS_MAX];
	unsigned part_count;
	size_t length; /* Sum of the lengths of all parts. */
	size_t needed; /* Bytes of `length` up to the end of the file. */
	size_t got;
	ssize_t result; /* Result of an offload job: a length, 0 or -errno. */
	enum load_stage stage;
};

/*
 * Queues the load for the disk, with the range that is missing. on_dispatch() does not run before load_queue() has
 * returned. Returns 0, -EBUSY or -ENOMEM, see queue_add().
 */
int load_queue(struct load *load, enum queue_class class, const void *client, const struct span *missing);

/*
 * Starts to fill an extent that the cache has added for this dispatched load. The load may end before the function
 * returns.
 */
void load_begin(struct load *load, struct cache_extent *extent);

/*
 * Tries to cancel a load that its owner no longer needs. The load is cancelled if its read is queued at the disk but
 * was not submitted, no other load is a part of it, and no want waits for its extent. In that case, `loading` is false
 * and on_end() does not run. Otherwise the load continues to its end. If the load is opening the file or loading its
 * extent map, it ends without a read, unless it has other parts or a want waits for its extent. An idle load is
 * allowed.
 */
void load_cancel(struct load *load);

#endif
