/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store connects the cache and the disk for one reactor. A want requests a span of a file and receives one
 * contiguous, aligned range of memory. The bytes come from the cache, from a read that another want has started, or
 * from a read of its own. Each reactor has one store with its own disk context and queue. All stores share the cache.
 *
 * The states of a want follow. The states of a load are in load.h, the states of a wait in cache.h.
 *
 *	State			Left through			Objects that it keeps
 *	idle			store_want()			none
 *	queued for the disk	queue_run()			a queued ticket
 *	waiting for memory	free memory, or its time limit	a started ticket
 *	waiting for a read	the end of the load		none; the load that reads the extent pins it
 *	waiting for a proof	the check of the file		the extent, pinned
 *	done			store_release()			the extent, pinned, unless there was an error
 *
 *	idle -+-> done (cache hit)
 *	      +-> waiting for a proof (cache hit) ---------> done
 *	      +-> waiting for a read (coalesced) ----------> done, or waiting for a proof
 *	      +-> queued for the disk -+-> done, or waiting for a proof (another want has loaded the extent)
 *	                               +-> waiting for a read, its own or a coalesced one
 *	                               +-> waiting for memory -+-> waiting for a read
 *	                                                       +-> done, or waiting for a proof (loaded by another want)
 *	                                                       +-> done (-ENOBUFS)
 *
 * store_release() is allowed in each state and leads to idle.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/disk.h"
#include "engine/offload.h"
#include "engine/queue.h"
#include "engine/reactor.h"
#include "store/cache.h"
#include "store/file.h"
#include "store/forecast.h"
#include "store/proof.h"

struct store;
struct store_read;
struct store_opening;

/* Maximum length of a want whose span crosses extents. */
#define STORE_SPAN_MAX_BYTES CACHE_SPAN_MAX_BYTES
#define STORE_DIVISIBLE_WAIT_MS 250
#define STORE_RESIDENT_MAX_BYTES ((uint64_t)64 << 20)

struct store_options {
	struct reactor *reactor;
	struct disk *disk;
	struct queue *queue;
	struct cache *cache;
	struct offload *offload;
	/* Maximum time that a rejectable want waits for memory, from store_want() on. 0: unlimited. */
	unsigned latency_ms;
};

/* The source of the bytes of a want: the cache, a read of another want, or a read of its own. */
enum store_source { STORE_CACHE, STORE_COALESCED, STORE_DISK, STORE_SOURCES };

/* One want. The caller allocates and zero-initialises the struct, and can use it again after store_release(). */
struct store_want {
	struct file *file; /* A reference that the caller holds for the life of the want. */
	uint64_t offset;
	/* At least 1. The span lies inside the file. A span that crosses extents has at most STORE_SPAN_MAX_BYTES. */
	size_t length;
	enum queue_class class;
	const void *client;	/* Client for the round robin of the disk queue. */
	enum cache_reach reach; /* See struct cache_span. */
	bool transient, pinned; /* See struct cache_span. */
	/*
	 * Bytes of a remote file may be delivered before they are proven. The caller later requests a proof for
	 * `read_ns`.
	 */
	bool unproven;
	/* The caller can request fewer bytes instead, so the want waits for memory at most STORE_DIVISIBLE_WAIT_MS. */
	bool divisible;
	/* The response has not begun, so the want waits for memory at most latency_ms. */
	bool rejectable;
	void (*done)(struct store_want *want);
	/* Results. */
	/*
	 * 0 on success, -ESTALE if the file has changed or has become shorter, -ENOBUFS if there was no memory, or -EIO
	 * or another error of the disk. Never -EAGAIN.
	 */
	int error;
	const uint8_t *data; /* `length` bytes, valid until store_release(). */
	uint64_t read_ns;    /* End of the read, see struct cache_extent. */
	enum store_source source;
	uint64_t disk_ns; /* For STORE_DISK: the time that the disk took. */
	/* Private. */
	bool young; /* The file was young when store_want() was called. */
	struct cache_extent *extent;
	struct store_read *read;
};

struct store_stats {
	uint64_t lookups[STORE_SOURCES], lookup_bytes[STORE_SOURCES];
	/* read_bytes / lookup_bytes[STORE_DISK] is the overhead of alignment and of complete extents. */
	uint64_t reads, read_bytes;
};

