/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks whether an open file is still the version that was opened.
 *
 * If the ctime has changed together with the link count, the mode, the owner or the group, only metadata has changed.
 * The version is still valid, and file->metadata is updated. If only the ctime has changed, the file counts as changed,
 * because a write followed by utimes() has the same effect. If a mirror renames a new file over the old file, the link
 * count of the old inode decreases. This is a change of metadata, so readers of the old file continue to its end.
 */
#ifndef STORE_FILE_CHECK_H
#define STORE_FILE_CHECK_H

#include "store/file.h"

/*
 * Returns 0 if the open file is still the version that was opened, -ESTALE if it was written to or truncated, or -errno
 * of the statx. -ESTALE sets file->changed. If file->append_only is set, growth of the file is not a change.
 *
 * For a local file, the function reads the inode in memory (AT_STATX_DONT_SYNC), does not wait, and may be called on
 * any thread. For a remote file, the function asks the server and blocks, so it is never called on a reactor.
 */
int file_check(struct file *file);

/*
 * Checks whether the path still leads to this version of the open file. Returns 0, -ESTALE by the rules above, or
 * another -errno of beneath_stat(). Sets *state unless the statx failed. Blocks; never called on a reactor.
 */
int file_check_path(struct file *file, int root_fd, const char *path, enum file_symlinks symlinks,
		    struct file_state *state);

#endif
