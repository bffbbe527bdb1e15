/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /cache/hot of the admin listener: lists the files with the most bytes in the cache. */
#ifndef ADMIN_CACHE_HOT_H
#define ADMIN_CACHE_HOT_H

#include "admin/admin_call.h"

/*
 * Answers with {"files": [...]}. The argument "limit" is the maximum number of files, from 1 to 1000. The default is
 * 20.
 */
void cache_hot_answer(struct admin_call *call);

#endif
