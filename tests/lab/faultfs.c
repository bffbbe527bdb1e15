/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faultfs SOURCE CONTROL MOUNTPOINT [FUSE-OPTION...]: a mirror of a directory whose reads can be slow, short, failing
 * or wrong. Other operations can be slow or failing. Writes always succeed.
 *
 * The file CONTROL contains "DELAY_MS ERRNO SHORT_BYTES [FROM [FLIP [OPERATIONS [NAME]]]]". It applies to every read
 * that ends after the position FROM (0 by default): the read takes DELAY_MS longer, or hangs while DELAY_MS is -1; it
 * fails with ERRNO unless that is 0; it returns at most SHORT_BYTES unless that is 0; and if FLIP is 1, the first byte
 * at or after FROM is inverted. OPERATIONS is a list such as "getattr,open,opendir,read", "read" by default: the delay
 * and the error apply to these operations. If NAME is given, they apply only to paths that end with it. The file is
 * read for each operation, so it must be replaced by rename. A loop device on a file of this filesystem is a faulty
 * disk.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 35
#include <fuse.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

struct fault {
	int delay_ms, error;
	size_t short_bytes;
	long long from;
	int flip;
	char operations[64], name[256];
};

static char source[PATH_MAX], control[PATH_MAX];

static struct fault current_fault(void)
{
	struct fault fault = { .operations = "read" };
	FILE *file = fopen(control, "re");

	if (file == NULL)
		return fault;
	if (fscanf(file, "%d %d %zu %lld %d %63s %255s", &fault.delay_ms, &fault.error, &fault.short_bytes, &fault.from,
		   &fault.flip, fault.operations, fault.name) < 3)
		fault = (struct fault){ 0 };
	fclose(file);
	return fault;
}

/* Returns true if the fault applies to this operation on this path. */
static bool concerns(const struct fault *fault, const char *operation, const char *path)
{
	const char *at = strstr(fault->operations, operation);
	size_t length = strlen(operation), path_length = strlen(path), name_length = strlen(fault->name);

	while (at != NULL && ((at > fault->operations && at[-1] != ',') || (at[length] != '\0' && at[length] != ',')))
		at = strstr(at + 1, operation);
	return at != NULL && path_length >= name_length && strcmp(path + path_length - name_length, fault->name) == 0;
}

