/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads the extent map of a file into memory. If the map is not in memory, io_submit reads it and blocks for up to a
 * second.
 */
#ifndef STORE_FIEMAP_H
#define STORE_FIEMAP_H

#include <stdint.h>

#define FIEMAP_STEP 512 /* Maximum number of extents that one call loads. */

/*
 * Loads the extent map of [offset, offset + length) of an open file of `size` bytes with FS_IOC_FIEMAP. `length` must
 * be greater than 0. Blocks; runs only on offload threads. Returns 0 or -errno. On success, *known is the offset up to
 * which the map is in memory. *known is UINT64_MAX if the end of the file was reached, or if the filesystem does not
 * support the call.
 */
int fiemap_load(int fd, uint64_t size, uint64_t offset, uint64_t length, uint64_t *known);

#endif
