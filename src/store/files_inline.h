/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lookups on a reactor, with system calls that never wait. */
#ifndef STORE_FILES_INLINE_H
#define STORE_FILES_INLINE_H

#include "store/files_private.h"

/*
 * Looks up a path without waiting: in the dentry cache (RESOLVE_CACHED), and in the knowledge about its directory.
 * `previous` is the file that the path led to at the last lookup, or NULL. Returns 0 and sets *finding: a reference to
 * `previous` if nothing has changed, a new file, or an error. Returns -EAGAIN if the lookup must run on an offload
 * thread. The rules of `want` apply, which is not completed. May be called on any thread. The caller must hold no lock.
 */
int files_inline_find(const struct files *files, const char *path, const struct files_want *want, struct file *previous,
		      struct files_finding *finding);
/*
 * Returns true if lookups of such files are usually answered without waiting, so that they need no revalidation in the
 * background. Thread-safe.
 */
bool files_inline_is_usual(const struct files *files, const struct file *file);

#endif
