/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks that a path is spelled as its directories store it. The rules of the configuration compare bytes. A filesystem
 * that folds case, normalises Unicode or supports short names resolves other spellings to the same file, which would
 * evade the rules. Therefore a file is served only under its stored name.
 */
#ifndef STORE_SPELLING_H
#define STORE_SPELLING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Returns 0 if each name of the path is stored in its directory with exactly these bytes. Returns -ENOENT if a name is
 * stored with other bytes, or another -errno if a directory cannot be read. The path is relative and normalised, and
 * openat2(root_fd, path, resolve) has just resolved it. Targets of symbolic links are not checked. The result for a
 * directory is reused for up to 1 s. Blocks; never called on a reactor. Thread-safe.
 */
int spelling_check(int root_fd, const char *path, uint64_t resolve);

/*
 * Returns true if the directory compares names as bytes. The descriptor must be open for reading, on a filesystem for
 * which filesystem_fd_is_local() returns true. overlayfs mounts no layers that fold case, or reports the flag of the
 * layer (Linux 6.17). Sets *constant if the directory always compares names this way. Otherwise, only a change of its
 * ctime can show that this has changed. Blocks; never called on a reactor. Thread-safe.
 */
bool spelling_is_by_bytes(int directory_fd, bool *constant);

#endif
