/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * foldfs case|alias SOURCE MOUNTPOINT [FUSE-OPTION...]: a read-only mirror of a directory in which a file has several
 * spellings.
 *
 * "case" behaves like vfat, exfat and SMB servers: ASCII letters are case-insensitive, dots and blanks at the end are
 * ignored, and short names like "SECRET~1.KEY" (six letters, "~1", the suffix) exist.
 * "alias" behaves like ntfs-3g and HFSX: names are case-sensitive, and "SECRET~1.KEY", "name::$DATA", and "e" with
 * U+0301 for "é" are aliases.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 35
#include <fuse.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static char source[PATH_MAX];
static bool keeps_case;

/* Converts a name to the form that the filesystem compares. */
static void normalise(char *to, const char *name)
{
	const char *from = name;
	char *start = to;

	while (*from != '\0') {
		if (keeps_case && strncmp(from, "e\xcc\x81", 3) == 0) {
			to = stpcpy(to, "\xc3\xa9");
			from += 3;
		} else if (keeps_case && strcmp(from, "::$DATA") == 0) {
			break;
		} else {
			*to++ = *from++;
		}
	}
	while (!keeps_case && to > start && (to[-1] == '.' || to[-1] == ' '))
		to--;
	*to = '\0';
}

static bool is_short_name(const char *asked, const char *stored)
{
	const char *dot = strrchr(stored, '.');
	char name[NAME_MAX + 16];

	snprintf(name, sizeof(name), "%.6s~1%s", stored, dot != NULL ? dot : "");
	for (char *at = name; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	return (keeps_case ? strcmp : strcasecmp)(asked, name) == 0;
}

static bool leads_to(const char *asked, const char *stored)
{
	char normal[NAME_MAX + 1], own[NAME_MAX + 1];

	normalise(normal, asked);
	normalise(own, stored);
	return (keeps_case ? strcmp : strcasecmp)(normal, own) == 0 || is_short_name(asked, stored);
}

/* Appends the stored spelling of a name. */
static int resolve_name(char *full, const char *asked)
{
	DIR *dir = opendir(full);
	struct dirent *entry;
	int error = -ENOENT;

	if (dir == NULL)
		return -errno;
	while (error != 0 && (entry = readdir(dir)) != NULL) {
		if (!leads_to(asked, entry->d_name) || strlen(full) + strlen(entry->d_name) + 2 > PATH_MAX)
			continue;
		strcat(strcat(full, "/"), entry->d_name);
		error = 0;
	}
	closedir(dir);
	return error;
}

static int resolve(char *full, const char *path)
{
	char copy[PATH_MAX], *rest = copy, *name;
	int error = 0;

	strcpy(full, source);
	if (strlen(path) >= sizeof(copy))
		return -ENAMETOOLONG;
	strcpy(copy, path);
	while (error == 0 && (name = strsep(&rest, "/")) != NULL)
		if (*name != '\0')
			error = resolve_name(full, name);
	return error;
}

static int fold_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	char full[PATH_MAX];
	int error = resolve(full, path);

	(void)info;
	return error != 0 ? error : lstat(full, st) == 0 ? 0 : -errno;
}

static int fold_readlink(const char *path, char *target, size_t size)
{
	char full[PATH_MAX];
	int error = resolve(full, path);
	ssize_t length = error == 0 ? readlink(full, target, size - 1) : 0;

	if (error == 0 && length >= 0)
		target[length] = '\0';
	return error != 0 ? error : length >= 0 ? 0 : -errno;
}

static int fold_open(const char *path, struct fuse_file_info *info)
{
	char full[PATH_MAX];
	int error = resolve(full, path), fd = error == 0 ? open(full, O_RDONLY | O_CLOEXEC) : -1;

	info->fh = (uint64_t)fd;
	return error != 0 ? error : fd < 0 ? -errno : 0;
}

static int fold_release(const char *path, struct fuse_file_info *info)
{
	(void)path;
	close((int)info->fh);
	return 0;
}

static int fold_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *info)
{
	ssize_t n = pread((int)info->fh, buffer, size, offset);

	(void)path;
	return n < 0 ? -errno : (int)n;
}

static int fold_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info,
			enum fuse_readdir_flags flags)
{
	char full[PATH_MAX];
	struct dirent *entry;
	int error = resolve(full, path);
	DIR *dir = error == 0 ? opendir(full) : NULL;

	(void)offset, (void)info, (void)flags;
	if (dir == NULL)
		return error != 0 ? error : -errno;
	while ((entry = readdir(dir)) != NULL)
		fill(buffer, entry->d_name, NULL, 0, 0);
	closedir(dir);
	return 0;
}

static const struct fuse_operations operations = {
	.getattr = fold_getattr,
	.readlink = fold_readlink,
	.open = fold_open,
	.release = fold_release,
	.read = fold_read,
	.readdir = fold_readdir,
};

int main(int argc, char **argv)
{
	if (argc < 4 || realpath(argv[2], source) == NULL) {
		fprintf(stderr, "usage: foldfs case|alias SOURCE MOUNTPOINT [FUSE-OPTION...]\n");
		return 2;
	}
	keeps_case = strcmp(argv[1], "alias") == 0;
	argv[2] = argv[0];
	return fuse_main(argc - 2, argv + 2, &operations, NULL);
}
