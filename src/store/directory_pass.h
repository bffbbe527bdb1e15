/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads one directory in steps and passes: each pass finds the next chunk of the sorted listing. The caller allocates
 * the struct. One thread at a time may use it.
 */
#ifndef STORE_DIRECTORY_PASS_H
#define STORE_DIRECTORY_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "store/entries.h"
#include "store/file.h"

/* As in struct directory_options. `path` must outlive the pass. */
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
	bool (*step)(struct directory_pass *pass); /* The next step. */
	int error;
	/* The chunk, once step() has returned false: entries [first, first + count). */
	struct entries entries;
	size_t first, count;
	unsigned chunks;	     /* Number of chunks so far, including this one. */
	bool more;		     /* Another chunk follows. */
	uint64_t hash;		     /* Hash of all entries of the chunk. */
	uint64_t directories, files; /* Totals, counted in the first pass. */
	/* State of the pass. */
	int fd;	      /* Open until everything was read and stat; -1 otherwise. */
	off_t resume; /* Position after the last name that was read. */
	bool at_end, counted, truncated;
	uint64_t skip, left; /* Rest of offset and limit. */
	size_t stat_count;
	bool bounded, after_cursor;
	struct entry bound_at; /* Entries after this one are dropped in this pass. */
	struct entry cursor;   /* Last entry of the previous chunk. */
};

/* Initialises a pass. memory_bytes: for the entries. */
void directory_pass_init(struct directory_pass *pass, const struct directory_pass_options *options,
			 size_t memory_bytes);
/* Frees the entries and closes the descriptor. BLOCKS if it is open. */
void directory_pass_fini(struct directory_pass *pass);

/*
 * Runs one step, which takes some milliseconds. BLOCKS. Returns true if there is more to do, false if a chunk is ready
 * or pass->error (-errno) is set.
 */
bool directory_pass_step(struct directory_pass *pass);
/* Releases the chunk. Returns true if further steps will read another one. */
bool directory_pass_next(struct directory_pass *pass);

#endif
