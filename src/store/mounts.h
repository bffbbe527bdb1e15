/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mounts below a directory. They tell on which device an unknown path is, without a call that may wait for the
 * device. A path through a symbolic link is attributed to the mount of the link.
 */
#ifndef STORE_MOUNTS_H
#define STORE_MOUNTS_H

#include <stdint.h>

struct mounts;

/*
 * Finds the mounts below an absolute path without symbolic links. Returns 0 or -errno. Reads procfs, which does not
 * wait for a device. The caller owns *mounts. Thread-safe.
 */
int mounts_new(struct mounts **mounts, const char *directory);
/* NULL is allowed. */
void mounts_free(struct mounts *mounts);
/*
 * Returns the device (st_dev) of the mount that contains the path, which is relative to the directory. Returns 0 if the
 * path is on the mount of the directory. `mounts` may be NULL. Thread-safe.
 */
uint64_t mounts_find(const struct mounts *mounts, const char *path);

#endif
