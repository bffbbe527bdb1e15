/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An open file: its descriptor, the version that was opened, and the alignment of its direct reads. All readers on all
 * reactors share the struct, because descriptors are scarce. After opening, the struct is immutable, except the members
 * that are atomic or protected by its lock. The holders of references own the struct together.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/bucket.h"
#include "engine/devices.h"
#include "engine/offload.h"
#include "store/beneath.h"
#include "store/file_version.h"

#define FILE_TAG_MAX 120	/* Maximum length of an entity tag from a sidecar, without quotes. */
#define FILE_ALIGNMENT_MAX 4096 /* A file that needs a larger alignment is not read directly. */

#define FILE_VARIANTS_MAX 3 /* Number of variants in enum sibling, see sibling.h. */

/* The siblings of a file, as found by sibling_find(). All members are zero if there are no siblings. */
struct file_siblings {
	unsigned variants;		   /* Bits of enum sibling: variants that may be sent. */
	uint8_t faults[FILE_VARIANTS_MAX]; /* Why an existing variant is not sent (enum encoding_fault). */
	/* The variant was young when it was checked, so an equal version may have other bytes. */
	bool checked_young[FILE_VARIANTS_MAX];
	/*
	 * Fingerprint (without the ctime) and ctime of the version that was checked. Both are 0 if the variant was not
	 * read.
	 */
	uint64_t checked[FILE_VARIANTS_MAX];
	int64_t checked_ctime_ns[FILE_VARIANTS_MAX];
	bool has_digest;
	/*
	 * "FILE.sha256" was not young when it was read, so the digest is valid while "FILE.sha256" has the same
	 * version.
	 */
	bool digest_settled;
	uint8_t digest[32];		    /* SHA-256 of the file, from "FILE.sha256". */
	struct file_version digest_version; /* Version of "FILE.sha256". */
};

struct proof;

struct file {
	atomic_uint references; /* Decrements are acquire-release, increments are relaxed. */
	int fd;
	/* A filesystem client (FUSE, NFS, SMB, ...) caches the attributes. AT_STATX_FORCE_SYNC asks the server. */
	bool remote;
	/* Four flags that publish no other data. Readers load the flags with relaxed order. */
	atomic_bool append_only; /* Set by the latest request: the file only grows, and growth is not a change. */
	atomic_bool changed;	 /* A check has found another version. Never cleared. */
	atomic_bool unusable;	 /* Set by files.c: the next lookup opens the path even if the version is the same. */
	atomic_bool outdated;	 /* Set by files.c: the path leads to another version now. */
	/*
	 * Start of the last check that found this version (CLOCK_MONOTONIC), for a remote file. Relaxed: the number
	 * publishes no other data.
	 */
	_Atomic uint64_t verified_ns;
	pthread_mutex_t lock; /* Protects `metadata`, `checking`, `proofs` and increments of `metadata_changes`. */
	struct file_metadata metadata; /* Latest known metadata. */
	/*
	 * Number of changes of `metadata`. A check loads the number with acquire before its statx, and compares it with
	 * the current number under the lock. A difference means that another thread has updated `metadata` meanwhile.
	 */
	_Atomic unsigned metadata_changes;
	/* Private to proof.c. */
	struct offload_job check;
	struct proof *proofs;
	bool checking;
	/*
	 * Offload threads that close the file after the last unref. NULL: the thread of the last unref closes the file.
	 */
	struct offload *closer;
	struct offload_job closing;
	bool deleted;		   /* Private to files_walk.c: no name leads to the file. */
	struct device *device;	   /* Set by the opener before the first read. Outlives the file. */
	bool nowait;		   /* RWF_NOWAIT is useful on the filesystem. */
	bool direct;		   /* Opened with O_DIRECT. Other files are read by offload threads. */
	uint32_t offset_alignment; /* Alignment of offset and length, a power of two; 1 if not direct. */
	uint32_t memory_alignment;
	struct file_version version;
	_Atomic uint64_t sent_bytes, requests; /* Totals of this version, see file_count_request(). Relaxed. */
	struct bucket rate;		       /* Token bucket that all responses from this file share. */
	/*
	 * The extent map is in memory from 0 to this offset. UINT64_MAX: the complete map is in memory, or the
	 * filesystem does not support FIEMAP. Sequentially consistent, but publishes no data in user memory.
	 */
	_Atomic uint64_t mapped_bytes;
	/* Entity tag from a fresh sidecar "FILE.etag", which is read only if the mtime is 0 or 1 s. Otherwise "". */
	char tag[FILE_TAG_MAX + 1];
	struct file_siblings siblings; /* Set by the opener. */
	atomic_bool faults_logged;     /* siblings.faults were logged. Relaxed. */
};

/*
 * Opens a regular file, with O_DIRECT if the filesystem supports it. Sets the alignment of direct reads from
 * STATX_DIOALIGN, or to 4096 bytes, and loads the first part of the extent map. Blocks; runs only on offload threads.
 * Returns 0 and one reference in *file, or -errno as described in beneath.h.
 */
int file_open(int root_fd, const char *path, enum file_symlinks symlinks, struct file **file);

struct file *file_ref(struct file *file);
/*
 * Releases a reference. The release of the last reference closes the descriptor, on a thread of file->closer if it is
 * not NULL, because closing an unlinked file frees its blocks, which waits for the disk. Thread-safe. NULL is allowed.
 */
void file_unref(struct file *file);
/*
 * Releases a reference. The release of the last reference closes the descriptor before the function returns. Blocks;
 * never called on a reactor.
 */
void file_unref_here(struct file *file);

/* Counts a request that was answered from the file, with this number of bytes. Thread-safe. */
static inline void file_count_request(struct file *file, uint64_t bytes)
{
	atomic_fetch_add_explicit(&file->requests, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&file->sent_bytes, bytes, memory_order_relaxed);
}

/* Returns true if lookups must open the path again, because the file has changed or is unusable. Thread-safe. */
static inline bool file_must_reopen(const struct file *file)
{
	return atomic_load_explicit(&file->changed, memory_order_relaxed) ||
	       atomic_load_explicit(&file->unusable, memory_order_relaxed);
}

/* Returns true if the open file is young now, see clock_is_young(). Thread-safe. */
bool file_is_young(const struct file *file);

/* Returns true if no name leads to the open file, so that only the descriptor keeps its disk space. Thread-safe. */
bool file_is_deleted(const struct file *file);

/*
 * Reads `length` bytes, or fewer at the end of the file. Returns the number of bytes, or -errno. Blocks; never called
 * on a reactor.
 */
ssize_t file_pread(const struct file *file, void *buffer, size_t length, uint64_t offset);

#endif
