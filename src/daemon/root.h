/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A root is a served directory: its path, the descriptor at which lookups begin, and the files below it.
 *
 * While the root is watched, its path is looked up once a second:
 *
 * - If the path leads to another directory, because a symbolic link was switched or a filesystem was mounted, that
 *   directory replaces the former directory. The number of the descriptor does not change. Transfers from the former
 *   directory continue.
 * - If the path leads to no directory, or the storage is lost, the root is gone. Requests are answered with 503 until
 *   the path leads to a directory.
 * - If the filesystem of the root is unmounted, the root is gone, too. An unmount is detected only if the path led to
 *   the root directory of the filesystem. After the unmount, the path leads to the mount point.
 * - If a required file does not exist (key "require"), the root is gone, too. The directory may be an empty mount
 *   point.
 *
 * Each transition is logged once. While a root is gone, no descriptor keeps its filesystem mounted, except those of
 * transfers in progress.
 */
#ifndef DAEMON_ROOT_H
#define DAEMON_ROOT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "daemon/root_lookup.h"
#include "store/files.h"

struct root;

/*
 * Creates a root with one reference, and the struct files of the root, from the result of a lookup. If a required file
 * was not found, the root is gone. Takes ownership of found->fd on success. options->root_fd is ignored. Returns 0 or
 * -errno.
 */
int root_new(struct root **root, const struct root_place *place, const struct root_found *found,
	     const struct files_options *options);
/*
 * Starts the thread that looks up the path. The thread increments *replaced when another directory replaces the served
 * directory. A second call has no effect. Returns 0 or -errno.
 */
int root_watch(struct root *root, atomic_uint *replaced);

/* Adds a reference. Returns the root. Called on the main thread or on the thread of a reload. */
struct root *root_ref(struct root *root);
/*
 * Drops a reference. Dropping the last reference also ends the thread. A thread that waits for storage ends when the
 * storage responds. Called on the main thread. NULL is allowed.
 */
void root_unref(struct root *root);

/*
 * Returns true if root_new() with these arguments would create an equal root. Accesses no files. Called on the main
 * thread or on the thread of a reload.
 */
bool root_is_like(struct root *root, const struct root_place *place, const struct root_found *found,
		  const struct files_options *options);
/* Returns the path of the configuration. The root owns the text. Thread-safe. */
const char *root_path(const struct root *root);
/* Return the descriptor (O_PATH) and the files below the root. The root owns both. Thread-safe. */
int root_fd(const struct root *root);
struct files *root_files(const struct root *root);
/* Returns true if the path leads to no directory that may be served. Thread-safe. */
bool root_is_gone(const struct root *root);
/* Returns true if files are required to exist below the root. Thread-safe. */
bool root_is_required(const struct root *root);
/*
 * Returns true if the root is not gone, and the last check ended at most 3 s ago. Otherwise writes the reason, which
 * names the root. Thread-safe. Accesses no files.
 */
bool root_is_ready(const struct root *root, char *reason, size_t reason_bytes);

/*
 * root_ask() makes a watched root look its path up now. root_has_answered() returns true if a lookup has ended since
 * this time of clock_now_ns(). Thread-safe.
 */
void root_ask(struct root *root);
bool root_has_answered(const struct root *root, uint64_t since_ns);

/*
 * Stops the lookups of all roots, and waits for lookups in progress. Returns false if a lookup still waits for storage
 * after patience_ms. The caller must then not free the objects that the lookup uses. Called on the main thread.
 */
bool root_stop_watching(unsigned patience_ms);

#endif
