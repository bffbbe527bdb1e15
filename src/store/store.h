/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "Give me this span of that file": the one place that joins memory and disk. Each reactor has one store over its own disk
 * context; the arena is shared. A span comes back as one contiguous piece of aligned memory, read directly at the aligned
 * offsets around it, or through an offload thread where the file can't do O_DIRECT.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/disk.h"
#include "engine/offload.h"
#include "engine/pool.h"
#include "engine/reactor.h"
#include "store/file.h"

struct store;
struct store_read;

/* The longest span that one want may ask for, whatever its alignment: the largest block less an aligned head. */
#define STORE_SPAN_MAX_BYTES (POOL_BLOCK_MAX_BYTES - 4096)

struct store_options {
	struct reactor *reactor;
	struct disk *disk;
	struct pool *pool;
	struct offload *offload;
};

/* One want; the caller's storage, zero-initialised. One at a time. */
struct store_want {
	struct file *file; /* the caller's reference is held over the want's life */
	uint64_t offset;
	size_t length; /* 1 … STORE_SPAN_MAX_BYTES, inside the file's version */
	void (*done)(struct store_want *want);
	/* result */
	int error;	     /* 0; -EIO and other errors of the disk, never -EAGAIN; -ESTALE: the file changed or shrank */
	const uint8_t *data; /* length bytes, until store_release() */
	struct store_read *read;
};

struct store_stats {
	uint64_t reads, read_bytes, wanted_bytes; /* read_bytes / wanted_bytes: the overhead of alignment */
};

int store_new(struct store **store, const struct store_options *options);
/* No want is pending and no read in flight (store_pending() == 0). */
void store_free(struct store *store);

/*
 * Starts reading [offset, offset + length). Returns 0: done() runs later, once, on the store's reactor, with want->error and
 * ->data; or -ENOMEM. The bytes are all of one version: after the last read the file is checked again.
 */
int store_want(struct store *store, struct store_want *want);
/*
 * Gives up a want that is pending (done() will not run; a read in flight keeps its block until it ends) or gives back one that
 * is done. Fine on an idle one.
 */
void store_release(struct store *store, struct store_want *want);

/* Reads that still own a block: wanted or orphaned. The store may be freed when it is 0. */
unsigned store_pending(const struct store *store);
void store_stats(const struct store *store, struct store_stats *stats);

#endif
