/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Warming: loads one file into the cache, with lower priority than all requests of clients. It reads a few chunks at a
 * time in the readahead class, and pauses while wants wait for memory. Another thread starts, observes and cancels the
 * warming. A reactor does the work.
 */
#ifndef STORE_WARM_H
#define STORE_WARM_H

#include <stdbool.h>
#include <stdint.h>

#include "store/files.h"
#include "store/store.h"

struct warm;

struct warm_options {
	struct reactor *reactor; /* Reactor that does the work. */
	struct store *store;	 /* Store of that reactor. */
	struct cache *cache;
	struct files *files;
	uint64_t max_bytes; /* Maximum number of bytes, from the start of the file. */
	bool pinned;	    /* Cache policy "pin", within the limits of the cache. */
	/*
	 * Runs on the reactor before each chunk. If the result is false, the warming ends with -ECANCELED. May be NULL.
	 */
	bool (*may_continue)(void *context);
	void *context;
};

/*
 * Starts to warm a path, which has the form that files_find() requires and is copied. The objects in the options must
 * stay valid after warm_free(), until the reactor has run the messages that are then pending, or was freed. Returns 0
 * or -ENOMEM.
 */
int warm_new(struct warm **warm, const struct warm_options *options, const char *path);
/* Releases the warming, and cancels it if it has not ended. May be called at any time. NULL is allowed. */
void warm_free(struct warm *warm);

/*
 * Waits at most wait_ms for the end of the warming. Returns 0 if all bytes were read and were in the cache at some
 * time, -EINPROGRESS if the warming has not ended, -ESTALE if the file has changed, or the -errno of opening or
 * reading. A young file is read again until the cache may retain its extents.
 */
int warm_wait(struct warm *warm, uint64_t wait_ms);
/* Returns the number of bytes that were loaded so far. Thread-safe. */
uint64_t warm_done_bytes(const struct warm *warm);

#endif
