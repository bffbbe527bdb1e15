/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The roots of all sites of a configuration, and the files below them. All functions are called on the main thread or
 * on the thread of a reload, except where noted.
 */
#ifndef DAEMON_SITE_ROOTS_H
#define DAEMON_SITE_ROOTS_H

#include <stdatomic.h>

#include "site/rules.h"
#include "store/files.h"

/*
 * Opens the root of each site that has a root, and sets site->root_fd. Returns 0, or logs the error and returns -errno.
 */
int site_roots_open(struct rules *rules);
/*
 * Creates the struct files of each root (site->files) with these options. options->root_fd is ignored. A site without a
 * root uses that of the top level. Shares the roots of `before` that are for the same directories. `before` may be
 * NULL. Returns 0 or -errno.
 */
int site_roots_make_files(struct rules *rules, const struct rules *before, const struct files_options *options);
/* Starts to watch the path of each root (root.h), unless the root is watched already. Called on the main thread. */
void site_roots_watch(struct rules *rules, atomic_uint *replaced);
/*
 * Returns the number of roots whose path leads to no directory (root_is_gone()). Sets *count to the number of roots.
 * Thread-safe.
 */
unsigned site_roots_gone(const struct rules *rules, unsigned *count);
/* Returns the path of the first root, for messages. */
const char *site_roots_first(const struct rules *rules);
/* Returns the descriptor of the first root, for the calibration. */
int site_roots_first_fd(const struct rules *rules);

/*
 * Returns the host of the site whose files lie below this root, or NULL if the site has no host or the root belongs to
 * no site. The root is not accessed. Thread-safe.
 */
const char *site_roots_host(const struct rules *rules, const struct file_root *root);

/*
 * Free the results of site_roots_make_files() and of site_roots_open(). May be called after either function has failed.
 */
void site_roots_free_files(struct rules *rules);
void site_roots_close(struct rules *rules);

#endif
