/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads that bring extents of the cache in: by the disk, directly at the aligned offsets around what is wanted, or by
 * an offload thread where the file can't do O_DIRECT or io_submit would block. Who wants the bytes is not known here:
 * the cache knows who waits for an extent. All on one reactor's thread.
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

#define LOAD_CHECKS 16

/* A look at a file after the disk has handed over a batch of reads is good for all of them. */
struct load_check {
	const struct file *file;
	uint64_t batch;
	int result;
};

/* What the loads of one reactor have in common; the caller's storage, which sets the pointers and zeroes the rest. */
struct load_shared {
	struct reactor *reactor;
	struct disk *disk;
	struct queue *queue;
	struct cache *cache;
	struct offload *offload;
	/* result */
	_Atomic uint64_t reads, read_bytes; /* so far, by disk and offload threads */
	/* private */
	struct load_check checks[LOAD_CHECKS];
};

enum load_stage { LOAD_NONE, LOAD_MAP, LOAD_DISK, LOAD_OFFLOAD };

/* One load; the caller's storage, zero-initialised. It must live until it is not `loading` and its ticket is
 * QUEUE_IDLE. */
struct load {
	struct load_shared *shared;
	struct file *file; /* the caller's reference is held over the load's life */
	/*
	 * Its turn at the disk: returns the extent to fill. NULL: there is none, or not yet (an extent that comes later
	 * is handed to load_begin()); the ticket is the caller's to finish, which may have freed the load already.
	 */
	struct cache_extent *(*on_dispatch)(struct load *load);
	/* It has ended: all who waited for its extent were answered, and it is not touched any more. */
	void (*on_end)(struct load *load);
	struct queue_ticket ticket; /* from load_queue() on; finished here once load_begin() was called */
	/* result */
	bool loading;	  /* into `extent`, by this load or by the one that it is a part of */
	uint64_t took_ns; /* by the disk so far; all of it when those who wait are answered */
	/* private */
	struct cache_extent *extent;
	struct disk_read disk;
	struct offload_job job;
	/* of a load that reads */
	struct load *parts[DISK_PARTS_MAX]; /* contiguous; the first is the load itself */
	unsigned part_count;
	size_t length; /* of all parts */
	size_t needed; /* of that, up to the end of the file */
	size_t got;
	ssize_t result; /* of an offload job */
	enum load_stage stage;
};

/* Gets in line for the disk, for the bytes that are missing. take() never runs from inside. 0, -EBUSY or -ENOMEM: see
 * queue_add(). */
int load_queue(struct load *load, enum queue_class class, const void *client, const struct span *missing);

/* The cache gave this load, whose turn it is, an extent to fill. It may end before this returns. */
void load_begin(struct load *load, struct cache_extent *extent);

/*
 * Nobody wants it any more, as far as its owner knows. What was not handed to the kernel yet, is for one extent only,
 * and is waited for by nobody, is not read: it is not `loading` when this returns, and ended() does not run. All else
 * goes on. Fine on an idle one.
 */
void load_cancel(struct load *load);

#endif
