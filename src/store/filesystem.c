/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of filesystem types. The only state is a small table of overlay filesystems. Each entry is one atomic number
 * that publishes no other data, so relaxed memory order suffices.
 */
#include "store/filesystem.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/overlay.h"

/*
 * An overlay may be a layer of another one. The kernel limits the depth (FILESYSTEM_MAX_STACK_DEPTH). In a container a
 * layer may have the path of another directory, which may be on the same overlay.
 */
#define OVERLAY_DEPTH_MAX 2
#define OVERLAYS 16		    /* Maximum number of mounts whose result is kept. */
#define OVERLAY_KEPT_S UINT64_C(10) /* Maximum age of a result. The number of a mount may be used again. */

uint32_t filesystem_of(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 ? (uint32_t)fs.f_type : 0;
}

bool filesystem_is_local(uint32_t filesystem)
{
	static const uint32_t local[] = {
		EXT4_SUPER_MAGIC,
		XFS_SUPER_MAGIC,
		BTRFS_SUPER_MAGIC,
		F2FS_SUPER_MAGIC,
		TMPFS_MAGIC,
		RAMFS_MAGIC,
		HUGETLBFS_MAGIC,
		SQUASHFS_MAGIC,
		EROFS_SUPER_MAGIC_V1,
		CRAMFS_MAGIC,
		ISOFS_SUPER_MAGIC,
		MSDOS_SUPER_MAGIC,
		EXFAT_SUPER_MAGIC,
		MINIX_SUPER_MAGIC,
		MINIX3_SUPER_MAGIC,
		NILFS_SUPER_MAGIC,
		REISERFS_SUPER_MAGIC,
		0x15013346, /* UDF */
		0x7275,	    /* romfs */
		0x7366746e, /* NTFS3 */
		0x482b,
		0x4244,	    /* HFS+, HFS */
		0x3153464a, /* JFS */
		0x2fc12fc1, /* ZFS */
		0xca451a4e, /* bcachefs */
	};

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (local[i] == filesystem)
			return true;
	return false;
}

bool filesystem_submit_waits(uint32_t filesystem)
{
	return !filesystem_is_local(filesystem) && filesystem != OVERLAYFS_SUPER_MAGIC;
}

bool filesystem_type_is_local(const char *type)
{
	static const char *const remote[] = { "fuse",	  "nfs",    "cifs",   "smb3",	"ceph",	 "9p",
					      "virtiofs", "afs",    "lustre", "gfs2",	"ocfs2", "coda",
					      "orangefs", "autofs", "gpfs",   "beegfs", "pvfs2", "glusterfs" };

	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		if (strncmp(type, remote[i], strlen(remote[i])) == 0)
			return false;
	return true;
}

static bool is_local(int fd, uint32_t filesystem, unsigned depth);

/* Returns true if the directory is on a local filesystem. */
static bool is_local_layer(void *context, const char *path)
{
	const unsigned *depth = context;
	bool local;
	int fd;

	if (*path != '/' || *depth > OVERLAY_DEPTH_MAX)
		return false;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	local = is_local(fd, filesystem_of(fd), *depth);
	close(fd);
	return local;
}

static bool find_overlay_is_local(uint64_t mount, unsigned depth)
{
	depth++;
	return overlay_all_layers(mount, is_local_layer, &depth);
}

/*
 * Reading the mounts takes longer than opening a file. So the result is kept: the number of the mount (32 bits), the
 * second of the result (31 bits), and the result.
 */
static bool overlay_is_local(int fd)
{
	static _Atomic uint64_t kept[OVERLAYS];
	uint64_t mount = overlay_mount_of(fd), now_s = clock_now_ns() / CLOCK_NS_PER_S & INT32_MAX;
	_Atomic uint64_t *entry = &kept[mount % OVERLAYS];
	uint64_t known = atomic_load_explicit(entry, memory_order_relaxed);
	bool local;

	if (mount != 0 && known >> 32 == mount && now_s - ((known & UINT32_MAX) >> 1) < OVERLAY_KEPT_S)
		return (known & 1) != 0;
	local = find_overlay_is_local(mount, 0);
	atomic_store_explicit(entry, mount << 32 | now_s << 1 | local, memory_order_relaxed);
	return local;
}

static bool is_local(int fd, uint32_t filesystem, unsigned depth)
{
	return filesystem == OVERLAYFS_SUPER_MAGIC ? find_overlay_is_local(overlay_mount_of(fd), depth)
						   : filesystem_is_local(filesystem);
}

bool filesystem_fd_is_local(int fd, uint32_t filesystem)
{
	return filesystem == OVERLAYFS_SUPER_MAGIC ? overlay_is_local(fd) : filesystem_is_local(filesystem);
}

bool filesystem_is_memory(uint32_t filesystem)
{
	return filesystem == TMPFS_MAGIC || filesystem == RAMFS_MAGIC;
}

bool filesystem_is_fuse(uint32_t filesystem)
{
	return filesystem == FUSE_SUPER_MAGIC;
}

bool filesystem_has_nowait(uint32_t filesystem)
{
	return filesystem == EXT4_SUPER_MAGIC || filesystem == XFS_SUPER_MAGIC;
}
