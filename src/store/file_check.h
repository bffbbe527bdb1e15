/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks whether an open file is still the version that was opened.
 *
 * If the ctime moved together with the link count, the mode, the owner or the group, the change is one of metadata. The
 * version is still valid, and file->metadata is updated. A ctime that moved alone counts as a change of the file,
 * because a write followed by utimes() looks the same. A mirror that renames a new file over the old one drops the link
 * count of the old inode. This is a change of metadata, so readers of the old file continue to its end.
 */
#ifndef STORE_FILE_CHECK_H
#define STORE_FILE_CHECK_H

#include "store/file.h"

/*
 * Returns 0 if the open file is still the version that was opened, -ESTALE if it was written to or truncated, or -errno
 * of the statx. -ESTALE sets file->changed. A file that is append_only may have grown.
 *
 * For a local file it reads the inode in memory (AT_STATX_DONT_SYNC) and does not wait: any thread. For a remote file
 * it asks the server and BLOCKS.
 */
int file_check(struct file *file);

/*
 * Checks whether the path still leads to this version of the open file. Returns 0 or -ESTALE, by the rules above, or
 * another -errno as beneath_stat(). Sets *state unless the statx failed. BLOCKS.
 */
int file_check_path(struct file *file, int root_fd, const char *path, enum file_symlinks symlinks,
		    struct file_state *state);

#endif
