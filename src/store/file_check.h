/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks whether a file is still the version that is known.
 *
 * If the ctime has changed together with the link count, the mode, the owner or the group, only metadata has changed.
 * The version is still valid, and file->metadata is updated. If only the ctime has changed, the file counts as changed,
 * because a write followed by utimes() has the same effect. If a mirror renames a new file over the old file, the link
 * count of the old inode decreases. This is a change of metadata, so readers of the old file continue to its end.
 *
 * A known file without a descriptor may be deleted, and a new file may get its inode number, with the same size and an
 * mtime that was set. The new file has another birth time, and counts as another version.
 */
#ifndef STORE_FILE_CHECK_H
#define STORE_FILE_CHECK_H

#include "store/file.h"

/*
 * Begins a check by the caller's own statx() of the path. Returns the number that the caller passes to
 * file_check_state() after the statx. Thread-safe.
 */
unsigned file_check_begin(const struct file *file);
/*
 * Evaluates a statx() of the path that began after file_check_begin() had returned `before`. Returns 0 if the path
 * still leads to this version, -ESTALE if not, or -EAGAIN if another thread has updated the metadata meanwhile, so that
 * the statx must be repeated. Makes no system call. Thread-safe.
 */
int file_check_state(struct file *file, const struct file_state *now, unsigned before);

/*
 * Returns 0 if the open file is still this version, -ESTALE if it was written to or truncated, or -errno of the statx.
 * `fd` is a descriptor of the file. -ESTALE sets file->changed. If file->append_only is set, growth of the file is not
 * a change.
 *
 * For a local file, the function reads the inode in memory (AT_STATX_DONT_SYNC), does not wait, and may be called on
 * any thread. For a remote file, the function asks the server and blocks, so it is never called on a reactor.
 */
int file_check_open(struct file *file, int fd);

/*
 * Works like file_check_open() with the descriptor of the file, if it is open. Otherwise, a remote file is checked by
 * its path, by the rules of file_check_path() and of append_only. A local file without a descriptor counts as
 * unchanged, because all of its bytes in the cache were checked after they were read.
 */
int file_check(struct file *file);

/*
 * Checks whether the path still leads to this version of the file. Returns 0, -ESTALE by the rules above, or another
 * -errno of beneath_stat(). Sets *state unless the statx failed. Blocks; never called on a reactor.
 */
int file_check_path(struct file *file, struct file_state *state);

/*
 * Returns true if the error means that the path does not lead to a regular file. Other errors (EMFILE, ETIMEDOUT,
 * EACCES, ...) do not show whether the path has changed. Pure.
 */
bool file_check_says_gone(int error);
/*
 * Returns true if the error means that the storage is lost or does not respond, so that nothing is known about the
 * path. Pure.
 */
bool file_check_says_lost(int error);

#endif
