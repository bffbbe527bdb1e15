/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a directory and collects the names that have siblings, see parents.h. */
#ifndef STORE_PARENTS_SCAN_H
#define STORE_PARENTS_SCAN_H

#include <stddef.h>
#include <stdint.h>

#define PARENTS_SCAN_HASHES_MAX (1u << 20) /* Maximum number of hashes of a directory. */

/* The suffixes of siblings. */
enum parents_suffix {
	PARENTS_ZST,
	PARENTS_BR,
	PARENTS_GZ,
	PARENTS_SHA256,
	PARENTS_ETAG,
	PARENTS_SUFFIXES,
};

/* Sorted hashes of the names that have a sibling. The lowest bits of a hash are the enum parents_suffix. */
struct parents_names {
	uint64_t *hashes; /* Owned by the holder of the struct. NULL if count is 0. */
	size_t count, room;
};

/* Returns the hash of a name, with 0 in the bits of the suffix. Pure and thread-safe. */
uint64_t parents_scan_hash(const char *name, size_t length);
/* Returns the bits 1 << enum parents_suffix of the siblings of the name with this hash. Pure and thread-safe. */
unsigned parents_scan_find(const struct parents_names *names, uint64_t hash);

/*
 * Reads the directory from the current position of the descriptor. Returns 0 and sets *names, -E2BIG if the directory
 * has too many names, or another -errno. Blocks; runs only on offload threads.
 */
int parents_scan(int fd, struct parents_names *names);

#endif
