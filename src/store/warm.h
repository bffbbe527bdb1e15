/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Warming: loads one file, or parts of it, into the cache, with lower priority than all requests of clients. It reads a
 * few chunks at a time in the readahead class, and pauses while wants wait for memory. Another thread starts, observes
 * and cancels the warming. A reactor does the work.
 *
 * The warmings of one operation are a group. The creator starts several of them, and waits for the group. The reads of
 * a group share the disk with other readahead as if they belonged to one client.
 */
#ifndef STORE_WARM_H
#define STORE_WARM_H

#include <stdbool.h>
#include <stdint.h>

#include "store/files.h"
#include "store/span.h"
#include "store/store.h"

struct warm;
struct warm_group;

/* The version of a file as far as it stays the same when the filesystem is mounted again. */
struct warm_expected {
	uint64_t size;
	int64_t mtime_ns;
};

struct warm_options {
	struct warm_group *group;
	struct reactor *reactor; /* Reactor that does the work. */
	struct store *store;	 /* Store of that reactor. */
	struct cache *cache;
	struct files *files;
	uint64_t max_bytes; /* Maximum number of bytes, from the start of the file. Only without spans. */
	/* The parts to load, in ascending order. Copied by warm_new(). */
	const struct span *spans;
	size_t span_count;		      /* 0: load the file up to max_bytes. */
	const struct warm_expected *expected; /* Another version is not loaded. NULL: load any version. Copied. */
	bool pinned;			      /* Cache policy "pin", within the limits of the cache. */
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
 * Returns 0 if all bytes were read and were in the cache at some time, -EINPROGRESS if the warming has not ended,
 * -ESTALE if the file has changed or is not the expected version, or the -errno of opening or reading. A young file is
 * read again until the cache may retain its extents. Thread-safe.
 */
int warm_result(const struct warm *warm);
/* Returns the version that was read. Requires that warm_result() has returned 0. */
const struct file_version *warm_version(const struct warm *warm);
/* Returns the path that was given to warm_new(). */
const char *warm_path(const struct warm *warm);
/* Returns the number of bytes that were loaded so far. Thread-safe. */
uint64_t warm_done_bytes(const struct warm *warm);

/* Creates a group. The functions of a group are called by its creator only. Returns 0 or -ENOMEM. */
int warm_group_new(struct warm_group **group);
/* Releases the group. The creator has released all warmings of the group before. NULL is allowed. */
void warm_group_free(struct warm_group *group);
/*
 * Waits at most wait_ms until a warming of the group has found its file or has ended, unless that has happened since
 * the last call. Returns at once in this case.
 */
void warm_group_wait(struct warm_group *group, uint64_t wait_ms);
/*
 * Returns true if another warming may be started. The number of warmings in the process that look up their files is
 * limited, because lookups of clients use the same offload threads. A group without a lookup may always start one.
 */
bool warm_group_may_start(const struct warm_group *group);

#endif
