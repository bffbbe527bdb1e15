/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reports about known names: the files that are sent most, and the paths of versions. Each function walks over the
 * whole table in steps, see names_walk(). All functions are thread-safe.
 */
#ifndef STORE_NAMES_RANK_H
#define STORE_NAMES_RANK_H

#include <stddef.h>
#include <stdint.h>

#include "store/names.h"

#define NAMES_RANK_PATH_BYTES 512

struct names_rank {
	char path[NAMES_RANK_PATH_BYTES]; /* Path without a leading slash. A longer path is truncated. */
	uint64_t bytes, requests;	  /* Totals since the version became known. */
	const struct file_root *root;	  /* Identifies the root; may not be accessed. */
};

/*
 * Finds the files with the most bytes sent. `ranks` has room for `count` elements, and is sorted in descending order.
 * Returns the number of elements.
 */
unsigned names_rank_top(struct names *names, struct names_rank *ranks, unsigned count);

/* A version and its path in the table. */
struct names_version {
	struct file_version version;
	char path[NAMES_RANK_PATH_BYTES]; /* "" if no path is known. */
	uint64_t requests;
	const struct file_root *root; /* Identifies the root; may not be accessed. */
	/* For use by the caller. */
	uint64_t bytes, pinned_bytes;
};

/*
 * Sets `path`, `requests` and `root` of each element whose version is known and whose path is "". `versions` is sorted
 * by names_rank_compare().
 */
void names_rank_paths(struct names *names, struct names_version *versions, size_t count);
/* Compares two struct names_version by version, for qsort(). */
int names_rank_compare(const void *a, const void *b);

#endif
