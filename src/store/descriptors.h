/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The open descriptors of the files that are being read from the disk: one bounded LRU list for the process. A hit in
 * the cache needs no descriptor. A file is opened when bytes must be read from the disk, and in the background when a
 * long response begins.
 *
 *	               file_open_descriptor()
 *	file without descriptor ---------> in use (references > 1) <------------+
 *	   ^                                  | last descriptors_unref()          | file_descriptor()
 *	   |                                  v                                 |
 *	   +----- evicted, deleted ------- idle (the list has the reference) ----+
 *
 * A descriptor in use is never evicted, so the limit may be exceeded while more files are being read. As reads end,
 * descriptors are closed until the limit is met. Files leave some descriptors of the process to new connections. A long
 * response keeps the descriptor of its file until its end. The response is therefore complete even if the file is
 * replaced meanwhile.
 */
#ifndef STORE_DESCRIPTORS_H
#define STORE_DESCRIPTORS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/offload.h"
#include "store/file_root.h"

struct descriptors;

#define DESCRIPTORS_TRIES 8

/* An open descriptor of one version of a file. Immutable, except the atomic members. The holders own it together. */
struct descriptor {
	atomic_uint references; /* Decrements are acquire-release, increments are relaxed. */
	int fd;
	bool direct;	    /* Opened with O_DIRECT. Other files are read by offload threads. */
	uint64_t opened_ns; /* Start of the open (CLOCK_MONOTONIC). */
	/*
	 * The extent map is in memory from 0 to this offset. UINT64_MAX: the complete map is in memory, or the
	 * filesystem does not support FIEMAP. Sequentially consistent, but publishes no data in user memory.
	 */
	_Atomic uint64_t mapped_bytes;
	struct descriptors *list; /* Set by descriptors_add(), NULL before. */
	struct device *device;	  /* Set with `list`. */
	/* Offload threads that close the descriptor. NULL: the thread of the last unref closes it. */
	struct offload *closer;
	struct offload_job closing;
	/* Private to descriptors.c, protected by its lock. */
	struct descriptor **place;	/* Pointer of the file to this descriptor. NULL: not in the list. */
	const struct file_root *root;	/* Root of the file. Valid while the descriptor is in the list. */
	struct descriptor *prev, *next; /* LRU order. */
	unsigned slot;			/* Index in the array of all descriptors. */
	atomic_bool ending;		/* Lies below a replaced root. Relaxed: publishes no other data. */
};

/* Creates an empty list for at most `max` descriptors. RLIMIT_NOFILE must be set before. Returns 0 or -ENOMEM. */
int descriptors_new(struct descriptors **descriptors, unsigned max);
/* Frees the list. All files must be freed. NULL is allowed. */
void descriptors_free(struct descriptors *descriptors);
/* Changes the maximum. Descriptors above it are closed when others are opened. Thread-safe. */
void descriptors_set_max(struct descriptors *descriptors, unsigned max);

/*
 * Returns a reference to the descriptor at a place, which is a member of a file, or NULL if there is none. Makes no
 * system call. Thread-safe.
 */
struct descriptor *descriptors_get(struct descriptors *descriptors, struct descriptor *const *place);
/*
 * Stores a descriptor at a place. Takes ownership of the caller's reference, and returns a reference to the descriptor
 * that is at the place now, which another thread may have stored before. Blocks; offload threads only.
 */
struct descriptor *descriptors_add(struct descriptors *descriptors, struct descriptor **place,
				   const struct file_root *root, struct device *device, struct descriptor *made);
/* Removes the descriptor at a place, whose file is being freed. Thread-safe. */
void descriptors_forget(struct descriptors *descriptors, struct descriptor *const *place);
/*
 * Returns a descriptor that is in no list, with one reference. Returns NULL if there is no memory. `fd` is not closed
 * then.
 */
struct descriptor *descriptors_from_fd(int fd);
struct descriptor *descriptors_ref(struct descriptor *descriptor);
/*
 * Releases a reference. The last release closes the descriptor on a thread of descriptor->closer, because closing an
 * unlinked file frees its blocks, which waits for the disk. Thread-safe. NULL is allowed.
 */
void descriptors_unref(struct descriptor *descriptor);

/*
 * Decides whether to repeat an open that has failed with this error, after `tries` repetitions. If descriptors have run
 * out, closes the oldest quarter of the idle ones, which other threads may take before the caller does. Returns true if
 * any were closed, at most DESCRIPTORS_TRIES times. Blocks; runs only on offload threads.
 */
bool descriptors_may_retry(struct descriptors *descriptors, int error, unsigned tries);
/*
 * Closes idle descriptors of files that were deleted or replaced, or that lie below a root that was replaced. An open
 * file keeps its disk space until it is closed. Makes one statx() for each descriptor, so it is called only every few
 * seconds. Thread-safe. Offload threads close the descriptors. Never called on a reactor.
 */
void descriptors_close_deleted(struct descriptors *descriptors);
/*
 * Closes the descriptors of a root that was replaced, so that the former filesystem can be unmounted. Idle descriptors
 * are closed now, and others when they become idle. Makes no system call. Thread-safe; offload threads close the
 * descriptors.
 */
void descriptors_close_former(struct descriptors *descriptors, const struct file_root *root);
/*
 * Returns false if the process has almost as many descriptors as RLIMIT_NOFILE allows, and the last ones are reserved
 * for connections. `fd` was just opened. The kernel returns the lowest free number, so all lower numbers are in use.
 * Thread-safe.
 */
bool descriptors_leave_room(const struct descriptors *descriptors, int fd);
/* Returns the number of descriptors. Thread-safe. */
unsigned descriptors_count(const struct descriptors *descriptors);

/*
 * Reads `length` bytes, or fewer at the end of the file. Returns the number of bytes, or -errno. Blocks; never called
 * on a reactor.
 */
ssize_t descriptors_pread(const struct descriptor *descriptor, void *buffer, size_t length, uint64_t offset);

#endif
