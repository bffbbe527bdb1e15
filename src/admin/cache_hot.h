/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /cache/hot of the admin listener: lists the known names with the most bytes in the cache. */
#ifndef ADMIN_CACHE_HOT_H
#define ADMIN_CACHE_HOT_H

#include "admin/admin_call.h"

/*
 * Answers with {"files": [...], "offset": N, "total": N}. "total" is the number of all known names with bytes in the
 * cache. The argument "limit" is the maximum number of files, from 1 to 1000; the default is 20. "offset" is the number
 * of files with higher ranks that are skipped. offset + limit is at most 1,000,000.
 */
void cache_hot_answer(struct admin_call *call);

#endif
