/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files below one root, shared by all reactors. Thread-safe. A path is looked up in the table of known names, which
 * all roots share (names.h). A known name needs no descriptor.
 *
 * A name that was validated less than revalidate_ms ago is a hit and costs no syscall. Each lookup has its own maximum,
 * because locations of the configuration differ. Otherwise the reactor looks the path up with syscalls that never wait
 * (files_inline.h). If they do not suffice, the lookup waits for a job on an offload thread. At most one job of a path
 * runs at a time, and all lookups of the path share its result. Files that need the job are revalidated in the
 * background after half of revalidate_ms, so that readers of a busy file do not wait.
 *
 * Some errors do not concern the path itself (EMFILE, ETIMEDOUT, EACCES, ...). Such an error completes the waiting
 * lookups, but the entry keeps its file, and the extents of the file stay in the cache.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include <stddef.h>

#include "store/files_types.h"

/* Creates the files of a root with one reference. Returns 0 or -errno. */
int files_new(struct files **files, const struct files_options *options);
/* Adds a reference. Thread-safe. */
struct files *files_ref(struct files *files);
/*
 * Releases a reference. The caller must have no pending lookups. The last release removes the names of the root, in
 * steps, and the object is freed when all jobs have ended. Must be called before offload_free(), because closing files
 * uses the offload threads. NULL is allowed.
 */
void files_unref(struct files *files);
/*
 * Replaces the root with another directory, or with no directory if the root is lost and root_fd is not a directory.
 * The caller keeps the ownership of root_fd. Every path is looked up again before its next hit. Files in use stay open
 * until they are released. Other files of the former directory are closed by offload threads. Must be called by one
 * thread at a time. Returns 0 or -errno.
 */
int files_replace_root(struct files *files, int root_fd);
/*
 * Sets or clears the state "the root is lost", which files_has_root() reports. While a root is lost, lookups fail with
 * -ENODEV, and known names and the cache are kept. Must be called by one thread at a time.
 */
void files_set_root_lost(struct files *files, bool lost);
/* Finds the mounts below the root again, see file_root_find_mounts(). Must be called by one thread at a time. */
void files_find_mounts(struct files *files);
/* Returns false while the root is lost. Thread-safe. */
bool files_has_root(const struct files *files);
/* Returns true if files with these options would have the same behaviour, except for their root. Thread-safe. */
bool files_matches(const struct files *files, const struct files_options *options);

/*
 * Looks up a path, which must be relative and normalised (see http/path.h). The path is copied. The caller sets
 * want->reactor and want->done, and runs on the thread of want->reactor. Returns 1 if the result is known now:
 * want->file, or want->error if want->file is NULL. The error is -EBUSY if the device of the path is stalled or has too
 * many lookups, and -ENODEV if the root is lost. Returns 0 if done() will run once, or -ENOMEM if done() will not
 * run.
 */
int files_find(struct files *files, const char *path, struct files_want *want);

/*
 * Ends a lookup that takes too long. Returns true if done() will not run. The result is then in the want: -ETIMEDOUT,
 * or a stale file. Returns false if the result has been posted, so that done() will run. Must be called on the thread
 * of want->reactor.
 */
bool files_expire(struct files *files, struct files_want *want);

/*
 * Cancels a lookup. Returns true if done() will not run. Returns false if the result has been posted, so that done()
 * will run. Must be called on the thread of want->reactor.
 */
bool files_cancel(struct files_want *want);

/*
 * Reports that `file`, to which the caller has a reference, failed with -ESTALE. If `file` is the file of this path,
 * the next files_find() looks the path up again. If file_check() has set file->changed, the version is queued for
 * options.superseded(), and the next job that ends reports the version. Otherwise the version is reported only if a
 * later lookup finds another version at the path. Thread-safe.
 */
void files_invalidate(struct files *files, const char *path, struct file *file);

/*
 * Replaces *version, which is the result of a stat of the path, with the version under which the cache stores the bytes
 * of the file. The two versions differ if a change of metadata has changed the ctime since the version became known.
 * Thread-safe.
 */
void files_cached_version(struct files *files, const char *path, struct file_version *version);

/* Returns the device that a lookup of the path may have to wait for, or NULL if it is unknown. Thread-safe. */
struct device *files_device(const struct files *files, const char *path);

/* Returns true if this is the root of the files. The root is not accessed. Thread-safe. */
bool files_is_below(const struct files *files, const struct file_root *root);

#endif
