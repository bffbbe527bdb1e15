/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls FS_IOC_FIEMAP only for its side effect: the filesystem reads the extent map into memory. The caller records the
 * part of the file whose map is in memory. The function has no state. It runs on offload threads, because the call may
 * wait for the disk.
 */
#include "store/fiemap.h"

#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/*
 * Returns the offset up to which the map is in memory, after a call for [offset, end) has returned these extents.
 * FIEMAP_EXTENT_LAST does not mark the last extent of the file: ext4 and XFS set it on the last extent of the range
 * (seen on Linux 6.18). The flag only means that the range is complete.
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
	else if (errno == ENOTTY || errno == EOPNOTSUPP || errno == EBADR) /* The filesystem has no extent map. */
		*known = UINT64_MAX;
	else
		error = -errno;
	free(map);
	return error;
}
