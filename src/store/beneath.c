/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A path is first opened with O_PATH, which opens neither a device driver nor the other end of a FIFO. A statx() then
 * shows the type of the inode. The descriptor that is opened for reading must belong to the same inode. All names are
 * resolved by openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS [| RESOLVE_NO_SYMLINKS]).
 *
 * The functions run on offload threads, because each call may wait for the disk. Only the functions with "cached"
 * in their names run on reactor threads. The only state is whether the kernel supports RESOLVE_CACHED.
 */
#include "store/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/permission.h"
#include "store/spelling.h"

#ifndef RESOLVE_CACHED /* Linux 5.12 */
#define RESOLVE_CACHED 0x20
#endif

/*
 * The alignment of direct reads is requested if the kernel headers define it (Linux 6.1). Otherwise all files get the
 * default.
 */
#ifdef STATX_DIOALIGN
#define STAT_MASK (STATX_BASIC_STATS | STATX_BTIME | STATX_DIOALIGN)
#else
#define STAT_MASK (STATX_BASIC_STATS | STATX_BTIME)
#endif

#define RACE_TRIES 4 /* Maximum number of attempts while names in the tree change. */

/* A path beneath a root. */
struct place {
	int root_fd;
	const char *path;
	enum file_symlinks symlinks;
};

static uint64_t resolve_of(const struct place *place)
{
	return RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
	       (place->symlinks == FILE_SYMLINKS_NONE ? RESOLVE_NO_SYMLINKS : 0);
}

