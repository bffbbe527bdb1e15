/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ranks the known names by the number of bytes of their files in the cache. The function walks over all names and over
 * the cache in steps, and holds no lock for longer than a step. Its memory is bounded: RESIDENT_NAME_BYTES, or twice as
 * much, for each of offset + limit names, and RESIDENT_SUMS_BYTES for files that consist of several extents.
 */
#ifndef STORE_RESIDENT_H
#define STORE_RESIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/cache.h"
#include "store/names.h"

#define RESIDENT_NAME_BYTES 40
#define RESIDENT_SUMS_BYTES ((size_t)24 << 20)

/* A known name whose file has bytes in the cache. */
struct resident_name {
	struct file *file; /* A reference. */
	uint64_t bytes;	   /* Number of bytes of the file in the cache. */
	uint64_t pinned_bytes, requests;
	uint64_t inode; /* Private: orders names with equal numbers of bytes and requests. */
};

/* A page of the ranking. */
struct resident_ranking {
	struct resident_name *names; /* In descending order of bytes, then of requests. */
	size_t count, size;	     /* Number of elements in use, and allocated. */
	uint64_t total;		     /* Number of all names whose files have bytes in the cache. */
};

struct resident_options {
	struct names *names;
	struct cache *cache;
	/* The page: skips the `offset` names with the most bytes, then lists at most `limit`. Their sum is positive. */
	size_t offset, limit;
	/*
	 * Number of files of several extents in one pass, see resident.c. 0: as RESIDENT_SUMS_BYTES allows. For tests.
	 */
	size_t pass_files;
	/* Returns true if the caller does not need the result any more. May be NULL. */
	bool (*stopped)(void *context);
	void *context;
};

/*
 * Finds the names with the most bytes in the cache. If a file has several names, each of them counts. Names that become
 * known meanwhile may be missing. Takes about two seconds for a million names, and sleeps for half of this time. Blocks
 * no reactor. Thread-safe. Returns 0, -ECANCELED or -ENOMEM. In each case, resident_fini() frees the ranking.
 */
int resident_rank(struct resident_ranking *ranking, const struct resident_options *options);
/* Releases the files and frees the ranking. */
void resident_fini(struct resident_ranking *ranking);

#endif
