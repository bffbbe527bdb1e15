/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts of the process, from /proc/self/mountinfo. */
#ifndef BASE_MOUNTINFO_H
#define BASE_MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>

/* One mount. The text is valid during the call of the visitor. */
struct mountinfo {
	uint64_t device;   /* st_dev of its files. On btrfs, files have the st_dev of their subvolume instead. */
	const char *place; /* Absolute path of the mount point. */
	const char *type;  /* "ext4", "fuse.sshfs" */
};

/* Replaces the octal escapes of blanks, line ends and backslashes in place. Pure. */
void mountinfo_unescape(char *text);
/*
 * Calls visit() for each mount, in the order of the mounts, until it returns false. Returns 0 or -errno. Reads procfs,
 * which does not wait for the filesystems of the mounts. Thread-safe.
 */
int mountinfo_walk(bool (*visit)(void *context, const struct mountinfo *mount), void *context);

#endif
