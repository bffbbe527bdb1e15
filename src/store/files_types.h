/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The types of the interface in files.h. They have a header of their own because the private header names.h, which
 * files.c is built on, needs them too.
 */
#ifndef STORE_FILES_TYPES_H
#define STORE_FILES_TYPES_H

#include "engine/offload.h"
#include "engine/reactor.h"
#include "store/descriptors.h"
#include "store/file.h"

struct files;
struct names;
struct names_shard;
struct files_job;
struct parents;

struct files_options {
	int root_fd; /* O_PATH or O_DIRECTORY. Owned by the caller. files_new() duplicates it. */
	enum file_symlinks symlinks;
	unsigned revalidate_ms; /* Age at which a name must be revalidated, unless the lookup has its own maximum. */
	bool siblings;		/* Search for digests and, if `variants`, compressed variants on each revalidation. */
	bool variants;
	/* The objects below are shared by all roots, and outlive the struct files and its files. */
	struct names *names;
	struct descriptors *descriptors;
	/* Knowledge about directories. NULL: all lookups that are not hits run on offload threads. */
	struct parents *parents;
	struct offload *offload;
	struct devices *devices; /* Devices of the files. */
	/* Runs on an offload thread after a file was opened by a lookup or for a read. May be NULL. */
	void (*opened)(void *context, struct file *file, struct descriptor *descriptor);
	/*
	 * Reports that the path that led to this version now leads to another version, or to no file. Runs on an
	 * offload thread, or on the thread that frees the struct files. May be NULL.
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
	/*
	 * If the path cannot be looked up, because its device does not respond or is lost, the result is a file that
	 * was validated at most stale_ns ago. 0: the result is an error.
	 */
	uint64_t stale_ns;
	/* The path must be looked up at this time or later (CLOCK_MONOTONIC). 0: only the usual maximum age applies. */
	uint64_t since_ns;
	/* Maximum age of the last lookup of the path in ms. 0: files_options.revalidate_ms. */
	uint64_t revalidate_ms;
	/*
	 * Neither siblings nor a tag are needed. The lookup does not search for them, so those of the result may be
	 * missing or out of date.
	 */
	bool skip_siblings;
	void (*done)(struct files_want *want); /* Runs on `reactor`. */
	struct file *file;		       /* Result: a reference owned by the caller, or NULL. */
	int error;			       /* Result: 0 or -errno. */
	bool stale;			       /* Result: the file could not be revalidated. */
	/* The device of the job that the want awaits, or NULL if it is unknown. */
	struct device *device;
	/* Private. */
	struct names_shard *shard;
	struct files_job *job; /* The job whose result the want awaits, or NULL. Protected by the lock of the shard. */
};

/* Totals of lookups. A lookup is a hit, or inline, or waits for a job, which revalidates or opens the path. */
struct files_stats {
	uint64_t hits;
	uint64_t inlined; /* Answered by the reactor from the dentry cache, with system calls that never wait. */
	uint64_t opens, revalidations, failures;
};

#endif
