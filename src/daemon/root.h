/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A root is a served directory: its path, the descriptor at which lookups begin, and its table of open files.
 *
 * While the root is watched, its path is looked up once a second:
 *
 * - If the path leads to another directory, that directory replaces the former one behind the same descriptor. A
 *   symbolic link was switched, or a filesystem was mounted. Transfers from the former directory continue.
 * - If the path leads to no directory, the root is gone. Requests are answered with 503 until the path leads to a
 *   directory.
 * - If the filesystem of the root was unmounted, the root is gone, too. To detect this, the path must have led to the
 *   root of a mounted filesystem. It now leads to the mount point under it.
 *
 * Each transition is logged once.
 */
#ifndef DAEMON_ROOT_H
#define DAEMON_ROOT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "store/files.h"

struct root;

/*
 * Opens a directory with O_PATH. Returns its descriptor, or -errno, for example if this user must not read it. BLOCKS.
 * Any thread.
 */
int root_open_directory(const char *path);
/* Returns the text for an error of root_open_directory(). */
const char *root_error_text(int error);
/* Calls root_open_directory(), and logs an error. Returns the descriptor or -errno. BLOCKS. */
int root_open(const char *path);

/*
 * Creates a root with one reference, and its table of files. Takes ownership of fd (O_PATH, opened from this path)
 * on success. options->root_fd is ignored. Returns 0 or -errno.
 */
int root_new(struct root **root, const char *path, int fd, const struct files_options *options);
/*
 * Starts the thread that looks up the path. The thread increments *replaced when another directory replaces the served
 * one. A second call has no effect. Returns 0 or -errno.
 */
int root_watch(struct root *root, atomic_uint *replaced);

/* Adds a reference. Returns the root. Main thread, or the thread of a reload. */
struct root *root_ref(struct root *root);
/*
 * Drops a reference. The last call also ends the thread; a thread that waits for storage ends when the storage
 * answers. Main thread. NULL is allowed.
 */
void root_unref(struct root *root);

/*
 * Returns true if root_new() with this path and these options would create an equal root. options->root_fd is a
 * descriptor that was just opened from the path. BLOCKS.
 */
bool root_is_like(const struct root *root, const char *path, const struct files_options *options);
/* Return the descriptor (O_PATH) and the table of files, which are owned by the root. Any thread. */
int root_fd(const struct root *root);
struct files *root_files(const struct root *root);
/* Returns true if the path leads to no directory that may be served. Any thread. */
bool root_is_gone(const struct root *root);

/*
 * Stops the lookups of all roots, and waits for those that are in progress. Returns false if a lookup still waits for
 * storage after patience_ms; the objects that it uses must not be freed then. Main thread.
 */
bool root_stop_watching(unsigned patience_ms);

#endif
