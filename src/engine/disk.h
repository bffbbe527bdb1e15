/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asynchronous direct reads: one libaio context and one eventfd, used by one thread only (one thread submits and reaps:
 * anything else is a race to the sanitizers). Reads queue here and go down in one io_submit a turn for each device; a
 * full ring leaves them queued: back-pressure, not an error.
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

#define DISK_PARTS_MAX 4 /* blocks that one read fills */

struct disk;

enum disk_read_state { DISK_READ_IDLE, DISK_READ_QUEUED, DISK_READ_IN_FLIGHT };

/* One read; the caller's storage, zero-initialised. It and its buffer must live until done() has run. */
struct disk_read {
	struct iocb iocb;
	struct device
		*device; /* whose reads share an io_submit and which is told how long it took; NULL: nobody counts */
	int fd;
	struct iovec parts[DISK_PARTS_MAX]; /* where the bytes go, in order */
	unsigned part_count;		    /* 1 … */
	uint64_t offset;		    /* in the file; a multiple of alignment */
	uint32_t alignment;		    /* of offset and of each part's length: asserted before submit */
	uint32_t memory_alignment;
	bool write;  /* the other way round: for programs that measure a disk */
	bool nowait; /* RWF_NOWAIT: -EAGAIN instead of a submit that blocks; -EOPNOTSUPP where there is no such thing */
	/* result: bytes read (short at the end of the file, or in mid-file on FUSE and network filesystems), or -errno.
	 */
	void (*done)(struct disk_read *read, ssize_t result);
	enum disk_read_state state;
	uint64_t submitted_ns; /* of clock_now_ns() */
	uint64_t took_ns;      /* result: from then to the end */
	struct disk_read *next, *prev;
};

struct disk_stats {
	uint64_t submits;    /* io_submit calls */
	uint64_t reads;	     /* reads taken by the kernel */
	uint64_t read_bytes; /* bytes that came back */
	uint64_t errors;
	uint64_t submit_max_ns; /* the longest io_submit */
};

struct disk_options {
	unsigned depth;		 /* reads in flight at most (the ring asked of io_setup) */
	struct devices *devices; /* of the reads' devices; NULL if none of them has one */
};

/* 0 with *disk owned by the caller, or -errno (-EAGAIN: fs.aio-max-nr is used up). */
int disk_new(struct disk **disk, const struct disk_options *options);

/*
 * Ends the context. io_destroy(2) waits for reads in flight: the caller has seen disk_in_flight() == 0 or accepts that.
 * done() runs for none of the reads that are still queued or in flight. NULL is fine.
 */
void disk_free(struct disk *disk);

/* Becomes readable when reads complete. Watch it edge-triggered; its counter need not be read. */
int disk_eventfd(const struct disk *disk);

/* Queues an idle read; never calls back from inside. */
void disk_read(struct disk *disk, struct disk_read *read);
/* The bytes that it asks for: the sum of its parts. */
size_t disk_read_bytes(const struct disk_read *read);
/*
 * Of a read that is queued or in flight. True: it had not been submitted, is out, and done() will not run. False: in
 * flight (block reads can't be cancelled); done() will run.
 */
bool disk_cancel(struct disk *disk, struct disk_read *read);

/*
 * Hands what is queued to the kernel in as few io_submit calls as it takes. A read that io_submit refuses ends at once
 * with its errno through done(). EAGAIN and a full ring leave the rest queued for the next turn, and so is what a
 * done() queues that runs in here. Completions wake the loop for what is queued behind a full ring, but nothing does
 * for the rest: while disk_queued() > 0, don't sleep for long before calling this again. Returns the number taken, and
 * 0 when nothing could be.
 */
unsigned disk_submit(struct disk *disk);

/*
 * Runs done() for every completed read until the ring is empty. done() may queue, cancel and free reads, its own too.
 * Returns how many.
 */
unsigned disk_reap(struct disk *disk);

/* Changes with each batch of completions that is fetched from the kernel: reads of one batch had all ended before it
 * was. */
uint64_t disk_batch(const struct disk *disk);
unsigned disk_in_flight(const struct disk *disk);
unsigned disk_queued(const struct disk *disk);
void disk_stats(const struct disk *disk, struct disk_stats *stats);

#endif
