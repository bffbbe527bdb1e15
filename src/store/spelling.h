/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a path is spelled as its directories spell it. The rules of the configuration compare bytes; a filesystem
 * that folds case, normalises Unicode or knows short names resolves other spellings to the same file, and they would
 * evade the rules. So only the stored spelling of a name is served.
 */
#ifndef STORE_SPELLING_H
#define STORE_SPELLING_H

#include <stdint.h>

/*
 * path: one that openat2(root_fd, path, resolve) has just resolved, relative and normalised. 0 if each of its names is
 * in its directory with these bytes; -ENOENT if one is not; another -errno if a directory can't be read. Targets of
 * symbolic links are not checked. A verdict on a directory is reused for up to 1 s. BLOCKS. Any thread.
 */
int spelling_check(int root_fd, const char *path, uint64_t resolve);

#endif
