/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resources /cache/warm, /cache/pin and /cache/evict of the admin listener. The functions block the thread of the
 * admin connection while the workers read the files.
 */
#ifndef ADMIN_CACHE_OPS_H
#define ADMIN_CACHE_OPS_H

#include "admin/admin_call.h"

/*
 * Reads a file, or all files of a directory, into the cache. Answers with lines of JSON: the progress, then the result.
 */
void cache_ops_warm(struct admin_call *call);
/* Like cache_ops_warm(), but also pins the extents. At most half of the cache can be pinned. */
void cache_ops_pin(struct admin_call *call);
/* Evicts a file, or all files of a directory, including pinned files. Answers with one JSON object. */
void cache_ops_evict(struct admin_call *call);

#endif
