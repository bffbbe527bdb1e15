/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists the known files that have bytes in the cache, the most requested ones first, with the parts that are in the
 * cache. The list has no maximum length. The function walks over all names and over the cache in steps, and holds no
 * lock for longer than a step. Its memory is bounded by HEAT_PIECES_BYTES, and the parts of one file.
 */
#ifndef STORE_HEAT_H
#define STORE_HEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/cache.h"
#include "store/names.h"
#include "store/span.h"

#define HEAT_PIECES_BYTES ((size_t)24 << 20)
#define HEAT_CLASSES 8

/* A file with bytes in the cache. Valid during the call that receives it. */
struct heat_item {
	struct file *file;
	const struct span *spans; /* In ascending order, not adjacent. One span of the file's size: all bytes. */
	size_t count;
};

struct heat_options {
	struct names *names;
	struct cache *cache;
	bool paced;    /* Take at most half of the time of a processor. */
	size_t pieces; /* Maximum number of pieces in memory. 0: as HEAT_PIECES_BYTES allows. For tests. */
	/* Receives each file. A result other than 0 ends the walk. May block, because no lock is held. */
	int (*visit)(const struct heat_item *item, void *context);
	/* Returns true if the caller does not need the result any more. */
	bool (*stopped)(void *context);
	void *context;
};

/*
 * Calls visit() for each file. The files are in the order of HEAT_CLASSES classes by their number of requests; within a
 * class, the order is arbitrary. A file whose class changes meanwhile may be missing, or may be listed twice. A file
 * with several names is listed with each of them. Thread-safe. Returns 0, -ECANCELED, -ENOMEM, or the result of
 * visit().
 */
int heat_walk(const struct heat_options *options);

#endif