static int open_beneath(const struct place *place, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve_of(place) };

	for (int tries = 0; tries < RACE_TRIES; tries++) {
		long fd = syscall(SYS_openat2, place->root_fd, *place->path ? place->path : ".", &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		/* EAGAIN: a rename raced with ".." in the path. */
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

/*
 * Opens the path if it is spelled as its directories store it. Returns -ENOENT for another spelling that the filesystem
 * also accepts.
 */
static int open_spelled(const struct place *place, uint64_t flags)
{
	int fd = open_beneath(place, flags);
	int error = fd < 0 ? fd : spelling_check(place->root_fd, place->path, resolve_of(place));

	if (error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}

int beneath_open(int root_fd, const char *path, enum file_symlinks symlinks, uint64_t flags)
{
	return open_spelled(&(struct place){ .root_fd = root_fd, .path = path, .symlinks = symlinks }, flags);
}

int beneath_open_any_spelling(int root_fd, const char *path, enum file_symlinks symlinks, uint64_t flags)
{
	return open_beneath(&(struct place){ .root_fd = root_fd, .path = path, .symlinks = symlinks }, flags);
}

bool beneath_is_misspelled(int root_fd, const char *path, enum file_symlinks symlinks)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	int fd = open_beneath(&place, O_PATH);

	if (fd < 0)
		return false;
	close(fd);
	return spelling_check(root_fd, path, resolve_of(&place)) == -ENOENT;
}

int beneath_statx(int fd, int flags, struct statx *st)
{
	return statx(fd, "", AT_EMPTY_PATH | flags, STAT_MASK, st) < 0 ? -errno : 0;
}

/*
 * Stats a regular file. With AT_STATX_FORCE_SYNC, a filesystem client that caches attributes asks its server. Local
 * filesystems ignore the flag.
 */
static int stat_beneath(const struct place *place, struct statx *st)
{
	int fd = open_spelled(place, O_PATH), error;

	if (fd < 0)
		return fd;
	error = beneath_statx(fd, AT_STATX_FORCE_SYNC, st);
	close(fd);
	if (error < 0)
		return error;
	if (S_ISDIR(st->stx_mode))
		return -EISDIR;
	return S_ISREG(st->stx_mode) ? 0 : -ENOENT;
}

static bool same_inode(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor;
}

/*
 * Opens a path that led to the regular file `seen`. Returns the descriptor and sets *st. Returns -EAGAIN if the path
 * now leads to another inode, or another -errno.
 */
static int open_seen(const struct place *place, uint64_t flags, const struct statx *seen, struct statx *st)
{
	int fd = open_beneath(place, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags), error;

	if (fd < 0)
		return fd;
	error = beneath_statx(fd, AT_STATX_FORCE_SYNC, st);
	if (error == 0 && !same_inode(st, seen))
		error = -EAGAIN;
	if (error < 0) {
		close(fd);
		return error;
	}
	return fd;
}

static int open_regular(const struct place *place, uint64_t flags, struct statx *st)
{
	for (int tries = 0; tries < RACE_TRIES; tries++) {
		struct statx seen;
		int fd, error = stat_beneath(place, &seen);

		if (error < 0)
			return error;
		fd = open_seen(place, flags, &seen, st);
		if (fd != -EAGAIN)
			return fd;
	}
	return -EAGAIN;
}

int beneath_open_regular(int root_fd, const char *path, enum file_symlinks symlinks, uint64_t flags, struct statx *st)
{
	return open_regular(&(struct place){ .root_fd = root_fd, .path = path, .symlinks = symlinks }, flags, st);
}

ssize_t beneath_read_head(int root_fd, const char *path, enum file_symlinks symlinks, void *buffer, size_t bytes,
			  struct file_version *version)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	struct statx st;
	ssize_t length = 0;
	int fd = open_regular(&place, 0, &st);

	if (fd < 0)
		return fd;
	file_version_set(version, &st);
	if (bytes > 0)
		length = pread(fd, buffer, bytes, 0);
	if (length < 0)
		length = -errno;
	close(fd);
	return length;
}

/*
 * Reads *bytes bytes, or fewer at the end of the file. Sets *bytes to the number of bytes that were read. Returns 0 or
 * -errno.
 */
static int read_at(int fd, void *buffer, size_t *bytes, uint64_t offset)
{
	size_t done = 0;
	ssize_t got = 1;

	while (done < *bytes && got > 0) {
		got = pread(fd, (char *)buffer + done, *bytes - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			done += (size_t)got;
	}
	*bytes = done;
	return got < 0 ? -errno : 0;
}

int beneath_read_ends(int root_fd, const char *path, enum file_symlinks symlinks, struct beneath_ends *ends,
		      struct file_version *version)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	struct statx st;
	int error, fd = open_regular(&place, 0, &st);

	if (fd < 0)
		return fd;
	file_version_set(version, &st);
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	if (ends->tail_bytes > version->size)
		ends->tail_bytes = (size_t)version->size;
	error = read_at(fd, ends->head, &ends->head_bytes, 0);
	if (error == 0)
		error = read_at(fd, ends->tail, &ends->tail_bytes, version->size - ends->tail_bytes);
	close(fd);
	return error;
}

int beneath_stat(int root_fd, const char *path, enum file_symlinks symlinks, struct file_state *state)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	struct statx st;
	int error = stat_beneath(&place, &st);

	if (error == 0)
		file_version_set_state(state, &st);
	return error;
}

int beneath_get_version(int root_fd, const char *path, enum file_symlinks symlinks, struct file_version *version)
{
	struct file_state state;
	int error = beneath_stat(root_fd, path, symlinks, &state);

	if (error == 0)
		*version = state.version;
	return error;
}

/* --- without waiting --- */

enum support { SUPPORT_UNKNOWN, SUPPORT_NONE, SUPPORT_CACHED };

