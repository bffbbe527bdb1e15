/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads the files of a list (cache_list.h) into the cache, with lower priority than all requests of clients. A file is
 * loaded only if it still has the size and the mtime of the list, and if the configuration still serves and caches it.
 */
#ifndef DAEMON_CACHE_RESTORE_H
#define DAEMON_CACHE_RESTORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/cache_list.h"
#include "daemon/process.h"

/* Numbers of entries. Each number has one writer, the thread of the restore, and is relaxed: it publishes no data. */
struct cache_restore_counts {
	_Atomic uint64_t listed;   /* entries in the list */
	_Atomic uint64_t restored; /* loaded completely */
	_Atomic uint64_t bytes;	   /* bytes of these entries */
	_Atomic uint64_t skipped;  /* files that have changed, do not exist, or may not be served or cached */
	_Atomic uint64_t failed;   /* files that could not be read */
};

struct cache_restore_options {
	struct process *process; /* its state is PROCESS_SERVING or later */
	struct cache_list_reader *list;
	struct cache_restore_counts *counts;
	/* Returns true if the restore is to be cancelled. */
	bool (*stopped)(void *context);
	void *context;
};

#define CACHE_RESTORE_FAULT_BYTES 512

/*
 * Loads the files, until the list ends or the cache is full. Blocks until then. The number of reads in flight is
 * bounded. Writes the first error of a file to `fault`, or "". Returns 0 at the end of the list, -ENOSPC if the cache
 * is full, -ECANCELED or -ENOMEM. Called on a thread of its own.
 */
int cache_restore_run(const struct cache_restore_options *options, char fault[CACHE_RESTORE_FAULT_BYTES]);

#endif
