/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Properties of filesystems, by the f_type of statfs(2). The functions with a descriptor may block. All others are
 * pure. All functions are thread-safe.
 */
#ifndef STORE_FILESYSTEM_H
#define STORE_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* Returns the type of the filesystem of an open file, or 0 if it is unknown. May block. */
uint32_t filesystem_of(int fd);

/*
 * Returns true if the attributes in memory are always current. On all other filesystems, a client may have cached
 * attributes that differ from those on the server. Examples are FUSE, NFS, SMB, Ceph, 9p, virtiofs, AFS, Lustre, and
 * overlayfs, because its layers may be on one of these filesystems.
 */
bool filesystem_is_local(uint32_t filesystem);
/*
 * Works like filesystem_is_local() for a type of mountinfo, such as "ext4" or "fuse.sshfs". An overlay filesystem
 * counts as local.
 */
bool filesystem_type_is_local(const char *type);
/*
 * Returns true if io_submit may wait for a server or a FUSE process. On FUSE, it waits if more than max_background
 * requests of all processes are in progress.
 */
bool filesystem_submit_waits(uint32_t filesystem);
/*
 * Works like filesystem_is_local() for the filesystem of an open file. Also returns true for an overlay filesystem if
 * all of its layers are visible and on local filesystems. In a container the layers are usually not visible. The result
 * for an overlay filesystem may be 10 s old. May block.
 */
bool filesystem_fd_is_local(int fd, uint32_t filesystem);
/*
 * Returns true for filesystems in memory. They accept O_DIRECT since Linux 6.6, but io_submit itself copies the bytes.
 */
bool filesystem_is_memory(uint32_t filesystem);
/* Returns true for FUSE. */
bool filesystem_is_fuse(uint32_t filesystem);
/*
 * Returns true if RWF_NOWAIT is useful. With RWF_NOWAIT, XFS returns EAGAIN if it would have to read metadata, and ext4
 * and XFS return EAGAIN if they would have to write back dirty pages. btrfs always returns EAGAIN, so RWF_NOWAIT is not
 * useful on btrfs.
 */
bool filesystem_has_nowait(uint32_t filesystem);

#endif
