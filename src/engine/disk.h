/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asynchronous direct reads, with one libaio context and one eventfd. Only one thread may use a disk, because the
 * sanitizers report a data race if one thread submits reads and another thread reaps them. Reads are queued, and then
 * submitted with one io_submit per iteration and device. If the ring is full, reads stay queued. This is back-pressure,
 * not an error.
 */
#ifndef ENGINE_DISK_H
#define ENGINE_DISK_H

#include <libaio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "engine/devices.h"

#define DISK_PARTS_MAX 4 /* Maximum number of memory blocks that one read fills. */

struct disk;

enum disk_read_state { DISK_READ_IDLE, DISK_READ_QUEUED, DISK_READ_IN_FLIGHT };

/*
 * One read. The caller allocates and zero-initialises the struct. The struct and its buffers must live until done() has
 * run.
 */
struct disk_read {
	struct iocb iocb;
	/* Device for statistics and demotion. Reads of one device share an io_submit. NULL: no statistics. */
	struct device *device;
	int fd;
	struct iovec parts[DISK_PARTS_MAX]; /* Destinations of the bytes, in the order of the file. */
	unsigned part_count;		    /* At least 1. */
	uint64_t offset;		    /* Offset in the file, a multiple of `alignment`. */
	/*
	 * Alignment of the offset and of the length of each part. It is checked by an assertion before the submission.
	 */
	uint32_t alignment;
	uint32_t memory_alignment;
	bool write; /* True for a write instead of a read. Programs that measure a disk use writes. */
	/*
	 * True for RWF_NOWAIT. A read that would block then fails with -EAGAIN. If the filesystem does not support the
	 * flag, the read fails with -EOPNOTSUPP.
	 */
	bool nowait;
	/*
	 * Called when the read has ended. `result` is the number of bytes, or -errno. A read is short at the end of the
	 * file. On FUSE and network filesystems, a read may also be short within the file.
	 */
	void (*done)(struct disk_read *read, ssize_t result);
	enum disk_read_state state;
	uint64_t submitted_ns; /* Time of the submission (clock_now_ns()). */
	uint64_t took_ns;      /* Result: duration of the read. */
	struct disk_read *next, *prev;
};

struct disk_stats {
	uint64_t submits;    /* Calls of io_submit. */
	uint64_t reads;	     /* Reads that the kernel has accepted. */
	uint64_t read_bytes; /* Bytes that were read. */
	uint64_t errors;
	uint64_t submit_max_ns; /* Duration of the longest io_submit. */
};

struct disk_options {
	/* Maximum number of reads in flight, which is the size of the ring of io_setup. */
	unsigned depth;
	struct devices *devices; /* Devices of the reads, or NULL if no read has a device. */
};

/*
 * Creates a context, which the caller owns. Returns 0 on success, -EAGAIN if fs.aio-max-nr is exhausted, or another
 * -errno.
 */
int disk_new(struct disk **disk, const struct disk_options *options);

/*
 * Destroys the context. io_destroy(2) waits for reads in flight, so disk_in_flight() should be 0. done() does not run
 * for reads that are queued or in flight. NULL is allowed.
 */
void disk_free(struct disk *disk);

/*
 * Returns the eventfd, which becomes readable when reads complete. Watch the eventfd edge-triggered. Its counter need
 * not be read.
 */
int disk_eventfd(const struct disk *disk);

/* Queues an idle read. done() does not run before disk_read() returns. */
void disk_read(struct disk *disk, struct disk_read *read);
/* Returns the sum of the lengths of the parts of a read. */
size_t disk_read_bytes(const struct disk_read *read);
/*
 * Cancels a queued read. Returns true if the read was still queued. done() then never runs. Returns false if the read
 * is in flight, because reads of block devices cannot be cancelled. done() then still runs.
 */
bool disk_cancel(struct disk *disk, struct disk_read *read);

/*
 * Submits queued reads with as few io_submit calls as possible. If io_submit rejects a read, its done() runs at once
 * with the error. After EAGAIN or with a full ring, the remaining reads stay queued for the next iteration. Reads that
 * done() queues during the call also stay queued. If the ring was full, a completion wakes the loop. In the other cases
 * no event wakes the loop, so the caller must not sleep for long while disk_queued() > 0. Returns the number of
 * submitted reads.
 */
unsigned disk_submit(struct disk *disk);

/*
 * Runs done() for each completed read until the ring is empty. done() may queue, cancel and free reads, including its
 * own read. Returns the number of completed reads.
 */
unsigned disk_reap(struct disk *disk);

/*
 * Returns a number that changes with each batch of completions. All reads of a batch had ended before the batch was
 * fetched.
 */
uint64_t disk_batch(const struct disk *disk);
unsigned disk_in_flight(const struct disk *disk);
unsigned disk_queued(const struct disk *disk);
void disk_stats(const struct disk *disk, struct disk_stats *stats);

#endif
