/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * O_TMPFILE creates a file that never has a name. On a filesystem without O_TMPFILE (FUSE, NFS), the program creates a
 * named file and unlinks it at once, with signals blocked meanwhile. So the kernel frees the file however the program
 * ends.
 *
 * The file is opened as ranged opens its files: with O_DIRECT, or without O_DIRECT if that fails with EINVAL. The
 * caller of probe_file_open() owns the descriptor. The program has one thread.
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
#include "base/escape.h"
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

/* Prints an error message. `error` is -errno, or 0 if there is no errno. Returns `status`. */
static int print_error(const char *directory, const char *what, int error, int status)
{
	escape_print_line(stderr, "ranged-probe: %s: %s%s%s", directory, what, error != 0 ? ": " : "",
			  error != 0 ? strerror(-error) : "");
	return status;
}

/* --- properties of the filesystem --- */

static bool lives_in_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static void read_alignment(struct probe_file *file, const struct statx *st)
{
	(void)st;
	file->offset_alignment = file->memory_alignment = ALIGNMENT_DEFAULT;
#ifdef STATX_DIOALIGN
	file->alignment_known = st->stx_mask & STATX_DIOALIGN;
	if (!file->alignment_known)
		return;
	if (!align_is_power(st->stx_dio_offset_align) || st->stx_dio_offset_align > ALIGNMENT_MAX) {
		file->direct = PROBE_DIRECT_NONE; /* alignment 0: the file does not support direct I/O */
		return;
	}
	file->offset_alignment = st->stx_dio_offset_align;
	file->memory_alignment = align_is_power(st->stx_dio_mem_align) ? st->stx_dio_mem_align : ALIGNMENT_DEFAULT;
#endif
}

static int read_properties(struct probe_file *file)
{
	struct statx st;

	if (statx(file->fd, "", AT_EMPTY_PATH, STAT_MASK, &st) < 0)
		return -errno;
	file->major = st.stx_dev_major;
	file->minor = st.stx_dev_minor;
	probe_mount_find(&file->mount, st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0);
	read_alignment(file, &st);
	if (lives_in_memory(file->fd))
		file->direct = PROBE_DIRECT_MEMORY;
	return 0;
}

/* --- creating the file --- */

/* Creates a file with a name, and unlinks the name at once. */
static int open_named(const char *directory, int flags)
{
	char path[PATH_MAX];
	sigset_t all, before;
	uint64_t number;
	int fd, error;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number) ||
	    snprintf(path, sizeof(path), "%s/.ranged-probe.%016" PRIx64, directory, number) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | flags, 0600);
	error = fd < 0 ? -errno : 0;
	/* On tmpfs, open() with O_DIRECT fails with EINVAL on an old kernel although it has created the file. */
	if (fd >= 0 || error == -EINVAL)
		unlink(path);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return error != 0 ? error : fd;
}

static int open_nameless(const char *directory, int flags)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC | flags, 0600);
	int error = fd < 0 ? -errno : 0;

	/*
	 * A kernel without O_TMPFILE tries to open the directory for writing, which fails with EISDIR. Some filesystems
	 * return ENOENT or EINVAL.
	 */
	if (error == -EOPNOTSUPP || error == -EISDIR || error == -ENOENT || error == -EINVAL)
		return open_named(directory, flags);
	return error != 0 ? error : fd;
}

static int open_any(struct probe_file *file)
{
	file->direct = PROBE_DIRECT_REAL;
	file->fd = open_nameless(file->directory, O_DIRECT);
	if (file->fd == -EINVAL) {
		file->direct = PROBE_DIRECT_NONE;
		file->fd = open_nameless(file->directory, 0);
	}
	return file->fd < 0 ? file->fd : 0;
}

/* --- errors --- */

static bool is_sample(int directory_fd, const char *name)
{
	struct stat st;

	return fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size >= SAMPLE_MIN_BYTES && faccessat(directory_fd, name, R_OK, AT_EACCESS) == 0;
}

