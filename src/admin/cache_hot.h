/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /cache/hot of the admin listener: the files of which most is in memory. */
#ifndef ADMIN_CACHE_HOT_H
#define ADMIN_CACHE_HOT_H

#include "admin/admin_call.h"

/* limit=1 … 1000 (20). */
void cache_hot_answer(struct admin_call *call);

#endif
