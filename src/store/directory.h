/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sorted listings of directories. Offload threads read a directory in short steps and with bounded memory. A small
 * directory is one chunk. A larger one has several: each pass over the directory keeps the next chunk, the first
 * entries after the last entry of the previous chunk, in the requested order. Two directories are read at a time,
 * whatever their number, one step of each alternately, so that opens of files run between the steps.
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

/* The directories that are being read by the process. */
struct directory_table;

struct directory_table_options {
	struct offload *offload;
	/* Memory of all directories (0: 64 MiB). When it is used up, each further directory gets ENTRIES_BYTES_MIN. */
	size_t memory_bytes;
	/* Maximum size of a chunk (0: 8 MiB). It is smaller while many directories are read. */
	size_t chunk_bytes;
};

struct directory_options {
	struct reactor *reactor;
	int root_fd;	  /* Owned by the caller; open as long as the table lives. */
	const char *path; /* Path beneath the root, see beneath.h; copied. */
	enum file_symlinks symlinks;
	enum entries_key sort;
	bool descending;
	/* Skips `offset` entries, then lists at most `limit` (UINT64_MAX: all). */
	uint64_t offset, limit;
	/*
	 * Returns whether the client may see this name. `directory`: the name is known to be a directory. Runs on an
	 * offload thread. NULL: all names are shown.
	 */
	bool (*shows)(void *context, const char *name, bool directory);
	/*
	 * A chunk or an error is ready. Runs on the reactor, once after directory_new() and once after each
	 * directory_next().
	 */
	void (*ready)(void *context);
	/*
	 * The directory was freed and does not use `context` any longer. Runs on any thread, once, after
	 * directory_free(). May be NULL.
	 */
	void (*freed)(void *context);
	void *context;
};

/* Creates a table. Returns 0 or -ENOMEM. */
int directory_table_new(struct directory_table **table, const struct directory_table_options *options);
/* Ends all readings with -ECANCELED at their next step. Call it before offload_stop(). Any thread. */
void directory_table_stop(struct directory_table *table);
/* Frees the table, after offload_stop() and after directory_free() of all directories. NULL is allowed. */
void directory_table_free(struct directory_table *table);

struct directory;

/* Starts to read the first chunk. Returns 0 or -ENOMEM. On the reactor's thread, as all functions below. */
int directory_new(struct directory **directory, struct directory_table *table, const struct directory_options *options);
/* Frees the directory at any time. ready() will not run any longer. NULL is allowed. */
void directory_free(struct directory *directory);

/*
 * Returns 0 if a chunk is ready, -EAGAIN if ready() will run, or -errno of opening or reading the directory (-ENOTDIR,
 * -EACCES, -ENOENT, -EIO, ...).
 */
int directory_state(const struct directory *directory);

/* The following functions require that a chunk is ready. */

/*
 * Return the number of entries of the chunk, and each entry in order, valid until directory_next() or directory_free().
 * The caller skips entries that are marked `vanished`.
 */
size_t directory_count(const struct directory *directory);
const struct entry *directory_entry(const struct directory *directory, size_t index);
/* Returns true if this chunk is the complete result: no chunk precedes or follows it. */
bool directory_is_whole(const struct directory *directory);
/* Returns a hash of all entries of the chunk. */
uint64_t directory_hash(const struct directory *directory);
/* Releases the chunk and starts to read the next one. Returns false if there is none. */
bool directory_next(struct directory *directory);
/* Returns the numbers of all directories and files, as counted in the first pass, independent of offset and limit. */
void directory_totals(const struct directory *directory, uint64_t *directories, uint64_t *files);

#endif
