/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading one folder, step by step, over and over: each pass finds the next chunk of what was asked for, in order. The
 * caller's storage, one thread at a time.
 */
#ifndef STORE_DIRECTORY_PASS_H
#define STORE_DIRECTORY_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "store/entries.h"
#include "store/file.h"

/* As in struct directory_options; path must outlive the pass. */
struct directory_pass_options {
	int root_fd;
	const char *path;
	enum file_symlinks symlinks;
	enum entries_key sort;
	bool descending;
	uint64_t offset, limit;
	bool (*shows)(void *context, const char *name, bool folder);
	void *context;
};

struct directory_pass {
	struct directory_pass_options options;
	bool (*step)(struct directory_pass *pass); /* the next one */
	int error;
	/* the chunk, once step() has said false: entries [first, first + count) */
	struct entries entries;
	size_t first, count;
	unsigned chunks;	 /* of them so far, this one included */
	bool more;		 /* there is another one */
	uint64_t hash;		 /* of all in it */
	uint64_t folders, files; /* in all, as counted in the first pass */
	/* while it is read */
	int fd;	      /* open until there is nothing more to read or to look at; -1 */
	off_t resume; /* behind the last name that was read */
	bool at_end, counted, dropped;
	uint64_t skip, left; /* of offset and limit */
	size_t looked;
	bool bounded, after_cursor;
	struct entry bound_at; /* nothing beyond it is kept in this pass */
	struct entry cursor;   /* the last of the chunk before */
};

/* memory_bytes: of the entries. */
void directory_pass_init(struct directory_pass *pass, const struct directory_pass_options *options,
			 size_t memory_bytes);
/* BLOCKS if fd is open. */
void directory_pass_fini(struct directory_pass *pass);

/* Some milliseconds. BLOCKS. True: there is more to do. False: a chunk is there, or pass->error (-errno). */
bool directory_pass_step(struct directory_pass *pass);
/* The chunk is done with. True: steps will make the next one. */
bool directory_pass_next(struct directory_pass *pass);

#endif
