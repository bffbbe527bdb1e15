/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of open files: a bounded LRU cache from path to struct file, shared by all reactors. Thread-safe.
 *
 * An entry that was validated less than revalidate_ms (1 s) ago is a hit and costs no syscall. Past half of that age a
 * hit also starts a revalidation in the background, so that readers of a busy file do not wait. Past the full age the
 * lookup waits for the revalidation. One revalidation or open per path is under way at a time; all lookups of the path
 * share it.
 *
 * Some errors do not concern the path itself (EMFILE, ETIMEDOUT, EACCES, ...). They complete the lookups that waited,
 * but the entry keeps its file, and nothing is evicted from the cache.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include <stddef.h>

#include "store/files_types.h"

/* Creates a table with one reference. Returns 0 or -errno. */
int files_new(struct files **files, const struct files_options *options);
/* Adds a reference. Any thread. */
struct files *files_ref(struct files *files);
/*
 * Releases a reference of a user that has no lookups pending. The table is freed with the last reference and after all
 * jobs have ended. Call it before offload_free(), because closing files uses the offload threads. NULL is allowed.
 */
void files_unref(struct files *files);
/*
 * Replaces the root by another directory, whose descriptor stays the caller's. Every path is looked up again before its
 * next hit. Files in use stay open. Any thread, one at a time. Returns 0 or -errno.
 */
int files_replace_root(struct files *files, int root_fd);
/* Sets or clears the state "the root is lost", which files_has_root() reports. Any thread, one at a time. */
void files_set_root_lost(struct files *files, bool lost);
/* Returns false while the root is lost. Any thread. */
bool files_has_root(const struct files *files);
/* Returns true if a table with these options would have the same root and the same behaviour. Main thread. */
bool files_matches(const struct files *files, const struct files_options *options);

/*
 * Looks up a path, which is relative and normalised (see http/path.h) and is copied. The caller sets want->reactor and
 * ->done, and runs on the thread of that reactor. Returns 1 on a hit: want->file is set. Returns 0 if done() will run
 * once. Returns -ENOMEM if nothing was started.
 */
int files_find(struct files *files, const char *path, struct files_want *want);

/*
 * Cancels a lookup. Returns true if done() will not run. Returns false if the result has been posted already: done()
 * will run. On the thread of want->reactor.
 */
bool files_cancel(struct files_want *want);

/*
 * Reports that `file`, to which the caller has a reference, failed with -ESTALE. If it is the file of this path, the
 * next files_find() opens the path again. If file_check() has set file->changed, the version is queued for
 * options.superseded() now, and the next job that ends reports it. Otherwise it is reported only if the path turns out
 * to lead to another version. Any thread.
 */
void files_invalidate(struct files *files, const char *path, struct file *file);

/*
 * Replaces *version, which is the result of a stat of the path, by the version under which the cache has the bytes of
 * the file. The two differ if a change of metadata has moved the ctime since the file was opened. Any thread.
 */
void files_cached_version(struct files *files, const char *path, struct file_version *version);

/* Sums the statistics of all shards. Any thread. */
void files_stats(struct files *files, struct files_stats *stats);

#endif
