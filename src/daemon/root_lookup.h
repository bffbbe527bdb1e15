/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One lookup of the path of a root and of the files that must exist below it. All functions are thread-safe. They
 * block, and may wait forever for storage that does not respond, so they are never called on a reactor or on the main
 * thread.
 */
#ifndef DAEMON_ROOT_LOOKUP_H
#define DAEMON_ROOT_LOOKUP_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text_list.h"
#include "store/beneath.h"

/* Identifies the directory to which a path led. */
struct root_identity {
	uint64_t device, inode, mount;
	bool is_mount_root;
	char name[PATH_MAX]; /* path without symbolic links; "": unknown */
};

/* The result of a lookup that found a directory. */
struct root_found {
	struct root_identity identity;
	int fd;			/* O_PATH; owned by the caller */
	int required_error;	/* 0, or -errno of the first required file that could not be found */
	size_t required_failed; /* index of this file in the list */
};

/* What to look up. The caller owns the strings. */
struct root_place {
	const char *path;
	enum file_symlinks symlinks;
	const struct text_list *required; /* paths below the root, with a leading slash */
};

#define ROOT_LOOKUP_PATH (-1)

/*
 * Opens the path with O_PATH, and looks up the required files. Returns 0 and sets *found, or returns -errno, for
 * example -EACCES if the process has no permission to read the directory. Sets *step to ROOT_LOOKUP_PATH during the
 * lookup of the path, and to the index of a required file during its lookup. `step` may be NULL.
 */
int root_lookup(const struct root_place *place, struct root_found *found, _Atomic int *step);

/* Returns true if both directories are the same directory of the same mount. */
bool root_lookup_is_same(const struct root_identity *a, const struct root_identity *b);
/*
 * Returns true if the filesystem whose root directory was `before` was unmounted. The path then leads to the mount
 * point.
 */
bool root_lookup_is_unmounted(const struct root_identity *now, const struct root_identity *before);

/*
 * Returns true if the error means that the process lacks a resource, such as descriptors. Any other error of
 * root_lookup() means that no directory can be served from the path.
 */
bool root_lookup_is_shortage(int error);
/* Returns the text for an error of root_lookup(). */
const char *root_lookup_text(int error);

#endif
