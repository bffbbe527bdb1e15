/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks over the table of open files. One closes deleted files; the others report the files that are sent most. A walk
 * consists of steps and releases the lock of a shard after each step.
 */
#ifndef STORE_FILES_WALK_H
#define STORE_FILES_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "store/files_types.h"

/*
 * Closes files that were deleted or replaced and are not in use. An open file keeps its disk space until it is closed.
 * Makes one statx per open file; call it every few seconds. Any thread, one at a time.
 */
void files_walk_close_deleted(struct files *files);

#define FILES_WALK_PATH_BYTES 512

struct files_rank {
	char path[FILES_WALK_PATH_BYTES]; /* Without a leading slash; a longer path is truncated. */
	uint64_t bytes, requests;	  /* Totals since the file was opened. */
	unsigned table;			  /* The caller's number of the table. */
};

/*
 * Merges the open files with the most bytes sent into `ranks`, which has `used` elements in descending order and room
 * for `count`. Returns the new number of elements. Inspects only a few thousand entries, the most recently used ones.
 * Any thread.
 */
unsigned files_walk_top(struct files *files, unsigned table, struct files_rank *ranks, unsigned used, unsigned count);

/* A version and its path in the table. */
struct files_name {
	struct file_version version;
	char path[FILES_WALK_PATH_BYTES]; /* "" if no path is known. */
	uint64_t requests;
	unsigned table; /* The caller's number of the table. */
	/* For use by the caller. */
	uint64_t bytes, pinned_bytes;
};

/*
 * Fills in `path`, `requests` and `table` of the names whose version is open in this table and whose path is still "".
 * `names` is sorted by files_walk_compare_names(). Inspects only a few thousand entries, the most recently used ones.
 * Any thread.
 */
void files_walk_names(struct files *files, unsigned table, struct files_name *names, size_t count);
/* Compares two struct files_name by version, for qsort(). */
int files_walk_compare_names(const void *a, const void *b);

#endif
