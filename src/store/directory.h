/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in a folder, in order, read on the offload threads in short steps and with bounded memory. What fits is one
 * chunk; of a larger folder each pass over it keeps the next chunk: the first entries, in the order asked for, that
 * come after the last one of the chunk before. Two folders are read at a time, whatever their number, a step of each in
 * turn: opens come in between.
 */
#ifndef STORE_DIRECTORY_H
#define STORE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/offload.h"
#include "engine/reactor.h"
#include "store/entries.h"
#include "store/file.h"

/* The folders that are being read: of the process. */
struct directory_table;

struct directory_table_options {
	struct offload *offload;
	size_t memory_bytes; /* of all folders together (0: 64 MiB); once it is used up each further one has
				ENTRIES_BYTES_MIN */
	size_t chunk_bytes;  /* of one, at most (0: 8 MiB); it is less while many are read */
};

struct directory_options {
	struct reactor *reactor;
	int root_fd;	  /* stays the caller's, open as long as the table lives */
	const char *path; /* beneath it, as for file_open(); copied */
	enum file_symlinks symlinks;
	enum entries_key sort;
	bool descending;
	uint64_t offset, limit; /* leave out so many, then give so many at most (UINT64_MAX: all) */
	/* Whether this name is in it for the asker (folder: it is one, as far as that is known yet). On an offload
	 * thread. NULL: all are. */
	bool (*shows)(void *context, const char *name, bool folder);
	/* The chunk has come, or an error: once after directory_new() and once after each directory_next(). On the
	 * reactor. */
	void (*ready)(void *context);
	/* Nothing of the folder is left, and `context` may go. Any thread; once, after directory_free(). May be NULL.
	 */
	void (*freed)(void *context);
	void *context;
};

/* 0 or -ENOMEM. */
int directory_table_new(struct directory_table **table, const struct directory_table_options *options);
/* What is being read ends with -ECANCELED at its next step. Before offload_stop(). Any thread. */
void directory_table_stop(struct directory_table *table);
/* After offload_stop(), and after directory_free() of all folders. NULL is fine. */
void directory_table_free(struct directory_table *table);

struct directory;

/* Begins to read its first chunk. 0 or -ENOMEM. On the reactor's thread, as all below. */
int directory_new(struct directory **folder, struct directory_table *table, const struct directory_options *options);
/* At any time; ready() will not run any more. NULL is fine. */
void directory_free(struct directory *folder);

/* 0: a chunk is there. -EAGAIN: ready() will run. -errno: what opening or reading it said (-ENOTDIR, -EACCES, -ENOENT,
 * -EIO …). */
int directory_state(const struct directory *folder);

/* All of what follows only while a chunk is there. */

/* How many entries it has, and each of them, in order, until the next directory_next() or directory_free(). What is
 * `gone` does not count. */
size_t directory_count(const struct directory *folder);
const struct entry *directory_entry(const struct directory *folder, size_t index);
/* Whether this chunk, from the first on, is all that was asked for: no other one came before, and none comes after it.
 */
bool directory_is_whole(const struct directory *folder);
/* A hash of all in this chunk. */
uint64_t directory_hash(const struct directory *folder);
/* True: the next chunk is being read, and this one is gone. False: there is none. */
bool directory_next(struct directory *folder);
/* How many folders and files there are in all, as counted in the first pass, whatever offset and limit are. */
void directory_totals(const struct directory *folder, uint64_t *folders, uint64_t *files);

#endif
