/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data of the table of open files, private to files.c, files_job.c and files_walk.c. The table consists of shards
 * with a lock each. A shard has its entries in hash buckets and in LRU order. The limit on open files applies to the
 * whole table.
 *
 * An entry consists of a path and at most one job, which determines the file at the path. The states of an entry are:
 *
 *	new ---files_job_claim()---> busy ---job found a file---> idle (always has a file)
 *	                             ^  |                          |  |
 *	                             |  +--wants are left, which   |  +--evicted, deleted or invalidated: freed
 *	                             |  |  need a later lookup     |
 *	                             +--+                          |
 *	                             +-----files_job_claim()-------+
 *
 *	busy ---job found no file---> freed
 *
 * Only an idle entry is evicted, because a job uses its entry without the lock.
 */
#ifndef STORE_FILES_TABLE_H
#define STORE_FILES_TABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/files_types.h"

#define FILES_SHARDS 32 /* A power of two. */
#define FILES_NEVER_NS UINT64_MAX
#define FILES_CACHE_LINE_BYTES 64

struct files_entry {
	struct offload_job job;
	struct files_shard *shard;
	bool busy;		    /* The job is queued or running. */
	struct file *file;	    /* A reference. NULL: the file is not known yet, or was invalidated. */
	uint64_t validated_ns;	    /* Start of the last lookup that found `file` at the path. */
	uint64_t used_ns;	    /* Time of the last request, or of an eviction attempt while `file` was in use. */
	uint64_t tried_ns;	    /* Start of the last job, regardless of its result. */
	uint32_t mode, user, group; /* Private to the job: attributes when the path was last opened for reading. */
	struct files_want *wants;   /* Lookups that wait for the job, the latest first. */
	struct file *previous;	    /* Private to the job: a reference to the `file` at the start of the job. */
	struct files_entry *prev, *next; /* LRU order. `next` also links unlinked entries. */
	struct files_entry *chain;	 /* Next entry of the bucket. */
	uint64_t hash;
	char path[];
};

/* A superseded version that has not been reported to options.superseded() yet. */
struct files_superseded {
	struct file_version version;
	struct files_superseded *next;
};

/*
 * The number of buckets never changes, so an entry never changes its bucket, and a walk can iterate over the buckets.
 */
struct files_shard {
	_Alignas(FILES_CACHE_LINE_BYTES) pthread_mutex_t lock; /* Protects all members below. */
	struct files *files;
	struct files_entry **buckets;
	uint32_t mask;
	struct files_entry *lru; /* All entries, the least recently used first. */
	/*
	 * used_ns of the first entry in `lru`, or FILES_NEVER_NS. Written under the lock, read without it. Relaxed: the
	 * number publishes no other data, and is used only to select a shard.
	 */
	_Atomic uint64_t oldest_ns;
	struct files_stats stats; /* Statistics of the shard, without `open`. */
};

struct files {
	struct files_options options;
	uint64_t revalidate_ns;
	/*
	 * Time of the last change of the root. Results of lookups that began earlier are discarded. Sequentially
	 * consistent: FILES_NEVER_NS is visible before dup3() replaces the descriptor.
	 */
	_Atomic uint64_t root_since_ns;
	atomic_bool rootless;	/* The root is lost. Relaxed: the flag publishes no other data. */
	atomic_uint open;	/* Number of open files in all shards. Relaxed: used only for the limit. */
	atomic_uint references; /* Number of users and of jobs that have not ended. Decrements are acquire-release. */
	/*
	 * Stack of superseded versions. Any thread pushes a version with release order. The thread that removes the
	 * whole stack with acquire order therefore sees the versions and links.
	 */
	struct files_superseded *_Atomic superseded;
	struct files_shard shards[FILES_SHARDS];
};

/* Creates a table with one reference. Returns 0 or -errno. */
int files_table_new(struct files **files, const struct files_options *options);
/*
 * Releases a reference of a user or of a job. The last release frees the table. Thread-safe. The caller must hold no
 * lock.
 */
void files_table_unref(struct files *files);

/* Returns the shard of the hash of a path. */
struct files_shard *files_table_shard(struct files *files, uint64_t hash);

/* The following functions require the lock of the shard. */

/* Returns the entry of the path, or NULL if there is none. */
struct files_entry *files_table_find(struct files_shard *shard, uint64_t hash, const char *path);
/* Adds an entry without a file. Returns NULL if there is no memory. */
struct files_entry *files_table_add(struct files_shard *shard, uint64_t hash, const char *path);
/* Makes the entry the most recently used one of its shard. */
void files_table_use(struct files_entry *entry, uint64_t now_ns);
/*
 * Replaces the file of the entry. Takes ownership of the reference to `file` and returns the reference to the former
 * file.
 */
struct file *files_table_swap_file(struct files_entry *entry, struct file *file);
/*
 * Removes an idle entry and adds it to the list `unlinked`. After releasing the lock, the caller passes the list to
 * files_table_free_unlinked().
 */
void files_table_unlink(struct files_entry *entry, struct files_entry **unlinked);
/*
 * Marks the file as outdated and queues its version for files_table_report_superseded(). If memory runs out, the
 * version is not reported. That is harmless, because no lookup finds the extents of the version, and the cache evicts
 * them like other unused extents.
 */
void files_table_note_superseded(struct files *files, struct file *file);

/* The following functions require that the thread holds no lock. */

/* Frees unlinked entries and releases their files. */
void files_table_free_unlinked(struct files_entry *unlinked);
/*
 * Unlinks idle entries, the least recently used first, until `keep` files are left or `max_inspected` entries were
 * inspected. If `unused_only` is true, files with other references are skipped, because unlinking their entries closes
 * no descriptor.
 */
void files_table_evict(struct files *files, unsigned keep, bool unused_only, unsigned max_inspected,
		       struct files_entry **unlinked);
/*
 * Closes the oldest quarter of the files that only the table keeps open, after an open has failed with EMFILE. Blocks;
 * runs only on offload threads.
 */
void files_table_close_unused(struct files *files);
/* Returns the number of open files in the table. */
unsigned files_table_open_count(struct files *files);
/*
 * Calls options.superseded() for all queued versions. Runs on an offload thread, or on the thread that frees the table.
 */
void files_table_report_superseded(struct files *files);

#endif
