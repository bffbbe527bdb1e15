/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "Give me this span of that file": the one place that joins memory and disk. Each reactor has one store over its own
 * disk context and queue; the cache is shared. A span comes back as one contiguous piece of aligned memory: from the
 * cache; or from a read that somebody else has under way; or read, directly at the aligned offsets around it, by an
 * offload thread where the file can't do O_DIRECT or io_submit would block.
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
#include "store/proof.h"

struct store;
struct store_read;

/* The longest span that one want may ask for, unless it lies in one extent. */
#define STORE_SPAN_MAX_BYTES CACHE_SPAN_MAX_BYTES
#define STORE_DIVISIBLE_WAIT_MS 250

struct store_options {
	struct reactor *reactor;
	struct disk *disk;
	struct queue *queue;
	struct cache *cache;
	struct offload *offload;
	unsigned latency_ms; /* how long a want may wait for memory, from when it was made; 0: without limit */
};

/* Where the bytes of a want came from. */
enum store_source { STORE_CACHE, STORE_COALESCED, STORE_DISK, STORE_SOURCES };

/* One want; the caller's storage, zero-initialised. One at a time. */
struct store_want {
	struct file *file; /* the caller's reference is held over the want's life */
	uint64_t offset;
	size_t length; /* 1 … STORE_SPAN_MAX_BYTES, or what lies in one extent; inside the file's version */
	enum queue_class class;
	const void *client;	/* between whom the disk's queue goes round */
	enum cache_reach reach; /* see struct cache_span, for this and the next */
	bool transient, pinned;
	bool unproven; /* the bytes of a remote file may still have to be proven: the caller sees to that, by read_ns */
	bool divisible;	 /* the caller can ask for less at a time: it waits for memory for a moment only */
	bool rejectable; /* nothing is promised to the client yet: it waits for memory for latency_ms */
	void (*done)(struct store_want *want);
	/* result */
	int error; /* 0; -EIO and other errors of the disk, never -EAGAIN; -ESTALE: the file changed or shrank;
		      -ENOBUFS: see below */
	const uint8_t *data; /* length bytes, until store_release() */
	uint64_t read_ns;    /* as of struct cache_extent */
	enum store_source source;
	uint64_t disk_ns; /* STORE_DISK: how long the disk took over it */
	/* private */
	bool young; /* the file was young when it was wanted */
	struct cache_extent *extent;
	struct store_read *read;
};

struct store_stats {
	uint64_t lookups[STORE_SOURCES], lookup_bytes[STORE_SOURCES];
	uint64_t reads,
		read_bytes; /* read_bytes / lookup_bytes[STORE_DISK]: the overhead of alignment, and of whole extents */
};

int store_new(struct store **store, const struct store_options *options);
/* No want is pending and no read in flight (store_pending() == 0). */
void store_free(struct store *store);

/*
 * Wants [offset, offset + length). 1: want->data is there already, done() will not run. 0: done() runs once, on the
 * store's reactor, with want->error and ->data: later, or before this returns. -ENOMEM. -ESTALE: the file changed.
 * -EBUSY: the device is behind its latency target (of QUEUE_FIRST only). The bytes are all of one version: after the
 * last read the file was checked again. If want->unproven is set, they are once store_prove() says so.
 *
 * -ENOBUFS: no memory of the cache became free in time. A divisible want waits for STORE_DIVISIBLE_WAIT_MS, a
 * rejectable one until latency_ms have passed since it was made. All others wait in line until there is some.
 */
int store_want(struct store *store, struct store_want *want);
/*
 * Asks whether all bytes of a file that were read until since_ns are of its version. As proof_new(): 1, 0 (done() will
 * run), -ESTALE or -ENOMEM. At once for a local file: what its wants gave was checked; -ESTALE also if it has changed
 * since.
 */
int store_prove(struct store *store, struct file *file, uint64_t since_ns, void (*done)(void *context, int error),
		void *context, struct proof **proof);
/* The memory of the cache that cannot be used for anything else while this want is done and not released; 0: none. */
size_t store_in_use_bytes(const struct store_want *want);
/* More than half of the part of the cache that the want's bytes lie in is pinned. */
bool store_is_crowded(const struct store *store, const struct store_want *want);
/* Bytes of the whole cache, and those that are pinned or being read. Any thread. */
size_t store_cache_bytes(const struct store *store);
size_t store_cache_in_use_bytes(const struct store *store);
/* Bytes of a want that is done were used once more. */
void store_note_hit(struct store *store, size_t bytes);
/* What was wanted, and is there, is to be kept as if it had been asked for once more. */
void store_touch(struct store *store, struct store_want *want);
/* The client of a want that is pending has come to it: it is no readahead any more. */
void store_promote(struct store *store, struct store_want *want, enum queue_class class);
/*
 * Gives up a want that is pending (done() will not run; what nobody else waits for and was not submitted is not read)
 * or gives back one that is done. Fine on an idle one.
 */
void store_release(struct store *store, struct store_want *want);

/* Reads that are not over: wanted or orphaned. The store may be freed when it is 0. */
unsigned store_pending(const struct store *store);
/* Any thread. */
void store_stats(const struct store *store, struct store_stats *stats);

#endif
