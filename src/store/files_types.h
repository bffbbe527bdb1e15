/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The types of the interface in files.h. They have a header of their own because the private header files_table.h,
 * which files.c is built on, needs them too.
 */
#ifndef STORE_FILES_TYPES_H
#define STORE_FILES_TYPES_H

#include "engine/offload.h"
#include "engine/reactor.h"
#include "store/file.h"

struct files;
struct files_shard;
struct files_entry;

struct files_options {
	int root_fd; /* O_PATH or O_DIRECTORY. Owned by the caller. The table duplicates the descriptor. */
	enum file_symlinks symlinks;
	/*
	 * Maximum number of open files in the table. Files in use stay open above this limit until their readers end.
	 */
	unsigned max_files;
	unsigned revalidate_ms; /* Age at which an entry must be revalidated, usually 1000. */
	bool siblings;		/* Search for compressed variants and digests on each revalidation. */
	struct offload *offload;
	struct devices *devices; /* Devices of the files. */
	/* Runs on an offload thread after a file was opened. May be NULL. */
	void (*opened)(void *context, struct file *file);
	/*
	 * Reports that no path of the table leads to this version now. Runs on an offload thread, or on the thread that
	 * frees the table. May be NULL.
	 */
	void (*superseded)(void *context, const struct file_version *version);
	void *context;
};

/*
 * One lookup. The caller allocates the struct, which must live until done() has run or files_cancel() has returned
 * true.
 */
struct files_want {
	struct reactor_message message;
	struct files_want *next;
	struct reactor *reactor;
	/* The path must be looked up at this time or later (CLOCK_MONOTONIC). 0: only the usual maximum age applies. */
	uint64_t since_ns;
	void (*done)(struct files_want *want); /* Runs on `reactor`. */
	struct file *file;		       /* Result: a reference owned by the caller, or NULL. */
	int error;			       /* Result: 0 or -errno. */
	/* Private. */
	struct files_shard *shard;
	struct files_entry *entry;
};

struct files_stats {
	unsigned open; /* Number of open files in the table. */
	uint64_t hits, opens, revalidations, failures;
};

#endif
