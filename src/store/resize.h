/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes the size of the cache while it is in use. One thread at a time, which is not a reactor's, because it waits
 * for the kernel. Locks of shards are taken for short steps of a few MiB.
 */
#ifndef STORE_RESIZE_H
#define STORE_RESIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/cache.h"

/*
 * Sets the size of the cache, and whether it retains extents without users. Both have the same meaning as in
 * cache_new(). The size is rounded up to one CACHE_UNIT_BYTES per shard; cache_bytes() returns the result. New memory
 * is touched before it is used. Extents above the new size are evicted at once, or with their last user. Wants that
 * wait for memory keep waiting for the part that remains.
 *
 * Returns 0; the caller then calls resize_finish(). Otherwise returns -EINVAL, -ENOMEM or -E2BIG, and nothing has
 * changed. -E2BIG: the size exceeds the memory of the machine, or the addresses that were reserved at the start.
 */
int resize_start(struct cache *cache, size_t bytes, bool retain);
/*
 * Returns the unused memory above the size to the kernel. Returns true if nothing is left above the size, otherwise
 * call it again after a few seconds. From the second call on, extents that are still in use above the size are removed
 * from the index. New requests read them again, so shrinking ends when the current readers unpin them.
 */
bool resize_finish(struct cache *cache);

#endif