/* If the directory is not writable, an existing file still shows whether O_DIRECT is supported. */
static void try_sample(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	for (int i = 0; dir != NULL && i < SAMPLE_TRIES && (entry = readdir(dir)) != NULL; i++) {
		int fd;

		if (!is_sample(dirfd(dir), entry->d_name))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		escape_print_line(stderr, "ranged-probe: %s/%s: %s be opened with O_DIRECT%s", directory, entry->d_name,
				  fd < 0 ? "cannot" : "can",
				  fd < 0 ? "; ranged would read it through the page cache"
					 : "; ranged can read it without the page cache");
		if (fd >= 0)
			close(fd);
		break;
	}
	if (dir != NULL)
		closedir(dir);
}

static int report_open_error(const char *directory, int error)
{
	switch (error) {
	case -EROFS:
		print_error(directory, "the filesystem is read-only; the measurement needs a writable directory", 0, 0);
		try_sample(directory);
		return EX_CANTCREAT;
	case -EACCES:
	case -EPERM:
		print_error(directory, "no write permission; the measurement needs a writable directory", error, 0);
		try_sample(directory);
		return EX_CANTCREAT;
	default:
		return print_error(directory, "cannot create a temporary file", error, EX_CANTCREAT);
	}
}

/*
 * Checks the free space. A filesystem that reports 0 blocks does not know its size (some FUSE filesystems) and is not
 * checked.
 */
static int check_room(const char *directory, uint64_t bytes)
{
	struct statvfs fs;
	uint64_t free_bytes;
	char have[16], need[16];

	if (statvfs(directory, &fs) != 0 || fs.f_blocks == 0)
		return 0;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (free_bytes >= bytes)
		return 0;
	escape_print_line(
		stderr,
		"ranged-probe: %s: not enough free space: %s are free, but the temporary file needs %s (see --size)",
		directory, units_format_size(free_bytes, have, sizeof(have)),
		units_format_size(bytes, need, sizeof(need)));
	return EX_CANTCREAT;
}

static int check_directory(const char *directory)
{
	struct stat st;

	if (stat(directory, &st) != 0)
		return print_error(directory, "cannot read the properties of the directory", -errno, EX_NOINPUT);
	if (!S_ISDIR(st.st_mode))
		return print_error(directory, "not a directory", 0, EX_NOINPUT);
	return 0;
}

/*
 * Allocates the blocks of the file, so that a full disk is detected now. If the filesystem does not support this, the
 * file becomes sparse.
 */
static int make_room(struct probe_file *file, uint64_t bytes)
{
	if (fallocate(file->fd, 0, 0, (off_t)bytes) == 0)
		return 0;
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO)
		return -errno;
	return ftruncate(file->fd, (off_t)bytes) == 0 ? 0 : -errno;
}

int probe_file_open(struct probe_file *file, const char *directory, uint64_t bytes)
{
	int status, error;

	*file = (struct probe_file){ .directory = directory, .fd = -1, .bytes = bytes };
	status = check_directory(directory);
	if (status != 0)
		return status;
	error = open_any(file);
	if (error != 0)
		return report_open_error(directory, error);
	error = read_properties(file);
	if (error != 0)
		return print_error(directory, "cannot read the properties of the temporary file", error, EX_IOERR);
	status = check_room(directory, bytes);
	if (status != 0)
		return status;
	error = make_room(file, bytes);
	return error == 0 ? 0
			  : print_error(directory, "not enough free space for the temporary file (see --size)", error,
					EX_CANTCREAT);
}

int probe_file_shorten(struct probe_file *file, uint64_t bytes)
{
	if (ftruncate(file->fd, (off_t)bytes) != 0)
		return -errno;
	file->bytes = bytes;
	return 0;
}

int probe_file_sync(const struct probe_file *file)
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
