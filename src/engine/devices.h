/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of a filesystem (st_dev) that all reactors share: the limits of reads in flight, whether io_submit blocks,
 * and statistics. All members of a struct device that change are atomic, so any thread may read and update them. They
 * are counts, limits and flags that publish no other data, so relaxed memory order is sufficient. Counters use relaxed
 * order.
 */
#ifndef ENGINE_DEVICES_H
#define ENGINE_DEVICES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"

/* How reads are submitted to a device. A device may be demoted to the next mode, but is never promoted. */
enum device_mode {
	/*
	 * io_submit with RWF_NOWAIT. A read that would block fails with EAGAIN, and an offload thread repeats the read.
	 */
	DEVICE_NOWAIT,
	DEVICE_ASYNC,	/* io_submit without RWF_NOWAIT. */
	DEVICE_OFFLOAD, /* Reads run on offload threads, because io_submit blocks. */
};

/* Whether a device responds. Set by stalls.c. */
enum device_state {
	DEVICE_RESPONDS,
	DEVICE_READS_STALLED, /* Reads do not end, but lookups do. */
	DEVICE_STALLED,	      /* Neither lookups nor reads end. */
};

struct device {
	uint64_t id; /* st_dev */
	atomic_int mode;
	atomic_uint depth; /* Maximum number of reads in flight. */
	/* Maximum number of bytes in flight. A single read may exceed it. */
	_Atomic uint64_t depth_bytes;
	/* depth_bytes before devices_set_max_bytes() limits it. Protected by the lock of `devices`. */
	uint64_t unlimited_bytes;
	atomic_uint in_flight_count; /* Number of reads in flight of all reactors. */
	_Atomic uint64_t in_flight_bytes;
	atomic_uint bulk_count; /* Number of reads in flight for streams and readahead. */
	_Atomic uint64_t bulk_bytes;
	_Atomic uint64_t first_ns; /* Time of the last request for first bytes. */
	atomic_uint queued;	   /* Number of tickets in the queues of all reactors. */
	/*
	 * True if the depth was configured or calibrated, or if a calibration runs. The memory order is sequentially
	 * consistent, because the thread that sets the flag runs the calibration.
	 */
	atomic_bool depth_claimed;
	/*
	 * True if the attributes in memory are always current, so that a reactor may look up names. Set by the thread
	 * that opens the first file, see store/filesystem.h.
	 */
	atomic_bool local;
	atomic_bool indirect;	     /* Its files cannot be opened with O_DIRECT. Set together with `local`. */
	_Atomic uint32_t filesystem; /* f_type of statfs(2). Set together with `local`. */

	/*
	 * The progress of the device, from which stalls.c derives its state. Each time is the end of the last
	 * operation, or the start of the first one if none was in progress.
	 */
	atomic_int state;		   /* enum device_state */
	_Atomic uint64_t stalled_ns;	   /* Time of the last change of the state. */
	_Atomic uint64_t read_progress_ns; /* Of the reads that in_flight_count counts. */
	_Atomic uint64_t job_progress_ns;  /* Of the jobs of offload threads. */
	atomic_uint jobs;		   /* Number of queued and running jobs of offload threads. */
	_Atomic uint64_t job_oldest_ns;	   /* Time at which the first queued job was queued. 0: no job is queued. */
	atomic_bool serves_stale;	   /* See devices_note_stale(). */

	/* Counters. */
	_Atomic uint64_t reads, read_bytes, errors; /* Reads with io_submit and on offload threads. */
	/* Number and durations of the calls of io_submit. */
	_Atomic uint64_t submits, submit_ns, submit_max_ns, slow_submits;
	_Atomic uint64_t eagain; /* Reads that failed with EAGAIN because of RWF_NOWAIT. */
	/* Wants that were rejected because the oldest queued ticket was too old. */
	_Atomic uint64_t rejected;
	_Atomic uint64_t cancelled; /* Reads that were cancelled while they were queued. */
	_Atomic uint64_t merged;    /* Wants whose bytes were read with the iocb of an adjacent read. */
	/*
	 * Lookups of files. inline: a reactor answered. eagain: a reactor would have had to wait, so an offload thread
	 * repeated the lookup. offload: only an offload thread tried the lookup.
	 */
	_Atomic uint64_t lookups_inline, lookups_eagain, lookups_offload;
	_Atomic uint64_t
		lookups_rejected;	/* Lookups that were rejected because the device was stalled or overloaded. */
	_Atomic uint64_t lookups_stale; /* Lookups that were answered with a file that could not be revalidated. */
	_Atomic uint64_t stalls;	/* Number of changes from DEVICE_RESPONDS to another state. */
	/*
	 * Duration of reads: from io_submit to completion, or of the system call on an offload thread. Reads that
	 * failed with EAGAIN are not included.
	 */
	struct histogram service;
	struct histogram wait; /* Time in the queue. */
	/* Duration of lookups on offload threads, including the time in the queue. */
	struct histogram lookup;
	struct device *next;
};

