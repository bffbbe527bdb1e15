/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of known names. It maps a path below a root to the struct file at the path. One table serves all roots of
 * the process. It consists of shards by hash, with a lock each. An entry has at most NAMES_ENTRY_BYTES, without its
 * file, and needs no descriptor. Private to files.c and the files that its header lists.
 *
 * An entry has at most one job, which determines the file at the path. The states of an entry are:
 *
 *	new ---files_job_new()---> busy ---job found a file---> idle (always has a file)
 *	 |                         ^  |                          |  |
 *	 |                         |  +--wants are left, which   |  +--evicted, or the path leads to no file: freed
 *	 |                         |  |  need a later lookup     |
 *	 |                         +--+                          |
 *	 |                         +-----files_job_new()---------+
 *	 +--a lookup on the reactor found a file--> idle
 *
 *	busy ---job found no file---> freed
 *
 * Only an idle entry is evicted, because a job uses its entry without the lock.
 */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/files_types.h"

#define NAMES_SHARDS 64 /* A power of two. */
#define NAMES_MIN 1024	/* Minimum of `max`. */
#define NAMES_ENTRY_BYTES 48
#define NAMES_WAITS_MAX 3 /* A name with this many waits is revalidated in the background. */
#define NAMES_CACHE_LINE_BYTES 64

/* The part of a job that the table needs to know, embedded in the job. */
struct names_job {
	const struct file_root *root;
	const char *path;
};

struct names_entry {
	struct names_entry *chain; /* Next entry of the bucket, or of a list of unlinked entries. */
	struct file *file;	   /* A reference. NULL: the file is not known yet, or was invalidated. */
	struct names_job *job;	   /* NULL: the entry is idle. */
	uint64_t validated_ns;	   /* Start of the last lookup that found `file` at the path. */
	uint32_t hash;		   /* Upper half of the hash of the path and its root. */
	bool used;		   /* A request has used the entry since it was inspected for eviction. */
	uint8_t waits;	       /* Number of lookups in a row that a reactor could not make, at most NAMES_WAITS_MAX. */
	bool failed;	       /* The last lookup failed with an error that does not concern the path. */
	bool skipped_siblings; /* The last lookup that found `file` did not search for siblings. */
};

/* A place in the table: a root and a path below it. */
struct names_key {
	const struct file_root *root;
	const char *path;
	uint64_t hash;
};

struct names_shard {
	_Alignas(NAMES_CACHE_LINE_BYTES) pthread_mutex_t lock; /* Protects all members below, and the entries. */
	struct names *names;
	struct names_entry **buckets;
	uint32_t mask; /* The number of buckets never changes, so an entry never changes its bucket. */
	uint32_t hand; /* Bucket that the next eviction inspects. */
	unsigned count;
	/*
	 * Memory of the entries and their files. Relaxed: written under the lock, read without it.
	 */
	_Atomic uint64_t bytes;
	struct files_stats stats;
};

struct names {
	atomic_uint max; /* Maximum number of entries. Relaxed: used only for eviction. */
	struct names_shard shards[NAMES_SHARDS];
};

struct names_stats {
	uint64_t count, max;
	uint64_t bytes; /* Memory of the entries and their files, without the buckets. */
};

/* Creates a table for at most `max` names, see names_set_max(). Returns 0 or -ENOMEM. */
int names_new(struct names **names, unsigned max);
/* Frees the table. All users of the table (struct files) must be freed. NULL is allowed. */
void names_free(struct names *names);
/*
 * Changes the maximum. A table that has more entries evicts a few with each new name. If the maximum grows far beyond
 * that of names_new(), the chains of the buckets grow with it. Thread-safe.
 */
void names_set_max(struct names *names, unsigned max);
/* Sum the statistics of all shards. Thread-safe. */
void names_lookups(struct names *names, struct files_stats *stats);
void names_stats(struct names *names, struct names_stats *stats);

/* Returns the key of a path. `path` must outlive the key. */
struct names_key names_key(const struct file_root *root, const char *path);
struct names_shard *names_shard_of(struct names *names, const struct names_key *key);

/* --- the functions below require the lock of the shard --- */

/* Returns the entry of the key, or NULL. */
struct names_entry *names_find(struct names_shard *shard, const struct names_key *key);
/*
 * Adds an entry without a file and without a job. The caller sets one of them before it releases the lock. Returns NULL
 * if there is no memory.
 */
struct names_entry *names_add(struct names_shard *shard, const struct names_key *key);
/*
 * Replaces the file of the entry. Takes ownership of the reference to `file` and returns the reference to the former
 * file.
 */
struct file *names_swap_file(struct names_shard *shard, struct names_entry *entry, struct file *file);
/*
 * Removes an idle entry and adds it to the list `unlinked`. After releasing the lock, the caller passes the list to
 * names_free_unlinked().
 */
void names_unlink(struct names_shard *shard, struct names_entry *entry, struct names_entry **unlinked);
/*
 * Evicts entries of a shard that has more than its share, by second chance: an entry that was used since the last
 * inspection stays. Inspects a bounded number of entries. The entry `keep` is not evicted.
 */
void names_evict(struct names_shard *shard, const struct names_entry *keep, struct names_entry **unlinked);

/* --- the functions below require that the thread holds no lock --- */

/* Frees unlinked entries and releases their files. Makes no system call that waits. */
void names_free_unlinked(struct names_entry *unlinked);

/* A position in the table. Zero-initialised: the start. */
struct names_cursor {
	unsigned shard;
	uint32_t bucket;
};

/*
 * Calls visit() for the entries with a file of the next few buckets, under the lock of one shard. visit() must be short
 * and must not lock. Returns false at the end of the table. Entries that are added or evicted between two steps may be
 * skipped.
 */
bool names_walk(struct names *names, struct names_cursor *cursor,
		void (*visit)(const struct names_entry *entry, void *context), void *context);
/* Removes all idle entries of a root, in steps. */
void names_remove_root(struct names *names, const struct file_root *root);

#endif
