/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root directory of files, and the objects that their descriptors need. A struct file may outlive the struct files
 * that found it, so both own the root together.
 */
#ifndef STORE_FILE_ROOT_H
#define STORE_FILE_ROOT_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "engine/offload.h"
#include "store/beneath.h"
#include "store/mounts.h"

struct descriptor;
struct descriptors;
struct devices;
struct file;

struct file_root {
	atomic_uint references; /* Decrements are acquire-release, increments are relaxed. */
	int fd;			/* O_PATH or O_DIRECTORY, owned by the root. file_root_replace() replaces it. */
	enum file_symlinks symlinks;
	/*
	 * Time of the last replacement of the directory (CLOCK_MONOTONIC). Results of lookups that began earlier are
	 * discarded. UINT64_MAX while the directory is being replaced. Sequentially consistent: UINT64_MAX is visible
	 * before dup3() replaces the descriptor.
	 */
	_Atomic uint64_t since_ns;
	/*
	 * The root is lost. The descriptor may then refer to no directory, so each error of a lookup is an error of the
	 * storage; see file_root_error(). Sequentially consistent: set before the descriptor is replaced.
	 */
	atomic_bool lost;
	/* Number of the directory, unique in the process. Changes with each replacement. Relaxed. */
	_Atomic uint64_t number;
	/* The objects below are shared by the process and outlive the root. */
	struct offload *offload;
	struct devices *devices;
	struct descriptors *descriptors;
	/* The devices of paths, see file_root_place(). Protected by the lock, which only file_root.c uses. */
	pthread_mutex_t lock;
	uint64_t device;
	struct mounts *mounts;
	/* Runs on an offload thread after a file below the root was opened. May be NULL. */
	void (*opened)(void *context, struct file *file, struct descriptor *descriptor);
	void *context;
	struct offload_job closing; /* Private to file_root.c. */
};

struct file_root_options {
	int fd; /* Owned by the caller; the root duplicates the descriptor. */
	enum file_symlinks symlinks;
	struct offload *offload;
	struct devices *devices;
	struct descriptors *descriptors;
	void (*opened)(void *context, struct file *file, struct descriptor *descriptor); /* See struct file_root. */
	void *context;
};

/* Creates a root with one reference. Returns 0 or -errno. */
int file_root_new(struct file_root **root, const struct file_root_options *options);
/* Adds a reference. Thread-safe. */
struct file_root *file_root_ref(struct file_root *root);
/*
 * Releases a reference. The last release closes the directory on an offload thread, because the close may wait if the
 * directory was deleted or its filesystem was unmounted lazily. Thread-safe. NULL is allowed.
 */
void file_root_unref(struct file_root *root);
/*
 * Replaces the directory. The caller keeps the ownership of fd. Must be called by one thread at a time. Returns 0 or
 * -errno.
 */
int file_root_replace(struct file_root *root, int fd);
/*
 * Returns the error of a lookup below the root, which is 0 or -errno. While the root is lost, an error means nothing
 * about the path, so the result is -ENODEV. Called after the lookup. Thread-safe.
 */
static inline int file_root_error(const struct file_root *root, int error)
{
	return error < 0 && atomic_load(&root->lost) ? -ENODEV : error;
}
/*
 * Finds the mounts below the root again. Called by one thread at a time, after mounts have changed. Does not wait for a
 * device. If it fails, the former mounts stay known.
 */
void file_root_find_mounts(struct file_root *root);
/*
 * Finds the mount that a lookup of the path may have to wait for. place->device is 0 if it is unknown. Does not wait.
 * Thread-safe.
 */
void file_root_place(struct file_root *root, const char *path, struct mounts_place *place);

#endif
