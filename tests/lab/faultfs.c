/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faultfs SOURCE CONTROL MOUNTPOINT [FUSE-OPTION...]: a read-only mirror of a folder whose reads can be made slow, short or faulty while it runs.
 *
 * CONTROL holds "DELAY_MS ERRNO SHORT_BYTES [FROM]": every read of a file at or past FROM (0) takes DELAY_MS longer, fails with ERRNO unless that is 0, and
 * returns SHORT_BYTES at most unless that is 0. It is read anew for each read: replace it by rename. A loop device on a file of this filesystem is a bad disk.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 35
#include <fuse.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct fault {
	int delay_ms, error;
	size_t short_bytes;
	long long from;
};

static char source[PATH_MAX], control[PATH_MAX];

static struct fault current_fault(void)
{
	struct fault fault = { 0 };
	FILE *file = fopen(control, "re");

	if (file == NULL)
		return fault;
	if (fscanf(file, "%d %d %zu %lld", &fault.delay_ms, &fault.error, &fault.short_bytes, &fault.from) < 3)
		fault = (struct fault){ 0 };
	fclose(file);
	return fault;
}

static int in_source(char *full, const char *path)
{
	return snprintf(full, PATH_MAX, "%s%s", source, path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int fault_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	char full[PATH_MAX];
	int error = in_source(full, path);

	(void)info;
	return error != 0 ? error : lstat(full, st) == 0 ? 0 : -errno;
}

static int fault_open(const char *path, struct fuse_file_info *info)
{
	char full[PATH_MAX];
	int error = in_source(full, path), fd;

	if (error != 0)
		return error;
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	info->fh = (uint64_t)fd;
	info->direct_io = 1; /* or else a short read is the end of the file to the kernel, which then says it shrank */
	return 0;
}

static int fault_release(const char *path, struct fuse_file_info *info)
{
	(void)path;
	close((int)info->fh);
	return 0;
}

static int fault_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct fault fault = current_fault();
	ssize_t n;

	(void)path;
	if (offset + (off_t)size > fault.from) {
		struct timespec delay = { fault.delay_ms / 1000, fault.delay_ms % 1000 * 1000000L };

		nanosleep(&delay, NULL);
		if (fault.error != 0)
			return -fault.error;
		if (fault.short_bytes != 0 && size > fault.short_bytes)
			size = fault.short_bytes;
	}
	n = pread((int)info->fh, buffer, size, offset);
	return n < 0 ? -errno : (int)n;
}

static int fault_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info,
			 enum fuse_readdir_flags flags)
{
	char full[PATH_MAX];
	struct dirent *entry;
	DIR *dir;
	int error = in_source(full, path);

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
	.read = fault_read,
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
