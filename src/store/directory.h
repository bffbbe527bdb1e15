/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sorted listings of directories. Offload threads read a directory in short steps and with bounded memory. A small
 * directory is one chunk. A larger directory has several chunks. Each pass over the directory finds one chunk, which
 * consists of the entries that follow the previous chunk in the requested order. At most two steps of a device run at
 * the same time, whatever the number of directories, and jobs that open files run between the steps.
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
	/*
	 * Memory of all directories together (0: 64 MiB). When this memory is used up, each further directory gets
	 * ENTRIES_BYTES_MIN.
	 */
	size_t memory_bytes;
	/* Maximum size of a chunk (0: 8 MiB). The maximum is lower while many directories are being read. */
	size_t chunk_bytes;
};

struct directory_options {
	struct reactor *reactor;
	struct device *device; /* The device of the directory; NULL: unknown. */
	int root_fd;	       /* Owned by the caller, and open as long as the table exists. */
	const char *path;      /* Path beneath the root, see beneath.h; copied. */
	enum file_symlinks symlinks;
	enum entries_key sort;
	bool descending;
	/* Skips `offset` entries, then lists at most `limit` (UINT64_MAX: all). */
	uint64_t offset, limit;
	/*
	 * Returns true if the client may see this name. `directory` is true if the name is known to be a directory.
	 * Runs on an offload thread. NULL: all names are shown.
	 */
	bool (*shows)(void *context, const char *name, bool directory);
	/*
	 * Reports that a chunk or an error is ready. Runs on the reactor, once after directory_new() and once after
	 * each directory_next().
	 */
	void (*ready)(void *context);
	/*
	 * Reports that the directory was freed and no longer uses `context`. Runs once after directory_free(), on any
	 * thread. May be NULL.
	 */
	void (*freed)(void *context);
	void *context;
};

/* Creates a table. Returns 0 or -ENOMEM. */
int directory_table_new(struct directory_table **table, const struct directory_table_options *options);
/*
 * Cancels the reading of all directories at the next step, with -ECANCELED. Must be called before offload_stop().
 * Thread-safe.
 */
void directory_table_stop(struct directory_table *table);
/*
 * Frees the table. Must be called after offload_stop() and after directory_free() of all directories. NULL is allowed.
 */
void directory_table_free(struct directory_table *table);

struct directory;

/*
 * Creates a directory and starts to read its first chunk. Returns 0 or -ENOMEM. This function and all functions below
 * must be called on the thread of options->reactor.
 */
int directory_new(struct directory **directory, struct directory_table *table, const struct directory_options *options);
/* Frees the directory. May be called at any time. ready() does not run after this call. NULL is allowed. */
void directory_free(struct directory *directory);

/*
 * Returns 0 if a chunk is ready, -EAGAIN if ready() will run, or -errno of opening or reading the directory (-ENOTDIR,
 * -EACCES, -ENOENT, -EIO, ...).
 */
int directory_state(const struct directory *directory);

/* The following functions require that a chunk is ready. */

/*
 * Return the number of entries of the chunk, and the entry with this index. An entry is valid until directory_next() or
 * directory_free(). The caller skips entries that are marked `vanished`.
 */
size_t directory_count(const struct directory *directory);
const struct entry *directory_entry(const struct directory *directory, size_t index);
/* Returns true if the chunk is the complete result, so that no chunk precedes or follows it. */
bool directory_is_whole(const struct directory *directory);
/* Returns a hash of all entries of the chunk. */
uint64_t directory_hash(const struct directory *directory);
/* Releases the chunk and starts to read the next chunk. Returns false if there is no next chunk. */
bool directory_next(struct directory *directory);
/* Returns the numbers of all directories and files, as counted in the first pass, independent of offset and limit. */
void directory_totals(const struct directory *directory, uint64_t *directories, uint64_t *files);

#endif
