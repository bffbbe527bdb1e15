/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A known version of a file at a path, without a descriptor. The descriptor, which only reads from the disk need, is in
 * descriptors.h. All readers on all reactors share the struct. After its creation, the struct is immutable, except the
 * members that are atomic or protected by a lock. The holders of references own the struct together.
 *
 * A process knows up to a million files, so the struct is small. Members that few files need are in struct file_extra.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/bucket.h"
#include "engine/devices.h"
#include "engine/offload.h"
#include "store/beneath.h"
#include "store/descriptors.h"
#include "store/file_root.h"
#include "store/file_version.h"

#define FILE_TAG_MAX 120	/* Maximum length of an entity tag from a sidecar, without quotes. */
#define FILE_ALIGNMENT_MAX 4096 /* A file that needs a larger alignment is not read directly. */

#define FILE_VARIANTS_MAX 3 /* Number of variants in enum sibling, see sibling.h. */

/* The siblings of a file, as found by sibling_find(). All members are zero if there are no siblings. */
struct file_siblings {
	unsigned variants;		   /* Bits of enum sibling: variants that may be sent. */
	uint8_t faults[FILE_VARIANTS_MAX]; /* Reason why an existing variant is not sent (enum encoding_fault). */
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

/* The parts that few files have. A file has them if it is remote, or if it has a sibling or a tag. */
struct file_extra {
	struct file *file;
	struct file_siblings siblings; /* Immutable. */
	/*
	 * Entity tag from a fresh sidecar "FILE.etag", which is read only if the mtime is 0 or 1 s. Otherwise "".
	 * Immutable.
	 */
	char tag[FILE_TAG_MAX + 1];
	/* The siblings.faults were logged. Relaxed: the flag publishes no other data. */
	atomic_bool faults_logged;
	/*
	 * Start of the last check that found this version (CLOCK_MONOTONIC), for a remote file. Relaxed: the number
	 * publishes no other data.
	 */
	_Atomic uint64_t verified_ns;
	/* Private to proof.c. `proofs` and `checking` are protected by file_lock(). */
	struct offload_job check;
	struct proof *proofs;
	bool checking;
};

struct file {
	atomic_uint references; /* Decrements are acquire-release, increments are relaxed. */
	/*
	 * Number of changes of `metadata`. A check loads the number with acquire before its statx, and compares it with
	 * the current number under the lock. A difference means that another thread has updated `metadata` meanwhile.
	 */
	_Atomic unsigned metadata_changes;
	/* Alignment of direct reads, powers of two; 1 if the filesystem does not support direct reads. */
	uint16_t offset_alignment, memory_alignment;
	/* A filesystem client (FUSE, NFS, SMB, ...) caches the attributes. AT_STATX_FORCE_SYNC asks the server. */
	bool remote;
	/* Flags that publish no other data. Readers load the flags with relaxed order. */
	atomic_bool append_only; /* Set by the latest request: the file only grows, and growth is not a change. */
	atomic_bool changed;	 /* A check has found another version. Never cleared. */
	atomic_bool unusable;	 /* Set by files.c: the next lookup creates a new struct even for the same version. */
	atomic_bool outdated;	 /* Set by files.c: the path leads to another version now. */
	/*
	 * 0 if the file is known to be readable. Each change of mode, owner or group sets another number. See
	 * file_access_begin().
	 */
	atomic_uchar access_change;
	struct file_version version;
	struct file_metadata metadata;	       /* Latest known metadata. Protected by file_lock(). */
	struct device *device;		       /* Outlives the file. */
	struct file_root *root;		       /* A reference. */
	struct descriptor *descriptor;	       /* Private to descriptors.c, and protected by its lock. */
	struct file_extra *extra;	       /* NULL if the file has no siblings and no tag, and is not remote. */
	_Atomic uint64_t sent_bytes, requests; /* Totals of this version, see file_count_request(). Relaxed. */
	struct bucket rate;		       /* Token bucket that all responses from this file share. */
	char path[];			       /* Path below the root, without a leading slash. */
};

/* The facts from which file_new() creates a file. */
struct file_facts {
	struct file_root *root;
	const char *path;
	struct file_state state;
	/* Alignment of direct reads as file_alignment() found it. */
	uint32_t offset_alignment, memory_alignment;
	struct device *device;
	bool remote;
	uint64_t verified_ns;		      /* Start of the lookup that found the file. */
	const struct file_siblings *siblings; /* NULL: none. */
	const char *tag;		      /* NULL or "": none. */
};

/* Creates a file with one reference. Makes no system call. Returns NULL if there is no memory. */
struct file *file_new(const struct file_facts *facts);
/*
 * Sets the alignment of direct reads from STATX_DIOALIGN, or to 4096 bytes. Returns false, and sets both to 1, if
 * the filesystem does not support direct reads of this file, or requires a larger alignment. `filesystem` is the f_type
 * of statfs(2). Pure.
 */
bool file_alignment(const struct statx *st, uint32_t filesystem, uint32_t *offset_alignment,
		    uint32_t *memory_alignment);

struct file *file_ref(struct file *file);
/*
 * Releases a reference. The last release frees the file. Its descriptor is closed by an offload thread. Thread-safe.
 * NULL is allowed.
 */
void file_unref(struct file *file);

/* Returns a reference to the open descriptor of the file, or NULL if it has none. Thread-safe. */
static inline struct descriptor *file_descriptor(struct file *file)
{
	return descriptors_get(file->root->descriptors, &file->descriptor);
}

/* Returns the lock of `metadata` and of the proofs of the file. Several files share a lock. */
pthread_mutex_t *file_lock(const struct file *file);

/* Returns the siblings of the file. All members are zero if there are none. Thread-safe. */
const struct file_siblings *file_siblings(const struct file *file);
/* Returns the entity tag from the sidecar, or "". Thread-safe. */
static inline const char *file_tag(const struct file *file)
{
	return file->extra != NULL ? file->extra->tag : "";
}

/* Returns the memory of the file in bytes, including the overhead of malloc(). Pure. */
size_t file_memory_bytes(const struct file *file);

/* Counts a request that was answered from the file, with this number of bytes. Thread-safe. */
static inline void file_count_request(struct file *file, uint64_t bytes)
{
	atomic_fetch_add_explicit(&file->requests, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&file->sent_bytes, bytes, memory_order_relaxed);
}

/* Returns true if lookups must create a new struct, because the file has changed or is unusable. Thread-safe. */
static inline bool file_must_reopen(const struct file *file)
{
	return atomic_load_explicit(&file->changed, memory_order_relaxed) ||
	       atomic_load_explicit(&file->unusable, memory_order_relaxed);
}

/* Returns true if the mode, owner or group has changed since the file was found to be readable. Thread-safe. */
static inline bool file_access_is_unknown(const struct file *file)
{
	return atomic_load_explicit(&file->access_change, memory_order_relaxed) != 0;
}

/* Records that the mode, owner or group has changed, or that the file cannot be read. Thread-safe. */
void file_access_set_unknown(struct file *file);

/*
 * Begins a test of whether the file can be read. Returns a number for file_access_set_known(). Until then, access stays
 * unknown for other threads. Thread-safe.
 */
static inline unsigned char file_access_begin(const struct file *file)
{
	/* Acquire: the test must not begin before the load. */
	return atomic_load_explicit(&file->access_change, memory_order_acquire);
}

/* Records that a test found the file readable, unless there was another change since it began. Thread-safe. */
void file_access_set_known(struct file *file, unsigned char begun);

/* Returns true if the file is young now, see clock_is_young(). Thread-safe. */
bool file_is_young(const struct file *file);

#endif
