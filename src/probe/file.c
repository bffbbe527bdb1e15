/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * O_TMPFILE makes a file that never has a name; where the filesystem has no such thing (FUSE, NFS) the name is taken
 * away as soon as it is there, with signals held back meanwhile. So whatever ends the program, the kernel frees the
 * file.
 *
 * What it is opened with is what ranged opens files with: O_DIRECT, and without where that is EINVAL.
 */
#include "probe/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/align.h"
#include "base/units.h"

#define ALIGNMENT_DEFAULT 4096
#define ALIGNMENT_MAX (1u << 20)
#define SAMPLE_MIN_BYTES (4 << 20)
#define SAMPLE_TRIES 1000

#ifdef STATX_DIOALIGN
#define STAT_MASK (STATX_BASIC_STATS | STATX_MNT_ID | STATX_DIOALIGN)
#else
#define STAT_MASK (STATX_BASIC_STATS | STATX_MNT_ID)
#endif

static int complain(const char *folder, const char *what, int error, int status)
{
	fprintf(stderr, "ranged-probe: %s: %s%s%s\n", folder, what, error != 0 ? ": " : "",
		error != 0 ? strerror(-error) : "");
	return status;
}

/* --- what the filesystem is --- */

static bool lives_in_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static void take_alignment(struct probe_file *file, const struct statx *st)
{
	(void)st;
	file->offset_alignment = file->memory_alignment = ALIGNMENT_DEFAULT;
#ifdef STATX_DIOALIGN
	file->alignment_known = st->stx_mask & STATX_DIOALIGN;
	if (!file->alignment_known)
		return;
	if (!align_is_power(st->stx_dio_offset_align) || st->stx_dio_offset_align > ALIGNMENT_MAX) {
		file->direct = PROBE_DIRECT_NONE; /* 0: the kernel would not read this file directly */
		return;
	}
	file->offset_alignment = st->stx_dio_offset_align;
	file->memory_alignment = align_is_power(st->stx_dio_mem_align) ? st->stx_dio_mem_align : ALIGNMENT_DEFAULT;
#endif
}

static int look(struct probe_file *file)
{
	struct statx st;

	if (statx(file->fd, "", AT_EMPTY_PATH, STAT_MASK, &st) < 0)
		return -errno;
	file->major = st.stx_dev_major;
	file->minor = st.stx_dev_minor;
	probe_mount_find(&file->mount, st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0);
	take_alignment(file, &st);
	if (lives_in_memory(file->fd))
		file->direct = PROBE_DIRECT_MEMORY;
	return 0;
}

/* --- making it --- */

/* A name that is taken away at once. */
static int open_named(const char *folder, int flags)
{
	char path[PATH_MAX];
	sigset_t all, before;
	uint64_t number;
	int fd, error;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number) ||
	    snprintf(path, sizeof(path), "%s/.ranged-probe.%016" PRIx64, folder, number) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | flags, 0600);
	error = fd < 0 ? -errno : 0;
	/* On tmpfs of old kernels an O_DIRECT open is EINVAL, and the file is there all the same. */
	if (fd >= 0 || error == -EINVAL)
		unlink(path);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return error != 0 ? error : fd;
}

static int open_nameless(const char *folder, int flags)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | flags, 0600);
	int error = fd < 0 ? -errno : 0;

	/* EISDIR: a kernel that takes it for an open of the folder; ENOENT and EINVAL: filesystems that do not expect
	 * it. */
	if (error == -EOPNOTSUPP || error == -EISDIR || error == -ENOENT || error == -EINVAL)
		return open_named(folder, flags);
	return error != 0 ? error : fd;
}

static int open_any(struct probe_file *file)
{
	file->direct = PROBE_DIRECT_REAL;
	file->fd = open_nameless(file->folder, O_DIRECT);
	if (file->fd == -EINVAL) {
		file->direct = PROBE_DIRECT_NONE;
		file->fd = open_nameless(file->folder, 0);
	}
	return file->fd < 0 ? file->fd : 0;
}

/* --- when it can't be made --- */

static bool is_sample(int directory_fd, const char *name)
{
	struct stat st;

	return fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size >= SAMPLE_MIN_BYTES && faccessat(directory_fd, name, R_OK, AT_EACCESS) == 0;
}

