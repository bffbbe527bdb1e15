/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The key cache_state: writes the list of the files in the cache to a file now and then and at the end of the process,
 * and loads these files after the next start. A thread does both, so a disk that does not respond delays nothing else.
 */
#ifndef DAEMON_CACHE_STATE_H
#define DAEMON_CACHE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/process.h"

struct cache_state;

/* Creates the object without its thread. Returns 0 or -ENOMEM. Called on the main thread. */
int cache_state_new(struct cache_state **state, struct process *process);
/*
 * Sets the file (absolute path), or NULL for none. The first call with a file starts the thread. If `restore` is true,
 * the thread loads the files of the list. After a reload it only writes. The state of the process must be
 * PROCESS_SERVING or later. Thread-safe. Logs its errors.
 */
void cache_state_set_file(struct cache_state *state, const char *file, bool restore);
/* Cancels the restore, and begins to write the list for the last time. Does not wait. Called on the main thread. */
void cache_state_begin_stop(struct cache_state *state);
/*
 * Waits for the thread, as long as it makes progress. Returns false if the thread still waits for the disk after that.
 * The caller must then not free the objects that the thread uses. NULL is allowed. Called on the main thread.
 */
bool cache_state_end_stop(struct cache_state *state);
/* Frees the object, after cache_state_end_stop() has returned true. NULL is allowed. */
void cache_state_free(struct cache_state *state);

/* Figures for the admin listener. */
struct cache_state_stats {
	bool restoring;
	uint64_t listed, restored, restored_bytes, skipped, failed; /* see struct cache_restore_counts */
	uint64_t writes, write_failures;
	uint64_t written_files; /* entries of the last list that was written */
	uint64_t written_s;	/* time of the last write since the Unix epoch; 0: none */
};

/* Reads the figures. Thread-safe. */
void cache_state_stats(const struct cache_state *state, struct cache_state_stats *stats);

#endif
