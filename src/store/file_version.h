/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The identity of the bytes of a file, as a statx() reports it. All functions are pure and thread-safe. */
#ifndef STORE_FILE_VERSION_H
#define STORE_FILE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

struct statx;

/*
 * A version of a file. Two equal versions have equal bytes, within the resolution of the filesystem's clock. Every
 * response is made from one version. The cache hashes and compares versions as bytes.
 */
struct file_version {
	uint64_t device, inode, size;
	int64_t mtime_ns, ctime_ns; /* Nanoseconds since 1970. */
};

/*
 * The attributes that chmod, chown, and adding or removing a name change. Such a change also changes the ctime, but not
 * the bytes. The birth distinguishes it from a new file that has the inode number of a deleted one.
 */
struct file_metadata {
	int64_t ctime_ns;
	int64_t born_ns; /* Birth of the inode, which never changes. 0: the filesystem does not know it. */
	uint32_t links, mode, user, group;
};

/* The result of one statx(). */
struct file_state {
	struct file_version version;
	struct file_metadata metadata;
};

/* Sets the version from a statx() with STATX_BASIC_STATS. Times before 1677 or after 2262 are clamped. */
void file_version_set(struct file_version *version, const struct statx *st);
/* Sets the version, as file_version_set() does, and the metadata. The birth is known after STATX_BTIME. */
void file_version_set_state(struct file_state *state, const struct statx *st);
bool file_version_equal(const struct file_version *a, const struct file_version *b);
/*
 * Returns true if the mtime is 0 or 1 s, as reproducible builds and container layers set it. Such an mtime does not
 * distinguish versions, so a validator can only come from a sidecar.
 */
bool file_version_is_undated(const struct file_version *version);

#endif