/* Where nothing can be written, what is there already shows at least if O_DIRECT is to be had. */
static void tell_of_sample(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	for (int i = 0; dir != NULL && i < SAMPLE_TRIES && (entry = readdir(dir)) != NULL; i++) {
		int fd;

		if (!is_sample(dirfd(dir), entry->d_name))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		fprintf(stderr, "ranged-probe: %s/%s: can %sbe opened with O_DIRECT%s\n", folder, entry->d_name,
			fd < 0 ? "not " : "",
			fd < 0 ? ": ranged would read it through the page cache"
			       : ", so ranged can read it past the page cache");
		if (fd >= 0)
			close(fd);
		break;
	}
	if (dir != NULL)
		closedir(dir);
}

static int refuse(const char *folder, int error)
{
	switch (error) {
	case -EROFS:
		complain(folder, "this filesystem is read-only, and measuring needs a writable folder", 0, 0);
		tell_of_sample(folder);
		return EX_CANTCREAT;
	case -EACCES:
	case -EPERM:
		complain(folder, "this user may not write here, and measuring needs a writable folder", error, 0);
		tell_of_sample(folder);
		return EX_CANTCREAT;
	default:
		return complain(folder, "can't make a temporary file", error, EX_CANTCREAT);
	}
}

/* A filesystem that says nothing of its size (some FUSE) has no blocks at all. */
static int check_room(const char *folder, uint64_t bytes)
{
	struct statvfs fs;
	uint64_t free_bytes;
	char have[16], need[16];

	if (statvfs(folder, &fs) != 0 || fs.f_blocks == 0)
		return 0;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (free_bytes >= bytes)
		return 0;
	fprintf(stderr,
		"ranged-probe: %s: not enough room: %s are free and the file to measure with takes %s (see --size)\n",
		folder, units_format_size(free_bytes, have, sizeof(have)),
		units_format_size(bytes, need, sizeof(need)));
	return EX_CANTCREAT;
}

static int check_folder(const char *folder)
{
	struct stat st;

	if (stat(folder, &st) != 0)
		return complain(folder, "can't be looked at", -errno, EX_NOINPUT);
	if (!S_ISDIR(st.st_mode))
		return complain(folder, "not a folder", 0, EX_NOINPUT);
	return 0;
}

/* Room for all of it, so that a full disk shows now; a filesystem that can't do that gets a hole. */
static int make_room(struct probe_file *file, uint64_t bytes)
{
	if (fallocate(file->fd, 0, 0, (off_t)bytes) == 0)
		return 0;
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO)
		return -errno;
	return ftruncate(file->fd, (off_t)bytes) == 0 ? 0 : -errno;
}

int probe_file_open(struct probe_file *file, const char *folder, uint64_t bytes)
{
	int status, error;

	*file = (struct probe_file){ .folder = folder, .fd = -1, .bytes = bytes };
	status = check_folder(folder);
	if (status != 0)
		return status;
	error = open_any(file);
	if (error != 0)
		return refuse(folder, error);
	error = look(file);
	if (error != 0)
		return complain(folder, "can't look at the temporary file", error, EX_IOERR);
	status = check_room(folder, bytes);
	if (status != 0)
		return status;
	error = make_room(file, bytes);
	return error == 0 ? 0
			  : complain(folder, "no room for the file to measure with (see --size)", error, EX_CANTCREAT);
}

int probe_file_cut(struct probe_file *file, uint64_t bytes)
{
	if (ftruncate(file->fd, (off_t)bytes) != 0)
		return -errno;
	file->bytes = bytes;
	return 0;
}

int probe_file_settle(const struct probe_file *file)
{
	if (fsync(file->fd) != 0)
		return -errno;
	posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
	return 0;
}

static double share_of(const unsigned char *pages, size_t count)
{
	size_t resident = 0;

	for (size_t i = 0; i < count; i++)
		resident += pages[i] & 1;
	return (double)resident / (double)count;
}

double probe_file_resident(const struct probe_file *file)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), count = (size_t)(file->bytes / page_bytes);
	unsigned char *pages = malloc(count);
	void *mapping = mmap(NULL, file->bytes, PROT_READ, MAP_PRIVATE, file->fd, 0);
	double share = -1;

	if (mapping != MAP_FAILED && pages != NULL && mincore(mapping, file->bytes, pages) == 0)
		share = share_of(pages, count);
	if (mapping != MAP_FAILED)
		munmap(mapping, file->bytes);
	free(pages);
	return share;
}
