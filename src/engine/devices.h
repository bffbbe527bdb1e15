/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of a filesystem (st_dev) that all reactors share: the limits of reads in flight, whether io_submit blocks,
 * and statistics. All members of a struct device that change are atomic, so any thread may read and count. They are
 * counts, limits and flags that publish nothing else, so relaxed order is sufficient; counters use it.
 */
#ifndef ENGINE_DEVICES_H
#define ENGINE_DEVICES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"

/* How reads are submitted to a device. A device may be demoted to the next mode, but is never promoted. */
enum device_mode {
	/* io_submit with RWF_NOWAIT. A read that would block fails with EAGAIN, and an offload thread reads it. */
	DEVICE_NOWAIT,
	DEVICE_ASYNC,	/* io_submit without RWF_NOWAIT. */
	DEVICE_OFFLOAD, /* Offload threads read, because io_submit was seen to block. */
};

struct device {
	uint64_t id; /* st_dev */
	atomic_int mode;
	atomic_uint depth; /* Maximum number of reads in flight. */
	/* Maximum number of bytes in flight. A single read may exceed it. */
	_Atomic uint64_t depth_bytes;
	/* depth_bytes before devices_set_max_bytes() limits it. Protected by the lock of `devices`. */
	uint64_t unlimited_bytes;
	atomic_uint in_flight_count; /* Reads in flight of all reactors. */
	_Atomic uint64_t in_flight_bytes;
	atomic_uint bulk_count; /* Reads in flight for streams and readahead. */
	_Atomic uint64_t bulk_bytes;
	_Atomic uint64_t first_ns; /* Time of the last request for first bytes. */
	atomic_uint queued;	   /* Tickets in the queues of all reactors. */
	/*
	 * The depth was configured or calibrated, or a calibration runs. Sequentially consistent: the thread that sets
	 * it runs the calibration.
	 */
	atomic_bool depth_claimed;

	/* Counters. */
	_Atomic uint64_t reads, read_bytes, errors; /* By all ways of reading. */
	/* Calls of io_submit. */
	_Atomic uint64_t submits, submit_ns, submit_max_ns, slow_submits;
	_Atomic uint64_t eagain; /* Reads that failed with EAGAIN because of RWF_NOWAIT. */
	/* Wants that were rejected because the queue was too long. */
	_Atomic uint64_t rejected;
	_Atomic uint64_t cancelled; /* Reads that were cancelled in the queue. */
	_Atomic uint64_t merged;    /* Wants that the iocb of an adjacent read has read. */
	/* Time from submit to completion, without EAGAIN, or of the call of an offload thread. */
	struct histogram service;
	struct histogram wait; /* Time in the queue. */
	struct device *next;
};

struct devices;

struct devices_options {
	unsigned depth; /* Initial depth of a new device, at least 1. */
	uint64_t depth_bytes;
	/* Upper limit of depth_bytes of each device, because a disk that hangs keeps that memory. 0: none. */
	uint64_t max_bytes;
	bool depth_fixed; /* The depth was configured, so devices are not calibrated. */
	/* A device was demoted to DEVICE_OFFLOAD. Runs once per device, on the thread that saw io_submit block. */
	void (*demoted)(const struct device *device);
};

/* Creates an empty set of devices. Returns 0 or -ENOMEM. */
int devices_new(struct devices **devices, const struct devices_options *options);
/* Frees the set. No file of any device is open. NULL is allowed. */
void devices_free(struct devices *devices);

/*
 * Returns the device with this st_dev, or adds it with this mode. It lives as long as `devices`. Returns NULL if there
 * is no memory. Any thread.
 */
struct device *devices_get(struct devices *devices, uint64_t id, enum device_mode mode);
/* Sets the limits of a device, as far as max_bytes allows. Any thread. */
void devices_set_depth(struct devices *devices, struct device *device, unsigned depth, uint64_t depth_bytes);
/* Changes max_bytes for all existing and future devices. Any thread. */
void devices_set_max_bytes(struct devices *devices, uint64_t max_bytes);
/* Returns the first device, in no particular order; the others follow by ->next. Any thread. */
struct device *devices_first(struct devices *devices);

/* Records the duration of an io_submit. Demotes the device after three slow calls in a thousand. Any thread. */
void devices_note_submit(struct devices *devices, struct device *device, uint64_t spent_ns);
/*
 * Records an EAGAIN of RWF_NOWAIT. If more than a quarter of the reads fails this way, RWF_NOWAIT is not used any
 * longer.
 */
void devices_note_eagain(struct device *device);

static inline void devices_count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

#endif