static int open_cached(const struct place *place, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | flags,
				.resolve = resolve_of(place) | RESOLVE_CACHED | resolve };
	long fd = syscall(SYS_openat2, place->root_fd, *place->path ? place->path : ".", &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* Opens a path whose last name does not lead to another mount than that of its directory. */
static int open_cached_below(const struct place *place)
{
	const char *slash = strrchr(place->path, '/');
	char path[PATH_MAX];
	struct place name = *place, directory = *place;
	int fd;

	if (slash == NULL || (size_t)(slash - place->path) >= sizeof(path))
		return -EAGAIN;
	memcpy(path, place->path, (size_t)(slash - place->path));
	path[slash - place->path] = '\0';
	directory.path = path;
	name.path = slash + 1;
	name.root_fd = open_cached(&directory, O_DIRECTORY, 0);
	if (name.root_fd < 0)
		return name.root_fd;
	fd = open_cached(&name, 0, RESOLVE_NO_XDEV);
	close(name.root_fd);
	return fd;
}

/*
 * Returns true if the kernel supports RESOLVE_CACHED. The first call opens the root, because EINVAL for this path can
 * only mean an unknown flag. For other paths, EINVAL may also mean a name that the filesystem rejects. A seccomp filter
 * answers with ENOSYS or EPERM. All threads find the same result, so relaxed memory order suffices.
 */
bool beneath_is_cached_supported(int root_fd)
{
	static atomic_int support = SUPPORT_UNKNOWN;
	int known = atomic_load_explicit(&support, memory_order_relaxed);

	if (known == SUPPORT_UNKNOWN) {
		int fd = open_cached(&(struct place){ .root_fd = root_fd, .path = "" }, 0, 0);

		known = fd == -EINVAL || fd == -ENOSYS || fd == -EPERM ? SUPPORT_NONE : SUPPORT_CACHED;
		if (fd >= 0)
			close(fd);
		atomic_store_explicit(&support, known, memory_order_relaxed);
	}
	return known == SUPPORT_CACHED;
}

int beneath_open_cached(int root_fd, const char *path, enum file_symlinks symlinks, uint64_t flags)
{
	if (!beneath_is_cached_supported(root_fd))
		return -EAGAIN;
	return open_cached(&(struct place){ .root_fd = root_fd, .path = path, .symlinks = symlinks }, flags, 0);
}

/*
 * Returns the error that openat2 returned if the path is its cause. Errors of other causes, such as a lack of
 * descriptors, are left to the functions that run on offload threads.
 */
static int error_of_path(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
	case -ELOOP:
	case -EACCES:
	case -ENAMETOOLONG:
		return error;
	default:
		return -EAGAIN;
	}
}

/*
 * None of the calls can wait:
 *
 *	openat2	uses only the dentries and inodes in memory and takes no lock of a directory. It returns EAGAIN instead
 *		of revalidating a name, reading a symbolic link or an access control list, or updating an atime. O_PATH
 *		opens no driver, breaks no lease and asks no fanotify listener. XFS and overlayfs return EAGAIN for each
 *		symbolic link, and tmpfs for each missing name.
 *	statx	copies the inode. Only filesystems with a server or a cluster may wait here (9p, CIFS, GFS2).
 *		RESOLVE_NO_XDEV keeps the path on the mount of its directory, which is local. Without it, a symbolic
 *		link or a mount on the file could lead to such a filesystem.
 *	close	of an O_PATH descriptor calls no filesystem. The exception is a file that is unlinked in the
 *		microseconds between these calls: the last close then frees its blocks.
 *
 * faccessat2 is not called, because it can wait, see permission.c.
 */
int beneath_look_cached(int root_fd, const char *path, enum file_symlinks symlinks, bool other_mount, struct statx *st,
			bool *readable)
{
	struct place place = { .root_fd = root_fd, .path = path, .symlinks = symlinks };
	int fd, error;

	if (!beneath_is_cached_supported(root_fd))
		return -EAGAIN;
	fd = other_mount ? open_cached_below(&place) : open_cached(&place, 0, RESOLVE_NO_XDEV);
	if (fd < 0)
		return error_of_path(fd);
	error = beneath_statx(fd, AT_STATX_DONT_SYNC, st);
	close(fd);
	if (error < 0)
		return error;
	if (S_ISDIR(st->stx_mode))
		return -EISDIR;
	if (!S_ISREG(st->stx_mode))
		return -ENOENT;
	if (readable != NULL) {
		int permission = permission_to_read(st);

		if (permission < 0)
			return permission;
		*readable = permission > 0;
	}
	return 0;
}
