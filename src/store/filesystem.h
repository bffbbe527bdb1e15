/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties of filesystems by their type, the f_type of statfs(2). Pure, except filesystem_of(). */
#ifndef STORE_FILESYSTEM_H
#define STORE_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* Returns the type of the filesystem of an open file, or 0 if it is unknown. May BLOCK. */
uint32_t filesystem_of(int fd);

/*
 * Returns true if the attributes in memory are those of the file. All other filesystems may show a copy that a client
 * has cached, so that only the server knows the attributes. These are FUSE, NFS, SMB, Ceph, 9p, virtiofs, AFS, Lustre,
 * and overlayfs, whose layers may be any of them.
 */
bool filesystem_is_local(uint32_t filesystem);
/* Returns true for filesystems in memory. They accept O_DIRECT since Linux 6.6, but copy inside io_submit. */
bool filesystem_is_memory(uint32_t filesystem);
/*
 * Returns true if RWF_NOWAIT is useful. XFS returns EAGAIN where it would read metadata, and ext4 and XFS where they
 * would write back dirty pages. btrfs always returns EAGAIN, so it is not useful there.
 */
bool filesystem_has_nowait(uint32_t filesystem);

#endif