/* Waits as long as the fault demands. Returns the fault that applies, which has no effect if there is none. */
static struct fault wait_for_fault(const char *operation, const char *path, off_t end)
{
	for (;;) {
		struct fault fault = current_fault();
		struct timespec delay = { fault.delay_ms / 1000, fault.delay_ms % 1000 * 1000000L };

		if (!concerns(&fault, operation, path) || end <= fault.from)
			return (struct fault){ 0 };
		if (fault.delay_ms >= 0) {
			nanosleep(&delay, NULL);
			return fault;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}

/* Returns the path in the source, or the error that the operation must return. */
static int begin(const char *operation, char *full, const char *path)
{
	struct fault fault = wait_for_fault(operation, path, LLONG_MAX);

	if (fault.error != 0)
		return -fault.error;
	return snprintf(full, PATH_MAX, "%s%s", source, path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int in_source(char *full, const char *path)
{
	return snprintf(full, PATH_MAX, "%s%s", source, path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int fault_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	char full[PATH_MAX];
	int error = begin("getattr", full, path);

	(void)info;
	return error != 0 ? error : lstat(full, st) == 0 ? 0 : -errno;
}

static int open_with(const char *path, int flags, mode_t mode, struct fuse_file_info *info)
{
	char full[PATH_MAX];
	int error = begin("open", full, path), fd;

	if (error != 0)
		return error;
	fd = open(full, (info->flags & O_ACCMODE) | flags | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	info->fh = (uint64_t)fd;
	info->direct_io = 1; /* otherwise the kernel takes a short read for the end of the file */
	return 0;
}

static int fault_open(const char *path, struct fuse_file_info *info)
{
	return open_with(path, 0, 0, info);
}

static int fault_create(const char *path, mode_t mode, struct fuse_file_info *info)
{
	return open_with(path, O_CREAT | O_EXCL, mode, info);
}

static int fault_release(const char *path, struct fuse_file_info *info)
{
	(void)path;
	close((int)info->fh);
	return 0;
}

static int fault_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct fault fault = wait_for_fault("read", path, offset + (off_t)size);
	ssize_t n;

	if (fault.error != 0)
		return -fault.error;
	if (fault.short_bytes != 0 && size > fault.short_bytes)
		size = fault.short_bytes;
	n = pread((int)info->fh, buffer, size, offset);
	if (fault.flip != 0 && offset + n > fault.from)
		buffer[fault.from > offset ? fault.from - offset : 0] ^= (char)0xff;
	return n < 0 ? -errno : (int)n;
}

static int fault_write(const char *path, const char *buffer, size_t size, off_t offset, struct fuse_file_info *info)
{
	ssize_t n = pwrite((int)info->fh, buffer, size, offset);

	(void)path;
	return n < 0 ? -errno : (int)n;
}

static int fault_fsync(const char *path, int data_only, struct fuse_file_info *info)
{
	(void)path, (void)data_only;
	return fsync((int)info->fh) == 0 ? 0 : -errno;
}

static int fault_truncate(const char *path, off_t size, struct fuse_file_info *info)
{
	char full[PATH_MAX];
	int error = in_source(full, path);

	if (info != NULL)
		return ftruncate((int)info->fh, size) == 0 ? 0 : -errno;
	return error != 0 ? error : truncate(full, size) == 0 ? 0 : -errno;
}

static int fault_unlink(const char *path)
{
	char full[PATH_MAX];
	int error = in_source(full, path);

	return error != 0 ? error : unlink(full) == 0 ? 0 : -errno;
}

/* libfuse renames a file that is unlinked while it is open. */
static int fault_rename(const char *from, const char *to, unsigned flags)
{
	char full_from[PATH_MAX], full_to[PATH_MAX];
	int error = in_source(full_from, from);

	(void)flags;
	if (error == 0)
		error = in_source(full_to, to);
	return error != 0 ? error : rename(full_from, full_to) == 0 ? 0 : -errno;
}

static int fault_statfs(const char *path, struct statvfs *fs)
{
	char full[PATH_MAX];
	int error = begin("statfs", full, path);

	return error != 0 ? error : statvfs(source, fs) == 0 ? 0 : -errno;
}

static int fault_opendir(const char *path, struct fuse_file_info *info)
{
	char full[PATH_MAX];

	(void)info;
	return begin("opendir", full, path);
}

static int fault_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
			 struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	char full[PATH_MAX];
	struct dirent *entry;
	DIR *dir;
	int error = begin("readdir", full, path);

	(void)offset, (void)info, (void)flags;
	if (error != 0)
		return error;
	dir = opendir(full);
	if (dir == NULL)
		return -errno;
	while ((entry = readdir(dir)) != NULL)
		fill(buffer, entry->d_name, NULL, 0, 0);
	closedir(dir);
	return 0;
}

static const struct fuse_operations operations = {
	.getattr = fault_getattr,
	.open = fault_open,
	.release = fault_release,
	.create = fault_create,
	.read = fault_read,
	.write = fault_write,
	.fsync = fault_fsync,
	.truncate = fault_truncate,
	.unlink = fault_unlink,
	.rename = fault_rename,
	.statfs = fault_statfs,
	.opendir = fault_opendir,
	.readdir = fault_readdir,
};

int main(int argc, char **argv)
{
	if (argc < 4 || realpath(argv[1], source) == NULL || realpath(argv[2], control) == NULL) {
		fprintf(stderr, "usage: faultfs SOURCE CONTROL MOUNTPOINT [FUSE-OPTION...]\n");
		return 2;
	}
	argv[2] = argv[0];
	return fuse_main(argc - 2, argv + 2, &operations, NULL);
}
