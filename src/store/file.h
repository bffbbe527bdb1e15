/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One open file: its descriptor, the version it had when it was opened, and what direct reads of it must be aligned to.
 * Shared by all its readers on all reactors (descriptors are scarce); immutable once opened but for the reference count
 * and the extent-map mark.
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

#define FILE_TAG_MAX 120	/* an entity tag from a sidecar, without its quotes */
#define FILE_ALIGNMENT_MAX 4096 /* a file that asks for more is not read directly */

/* What one response is of. Two equal versions have equal bytes, as far as the filesystem's clock can tell. */
struct file_version {
	uint64_t device, inode, size;
	int64_t mtime_ns, ctime_ns; /* since 1970 */
};

/* The attributes that chmod, chown, and adding or removing a name change. The ctime moves with them, the bytes stay. */
struct file_metadata {
	int64_t ctime_ns;
	uint32_t links, mode, user, group;
};

/* The answer of one statx(). */
struct file_state {
	struct file_version version;
	struct file_metadata metadata;
};

#define FILE_VARIANTS_MAX 3 /* enum sibling: see store/sibling.h */

/* What lies beside a file about the same bytes; see store/sibling.h, which finds it. All zero: nothing. */
struct file_siblings {
	unsigned variants;		       /* bits of enum sibling: those that may be sent */
	uint8_t faults[FILE_VARIANTS_MAX];     /* enum encoding_fault: why one that is there may not */
	bool checked_young[FILE_VARIANTS_MAX]; /* it was young when it was checked, so the same version may be another
						  one */
	uint64_t checked[FILE_VARIANTS_MAX]; /* the fingerprint of the version for which the above holds, but for its */
	int64_t checked_ctime_ns[FILE_VARIANTS_MAX]; /* ctime; 0 and 0: it was not read */
	bool has_digest;
	bool digest_settled; /* "<file>.sha256" was old enough when it was read: the same version is the same digest */
	uint8_t digest[32];  /* the file's SHA-256, as it says */
	struct file_version digest_version; /* of "<file>.sha256" */
};

struct proof;

struct file {
	atomic_uint references;
	int fd;
	bool remote; /* a client caches the attributes (FUSE, NFS, SMB …): only AT_STATX_FORCE_SYNC asks the server */
	atomic_bool append_only; /* of the request that came last: the file only grows, and growing is no change for
				    file_check() */
	atomic_bool changed;	 /* a check has found another version; stays set */
	atomic_bool unusable;	 /* of files.c: the next lookup opens the path again even if its version is the same */
	_Atomic uint64_t
		verified_ns; /* of a remote file: when the last check began that found this version (CLOCK_MONOTONIC) */
	pthread_mutex_t lock;		   /* protects `metadata`, and is held to change the number of changes */
	struct file_metadata metadata;	   /* as last seen; at first as the file was opened */
	_Atomic unsigned metadata_changes; /* how often `metadata` was replaced */
	struct offload_job check;	   /* of proof.c, as the next two, which `lock` protects */
	struct proof *proofs;
	bool checking;
	struct offload *closer; /* NULL: whoever gives up the last reference closes it himself */
	struct offload_job closing;
	bool deleted;		   /* of files_walk_close_deleted() alone: no name leads to it any more */
	struct device *device;	   /* set by whoever opened it, before it is read; lives longer */
	atomic_bool outdated;	   /* the table has seen that its path leads to another version now */
	bool nowait;		   /* a filesystem on which RWF_NOWAIT is known to do something */
	bool direct;		   /* opened O_DIRECT; false: read it with file_pread() on an offload thread */
	uint32_t offset_alignment; /* of offset and length; a power of two; 1 when not direct */
	uint32_t memory_alignment;
	struct file_version version;
	_Atomic uint64_t sent_bytes, requests; /* so far, of this version; see file_count_request() */
	struct bucket rate;		       /* for whoever limits how fast it is sent, to all together */
	_Atomic uint64_t mapped_bytes; /* the extent map is in memory from 0 to here; UINT64_MAX: all of it, or it can't
					  be known */
	char tag[FILE_TAG_MAX +
		 1]; /* from a fresh sidecar "<file>.etag", only looked for when mtime is 0 or 1 s; else "" */
	struct file_siblings siblings; /* set by whoever opened it */
	atomic_bool faults_logged;     /* of whoever logs why variants beside it are not sent */
};

enum file_symlinks { FILE_SYMLINKS_BENEATH, FILE_SYMLINKS_NONE };

/*
 * Opens `path` (relative, no leading slash, "" is the root itself) beneath root_fd: openat2(RESOLVE_BENEATH |
 * RESOLVE_NO_MAGICLINKS[ | RESOLVE_NO_SYMLINKS]), looked at through O_PATH before it is opened for reading, so a FIFO,
 * socket or device is never opened; O_DIRECT where the filesystem has it; alignment from statx STATX_DIOALIGN, else
 * 4096; then the first step of the extent map. BLOCKS: offload threads only. 0 with one reference in *file, or -errno:
 * -EISDIR a directory, -ENOENT also for what is neither file nor directory, -EXDEV a link that leaves the root, -ELOOP,
 * -EACCES, -EMFILE …
 */
