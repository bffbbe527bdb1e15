/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resources /cache/warm and /cache/pin of the admin listener. Both answer with lines of JSON: the progress, then
 * the result. The functions block the thread of the connection while the workers read the files.
 */
#ifndef ADMIN_CACHE_WARM_H
#define ADMIN_CACHE_WARM_H

#include "admin/admin_call.h"

/* Reads a file, or all files of a directory, into the cache. */
void cache_warm_answer(struct admin_call *call);
/* Like cache_warm_answer(), but also pins the extents. At most half of the cache can be pinned. */
void cache_warm_answer_pinned(struct admin_call *call);

#endif
