/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens and stats names beneath a root directory. No ".." and no symbolic link leads out of the root, even if the tree
 * changes meanwhile, and no FIFO, socket or device is opened. A path is accepted only if each name is spelled as its
 * directory stores it, see spelling.h.
 *
 * All functions take a relative path without a leading slash. The path "" is the root itself. The functions block, so
 * they run on offload threads, except those with "cached" in their names. Errors are returned as -errno. -ENOENT means
 * that the name is missing, or is neither a file nor a directory. -EXDEV means that a symbolic link leads out of the
 * root. All other errors, such as -EISDIR, -ELOOP and -EACCES, have their usual meaning.
 */
#ifndef STORE_BENEATH_H
#define STORE_BENEATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "store/file_version.h"

struct statx;

/* Selects which symbolic links are followed: all links that stay beneath the root, or no links. */
enum file_symlinks { FILE_SYMLINKS_BENEATH, FILE_SYMLINKS_NONE };

/*
 * Opens the object at the path, with these flags and O_CLOEXEC. Returns the descriptor, or -errno. Without O_PATH or
 * O_DIRECTORY in the flags, the caller must know that the object is not a FIFO, socket or device.
 */
int beneath_open(int root_fd, const char *path, enum file_symlinks symlinks, uint64_t flags);

/*
 * Works like beneath_open(), but does not check the spelling. Used if the directories of the path are known to compare
 * names as bytes, and by the code that examines whether they do.
 */
int beneath_open_any_spelling(int root_fd, const char *path, enum file_symlinks symlinks, uint64_t flags);

/*
 * Opens the object at the path with O_PATH and these flags, if this is possible without waiting. Does not check the
 * spelling. Reactor threads may call it. Returns the descriptor, -EAGAIN if the call would have to wait or
 * beneath_is_cached_supported() returns false, or another -errno.
 */
int beneath_open_cached(int root_fd, const char *path, enum file_symlinks symlinks, uint64_t flags);
/* Returns true if the kernel supports RESOLVE_CACHED (Linux 5.12). Reactor threads may call it. Thread-safe. */
bool beneath_is_cached_supported(int root_fd);

/*
 * Opens a regular file for reading, with these additional flags. Returns the descriptor, and sets *st to its state, or
 * returns -errno.
 */
int beneath_open_regular(int root_fd, const char *path, enum file_symlinks symlinks, uint64_t flags, struct statx *st);

/* Stats an open descriptor. `flags` is AT_STATX_FORCE_SYNC or AT_STATX_DONT_SYNC. Returns 0 or -errno. */
int beneath_statx(int fd, int flags, struct statx *st);

/*
 * Returns true if the filesystem resolves the path, but its directories store it under another spelling, so that the
 * other functions of this header return -ENOENT.
 */
bool beneath_is_misspelled(int root_fd, const char *path, enum file_symlinks symlinks);

/*
 * Stats a regular file with STATX_BASIC_STATS, STATX_BTIME and STATX_DIOALIGN, from the memory of the kernel. Never
 * waits, so reactor threads may call it. The caller must know that the directory of the path is on a local filesystem,
 * see filesystem.h; the file is then on the same mount. Does not check the spelling.
 *
 * If `readable` is not NULL, sets *readable to whether the thread may read the file. Permission depends on the owner,
 * the mode and an access control list, and each change of them changes the ctime. So a caller that knows the permission
 * for the same struct file_metadata passes NULL. For another file that only its group or others may read, the result is
 * usually -EAGAIN, see permission.h.
 *
 * `other_mount` is true if the directory of the path is on another mount than root_fd. This costs two more syscalls.
 * If it is false by mistake, the result is -EAGAIN.
 *
 * Returns 0, or -EISDIR for a directory, and sets *st. Returns -ENOENT, -ENOTDIR, -ELOOP, -EACCES or -ENAMETOOLONG
 * for such a path. Returns -EAGAIN in all other cases: if the call would have to wait, if the last name leads to
 * another mount or out of the root, if permission is not certain, if descriptors run out, or if the kernel has no
 * RESOLVE_CACHED (before Linux 5.12). The other functions then give the result, on an offload thread.
 */
int beneath_look_cached(int root_fd, const char *path, enum file_symlinks symlinks, bool other_mount, struct statx *st,
			bool *readable);

/* Stats a regular file without opening it for reading. Returns 0 or -errno. */
int beneath_stat(int root_fd, const char *path, enum file_symlinks symlinks, struct file_state *state);
/* Works like beneath_stat(), but returns only the version. */
int beneath_get_version(int root_fd, const char *path, enum file_symlinks symlinks, struct file_version *version);

/*
 * Reads at most `bytes` bytes from the start of a regular file, and sets *version. If `bytes` is 0, only tests whether
 * the file can be opened for reading. Used for small files such as sidecars. Returns the number of bytes that were
 * read, or -errno.
 */
ssize_t beneath_read_head(int root_fd, const char *path, enum file_symlinks symlinks, void *buffer, size_t bytes,
			  struct file_version *version);

/* Buffers for the first and the last bytes of a file. */
struct beneath_ends {
	uint8_t *head, *tail;
	/*
	 * Sizes of the buffers. After the call: numbers of bytes that were read, which are lower only if the file is
	 * shorter.
	 */
	size_t head_bytes, tail_bytes;
};

/* Reads both ends of a regular file of any size, without readahead. Returns 0 or -errno. */
int beneath_read_ends(int root_fd, const char *path, enum file_symlinks symlinks, struct beneath_ends *ends,
		      struct file_version *version);

#endif