int file_open(int root_fd, const char *path, enum file_symlinks symlinks, struct file **file);

/*
 * Reads what `path` begins with, into bytes of buffer at most, for small files that lie beside others; 0 bytes: it can
 * be read, then. How many, and its version, or -errno as file_open(). BLOCKS.
 */
ssize_t file_read_head(int root_fd, const char *path, enum file_symlinks symlinks, void *buffer, size_t bytes,
		       struct file_version *version);

/* The buffers for what a file begins and ends with. */
struct file_ends {
	uint8_t *head, *tail;
	size_t head_bytes, tail_bytes; /* of the buffers; then how many bytes were read: fewer only of a shorter file */
};

/* Reads both ends of a small or large file, without readahead. 0 and its version, or -errno as file_open(). BLOCKS. */
int file_read_ends(int root_fd, const char *path, enum file_symlinks symlinks, struct file_ends *ends,
		   struct file_version *version);

/*
 * A descriptor of whatever is at `path`, opened with these flags and O_CLOEXEC, and nothing that lies outside of the
 * root. With flags other than O_PATH or O_DIRECTORY, know what is there before. BLOCKS. -errno as file_open().
 */
int file_open_beneath(int root_fd, const char *path, enum file_symlinks symlinks, uint64_t flags);

/* The filesystem resolves `path`, but not as its directories spell it, so that it is -ENOENT above. BLOCKS. */
bool file_is_misspelled(int root_fd, const char *path, enum file_symlinks symlinks);

/* Looks at `path` without opening it for reading: 0 and its version, or -errno as file_open(). BLOCKS. */
int file_get_version(int root_fd, const char *path, enum file_symlinks symlinks, struct file_version *version);

/* The same with the metadata. */
int file_stat(int root_fd, const char *path, enum file_symlinks symlinks, struct file_state *state);

/*
 * Asks whether `path` still leads to this version of the open file. 0: it does, by the rules of file_check(). -ESTALE:
 * it does not. Another -errno as file_open(). *state is set unless the statx failed. BLOCKS.
 */
int file_revalidate(struct file *file, int root_fd, const char *path, enum file_symlinks symlinks,
		    struct file_state *state);

struct file *file_ref(struct file *file);
/*
 * The last one closes the descriptor, on a thread of file->closer if there is one: closing an unlinked file frees its
 * blocks, which waits for the disk. Any thread. NULL is fine.
 */
void file_unref(struct file *file);
/* The same, but the last one closes it here and now. BLOCKS. */
void file_unref_here(struct file *file);

struct statx;
/* One more request was answered out of it, with so many bytes. Any thread. */
static inline void file_count_request(struct file *file, uint64_t bytes)
{
	atomic_fetch_add_explicit(&file->requests, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&file->sent_bytes, bytes, memory_order_relaxed);
}

/* Of what a statx() with STATX_BASIC_STATS said. */
void file_set_version(struct file_version *version, const struct statx *st);
bool file_version_equal(const struct file_version *a, const struct file_version *b);

/* True if the open file is of no use any more: it changed, or was found to be unusable. Relaxed: flags that publish
 * nothing. Any thread. */
static inline bool file_must_reopen(const struct file *file)
{
	return atomic_load_explicit(&file->changed, memory_order_relaxed) ||
	       atomic_load_explicit(&file->unusable, memory_order_relaxed);
}

/* Its mtime is 0 or 1 s (reproducible builds, container layers) and says nothing: a validator can only come from a
 * sidecar. */
bool file_is_undated(const struct file_version *version);

/* Returns clock_is_young() of the mtime of the open file, now. Any thread. */
bool file_is_young(const struct file *file);

/*
 * 0 if the open file still is the version it was opened as, -ESTALE if it was written to or truncated, or -errno of the
 * statx. -ESTALE for the first reason sets file->changed.
 *
 * A ctime that moved together with the link count, the mode, the owner or the group is a change of metadata: the
 * version stands, and the file's `metadata` follows. A ctime that moved alone counts as a change, because a write
 * followed by utimes() looks the same. Of a file that is append_only, more bytes than before are no change either.
 *
 * Of a local file it reads the inode in memory (AT_STATX_DONT_SYNC) and waits for nothing: any thread. Of a remote file
 * it asks the server and BLOCKS.
 */
int file_check(struct file *file);

/*
 * True if no name leads to the open file any more: it was deleted or replaced, and takes up its room for our sake only.
 * Any thread.
 */
bool file_is_deleted(const struct file *file);

/* Reads until length bytes or the end: bytes read or -errno. BLOCKS. */
ssize_t file_pread(const struct file *file, void *buffer, size_t length, uint64_t offset);

/*
 * Brings the extent map of [offset, offset + length) into memory with FS_IOC_FIEMAP, so that io_submit does not wait
 * for it (cold, it blocks for up to a second); at most FILE_MAP_STEP extents a call. BLOCKS. 0, with in *known the
 * offset up to which it is known now (UINT64_MAX when nothing more is to be had: the end was reached, or the filesystem
 * has no such call), or -errno. length > 0. Does not touch mapped_bytes: only the caller knows what lies before offset.
 */
#define FILE_MAP_STEP 512
int file_map(const struct file *file, uint64_t offset, uint64_t length, uint64_t *known);

#endif