struct devices;

struct devices_options {
	unsigned depth; /* Initial depth of a new device, at least 1. */
	uint64_t depth_bytes;
	/*
	 * Upper limit of depth_bytes of each device, because a disk that hangs keeps that much memory in use. 0: no
	 * limit.
	 */
	uint64_t max_bytes;
	bool depth_fixed; /* True if the depth was configured, so that devices are not calibrated. */
	/* Maximum time that a lookup or a read may take, see stalls.h. 0: unlimited. */
	unsigned latency_ms;
	/* Called for each change of serves_stale, on the thread that made the change. May be NULL. */
	void (*stale)(const struct device *device, bool stale);
	/* Called once for each device that is demoted to DEVICE_OFFLOAD, on the thread whose io_submit blocked. */
	void (*demoted)(const struct device *device);
};

/* Creates an empty set of devices. Returns 0 or -ENOMEM. */
int devices_new(struct devices **devices, const struct devices_options *options);
/* Frees the set. All files of its devices must be closed. NULL is allowed. */
void devices_free(struct devices *devices);

/*
 * Returns the device with this st_dev, and adds it with this mode if it is not in the set. The device lives as long as
 * `devices`. Returns NULL if memory runs out. Thread-safe.
 */
struct device *devices_get(struct devices *devices, uint64_t id, enum device_mode mode);
/* Returns the device with this st_dev, or NULL if it is not in the set. Takes no lock. Thread-safe. */
struct device *devices_find(struct devices *devices, uint64_t id);
/* Sets the limits of a device. depth_bytes is clamped to max_bytes. Thread-safe. */
void devices_set_depth(struct devices *devices, struct device *device, unsigned depth, uint64_t depth_bytes);
/* Changes max_bytes for all existing and future devices. Thread-safe. */
void devices_set_max_bytes(struct devices *devices, uint64_t max_bytes);
/* Returns the first device of the list, which has no particular order. `next` links the devices. Thread-safe. */
struct device *devices_first(struct devices *devices);

/* Records the duration of an io_submit. Demotes the device if three calls in a thousand are slow. Thread-safe. */
void devices_note_submit(struct devices *devices, struct device *device, uint64_t spent_ns);
/*
 * Records a read with RWF_NOWAIT that failed with EAGAIN. If more than a quarter of the reads fail with EAGAIN, the
 * device is demoted to DEVICE_ASYNC. Thread-safe.
 */
void devices_note_eagain(struct device *device);

/* Returns options.latency_ms in nanoseconds. Thread-safe. */
uint64_t devices_latency_ns(const struct devices *devices);
/*
 * Returns true if a lookup of a name that needs an offload thread must be rejected, because the device is stalled or
 * the queue of its jobs is too long. Thread-safe.
 */
bool devices_reject_lookups(const struct devices *devices, const struct device *device, uint64_t now_ns);
/*
 * Returns true if the first read of a response must be rejected, because reads of the device are stalled. Thread-safe.
 */
static inline bool devices_reject_reads(const struct device *device)
{
	return atomic_load_explicit(&device->state, memory_order_relaxed) != DEVICE_RESPONDS;
}
/*
 * Records that a lookup was answered with a file that could not be revalidated (true), or with a result of the device
 * (false). Calls options.stale() if the state changes. Thread-safe. The caller must hold no lock.
 */
void devices_note_stale(const struct devices *devices, struct device *device, bool stale);

static inline void devices_count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

#endif
