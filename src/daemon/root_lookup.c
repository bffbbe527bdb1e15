/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions have no state. The required files are looked up below the directory that was just opened, so both
 * results belong to the same directory, even if the path changes meanwhile. The lookup of a required file asks the
 * server of a network filesystem, because cached attributes would hide that the server is lost.
 */
#include "daemon/root_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_directory(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 ? -errno : 0;

	if (error == 0 && faccessat(fd, ".", R_OK | X_OK, AT_EACCESS) != 0)
		error = -errno;
	if (error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}

/* Identifies an open directory. Returns 0 or -errno. */
static int identify(int fd, struct root_identity *identity)
{
	char link[64];
	struct statx st;
	ssize_t length;

	*identity = (struct root_identity){ 0 };
	/* Asks the server, so that a storage that does not respond is noticed although its attributes are cached. */
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_INO | STATX_MNT_ID, &st) != 0)
		return -errno;
	identity->device = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
	identity->inode = st.stx_ino;
	identity->mount = (st.stx_mask & STATX_MNT_ID) != 0 ? st.stx_mnt_id : 0;
	identity->is_mount_root = (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, identity->name, sizeof(identity->name) - 1);
	if (length < 0)
		length = 0;
	identity->name[length] = '\0';
	return 0;
}

/* Returns 0 if the file exists, or -errno. The file may be of any type. */
static int find_required(const struct root_place *place, int root_fd, const char *path)
{
	struct statx st;
	int fd = beneath_open(root_fd, path, place->symlinks, O_PATH), error;

	if (fd < 0)
		return fd;
	error = beneath_statx(fd, AT_STATX_FORCE_SYNC, &st);
	close(fd);
	return error;
}

static void set_step(_Atomic int *step, int value)
{
	if (step != NULL)
		atomic_store_explicit(step, value, memory_order_relaxed); /* only for messages */
}

static void look_up_required(const struct root_place *place, struct root_found *found, _Atomic int *step)
{
	for (size_t i = 0; found->required_error == 0 && i < place->required->count; i++) {
		set_step(step, (int)i);
		found->required_failed = i;
		found->required_error = find_required(place, found->fd, place->required->list[i] + 1);
	}
}

int root_lookup(const struct root_place *place, struct root_found *found, _Atomic int *step)
{
	int fd, error;

	set_step(step, ROOT_LOOKUP_PATH);
	*found = (struct root_found){ .fd = -1 };
	fd = open_directory(place->path);
	error = fd < 0 ? fd : identify(fd, &found->identity);
	if (error != 0) {
		if (fd >= 0)
			close(fd);
		return error;
	}
	found->fd = fd;
	look_up_required(place, found, step);
	return 0;
}

bool root_lookup_is_same(const struct root_identity *a, const struct root_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->mount == b->mount;
}

bool root_lookup_is_unmounted(const struct root_identity *now, const struct root_identity *before)
{
	return before->is_mount_root && !now->is_mount_root && before->name[0] != '\0' &&
	       strcmp(now->name, before->name) == 0;
}

bool root_lookup_is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EAGAIN || error == -EINTR;
}

const char *root_lookup_text(int error)
{
	if (error == -EACCES)
		return "no permission to read this directory";
	if (error == -ENOTDIR)
		return "not a directory; give the directory that contains the file";
	return error == -ETIMEDOUT ? "does not respond" : strerror(-error);
}
