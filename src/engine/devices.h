/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all reactors know of one filesystem (st_dev): how much may be in flight on it, whether submitting to it blocks,
 * and what it has done so far. Everything in a struct device is atomic: any thread may read it and count in it.
 */
#ifndef ENGINE_DEVICES_H
#define ENGINE_DEVICES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"

/* How reads are handed to it. Each may fall to the one after it, never back. */
enum device_mode {
	DEVICE_NOWAIT,	/* io_submit with RWF_NOWAIT: what would have blocked comes back as EAGAIN and is read by an
			   offload thread */
	DEVICE_ASYNC,	/* io_submit */
	DEVICE_OFFLOAD, /* by offload threads: io_submit was seen to block */
};

struct device {
	uint64_t id; /* st_dev */
	atomic_int mode;
	atomic_uint depth;	      /* reads in flight at most */
	_Atomic uint64_t depth_bytes; /* bytes in flight at most; a read that is alone may be longer */
	uint64_t unlimited_bytes;     /* the same, if devices_set_max_bytes() did not limit it */
	atomic_uint in_flight_count;  /* of all reactors together */
	_Atomic uint64_t in_flight_bytes;
	atomic_uint bulk_count; /* of those, the reads of streams and readahead */
	_Atomic uint64_t bulk_bytes;
	_Atomic uint64_t first_ns; /* when first bytes were asked for last */
	atomic_uint queued;	   /* in the queues of all reactors */
	atomic_bool depth_claimed; /* its depth was set by hand or by a calibration, or one is under way */

	/* counters */
	_Atomic uint64_t reads, read_bytes, errors;			  /* by whatever way they are read */
	_Atomic uint64_t submits, submit_ns, submit_max_ns, slow_submits; /* io_submit calls */
	_Atomic uint64_t eagain;					  /* reads that RWF_NOWAIT sent back */
	_Atomic uint64_t rejected;					  /* wants that found the queue too long */
	_Atomic uint64_t cancelled; /* reads that nobody wanted any more when their turn came */
	_Atomic uint64_t merged;    /* wants read by the iocb of a neighbour */
	struct histogram
		service;       /* from submit to completion, without what came back; or the call of an offload thread */
	struct histogram wait; /* in the queue */
	struct device *next;
};

struct devices;

struct devices_options {
	unsigned depth; /* of a device that is new; 1 … */
	uint64_t depth_bytes;
	uint64_t max_bytes; /* in flight, of each one, whatever is found: a disk that hangs keeps the memory; 0: any */
	bool depth_fixed;   /* the depth was set by hand: nobody calibrates */
	void (*demoted)(const struct device *device); /* once a device, from the thread that saw it: its reads go to the
							 offload threads */
};

/* 0 or -ENOMEM. */
int devices_new(struct devices **devices, const struct devices_options *options);
/* No file of any of them is open. NULL is fine. */
void devices_free(struct devices *devices);

/*
 * The device with this st_dev, made when it is new; lives as long as `devices`. mode: of a new one. NULL: no memory.
 * Any thread.
 */
struct device *devices_get(struct devices *devices, uint64_t id, enum device_mode mode);
/* How much may be in flight on a device, as far as max_bytes allows. Any thread. */
void devices_set_depth(struct devices *devices, struct device *device, unsigned depth, uint64_t depth_bytes);
/* Another max_bytes, for all there are and those to come. Any thread. */
void devices_set_max_bytes(struct devices *devices, uint64_t max_bytes);
/* The first of all devices, in no order; the others by ->next. Any thread. */
struct device *devices_first(struct devices *devices);

/* One io_submit for this device took so long. Three that blocked among a thousand demote it. Any thread. */
void devices_note_submit(struct devices *devices, struct device *device, uint64_t spent_ns);
/* RWF_NOWAIT sent a read back. Where more than a quarter comes back it is of no use, and is left away from then on. */
void devices_note_eagain(struct device *device);

static inline void devices_count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

#endif
