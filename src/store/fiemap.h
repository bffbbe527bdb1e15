/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads the extent map of a file into memory. With a cold map, io_submit would read it and block for up to a second. */
#ifndef STORE_FIEMAP_H
#define STORE_FIEMAP_H

#include <stdint.h>

#define FIEMAP_STEP 512 /* Maximum number of extents that one call loads. */

/*
 * Loads the extent map of [offset, offset + length) of an open file of `size` bytes with FS_IOC_FIEMAP. length > 0.
 * BLOCKS: offload threads only. Returns 0 and sets *known to the offset up to which the map is in memory. *known is
 * UINT64_MAX if there is nothing more to load, because the end was reached or the filesystem does not have the call.
 * Otherwise returns -errno.
 */
int fiemap_load(int fd, uint64_t size, uint64_t offset, uint64_t length, uint64_t *known);

#endif
