/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An open file: its descriptor, the version that was opened, and the alignment of its direct reads. All readers on all
 * reactors share it, because descriptors are scarce. It is immutable after it was opened, except the members that are
 * atomic or protected by its lock. It belongs to all holders of a reference.
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

/* The files beside a file that describe the same bytes, as sibling_find() found them. All zero: none. */
struct file_siblings {
	unsigned variants;		   /* Bits of enum sibling: variants that may be sent. */
	uint8_t faults[FILE_VARIANTS_MAX]; /* enum encoding_fault: why an existing variant is not sent. */
	/* The variant was young when it was checked, so an equal version may have other bytes. */
	bool checked_young[FILE_VARIANTS_MAX];
	/* Fingerprint of the version that was checked, without its ctime, and the ctime. 0 and 0: it was not read. */
	uint64_t checked[FILE_VARIANTS_MAX];
	int64_t checked_ctime_ns[FILE_VARIANTS_MAX];
	bool has_digest;
	/* "FILE.sha256" was not young when it was read, so the digest is valid while its version is the same. */
	bool digest_settled;
	uint8_t digest[32];		    /* SHA-256 of the file, from "FILE.sha256". */
	struct file_version digest_version; /* Version of "FILE.sha256". */
};

struct proof;

struct file {
	atomic_uint references; /* Acquire-release for the last decrement; relaxed otherwise. */
	int fd;
	/* A client caches the attributes (FUSE, NFS, SMB, ...), so only AT_STATX_FORCE_SYNC returns the server's. */
	bool remote;
	/* Four flags that publish nothing but themselves. Readers load them relaxed. */
	atomic_bool append_only; /* From the latest request: the file only grows, and growing is no change. */
	atomic_bool changed;	 /* A check has found another version. Never cleared. */
	atomic_bool unusable;	 /* Set by files.c: the next lookup opens the path even if the version is the same. */
	atomic_bool outdated;	 /* Set by files.c: the path leads to another version now. */
	/*
	 * Begin of the last check that found this version (CLOCK_MONOTONIC), for a remote file. Relaxed: the number
	 * publishes nothing else.
	 */
	_Atomic uint64_t verified_ns;
	pthread_mutex_t lock; /* Protects `metadata`, `checking`, `proofs` and increments of `metadata_changes`. */
	struct file_metadata metadata; /* As last seen. */
	/*
	 * Number of changes of `metadata`. A check loads it with acquire before its statx, and compares it under the
	 * lock. A difference means that another thread has updated `metadata` meanwhile.
	 */
	_Atomic unsigned metadata_changes;
	/* Private to proof.c. */
	struct offload_job check;
	struct proof *proofs;
	bool checking;
	/* Threads that close the file after the last unref. NULL: the thread of the last unref closes it. */
	struct offload *closer;
	struct offload_job closing;
	bool deleted;		   /* Private to files_walk.c: no name leads to the file any longer. */
	struct device *device;	   /* Set by the opener before the first read. Outlives the file. */
	bool nowait;		   /* The filesystem supports RWF_NOWAIT usefully. */
	bool direct;		   /* Opened with O_DIRECT. false: offload threads read it with file_pread(). */
	uint32_t offset_alignment; /* Alignment of offset and length, a power of two; 1 if not direct. */
	uint32_t memory_alignment;
	struct file_version version;
	_Atomic uint64_t sent_bytes, requests; /* Totals of this version, see file_count_request(). Relaxed. */
	struct bucket rate;		       /* For the rate limit of all responses from this file together. */
	/*
	 * The extent map is in memory from 0 to this offset. UINT64_MAX: completely, or it cannot be known.
	 * Sequentially consistent; it publishes nothing in user memory.
	 */
	_Atomic uint64_t mapped_bytes;
	/* Entity tag from a fresh sidecar "FILE.etag", which is read only if the mtime is 0 or 1 s. Otherwise "". */
	char tag[FILE_TAG_MAX + 1];
	struct file_siblings siblings; /* Set by the opener. */
	atomic_bool faults_logged;     /* For the code that logs siblings.faults once. Relaxed. */
};

/*
 * Opens a regular file: O_DIRECT where the filesystem supports it, alignment from STATX_DIOALIGN or 4096, and the first
 * part of the extent map. BLOCKS: offload threads only. Returns 0 with one reference in *file, or -errno as described
 * in beneath.h.
 */
int file_open(int root_fd, const char *path, enum file_symlinks symlinks, struct file **file);

struct file *file_ref(struct file *file);
/*
 * Releases a reference. The last one closes the descriptor, on a thread of file->closer if there is one: closing an
 * unlinked file frees its blocks, which waits for the disk. Any thread. NULL is allowed.
 */
void file_unref(struct file *file);
/* Releases a reference. The last one closes the descriptor before this returns. BLOCKS. */
void file_unref_here(struct file *file);

/* Counts a request that was answered from the file, with this number of bytes. Any thread. */
static inline void file_count_request(struct file *file, uint64_t bytes)
{
	atomic_fetch_add_explicit(&file->requests, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&file->sent_bytes, bytes, memory_order_relaxed);
}

/* Returns true if lookups must open the path again: the file has changed, or was found to be unusable. Any thread. */
static inline bool file_must_reopen(const struct file *file)
{
	return atomic_load_explicit(&file->changed, memory_order_relaxed) ||
	       atomic_load_explicit(&file->unusable, memory_order_relaxed);
}

/* Returns clock_is_young() of the mtime of the open file, now. Any thread. */
bool file_is_young(const struct file *file);

/* Returns true if no name leads to the open file any longer: only the descriptor keeps its disk space. Any thread. */
bool file_is_deleted(const struct file *file);

/* Reads until `length` bytes or the end of the file. Returns the number of bytes, or -errno. BLOCKS. */
ssize_t file_pread(const struct file *file, void *buffer, size_t length, uint64_t offset);

#endif
