/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root directory of files. Its holders own it together. All functions are thread-safe, except the replacement. */
#include "store/file_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "engine/devices.h"

/* Returns a number that no directory of a root had before. */
static uint64_t next_number(void)
{
	static _Atomic uint64_t last;

	return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

/* --- devices --- */

void file_root_find_mounts(struct file_root *root)
{
	struct mounts *mounts = NULL, *before;
	char link[64], name[PATH_MAX];
	struct statx st;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", root->fd);
	length = readlink(link, name, sizeof(name) - 1);
	if (length <= 0 || root->devices == NULL ||
	    statx(root->fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) != 0 || !S_ISDIR(st.stx_mode))
		return;
	name[length] = '\0';
	if (mounts_new(&mounts, name, makedev(st.stx_dev_major, st.stx_dev_minor)) != 0)
		return;
	pthread_mutex_lock(&root->lock);
	before = root->mounts;
	root->mounts = mounts;
	root->device = makedev(st.stx_dev_major, st.stx_dev_minor);
	pthread_mutex_unlock(&root->lock);
	mounts_free(before);
}

void file_root_place(struct file_root *root, const char *path, struct mounts_place *place)
{
	*place = (struct mounts_place){ 0 };
	pthread_mutex_lock(&root->lock);
	if (root->mounts != NULL)
		mounts_find(root->mounts, path, place);
	if (place->device == 0)
		place->device = root->device;
	pthread_mutex_unlock(&root->lock);
}

/* --- the root --- */

int file_root_new(struct file_root **root, const struct file_root_options *options)
{
	struct file_root *made = calloc(1, sizeof(*made));
	int error;

	if (made == NULL)
		return -ENOMEM;
	made->references = 1;
	made->fd = fcntl(options->fd, F_DUPFD_CLOEXEC, 0);
	if (made->fd < 0) {
		error = -errno;
		free(made);
		return error;
	}
	made->symlinks = options->symlinks;
	made->number = next_number();
	made->offload = options->offload;
	made->devices = options->devices;
	made->descriptors = options->descriptors;
	made->opened = options->opened;
	made->context = options->context;
	pthread_mutex_init(&made->lock, NULL);
	file_root_find_mounts(made);
	*root = made;
	return 0;
}

struct file_root *file_root_ref(struct file_root *root)
{
	/* Relaxed: the caller has a reference, so the root cannot be freed meanwhile. */
	atomic_fetch_add_explicit(&root->references, 1, memory_order_relaxed);
	return root;
}

static void close_root(struct offload_job *job)
{
	struct file_root *root = container_of(job, struct file_root, closing);

	close(root->fd);
	mounts_free(root->mounts);
	pthread_mutex_destroy(&root->lock);
	free(root);
}

void file_root_unref(struct file_root *root)
{
	if (root == NULL || atomic_fetch_sub_explicit(&root->references, 1, memory_order_acq_rel) > 1)
		return;
	root->closing =
		(struct offload_job){ .work = close_root,
				      .device = root->device != 0 ? devices_find(root->devices, root->device) : NULL };
	if (root->offload != NULL)
		offload_start(root->offload, &root->closing);
	else
		close_root(&root->closing);
}

/*
 * During dup3() a lookup may see either directory, so all results are discarded until the new time is set. The same
 * applies to the number: what is learned during dup3() has a number that no later lookup uses.
 */
int file_root_replace(struct file_root *root, int fd)
{
	int error;

	atomic_store(&root->since_ns, UINT64_MAX);
	atomic_store_explicit(&root->number, next_number(), memory_order_relaxed);
	error = dup3(fd, root->fd, O_CLOEXEC) < 0 ? -errno : 0;
	atomic_store_explicit(&root->number, next_number(), memory_order_relaxed);
	file_root_find_mounts(root);
	atomic_store(&root->since_ns, clock_now_ns());
	return error;
}
