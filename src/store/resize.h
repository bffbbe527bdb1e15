/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Another size for a shard that is in use. By one thread at a time, which is no reactor's: it waits for the kernel.
 * None is called under the lock; each takes it for short steps of a few MiB, but for one walk through the extents when
 * the table of them changes.
 */
#ifndef STORE_RESIZE_H
#define STORE_RESIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/shard.h"

/*
 * Gets all that it takes to make the shard that large. 0: resize_shard() is next. -ENOMEM, or -E2BIG: more than it has
 * addresses for; then, and if it is not to be after all, resize_cancel() is next.
 */
int resize_prepare(struct shard *shard, size_t bytes);
void resize_cancel(struct shard *shard, size_t bytes);

/*
 * What lies above the new size, and with `retain` false everything, goes: at once, or with its last reader. Those who
 * wait for memory may have room then.
 */
void resize_shard(struct shard *shard, size_t bytes, bool retain);

/*
 * Gives back the memory that nobody uses any more. True: all of it. insist: what some reader or other has had all the
 * time is not shown to new ones any more, who read it again.
 */
bool resize_finish(struct shard *shard, bool insist);

#endif
