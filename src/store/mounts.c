/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The list is immutable after mounts_new(). It is in the order of the mounts, so the last match is the visible mount.
 */
#include "store/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/mountinfo.h"

struct mounts_item {
	struct mounts_item *next;
	uint64_t device;
	size_t length; /* of the path */
	char path[];   /* relative to the directory */
};

struct mounts {
	const char *directory;	   /* Used only in mounts_new(). */
	struct mounts_item *items; /* The latest first. */
	int error;
};

static bool add(void *context, const struct mountinfo *mount)
{
	struct mounts *mounts = context;
	const size_t directory_length = strlen(mounts->directory);
	const char *path = mount->place + directory_length;
	struct mounts_item *item;
	size_t length;

	if (strncmp(mount->place, mounts->directory, directory_length) != 0)
		return true;
	if (directory_length > 0 && mounts->directory[directory_length - 1] == '/')
		path--;
	if (path[0] != '/' || path[1] == '\0')
		return true;
	length = strlen(++path);
	item = malloc(sizeof(*item) + length + 1);
	if (item == NULL) {
		mounts->error = -ENOMEM;
		return false;
	}
	item->length = length;
	memcpy(item->path, path, length + 1);
	item->device = mount->device;
	LL_PREPEND(mounts->items, item);
	return true;
}

int mounts_new(struct mounts **mounts, const char *directory)
{
	struct mounts *made = calloc(1, sizeof(*made));
	int error;

	if (made == NULL)
		return -ENOMEM;
	made->directory = directory;
	error = mountinfo_walk(add, made);
	if (error == 0)
		error = made->error;
	if (error != 0) {
		mounts_free(made);
		return error;
	}
	*mounts = made;
	return 0;
}

void mounts_free(struct mounts *mounts)
{
	struct mounts_item *item, *next;

	if (mounts == NULL)
		return;
	LL_FOREACH_SAFE(mounts->items, item, next)
	free(item);
	free(mounts);
}

/* A mount that was made later covers earlier ones, so the first match is the visible one. */
uint64_t mounts_find(const struct mounts *mounts, const char *path)
{
	const struct mounts_item *item;

	if (mounts == NULL)
		return 0;
	LL_FOREACH(mounts->items, item)
		if (strncmp(path, item->path, item->length) == 0 &&
		    (path[item->length] == '/' || path[item->length] == '\0'))
			return item->device;
	return 0;
}
