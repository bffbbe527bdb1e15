/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks that a path is spelled as its directories store it. The rules of the configuration compare bytes. A filesystem
 * that folds case, normalises Unicode or supports short names resolves other spellings to the same file, which would
 * evade the rules. Therefore a file is served only under its stored name.
 */
#ifndef STORE_SPELLING_H
#define STORE_SPELLING_H

#include <stdint.h>

/*
 * Returns 0 if each name of the path is stored in its directory with exactly these bytes. Returns -ENOENT if a name is
 * stored with other bytes, or another -errno if a directory cannot be read. The path is relative and normalised, and
 * openat2(root_fd, path, resolve) has just resolved it. Targets of symbolic links are not checked. The result for a
 * directory is reused for up to 1 s. Blocks; never called on a reactor. Thread-safe.
 */
int spelling_check(int root_fd, const char *path, uint64_t resolve);

#endif
