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
#include "store/filesystem.h"

struct mounts_item {
	struct mounts_item *next;
	struct mounts_place place;
	char path[]; /* Relative to the directory. */
};

struct mounts {
	const char *directory;	   /* Used only in mounts_new(). */
	uint64_t device;	   /* st_dev of the directory. */
	bool remote;		   /* The directory is on a remote filesystem. */
	struct mounts_item *items; /* The latest first. */
	int error;
};

static bool add(void *context, const struct mountinfo *mount)
{
	struct mounts *mounts = context;
	const size_t directory_length = strlen(mounts->directory);
	const char *path = mount->place + directory_length;
	struct mounts_item *item;
	const bool remote = !filesystem_type_is_local(mount->type);
	size_t length;

	if (mount->device == mounts->device)
		mounts->remote = remote;
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
	item->place = (struct mounts_place){ .device = mount->device, .length = length, .remote = remote };
	memcpy(item->path, path, length + 1);
	LL_PREPEND(mounts->items, item);
	return true;
}

int mounts_new(struct mounts **mounts, const char *directory, uint64_t device)
{
	struct mounts *made = calloc(1, sizeof(*made));
	int error;

	if (made == NULL)
		return -ENOMEM;
	made->directory = directory;
	made->device = device;
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

static bool contains(const struct mounts_item *item, const char *path)
{
	const size_t length = item->place.length;

	return strncmp(path, item->path, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* A mount that was made later covers earlier ones, so the first match is the visible one. */
void mounts_find(const struct mounts *mounts, const char *path, struct mounts_place *place)
{
	const struct mounts_item *item;

	*place = (struct mounts_place){ .remote = mounts->remote };
	if (mounts->remote)
		return;
	LL_FOREACH(mounts->items, item) {
		if (!contains(item, path))
			continue;
		if (place->device == 0 ||
		    (item->place.remote && (!place->remote || item->place.length < place->length)))
			*place = item->place;
	}
}
