/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes the size of the cache while it is in use. The functions must be called by one thread at a time, and never on
 * a reactor, because they wait for the kernel. The lock of a shard is held only for short steps of a few MiB.
 */
#ifndef STORE_RESIZE_H
#define STORE_RESIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/cache.h"

/*
 * Sets the size of the cache, and whether it retains extents without users. Both have the same meaning as in
 * cache_new(). The size is raised to one CACHE_UNIT_BYTES for each shard if it is smaller. cache_bytes() returns the
 * resulting size. New memory is touched before it is used. Extents above the new size are evicted at once, or with
 * their last user. Wants that wait for memory continue to wait.
 *
 * Returns 0, and the caller then calls resize_finish(). After -EINVAL, -ENOMEM or -E2BIG, the cache is unchanged.
 * -E2BIG means that the size exceeds the memory of the machine, or the address space that was reserved at the start.
 */
int resize_start(struct cache *cache, size_t bytes, bool retain);
/*
 * Releases unused memory above the size to the kernel. Returns true if no memory above the size remains. Otherwise the
 * caller calls the function again after a few seconds. From the second call on, extents that are still in use above the
 * size are removed from the index. New requests read them again, so shrinking ends when the current readers unpin them.
 */
bool resize_finish(struct cache *cache);

#endif
