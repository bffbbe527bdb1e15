/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One call of FS_IOC_FIEMAP, whose side effect is wanted: the filesystem reads the extent map into memory. The caller
 * keeps track of the part of the file that is known. No state. Thread: offload threads, because the call may wait for
 * the disk.
 */
#include "store/fiemap.h"

#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/*
 * Returns the offset up to which the map is known after a walk of [offset, end) returned these extents.
 * FIEMAP_EXTENT_LAST does not mean the last extent of the file: ext4 and XFS set it on the last extent of the walk
 * (seen on Linux 6.18). It only means that the walk is complete.
 */
static uint64_t known_after(const struct fiemap *map, uint64_t end, uint64_t size)
{
	const struct fiemap_extent *last = &map->fm_extents[map->fm_extent_count - 1];

	if (map->fm_mapped_extents == map->fm_extent_count && !(last->fe_flags & FIEMAP_EXTENT_LAST))
		return last->fe_logical + last->fe_length;
	return end >= size ? UINT64_MAX : end;
}

int fiemap_load(int fd, uint64_t size, uint64_t offset, uint64_t length, uint64_t *known)
{
	uint64_t end = offset + length < offset ? UINT64_MAX : offset + length;
	struct fiemap *map = calloc(1, sizeof(*map) + FIEMAP_STEP * sizeof(map->fm_extents[0]));
	int error = 0;

	if (!map)
		return -ENOMEM;
	map->fm_start = offset;
	map->fm_length = end - offset;
	map->fm_extent_count = FIEMAP_STEP;
	if (ioctl(fd, FS_IOC_FIEMAP, map) == 0)
		*known = known_after(map, end, size);
	else if (errno == ENOTTY || errno == EOPNOTSUPP || errno == EBADR) /* The filesystem does not have the call. */
		*known = UINT64_MAX;
	else
		error = -errno;
	free(map);
	return error;
}
