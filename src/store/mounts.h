/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mounts below a directory. They tell on which device an unknown path is, without a call that may wait for the
 * device. A path through a symbolic link is attributed to the mount of the link.
 */
#ifndef STORE_MOUNTS_H
#define STORE_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mounts;

/* The mount that a lookup of a path may have to wait for. */
struct mounts_place {
	uint64_t device; /* st_dev. 0: the path is on the mount of the directory. */
	size_t length;	 /* Length of the path of the mount point. */
	bool remote;	 /* The mount is a network filesystem or FUSE. */
};

/*
 * Finds the mounts below an absolute path without symbolic links. `device` is the st_dev of the directory. Returns 0 or
 * -errno. Reads procfs, which does not wait for a device. The caller owns *mounts. Thread-safe.
 */
int mounts_new(struct mounts **mounts, const char *directory, uint64_t device);
/* NULL is allowed. */
void mounts_free(struct mounts *mounts);
/*
 * Finds the mount that a lookup of the path, which is relative to the directory, may have to wait for. This is the
 * outermost remote mount that contains the path, because a lookup passes through it. If there is none, it is the mount
 * that contains the path. Thread-safe.
 */
void mounts_find(const struct mounts *mounts, const char *path, struct mounts_place *place);

#endif
