/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks over the table of open files. files_walk_close_deleted() closes deleted files. The other walks report the files
 * that are sent most. A walk consists of steps and releases the lock of a shard after each step.
 */
#ifndef STORE_FILES_WALK_H
#define STORE_FILES_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "store/files_types.h"

/*
 * Closes files that were deleted or replaced and are not in use. An open file keeps its disk space until it is closed.
 * Makes one statx() for each open file, so it is called only every few seconds. Must be called by one thread at a time.
 * Blocks; never called on a reactor.
 */
void files_walk_close_deleted(struct files *files);

#define FILES_WALK_PATH_BYTES 512

struct files_rank {
	char path[FILES_WALK_PATH_BYTES]; /* Path without a leading slash. A longer path is truncated. */
	uint64_t bytes, requests;	  /* Totals since the file was opened. */
	unsigned table;			  /* Number by which the caller identifies the table. */
};

/*
 * Merges the open files with the most bytes sent into `ranks`, which has `used` elements in descending order and room
 * for `count`. Returns the new number of elements. Inspects only the most recently used entries, a few thousand at
 * most. Thread-safe.
 */
unsigned files_walk_top(struct files *files, unsigned table, struct files_rank *ranks, unsigned used, unsigned count);

/* A version and its path in the table. */
struct files_name {
	struct file_version version;
	char path[FILES_WALK_PATH_BYTES]; /* "" if no path is known. */
	uint64_t requests;
	unsigned table; /* Number by which the caller identifies the table. */
	/* For use by the caller. */
	uint64_t bytes, pinned_bytes;
};

/*
 * Sets `path`, `requests` and `table` of each element of `names` whose version is open in this table and whose path is
 * "". `names` is sorted by files_walk_compare_names(). Inspects only the most recently used entries, a few thousand at
 * most. Thread-safe.
 */
void files_walk_names(struct files *files, unsigned table, struct files_name *names, size_t count);
/* Compares two struct files_name by version, for qsort(). */
int files_walk_compare_names(const void *a, const void *b);

#endif