/*
 * Creates a store. The objects in the options belong to one reactor and must outlive the store. Returns 0 or -ENOMEM.
 */
int store_new(struct store **store, const struct store_options *options);
/* Frees the store. store_pending() must be 0. */
void store_free(struct store *store);

/*
 * Requests [offset, offset + length). Must be called on the thread of the reactor. Returns:
 *
 * - 1: want->data is set, and done() will not run.
 * - 0: done() runs once, with want->error and want->data set. It may run before store_want() returns.
 * - -ENOMEM: there is no memory for the request.
 * - -ESTALE: the file has changed.
 * - -EBUSY: the device exceeds its latency target. Only for QUEUE_FIRST.
 *
 * All bytes are of one version, because the file is checked after the last read. If want->unproven is set, the version
 * of the bytes is certain only after store_prove() has succeeded.
 *
 * want->error is -ENOBUFS if no memory of the cache became free in time. A divisible want waits for
 * STORE_DIVISIBLE_WAIT_MS, and a rejectable want until latency_ms have passed since store_want(). All other wants wait
 * without a limit.
 */
int store_want(struct store *store, struct store_want *want);
/*
 * Requests a proof that all bytes of a file that were read until since_ns are of its version. Returns the same results
 * as proof_new(): 1, 0 (done() will run), -ESTALE or -ENOMEM. The reads of a local file were already checked, so the
 * result is 1, or -ESTALE if the file has changed since.
 */
int store_prove(struct store *store, struct file *file, uint64_t since_ns, void (*done)(void *context, int error),
		void *context, struct proof **proof);
/*
 * Opens a file on an offload thread, so that its reader can read it to its end even if the path leads to another file
 * by then. done() runs once on the reactor, with a reference to the descriptor, or with NULL if the file cannot be
 * opened. Returns NULL if there is no memory or the device does not respond.
 */
struct store_opening *store_open(struct store *store, struct file *file,
				 void (*done)(void *context, struct descriptor *descriptor), void *context);
/*
 * Returns true if the bytes [first, last] of the file are in the cache now. Takes a time proportional to their number.
 */
bool store_has(const struct store *store, const struct file *file, uint64_t first, uint64_t last);
/*
 * Returns true if all bytes of the file are in the cache now. Returns false for a file of more than
 * STORE_RESIDENT_MAX_BYTES, because the search takes a time proportional to the size.
 */
bool store_is_resident(const struct store *store, const struct file *file);
/* Cancels the opening, so that done() will not run. NULL is allowed. */
void store_open_cancel(struct store_opening *opening);
/* Returns the number of bytes of the cache that the want keeps in use until store_release(). */
size_t store_in_use_bytes(const struct store_want *want);
/* Returns true if more than half of the shard of the want's extent is in use. */
bool store_is_crowded(const struct store *store, const struct store_want *want);
/* Return the size of the whole cache, and the number of its bytes that are in use or being read. Thread-safe. */
size_t store_cache_bytes(const struct store *store);
size_t store_cache_in_use_bytes(const struct store *store);
/* Returns the forecast of the cache, for the reader of a long body. Thread-safe. */
struct forecast *store_forecast(const struct store *store);
/* Counts a hit for a further use of bytes of a completed want. */
void store_note_hit(struct store *store, size_t bytes);
/* Counts a further use of the extent of the want, for eviction. */
void store_touch(struct store *store, struct store_want *want);
/* Moves a want that is queued for readahead to a class of higher priority, because its client needs the bytes now. */
void store_promote(struct store *store, struct store_want *want, enum queue_class class);
/*
 * Releases a completed want, or cancels a pending want, so that done() will not run. A read that was not submitted is
 * cancelled, unless another want waits for it. An idle want is allowed.
 */
void store_release(struct store *store, struct store_want *want);

/*
 * Returns the number of reads, proofs and openings that have not ended, including cancelled ones. The store may be
 * freed when the number is 0.
 */
unsigned store_pending(const struct store *store);
/* Copies the statistics of the store. Thread-safe. */
void store_stats(const struct store *store, struct store_stats *stats);

#endif
