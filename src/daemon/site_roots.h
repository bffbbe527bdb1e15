/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The roots of all sites and locations of a configuration, and the files below them. All functions are called on the
 * main thread or on the thread of a reload, except where noted.
 */
#ifndef DAEMON_SITE_ROOTS_H
#define DAEMON_SITE_ROOTS_H

#include <stdatomic.h>

#include "http/path.h"
#include "site/rules.h"
#include "store/files.h"

#define SITE_ROOTS_TIMEOUT_MS 5000
#define SITE_ROOTS_START_TIMEOUT_MS 30000
#define SITE_ROOTS_URL_PATH_BYTES (2 * PATH_BYTES)

/*
 * Opens each root, looks up its required files, and sets root->fd and root->found of struct rules_root. Waits at most
 * timeout_ms for all roots together. Returns 0, or logs the error and returns -errno. A missing required file is not an
 * error; see root_new().
 */
int site_roots_open(struct rules *rules, enum file_symlinks symlinks, unsigned timeout_ms);
/* Logs a warning for each required file that is missing. Called between site_roots_open() and site_roots_close(). */
void site_roots_warn_of_missing(const struct rules *rules);
/*
 * Creates the struct files of each root (root->files) with these options. options->root_fd is ignored. Shares the roots
 * of `before` that are for the same directories. `before` may be NULL. Returns 0 or -errno.
 */
int site_roots_make_files(struct rules *rules, const struct rules *before, const struct files_options *options);
/* Starts to watch the path of each root (root.h), unless the root is watched already. Called on the main thread. */
void site_roots_watch(struct rules *rules, atomic_uint *replaced);
/*
 * Returns true if all roots with required files are ready (root_is_ready()), and not all roots are gone. Otherwise
 * writes the reason. Thread-safe. Accesses no files.
 */
bool site_roots_are_ready(const struct rules *rules, char *reason, size_t reason_bytes);
/* Returns root i if no earlier root has the same path, otherwise NULL. Thread-safe. */
const struct root *site_roots_distinct(const struct rules *rules, size_t i);
/*
 * Returns the number of roots whose path leads to no directory (root_is_gone()). Sets *count to the number of roots.
 * Thread-safe.
 */
unsigned site_roots_gone(const struct rules *rules, unsigned *count);
/*
 * Makes all roots look their paths up now. Returns false if a lookup has not ended after patience_ms, so that closing a
 * file could wait for its storage, too. Called on the main thread.
 */
bool site_roots_respond(const struct rules *rules, unsigned patience_ms);
/* Returns the path of the first root, for messages. */
const char *site_roots_first(const struct rules *rules);
/* Returns the descriptor of the first root, for the calibration. */
int site_roots_first_fd(const struct rules *rules);

/* Returns the root whose files lie below `below`, or NULL. `below` is not accessed. Thread-safe. */
const struct rules_root *site_roots_find(const struct rules *rules, const struct file_root *below);
/*
 * Writes the path of a URL, with a leading slash, for a path below a root. The root may be NULL. The result is
 * truncated to text_bytes. Returns `text`.
 */
char *site_roots_url_path(const struct rules_root *root, const char *path, char *text, size_t text_bytes);

/*
 * Free the results of site_roots_make_files() and of site_roots_open(). May be called after either function has failed.
 */
void site_roots_free_files(struct rules *rules);
void site_roots_close(struct rules *rules);

#endif
