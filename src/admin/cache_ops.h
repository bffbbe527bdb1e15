/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resources /cache/warm, /cache/pin and /cache/evict of the admin listener. The functions block the thread of the
 * admin connection; the workers read the files.
 */
#ifndef ADMIN_CACHE_OPS_H
#define ADMIN_CACHE_OPS_H

#include "admin/admin_call.h"

/*
 * Reads a file, or all files of a directory, into the cache. Answers with lines of JSON: the progress, then the result.
 */
void cache_ops_warm(struct admin_call *call);
/* The same as cache_ops_warm(), but the extents are also pinned, up to half of the cache. */
void cache_ops_pin(struct admin_call *call);
/* Evicts a file, or all files of a directory, pinned or not. Answers with one JSON object. */
void cache_ops_evict(struct admin_call *call);

#endif
