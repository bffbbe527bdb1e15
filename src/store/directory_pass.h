/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads one directory in passes, each of which consists of steps. A pass finds the next chunk of the sorted listing.
 * The caller allocates the struct. One thread at a time may use the struct.
 */
#ifndef STORE_DIRECTORY_PASS_H
#define STORE_DIRECTORY_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "store/entries.h"
#include "store/file.h"

/* The options have the same meaning as in struct directory_options. `path` must outlive the pass. */
struct directory_pass_options {
	int root_fd;
	const char *path;
	enum file_symlinks symlinks;
	enum entries_key sort;
	bool descending;
	uint64_t offset, limit;
	bool (*shows)(void *context, const char *name, bool directory);
	void *context;
};

struct directory_pass {
	struct directory_pass_options options;
	bool (*step)(struct directory_pass *pass); /* Function that runs the next step. */
	int error;
	/* When step() has returned false, the chunk consists of the entries [first, first + count). */
	struct entries entries;
	size_t first, count;
	unsigned chunks;	     /* Number of chunks that were read, including the current chunk. */
	bool more;		     /* Another chunk follows. */
	uint64_t hash;		     /* Hash of all entries of the chunk. */
	uint64_t directories, files; /* Totals, counted in the first pass. */
	/* State of the pass. */
	int fd;	      /* Descriptor of the directory during a pass, otherwise -1. */
	off_t resume; /* Position after the last name that was read. */
	bool at_end, counted, truncated;
	uint64_t skip, left; /* Remaining values of `offset` and `limit`. */
	size_t stat_count;
	bool bounded, after_cursor;
	struct entry bound_at; /* Entries that sort after this entry are dropped in this pass. */
	struct entry cursor;   /* Last entry of the previous chunk. */
};

/* Initialises a pass. memory_bytes is the limit of memory for the entries. */
void directory_pass_init(struct directory_pass *pass, const struct directory_pass_options *options,
			 size_t memory_bytes);
/* Frees the entries and closes the descriptor. Blocks if the descriptor is open. */
void directory_pass_fini(struct directory_pass *pass);

/*
 * Runs one step, which takes some milliseconds. Blocks; never called on a reactor. Returns true if further steps are
 * necessary, or false if a chunk is ready or pass->error is set to -errno.
 */
bool directory_pass_step(struct directory_pass *pass);
/* Releases the chunk. Returns true if further steps will read another chunk. */
bool directory_pass_next(struct directory_pass *pass);

#endif
