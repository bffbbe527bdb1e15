/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of the files that are sent most. All functions are thread-safe. */
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
 * Returns the number of elements. Walks over the whole table in steps, see names_walk().
 */
unsigned names_rank_top(struct names *names, struct names_rank *ranks, unsigned count);

/*
 * Updates the totals of the elements whose names are still known, and sorts `ranks` again. Takes one lookup for each
 * element.
 */
void names_rank_update(struct names *names, struct names_rank *ranks, unsigned count);

#endif
