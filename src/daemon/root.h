/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One served folder: its path, the descriptor that lookups begin at, and its table of open files. Once watched, the
 * path is looked up each second. If it leads to another folder (a symbolic link was switched, a filesystem mounted),
 * that folder takes the place of the former one behind the same descriptors; transfers of the former one go on. If it
 * leads to none, requests are answered 503 until it does. Each transition is logged once.
 *
 * The path was replaced by nothing that may be served if it led to the root of a mounted filesystem and now, under the
 * same name, leads to the folder that was mounted on: an unmounted volume counts as gone.
 */
#ifndef DAEMON_ROOT_H
#define DAEMON_ROOT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "store/files.h"

struct root;

/*
 * Takes over fd (O_PATH, of this path) and makes the table. options->root_fd is not used. 0 with one reference, or
 * -errno.
 */
int root_new(struct root **root, const char *path, int fd, const struct files_options *options);
/*
 * Starts the thread that looks at the path; the counter is of transitions to another folder. Does nothing the second
 * time. 0 or -errno.
 */
int root_watch(struct root *root, atomic_uint *replaced);

struct root *root_ref(struct root *root);
/* With the last one the thread ends, if it hangs in the storage later than this call. Main thread. NULL is fine. */
void root_unref(struct root *root);

/* root_new() of the same path (options->root_fd is its descriptor now) would be like this one. BLOCKS. */
bool root_is_like(const struct root *root, const char *path, const struct files_options *options);
int root_fd(const struct root *root);
struct files *root_files(const struct root *root);
/* Its path leads to nothing that may be served. Any thread. */
bool root_is_gone(const struct root *root);

/* No path is looked at any more. False: a look hangs in storage; what it uses may not be freed. Main thread. */
bool root_stop_watching(unsigned patience_ms);

#endif
